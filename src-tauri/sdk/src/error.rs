//! A failure: a code for the machine, a sentence for the person, a cause for the log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of failure it is. Retry rules, breakers and grouping in the failed inbox go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The node's configuration cannot work.
    Config,
    /// The record is not what the node needs.
    Input,
    /// A formula met a fault on this record.
    Formula,
    /// The other side wants another or a new sign-in.
    Auth,
    /// The flow has no grant for this.
    Denied,
    /// What was asked for is not there.
    NotFound,
    /// The other side refused for good: repeating cannot help.
    Refused,
    /// The other side asks to slow down.
    Busy,
    /// No connection, or the other side is out of order for now.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// The call may or may not have taken effect.
    Ambiguous,
    /// A limit of size, depth, memory or steps was passed.
    Limit,
    /// A file or answer is not in the form it claims.
    Damaged,
    /// The run was cancelled.
    Cancelled,
    /// A mistake of ours.
    Internal,
}

impl Code {
    /// The code's name in journals and logs.
    pub fn name(self) -> &'static str {
        match self {
            Code::Config => "config",
            Code::Input => "input",
            Code::Formula => "formula",
            Code::Auth => "auth",
            Code::Denied => "denied",
            Code::NotFound => "not_found",
            Code::Refused => "refused",
            Code::Busy => "busy",
            Code::Unavailable => "unavailable",
            Code::Timeout => "timeout",
            Code::Ambiguous => "ambiguous",
            Code::Limit => "limit",
            Code::Damaged => "damaged",
            Code::Cancelled => "cancelled",
            Code::Internal => "internal",
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(self) -> bool {
        matches!(self, Code::Busy | Code::Unavailable | Code::Timeout)
    }
}

/// Why a record, a step or a run failed.
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("{sentence}")]
pub struct NodeError {
    /// The kind of failure.
    pub code: Code,
    /// What went wrong, where, and what to do, in words for the person.
    pub sentence: String,
    /// What the system below said, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The other side asked to wait this long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl NodeError {
    /// A failure of this kind.
    pub fn new(code: Code, sentence: impl Into<String>) -> NodeError {
        NodeError { code, sentence: sentence.into(), cause: None, retry_after_ms: None }
    }

    /// Adds what the system below said.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> NodeError {
        self.cause = Some(cause.to_string());
        self
    }

    /// Adds how long the other side asked to wait.
    #[must_use]
    pub fn retry_after_ms(mut self, wait_ms: u64) -> NodeError {
        self.retry_after_ms = Some(wait_ms);
        self
    }
}

impl From<formula::Fault> for NodeError {
    fn from(fault: formula::Fault) -> NodeError {
        NodeError::new(Code::Formula, fault.to_string())
    }
}
