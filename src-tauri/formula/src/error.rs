//! What can be wrong with a formula, before it runs and while it does.

use std::fmt;

use crate::ast::Span;

/// A formula that cannot be read, with the place and a sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormulaError {
    /// What is wrong, as a sentence.
    pub message: String,
    /// Where in the text.
    pub span: Span,
    /// The same place as a person counts it: characters from 1.
    pub character: usize,
    /// What may have been meant.
    pub suggestion: Option<String>,
}

impl FormulaError {
    pub(crate) fn new(message: impl Into<String>, span: Span) -> FormulaError {
        FormulaError { message: message.into(), span, character: span.start + 1, suggestion: None }
    }

    /// Counted in the text it is about; no place is inside of a character.
    pub(crate) fn within(mut self, text: &str) -> FormulaError {
        self.span = Span {
            start: text.floor_char_boundary(self.span.start),
            end: text.ceil_char_boundary(self.span.end),
        };
        self.character = text.get(..self.span.start).unwrap_or(text).chars().count() + 1;
        self
    }

    pub(crate) fn suggest(mut self, suggestion: Option<String>) -> FormulaError {
        self.suggestion = suggestion;
        self
    }
}

impl fmt::Display for FormulaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.character)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " {suggestion}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FormulaError {}

/// What kind of thing went wrong while a formula was evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A value does not fit: wrong type, empty where something is needed, division by zero.
    Value,
    /// A field or function that does not exist.
    Name,
    /// The formula took too many steps, too much memory or nested too deeply.
    Budget,
}

/// What went wrong while a formula was evaluated: the first thing, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind, for programs.
    pub kind: FaultKind,
    /// A sentence for the person.
    pub message: String,
    /// Where in the text of the formula.
    pub span: Span,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
