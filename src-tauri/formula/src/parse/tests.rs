//! Unary tests: the cells of decision tables and what stands behind `in`.

use super::{ADD, COMPARE, Parser};
use crate::ast::{Expr, Kind};
use crate::error::FormulaError;
use crate::lex::Token;

impl Parser<'_> {
    /// The whole text as unary tests: `-`, `not(..)`, or tests separated by commas.
    pub(crate) fn whole_tests(mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        if self.is("-") {
            let mark = self.mark();
            self.advance()?;
            if self.token == Token::End {
                return self.node(Kind::Anything, start);
            }
            self.back(mark);
        }
        if self.is_word("not") {
            let mark = self.mark();
            self.advance()?;
            if self.take("(")? {
                let tests = self.tests()?;
                self.expect(")", "after the tests of not")?;
                if self.token == Token::End {
                    return self.node(Kind::NotTests(tests), start);
                }
            }
            self.back(mark);
        }
        let tests = self.tests()?;
        self.end()?;
        self.node(Kind::AnyOf(tests), start)
    }

    fn tests(&mut self) -> Result<Vec<Expr>, FormulaError> {
        let mut tests = vec![self.test()?];
        while self.take(",")? {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    fn test(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        match self.test_sign() {
            Some(op) => {
                self.advance()?;
                let value = self.expr(ADD)?;
                self.node(Kind::Test { op, value: Box::new(value) }, start)
            }
            None => self.expr(0),
        }
    }

    /// What stands behind `in`: one test, or several in brackets.
    pub(super) fn in_tests(&mut self) -> Result<Vec<Expr>, FormulaError> {
        let start = self.span.start;
        if let Some(op) = self.test_sign() {
            self.advance()?;
            let value = self.expr(ADD)?;
            return Ok(vec![self.node(Kind::Test { op, value: Box::new(value) }, start)?]);
        }
        if self.is("(") {
            return self.tests_in_brackets(start);
        }
        Ok(vec![self.expr(COMPARE + 1)?])
    }

    /// `(` behind `in`: tests, a range, or a value in brackets that goes on behind them. It is read once, since reading
    /// it one way and then another would double the work with every bracket.
    fn tests_in_brackets(&mut self, start: usize) -> Result<Vec<Expr>, FormulaError> {
        self.advance()?;
        let mut tests = vec![self.test()?];
        if self.take("..")? {
            let low = tests.swap_remove(0);
            let range = self.range(low, false, start)?;
            return Ok(vec![self.behind_brackets(range, start)?]);
        }
        while self.take(",")? {
            tests.push(self.test()?);
        }
        self.expect(")", "after the values of in")?;
        let goes_on = matches!(self.token, Token::Sign("." | "[" | "(" | "+" | "-" | "*" | "/" | "**"))
            || self.is_word("instance");
        if goes_on && tests.len() == 1 {
            let only = tests.swap_remove(0);
            let is_test = matches!(only.kind, Kind::Test { .. });
            let value = if is_test { only } else { self.node(Kind::Paren(Box::new(only)), start)? };
            return Ok(vec![self.behind_brackets(value, start)?]);
        }
        Ok(tests)
    }

    /// A value in brackets with what binds tighter than `in` behind it.
    fn behind_brackets(&mut self, value: Expr, start: usize) -> Result<Expr, FormulaError> {
        let value = self.postfix(value, start)?;
        self.infix(value, COMPARE + 1, start)
    }
}
