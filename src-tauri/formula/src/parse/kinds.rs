//! Types, as in `instance of list<number>` and `function(a: date)`.

use model::Text;

use super::Parser;
use crate::ast::Span;
use crate::error::FormulaError;
use crate::lex;
use crate::types::Type;

/// Types inside one another.
const MAX_NESTING: u16 = 32;

/// The simple types, longer names first.
const SIMPLE: [(&str, Type); 13] = [
    ("years and months duration", Type::Months),
    ("year and month duration", Type::Months),
    ("days and time duration", Type::Days),
    ("day and time duration", Type::Days),
    ("date and time", Type::DateTime),
    ("dateTime", Type::DateTime),
    ("boolean", Type::Bool),
    ("number", Type::Number),
    ("string", Type::Text),
    ("date", Type::Date),
    ("time", Type::Time),
    ("Any", Type::Any),
    ("Null", Type::Null),
];

impl Parser<'_> {
    /// The type behind the token that stands here, which is taken with it.
    pub(super) fn type_after_token(&mut self) -> Result<Type, FormulaError> {
        let mut at = Cursor { text: self.text, at: self.span.end, nesting: 0 };
        let of = at.of()?;
        let end = at.at;
        self.last = end;
        let (token, span) = lex::next(self.text, end, &self.names)?;
        self.token = token;
        self.span = span;
        Ok(of)
    }
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
    nesting: u16,
}

impl Cursor<'_> {
    fn rest(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        &self.text[self.at..]
    }

    fn take(&mut self, sign: &str) -> bool {
        let here = self.rest().starts_with(sign);
        if here {
            self.at += sign.len();
        }
        here
    }

    fn expect(&mut self, sign: &str) -> Result<(), FormulaError> {
        if self.take(sign) { Ok(()) } else { Err(self.error(&format!("Expected {sign} in the type."))) }
    }

    fn error(&self, message: &str) -> FormulaError {
        FormulaError::new(message, Span { start: self.at, end: self.text.len().min(self.at + 1) })
    }

    /// A word or several, with any white space between them.
    fn words(&mut self, name: &str) -> bool {
        let start = self.at;
        for word in name.split(' ') {
            let rest = self.rest();
            let ends = rest.get(word.len()..).is_none_or(|after| !after.starts_with(lex::is_name_part));
            if !rest.starts_with(word) || !ends {
                self.at = start;
                return false;
            }
            self.at += word.len();
        }
        true
    }

    fn of(&mut self) -> Result<Type, FormulaError> {
        if self.nesting >= MAX_NESTING {
            return Err(self.error("Too many types inside one another."));
        }
        self.nesting += 1;
        let of = self.of_inside();
        self.nesting -= 1;
        of
    }

    fn of_inside(&mut self) -> Result<Type, FormulaError> {
        if let Some((_, of)) = SIMPLE.iter().find(|(name, _)| self.words(name)) {
            return Ok(of.clone());
        }
        if self.words("list") {
            return Ok(Type::List(Box::new(self.parameter()?)));
        }
        if self.words("range") {
            return Ok(Type::Range(Box::new(self.parameter()?)));
        }
        if self.words("context") {
            let mut fields = Vec::new();
            if self.take("<") && !self.take(">") {
                loop {
                    let name = self.name(':')?;
                    self.expect(":")?;
                    fields.push((name, self.of()?));
                    if !self.take(",") {
                        break;
                    }
                }
                self.expect(">")?;
            }
            return Ok(Type::Context(fields));
        }
        if self.words("function") {
            let mut params = Vec::new();
            if self.take("<") && !self.take(">") {
                loop {
                    params.push(self.of()?);
                    if !self.take(",") {
                        break;
                    }
                }
                self.expect(">")?;
            }
            let result = if self.take("->") { self.of()? } else { Type::Any };
            return Ok(Type::Function(params, Box::new(result)));
        }
        Err(self.error("There is no such type.").suggest(Some(
            "Types are number, string, boolean, date, time, date and time, days and time duration, years and months duration, list<..>, context<..>, range<..>, function<..> -> .., Any.".into(),
        )))
    }

    fn parameter(&mut self) -> Result<Type, FormulaError> {
        if !self.take("<") {
            return Ok(Type::Any);
        }
        let of = self.of()?;
        self.expect(">")?;
        Ok(of)
    }

    fn name(&mut self, stop: char) -> Result<Text, FormulaError> {
        let rest = self.rest();
        let Some(end) = rest.find(stop) else {
            return Err(self.error("Expected a field name and : in the type."));
        };
        let name = Text::from(rest[..end].split_whitespace().collect::<Vec<_>>().join(" "));
        self.at += end;
        if name.is_empty() { Err(self.error("Expected a field name in the type.")) } else { Ok(name) }
    }
}
