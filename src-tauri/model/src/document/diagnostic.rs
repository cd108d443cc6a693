//! One finding about a flow, made for a person: what is wrong, where, and what to do about it.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::NodeId;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The flow cannot be armed or run until this is mended.
    Error,
    /// The flow runs, but probably not as it was meant.
    Warning,
}

/// A part of a text, in bytes from its start; the end is not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A place in a file, counted as editors do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Character in the line, from 1.
    pub column: u32,
}

/// One change of the document; pointers are JSON pointers into the whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Change {
    /// Puts a value at a place, which need not exist yet.
    Set {
        /// Where.
        pointer: String,
        /// What is put there.
        value: Value,
    },
    /// Takes the value at a place away.
    Remove {
        /// Where.
        pointer: String,
    },
    /// Replaces part of the text at a place.
    Replace {
        /// Where the text is.
        pointer: String,
        /// Which part of it.
        span: Span,
        /// What stands there afterwards.
        text: String,
    },
}

/// A mend the editor can offer as one button.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// What the button says.
    pub label: String,
    /// What it does.
    pub change: Change,
}

/// A finding about a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Names the rule, for programs: `wire.nowhere`.
    pub code: Cow<'static, str>,
    /// The node it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub node: Option<NodeId>,
    /// The port of that node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// JSON pointer inside the node's config: `/columns/total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// JSON pointer inside the whole document, when it is about something outside a config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Which part of the field's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Line and column in the file, when the text of the file was at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What is wrong and what to do, in plain words.
    pub sentence: String,
    /// A mend, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding that stops the flow from running.
    pub fn error(code: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, sentence.into())
    }

    /// A finding that does not stop the flow.
    pub fn warning(code: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, sentence.into())
    }

    fn new(severity: Severity, code: &'static str, sentence: String) -> Self {
        Self {
            severity,
            code: Cow::Borrowed(code),
            node: None,
            port: None,
            field: None,
            at: None,
            span: None,
            place: None,
            sentence,
            fix: None,
        }
    }

    /// Says which node.
    #[must_use]
    pub fn on(mut self, node: &str) -> Self {
        self.node = Some(NodeId::new(node));
        self
    }

    /// Says which port of the node.
    #[must_use]
    pub fn port(mut self, port: impl Into<String>) -> Self {
        self.port = Some(port.into());
        self
    }

    /// Says which field of the node's config, as a JSON pointer.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>) -> Self {
        self.field = Some(pointer.into());
        self
    }

    /// Says where in the document, as a JSON pointer.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.at = Some(pointer.into());
        self
    }

    /// Says which part of the field's text.
    #[must_use]
    pub fn span(mut self, start: usize, end: usize) -> Self {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.span = Some(Span { start: byte(start), end: byte(end) });
        self
    }

    /// Offers a mend.
    #[must_use]
    pub fn fix(mut self, label: impl Into<String>, change: Change) -> Self {
        self.fix = Some(Fix { label: label.into(), change });
        self
    }

    /// Whether it stops the flow.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })?;
        write!(f, " [{}]", self.code)?;
        if let Some(node) = &self.node {
            write!(f, " {node}")?;
            if let Some(port) = &self.port {
                write!(f, ".{port}")?;
            }
        }
        match (&self.field, &self.at) {
            (Some(field), _) => write!(f, " config{field}")?,
            (None, Some(at)) if self.node.is_none() => write!(f, " {at}")?,
            (None, _) => {}
        }
        if let Some(place) = self.place {
            write!(f, " line {} column {}", place.line, place.column)?;
        }
        write!(f, ": {}", self.sentence)
    }
}
