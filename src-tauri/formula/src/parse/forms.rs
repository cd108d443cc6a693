//! if, for, some, every, function and contexts.

use model::Text;

use super::{ADD, Parser};
use crate::ast::{Expr, Kind};
use crate::error::FormulaError;
use crate::lex::Token;

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Result<Expr, FormulaError> {
        // A chain of else if is a loop here, so that a long one is no deep recursion.
        let mut open = Vec::new();
        let last = loop {
            let start = self.span.start;
            if !self.take_word("if")? {
                break self.expr(0)?;
            }
            let test = self.expr(0)?;
            self.expect_word("then", "after the condition of if")?;
            let then = self.expr(0)?;
            if !self.is_word("else") {
                return Err(FormulaError::new(
                    format!("Every if needs an else; found {}.", self.seen()),
                    self.span,
                )
                .suggest(Some("Add: else null".into())));
            }
            self.advance()?;
            open.push((start, test, then));
        };
        let mut expr = last;
        for (start, test, then) in open.into_iter().rev() {
            let kind = Kind::If { test: Box::new(test), then: Box::new(then), other: Box::new(expr) };
            expr = self.node(kind, start)?;
        }
        Ok(expr)
    }

    pub(super) fn for_loop(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        self.advance()?;
        let over = self.iterators()?;
        self.names.add("partial");
        self.expect_word("return", "after the lists of for")?;
        let body = self.expr(0)?;
        self.node(Kind::For { over, body: Box::new(body) }, start)
    }

    pub(super) fn quantified(&mut self, every: bool) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        self.advance()?;
        let over = self.iterators()?;
        self.expect_word(
            "satisfies",
            if every { "after the lists of every" } else { "after the lists of some" },
        )?;
        let body = self.expr(0)?;
        self.node(Kind::Quantified { every, over, body: Box::new(body) }, start)
    }

    fn iterators(&mut self) -> Result<Vec<(Text, Expr)>, FormulaError> {
        let mut over = Vec::new();
        loop {
            let name =
                self.name_until(("a name for the item", "the word in"), |token| *token == Token::Word("in"))?;
            self.expect_word("in", "after the name of the item")?;
            let start = self.span.start;
            let low = self.expr(0)?;
            let domain = if self.take("..")? {
                let high = self.expr(ADD)?;
                self.node(Kind::Steps { low: Box::new(low), high: Box::new(high) }, start)?
            } else {
                low
            };
            over.push((name, domain));
            if !self.take(",")? {
                return Ok(over);
            }
        }
    }

    pub(super) fn function(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        self.advance()?;
        self.expect("(", "after the word function")?;
        let mut params = Vec::new();
        while !self.is(")") {
            let name = self.name_until(("a parameter name", "a comma or )"), |token| {
                matches!(token, Token::Sign(":" | "," | ")"))
            })?;
            let of = if self.is(":") { Some(self.type_after_token()?) } else { None };
            params.push((name, of));
            if !self.take(",")? {
                break;
            }
        }
        self.expect(")", "after the parameters")?;
        if self.is_word("external") {
            return Err(FormulaError::new(
                "Functions from outside (external) do not exist in Arna.",
                self.span,
            ));
        }
        let body = self.expr(0)?;
        self.node(Kind::Function { params, body: Box::new(body) }, start)
    }

    pub(super) fn context(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        self.advance()?;
        let mut entries: Vec<(Text, Expr)> = Vec::new();
        while !self.is("}") {
            let span = self.span;
            let name = if let Token::Text(name) = self.token.clone() {
                self.names.add(&name);
                self.advance()?;
                name
            } else {
                self.name_until(("a field name", "a colon and a value"), |token| *token == Token::Sign(":"))?
            };
            if entries.iter().any(|(known, _)| *known == name) {
                return Err(FormulaError::new(format!("The field {name} stands twice."), span));
            }
            self.expect(":", "after the field name")?;
            entries.push((name, self.expr(0)?));
            if !self.take(",")? {
                break;
            }
        }
        self.expect("}", "to close the record")?;
        self.node(Kind::Context(entries), start)
    }
}
