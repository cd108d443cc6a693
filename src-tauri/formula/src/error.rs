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

/// Widest line that is shown whole; of a longer one the part around the place.
const MAX_SHOWN: usize = 100;

/// The line of the text where a span starts, with signs under the span: for a terminal.
pub fn pointed(text: &str, span: Span) -> String {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    let width = text.get(start..end).unwrap_or_default().chars().take_while(|c| *c != '\n').count().max(1);
    let skip = if column + width > MAX_SHOWN { column.saturating_sub(MAX_SHOWN / 2) } else { 0 };
    // A tab or another control character would shift the signs.
    let shown: String =
        line.chars().skip(skip).take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let dots = if skip > 0 { ".." } else { "" };
    let signs = "^".repeat(width.min(MAX_SHOWN.saturating_sub(column - skip).max(1)));
    format!("  {dots}{shown}\n  {}{signs}", " ".repeat(column - skip + dots.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_stand_under_the_place() {
        assert_eq!(pointed("сумма + 1", Span { start: 11, end: 12 }), "  сумма + 1\n        ^");
        assert_eq!(pointed("a +\n  b * c", Span { start: 6, end: 7 }), "    b * c\n    ^");
        assert_eq!(pointed("a +", Span { start: 3, end: 3 }), "  a +\n     ^");
        assert_eq!(pointed("", Span { start: 5, end: 9 }), "  \n  ^");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let text = format!("{}x{}", "a".repeat(5_000), "b".repeat(5_000));
        let shown = pointed(&text, Span { start: 5_000, end: 5_001 });
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[0].len() < 110, "{shown}");
        assert_eq!(lines[1].find('^'), lines[0].find('x'), "{shown}");
    }
}
