//! What happened and who did it: due times with what became of each, and the trail of what people decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters of `flow.times`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowTimes {
    /// The flow's id.
    pub flow: String,
    /// Only times before this one, for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_ms: Option<i64>,
    /// At most so many, 100 unless said and 1,000 at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Times at which a flow was due, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DueTimes {
    /// One entry a time.
    pub times: Vec<DueTime>,
    /// Whether there are earlier ones.
    pub more: bool,
}

/// A time at which a flow was due. Each has one outcome.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DueTime {
    /// The trigger.
    pub node: String,
    /// The title of its card.
    pub title: String,
    /// When it was due.
    pub due_ms: i64,
    /// What became of it.
    pub outcome: DueOutcome,
    /// The run that was started.
    pub run: Option<String>,
    /// When that was decided.
    pub decided_ms: i64,
}

/// What became of a due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueOutcome {
    /// A run was started.
    Fired,
    /// It passed while nobody could fire it; the flow's rule is to let such times go.
    Skipped,
    /// It passed while nobody could fire it, too long ago to be caught up.
    Missed,
    /// It passed while nobody could fire it; the run of a later time stands for it.
    Merged,
}

/// Parameters of `audit.list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditList {
    /// At most so many lines, 200 unless said and 5,000 at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The trail of what was decided here. Each line holds the hash of the one before, so that none can be changed or taken out unseen.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditTrail {
    /// The newest lines, newest first.
    pub lines: Vec<AuditLine>,
    /// How many there are in all, when the whole trail is unbroken.
    pub whole: Option<u64>,
    /// Where it was broken.
    pub broken: Option<String>,
}

/// A line of the trail.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditLine {
    /// When.
    pub at_ms: i64,
    /// Who: `person`, or `engine` for what raised an alert.
    pub actor: String,
    /// What was done, such as `grant.give`.
    pub action: String,
    /// To what: the name of a flow or a connection.
    pub subject: String,
    /// More, such as what was granted; never a secret.
    pub detail: String,
}
