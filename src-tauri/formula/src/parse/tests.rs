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
            // Several tests in brackets; anything else with a bracket is an expression.
            let mark = self.mark();
            self.advance()?;
            let tests = self.tests();
            if let Ok(tests) = tests
                && self.is(")")
            {
                self.advance()?;
                let ends = !matches!(self.token, Token::Sign("." | "[" | "(" | "+" | "-" | "*" | "/" | "**"));
                if ends {
                    return Ok(tests);
                }
            }
            self.back(mark);
        }
        Ok(vec![self.expr(COMPARE + 1)?])
    }
}
