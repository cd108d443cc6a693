//! Literals, brackets and what follows a value: paths, filters, calls.

use model::Text;

use super::{ADD, Parser};
use crate::ast::{Args, Expr, Kind, Op};
use crate::error::FormulaError;
use crate::lex::{Token, is_name_part};

/// Properties with spaces that values of the language have.
pub(crate) const PROPERTIES: [&str; 3] = ["time offset", "start included", "end included"];

impl Parser<'_> {
    pub(super) fn prefix(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        // What stands inside brackets is no longer the end of a range; the postfix part still may be.
        let range_end = std::mem::replace(&mut self.range_end, false);
        let expr = match self.token.clone() {
            Token::Word("if") => return self.condition(),
            Token::Word("for") => return self.for_loop(),
            Token::Word("some") => return self.quantified(false),
            Token::Word("every") => return self.quantified(true),
            Token::Word("function") => return self.function(),
            Token::Number(number) => self.leaf(Kind::Number(number))?,
            Token::Text(text) => self.leaf(Kind::Text(text))?,
            Token::At(text) => self.leaf(Kind::At(text))?,
            Token::Word("null") => self.leaf(Kind::Null)?,
            Token::Word("true") => self.leaf(Kind::Bool(true))?,
            Token::Word("false") => self.leaf(Kind::Bool(false))?,
            Token::Word("not") => self.leaf(Kind::Name { name: "not".into(), quoted: false })?,
            Token::Name(name) => self.leaf(Kind::Name { name, quoted: false })?,
            Token::Quoted(name) => self.leaf(Kind::Name { name, quoted: true })?,
            Token::Sign("(") => self.round()?,
            Token::Sign("[") => self.square()?,
            Token::Sign("]") => self.open_range()?,
            Token::Sign("{") => self.context()?,
            Token::End if start == 0 => return Err(FormulaError::new("The formula is empty.", self.span)),
            Token::End => {
                return Err(FormulaError::new("The formula ends too early: a value is missing.", self.span));
            }
            Token::Sign(sign @ (")" | "}" | ",")) => {
                return Err(FormulaError::new(format!("A value is missing before {sign}."), self.span));
            }
            Token::Word(word) => {
                return Err(FormulaError::new(
                    format!("{word} is a word of the formula language; a value is missing before it."),
                    self.span,
                ));
            }
            _ => {
                return Err(FormulaError::new(
                    format!("A value is missing before {}.", self.seen()),
                    self.span,
                ));
            }
        };
        self.range_end = range_end;
        self.postfix(expr, start)
    }

    fn leaf(&mut self, kind: Kind) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        self.advance()?;
        self.node(kind, start)
    }

    /// `.name`, `[filter]`, `(arguments)` as often as they come.
    pub(super) fn postfix(&mut self, mut expr: Expr, start: usize) -> Result<Expr, FormulaError> {
        loop {
            expr = match &self.token {
                Token::Sign(".") => {
                    let name = self.property()?;
                    self.node(Kind::Path { value: Box::new(expr), name }, start)?
                }
                Token::Sign("[") => {
                    if self.range_end && self.closes_range() {
                        return Ok(expr);
                    }
                    self.advance()?;
                    let range_end = std::mem::replace(&mut self.range_end, false);
                    let test = self.expr(0)?;
                    self.range_end = range_end;
                    self.expect("]", "after the filter")?;
                    self.node(Kind::Filter { value: Box::new(expr), test: Box::new(test) }, start)?
                }
                Token::Sign("(") if callable(&expr) => {
                    self.advance()?;
                    let range_end = std::mem::replace(&mut self.range_end, false);
                    let args = self.arguments()?;
                    self.range_end = range_end;
                    self.expect(")", "after the arguments")?;
                    self.node(Kind::Call { callee: Box::new(expr), args }, start)?
                }
                _ => return Ok(expr),
            };
        }
    }

    /// Whether the `[` here ends a range, as in `[1..5[`: nothing that starts a value follows.
    fn closes_range(&self) -> bool {
        const WORDS: [&str; 7] = ["and", "or", "then", "else", "return", "satisfies", "instance"];
        let rest = self.text[self.span.end..].trim_start();
        rest.is_empty()
            || rest.starts_with([')', ',', ']', '}', '=', '<', '>', '!', '.'])
            || WORDS.iter().any(|word| begins_with_word(rest, word))
    }

    /// The name behind a point; the point is the token here.
    fn property(&mut self) -> Result<Text, FormulaError> {
        let rest = &self.text[self.span.end..];
        let trimmed = rest.trim_start();
        let blank = rest.len() - trimmed.len();
        if let Some(name) = PROPERTIES.iter().find(|name| begins_with_word(trimmed, name)) {
            self.span.end += blank + name.len();
            self.advance()?;
            return Ok((*name).into());
        }
        // No function stands behind a point: in `order.date and time(x)` the field is date.
        let functions = self.names.without_functions();
        let point = self.advance();
        self.names.with_functions(functions);
        point?;
        match self.token.clone() {
            Token::Name(name) | Token::Quoted(name) => {
                self.advance()?;
                Ok(name)
            }
            Token::Word(word) => {
                self.advance()?;
                Ok(word.into())
            }
            _ => Err(FormulaError::new(
                format!("After the point a field name is missing; found {}.", self.seen()),
                self.span,
            )),
        }
    }

    fn arguments(&mut self) -> Result<Args, FormulaError> {
        if self.is(")") {
            return Ok(Args::Positional(Vec::new()));
        }
        if let Some(name) = self.argument_name()? {
            let mut named = vec![(name, self.expr(0)?)];
            while self.take(",")? {
                let Some(name) = self.argument_name()? else {
                    return Err(FormulaError::new(
                        "Either all arguments have a name or none has.",
                        self.span,
                    ));
                };
                named.push((name, self.expr(0)?));
            }
            return Ok(Args::Named(named));
        }
        let mut parts = vec![self.expr(0)?];
        while self.take(",")? {
            parts.push(self.expr(0)?);
        }
        Ok(Args::Positional(parts))
    }

    /// `name:` before an argument, if it is there.
    fn argument_name(&mut self) -> Result<Option<Text>, FormulaError> {
        if !matches!(self.token, Token::Name(_) | Token::Word(_) | Token::Quoted(_) | Token::Text(_)) {
            return Ok(None);
        }
        let mark = self.mark();
        if let Token::Text(name) = self.token.clone() {
            self.advance()?;
            if self.take(":")? {
                return Ok(Some(name));
            }
        } else if let Ok(name) = self.scan_name(("a name", "a colon"), |token| *token == Token::Sign(":"))
            && self.take(":")?
        {
            return Ok(Some(name));
        }
        self.back(mark);
        Ok(None)
    }

    /// `(` opens a group, a range or an open range such as `(< 5)`.
    fn round(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        self.advance()?;
        if let Some(op) = self.test_sign() {
            self.advance()?;
            let value = self.expr(ADD)?;
            self.expect(")", "after the range")?;
            return self.node(Kind::Test { op, value: Box::new(value) }, start);
        }
        let first = self.expr(0)?;
        if self.take("..")? {
            return self.range(first, false, start);
        }
        if self.is(",") {
            return Err(FormulaError::new("A comma makes no sense here.", self.span).suggest(Some(
                "A list stands in square brackets: [1, 2]. Decimals are written with a point: 1.5".into(),
            )));
        }
        self.expect(")", "to close the bracket")?;
        self.node(Kind::Paren(Box::new(first)), start)
    }

    /// `[` opens a list or a range.
    fn square(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        self.advance()?;
        let mut parts = Vec::new();
        if !self.is("]") {
            let first = self.list_item()?;
            if self.take("..")? {
                return self.range(first, true, start);
            }
            parts.push(first);
            while self.take(",")? {
                parts.push(self.list_item()?);
            }
        }
        self.expect("]", "to close the list")?;
        self.node(Kind::List(parts), start)
    }

    fn list_item(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        if let Some(op) = self.test_sign() {
            self.advance()?;
            let value = self.expr(ADD)?;
            return self.node(Kind::Test { op, value: Box::new(value) }, start);
        }
        self.expr(0)
    }

    /// `]1..5]`
    fn open_range(&mut self) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        self.advance()?;
        let low = self.expr(ADD)?;
        self.expect("..", "in the range")?;
        self.range(low, false, start)
    }

    /// The end of a range whose `..` was taken.
    pub(super) fn range(&mut self, low: Expr, low_in: bool, start: usize) -> Result<Expr, FormulaError> {
        if matches!(low.kind, Kind::Test { .. }) {
            return Err(FormulaError::new("A range begins with a value, not with a comparison.", low.span));
        }
        self.range_end = true;
        let high = self.expr(ADD);
        self.range_end = false;
        let high = high?;
        let high_in = match self.token {
            Token::Sign("]") => true,
            Token::Sign(")" | "[") => false,
            _ => {
                return Err(FormulaError::new(
                    format!("Expected ] or ) after the range, but found {}.", self.seen()),
                    self.span,
                ));
            }
        };
        self.advance()?;
        self.node(Kind::Range { low: Box::new(low), high: Box::new(high), low_in, high_in }, start)
    }

    pub(super) fn test_sign(&self) -> Option<Op> {
        Some(match self.token {
            Token::Sign("<") => Op::Lt,
            Token::Sign("<=") => Op::Le,
            Token::Sign(">") => Op::Gt,
            Token::Sign(">=") => Op::Ge,
            Token::Sign("=") => Op::Eq,
            Token::Sign("!=") => Op::Ne,
            _ => return None,
        })
    }
}

/// Whether the text begins with the word, and no longer one.
fn begins_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(is_name_part))
}

/// Whether a `(` after this calls it; a number or a text before a bracket is a mistake of another kind.
fn callable(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        Kind::Name { .. } | Kind::Path { .. } | Kind::Call { .. } | Kind::Filter { .. } | Kind::Paren(_)
    )
}
