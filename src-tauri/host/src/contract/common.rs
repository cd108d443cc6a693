//! What several commands share: refusals, data values, paging.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value of flow data as it crosses to the editor.
///
/// Null, booleans, texts, lists and objects are themselves. A number is a JSON number when a double holds it exactly. Everything else is
/// `{"$": type, "text": …}` with type `number`, `date`, `time`, `date time`, `days duration` or `months duration`; an object that has a
/// field named `$` is `{"$": "object", "fields": {…}}`. The same form is read back.
pub type Datum = serde_json::Value;

/// No parameters, or no answer beyond "done".
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Why a command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The parameters do not have the expected form.
    BadRequest,
    /// The token is missing or wrong.
    NotSignedIn,
    /// What was named does not exist.
    NotFound,
    /// Somebody changed it since it was read.
    Conflict,
    /// It cannot be done in the present state; the sentence says why.
    Refused,
    /// Something must be filled in or granted first.
    NeedsYou,
    /// A system outside did not answer as it should.
    Unavailable,
    /// A mistake of ours.
    Internal,
}

/// The answer to a command that was not carried out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// For the program.
    pub code: RefusalCode,
    /// For the person.
    pub sentence: String,
    /// The parameter it is about, as a JSON pointer; empty when it is about the whole.
    #[serde(default)]
    pub field: String,
    /// For the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Refusal {
    /// A refusal with a sentence.
    pub fn new(code: RefusalCode, sentence: impl Into<String>) -> Refusal {
        Refusal { code, sentence: sentence.into(), field: String::new(), cause: None }
    }

    /// Names the parameter it is about.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Refusal {
        self.field = field.into();
        self
    }

    /// Adds what the system below said.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Refusal {
        self.cause = Some(cause.to_string());
        self
    }
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Hint,
    /// It runs, but probably not as meant.
    Warning,
    /// It cannot run.
    Error,
}

/// A problem in a flow: where, what, and the fix where one is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// A stable code, such as `unknown_field`.
    pub code: String,
    /// The sentence for the person.
    pub sentence: String,
    /// The node, where it is about one.
    pub node: Option<String>,
    /// The port of that node, where it is about one.
    pub port: Option<String>,
    /// A JSON pointer into the node's config, or into the document when no node is named.
    pub pointer: Option<String>,
    /// A repair that can be applied with one press.
    pub fix: Option<Fix>,
}

/// A repair: replace the text at a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// What the button says.
    pub title: String,
    /// A JSON pointer into the document.
    pub pointer: String,
    /// The value to put there; null removes what is there.
    pub value: serde_json::Value,
}

/// An error of a record, step or run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// `config`, `input`, `formula`, `auth`, `denied`, `not_found`, `refused`, `busy`, `unavailable`, `timeout`, `ambiguous`, `limit`,
    /// `damaged`, `cancelled` or `internal`.
    pub code: String,
    /// The sentence for the person.
    pub sentence: String,
    /// What the system below said.
    pub cause: Option<String>,
}
