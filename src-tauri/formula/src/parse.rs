//! Tokens to a tree. One function a level of binding would overflow the stack on deep input, so binary operators are
//! read by binding power and nesting is counted.

mod basic;
mod forms;
mod kinds;
mod tests;

use model::Text;

pub(crate) use basic::PROPERTIES;

use crate::ast::{Expr, Kind, Op, Span};
use crate::error::FormulaError;
use crate::lex::{self, Names, Token};

/// Brackets, calls and conditions inside one another.
const MAX_NESTING: u16 = 64;
/// Height of the tree: long chains of operators count too.
const MAX_HEIGHT: u16 = 400;
/// Bytes of one formula.
pub(crate) const MAX_TEXT: usize = 256 * 1024;

/// Characters of a part that are shown in a message.
const MAX_SEEN: usize = 40;

pub(crate) struct Parser<'t> {
    pub(crate) text: &'t str,
    pub(crate) names: Names,
    token: Token,
    span: Span,
    /// Where the last token taken ended.
    last: usize,
    nesting: u16,
    /// The end of a range is read: a `[` may close it.
    range_end: bool,
}

/// A point of the text to come back to.
struct Mark {
    token: Token,
    span: Span,
    last: usize,
}

const OR: u8 = 1;
const AND: u8 = 2;
const COMPARE: u8 = 3;
const ADD: u8 = 5;
const MULTIPLY: u8 = 6;
const POWER: u8 = 7;
const NEGATE: u8 = 8;
const INSTANCE: u8 = 9;

impl<'t> Parser<'t> {
    pub(crate) fn new(text: &'t str, names: Names) -> Result<Parser<'t>, FormulaError> {
        if text.len() > MAX_TEXT {
            let span = Span { start: MAX_TEXT, end: text.len() };
            return Err(FormulaError::new("The formula is longer than 256 KiB.", span));
        }
        let (token, span) = lex::next(text, 0, &names)?;
        Ok(Parser { text, names, token, span, last: 0, nesting: 0, range_end: false })
    }

    /// The whole text as one expression.
    pub(crate) fn whole(mut self) -> Result<Expr, FormulaError> {
        if self.token == Token::End {
            return Err(FormulaError::new("The formula is empty.", self.span));
        }
        let expr = self.expr(0)?;
        self.end()?;
        Ok(expr)
    }

    pub(crate) fn end(&self) -> Result<(), FormulaError> {
        match &self.token {
            Token::End => Ok(()),
            Token::Sign(close @ (")" | "]" | "}")) => {
                Err(FormulaError::new(format!("There is a {close} too many."), self.span))
            }
            Token::Sign(",") => Err(FormulaError::new("A comma makes no sense here.", self.span)
                .suggest(Some("Decimals are written with a point: 1.5".into()))),
            Token::Word("then") => Err(FormulaError::new("then without if before it.", self.span)),
            Token::Word("else") => Err(FormulaError::new("else without if before it.", self.span)),
            Token::Name(_) | Token::Number(_) | Token::Text(_) | Token::Quoted(_) => Err(FormulaError::new(
                format!("Before {} an operator such as + or and is missing.", self.seen()),
                self.span,
            )
            .suggest(self.spaced_name())),
            _ => Err(FormulaError::new(format!("Did not expect {} here.", self.seen()), self.span)),
        }
    }

    /// Advice for two names side by side: probably one name with a space.
    fn spaced_name(&self) -> Option<String> {
        let before: String = self.text[..self.last]
            .chars()
            .rev()
            .take_while(|c| lex::is_name_part(*c))
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        match &self.token {
            // A function of several words that is spelt wrong looks like two names and brackets.
            Token::Name(name) if self.text[self.span.end..].trim_start().starts_with('(') => {
                crate::suggest::function(&format!("{before} {name}"))
            }
            Token::Name(name) if !before.is_empty() => {
                Some(format!("A name with a space stands in backticks: `{before} {name}`"))
            }
            _ => None,
        }
    }

    /// What stands at this place, for messages.
    fn seen(&self) -> String {
        match &self.token {
            Token::End => "the end of the formula".into(),
            Token::Sign(",") => "a comma".into(),
            Token::Sign(":") => "a colon".into(),
            Token::Sign(".") => "a point".into(),
            Token::Word(word) => format!("the word {word}"),
            token => {
                let text = &self.text[self.span.start..self.span.end];
                let mut shown: String = text.chars().take(MAX_SEEN).collect();
                if shown.len() < text.len() {
                    shown.push_str("..");
                }
                match token {
                    Token::Text(_) => format!("the text {shown}"),
                    Token::Number(_) => format!("the number {shown}"),
                    _ => shown,
                }
            }
        }
    }

    fn advance(&mut self) -> Result<Token, FormulaError> {
        self.last = self.span.end;
        let (token, span) = lex::next(self.text, self.span.end, &self.names)?;
        self.span = span;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn mark(&self) -> Mark {
        Mark { token: self.token.clone(), span: self.span, last: self.last }
    }

    fn back(&mut self, mark: Mark) {
        self.token = mark.token;
        self.span = mark.span;
        self.last = mark.last;
    }

    fn is(&self, sign: &'static str) -> bool {
        self.token == Token::Sign(sign)
    }

    fn is_word(&self, word: &'static str) -> bool {
        self.token == Token::Word(word)
    }

    /// Takes the sign if it stands here.
    fn take(&mut self, sign: &'static str) -> Result<bool, FormulaError> {
        let here = self.is(sign);
        if here {
            self.advance()?;
        }
        Ok(here)
    }

    fn take_word(&mut self, word: &'static str) -> Result<bool, FormulaError> {
        let here = self.is_word(word);
        if here {
            self.advance()?;
        }
        Ok(here)
    }

    fn expect(&mut self, sign: &'static str, after: &str) -> Result<(), FormulaError> {
        if self.take(sign)? {
            return Ok(());
        }
        Err(FormulaError::new(format!("Expected {sign} {after}, but found {}.", self.seen()), self.span))
    }

    fn expect_word(&mut self, word: &'static str, after: &str) -> Result<(), FormulaError> {
        if self.take_word(word)? {
            return Ok(());
        }
        Err(FormulaError::new(
            format!("Expected the word {word} {after}, but found {}.", self.seen()),
            self.span,
        ))
    }

    fn node(&self, kind: Kind, start: usize) -> Result<Expr, FormulaError> {
        let expr = Expr::new(kind, Span { start, end: self.last.max(start) });
        if expr.height > MAX_HEIGHT {
            return Err(FormulaError::new("The formula has too many parts inside one another.", expr.span));
        }
        Ok(expr)
    }

    /// An expression whose operators bind at least as tightly as `least`.
    pub(crate) fn expr(&mut self, least: u8) -> Result<Expr, FormulaError> {
        if self.nesting >= MAX_NESTING {
            return Err(FormulaError::new(
                format!("More than {MAX_NESTING} brackets, calls or conditions inside one another."),
                self.span,
            ));
        }
        self.nesting += 1;
        let result = self.expr_inside(least);
        self.nesting -= 1;
        result
    }

    fn expr_inside(&mut self, least: u8) -> Result<Expr, FormulaError> {
        let start = self.span.start;
        let left = if self.is("-") {
            self.advance()?;
            let value = self.expr(NEGATE)?;
            self.node(Kind::Neg(Box::new(value)), start)?
        } else {
            self.prefix()?
        };
        self.infix(left, least, start)
    }

    /// The operators behind a value, as far as they bind at least as tightly as `least`.
    fn infix(&mut self, mut left: Expr, least: u8, start: usize) -> Result<Expr, FormulaError> {
        loop {
            let Some((op, power)) = self.operator() else { return Ok(left) };
            if power < least {
                return Ok(left);
            }
            left = match op {
                Infix::Op(op) => {
                    self.advance()?;
                    let right = self.expr(power + 1)?;
                    self.node(Kind::Binary { op, left: Box::new(left), right: Box::new(right) }, start)?
                }
                Infix::Between => self.between(left, start)?,
                Infix::In => self.membership(left, start)?,
                Infix::Instance => self.instance(left, start)?,
            };
        }
    }

    fn operator(&self) -> Option<(Infix, u8)> {
        let (op, power) = match &self.token {
            Token::Word("or") => (Op::Or, OR),
            Token::Word("and") => (Op::And, AND),
            Token::Sign("=") => (Op::Eq, COMPARE),
            Token::Sign("!=") => (Op::Ne, COMPARE),
            Token::Sign("<") => (Op::Lt, COMPARE),
            Token::Sign("<=") => (Op::Le, COMPARE),
            Token::Sign(">") => (Op::Gt, COMPARE),
            Token::Sign(">=") => (Op::Ge, COMPARE),
            Token::Sign("+") => (Op::Add, ADD),
            Token::Sign("-") => (Op::Sub, ADD),
            Token::Sign("*") => (Op::Mul, MULTIPLY),
            Token::Sign("/") => (Op::Div, MULTIPLY),
            Token::Sign("**") => (Op::Pow, POWER),
            Token::Word("between") => return Some((Infix::Between, COMPARE)),
            Token::Word("in") => return Some((Infix::In, COMPARE)),
            Token::Word("instance") => return Some((Infix::Instance, INSTANCE)),
            _ => return None,
        };
        Some((Infix::Op(op), power))
    }

    fn between(&mut self, value: Expr, start: usize) -> Result<Expr, FormulaError> {
        self.advance()?;
        let low = self.expr(ADD)?;
        self.expect_word("and", "between the two limits of between")?;
        let high = self.expr(ADD)?;
        let kind = Kind::Between { value: Box::new(value), low: Box::new(low), high: Box::new(high) };
        self.node(kind, start)
    }

    fn membership(&mut self, value: Expr, start: usize) -> Result<Expr, FormulaError> {
        self.advance()?;
        let tests = self.in_tests()?;
        self.node(Kind::In { value: Box::new(value), tests }, start)
    }

    fn instance(&mut self, value: Expr, start: usize) -> Result<Expr, FormulaError> {
        self.advance()?;
        // The type is read from the text itself, since its names hold spaces and "and".
        if !self.is_word("of") {
            return Err(FormulaError::new("Expected the word of after instance.", self.span));
        }
        let of = self.type_after_token()?;
        self.node(Kind::InstanceOf { value: Box::new(value), of }, start)
    }

    /// Takes a name of one or more tokens up to a token for which `stop` holds, and remembers it. Messages say `what` is
    /// expected, and what is then to come behind it.
    fn name_until(
        &mut self,
        (what, then): (&str, &str),
        stop: impl Fn(&Token) -> bool,
    ) -> Result<Text, FormulaError> {
        let name = self.scan_name((what, then), stop)?;
        self.names.add(&name);
        Ok(name)
    }

    /// Takes a name of one or more tokens up to a token for which `stop` holds.
    fn scan_name(
        &mut self,
        (what, then): (&str, &str),
        stop: impl Fn(&Token) -> bool,
    ) -> Result<Text, FormulaError> {
        let start = self.span;
        if let Token::Quoted(name) = &self.token {
            let name = name.clone();
            self.advance()?;
            return Ok(name);
        }
        if !matches!(self.token, Token::Name(_) | Token::Word(_)) {
            return Err(FormulaError::new(format!("Expected {what}, but found {}.", self.seen()), self.span));
        }
        while !stop(&self.token) {
            match &self.token {
                Token::Name(_)
                | Token::Word(_)
                | Token::Number(_)
                | Token::Sign("+" | "-" | "*" | "/" | "**" | "." | "'" | "\u{2019}") => {
                    self.advance()?;
                }
                _ => {
                    let name = &self.text[start.start..self.last.max(start.start)];
                    let message = if name.len() <= MAX_SEEN {
                        format!("Expected {then} after {name}, but found {}.", self.seen())
                    } else {
                        format!("Expected {then} after the name, but found {}.", self.seen())
                    };
                    return Err(FormulaError::new(message, self.span));
                }
            }
        }
        let words: Vec<&str> =
            self.text[start.start..self.last.max(start.start)].split_whitespace().collect();
        let name = Text::from(words.join(" "));
        if name.is_empty() {
            return Err(FormulaError::new(format!("Expected {what}, but found {}.", self.seen()), self.span));
        }
        Ok(name)
    }
}

enum Infix {
    Op(Op),
    Between,
    In,
    Instance,
}
