//! The failed-records inbox and the questions only a person can answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Datum, Failure};

/// Parameters of `failed.list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedList {
    /// Only of this flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Records wanted of each group; 20 when left out, 500 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Failed records, grouped by cause, largest group first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FailedGroups {
    /// The groups.
    pub groups: Vec<FailedGroup>,
}

/// Failed records with the same cause.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FailedGroup {
    /// The group's name, for resending it whole.
    pub group: String,
    /// The flow.
    pub flow: String,
    /// The flow's name.
    pub flow_name: String,
    /// The node that failed.
    pub node: String,
    /// What is written on its card.
    pub title: String,
    /// The cause they share.
    pub error: Failure,
    /// Records in it.
    pub count: u64,
    /// When the first failed.
    pub first_ms: i64,
    /// When the last failed.
    pub last_ms: i64,
    /// The first records of it.
    pub records: Vec<FailedRecord>,
}

/// A failed record.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FailedRecord {
    /// Its id.
    pub id: String,
    /// The run it failed in.
    pub run: String,
    /// What arrived at the node.
    pub record: Datum,
    /// Why it failed.
    pub error: Failure,
    /// Attempts made.
    pub attempts: u32,
    /// When it failed.
    pub failed_ms: i64,
}

/// Parameters of `failed.resend`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedResend {
    /// These records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Or every record of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// An edited record to send in place of the one record named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Datum>,
}

/// The answer to `failed.resend`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FailedResent {
    /// Records sent again.
    pub resent: u64,
    /// The runs that carry them.
    pub runs: Vec<String>,
}

/// Parameters of `failed.discard`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedDiscard {
    /// These records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// Or every record of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// The answer to `failed.discard`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FailedDiscarded {
    /// Records taken out of the inbox.
    pub discarded: u64,
}

/// The answer to `questions.list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Questions {
    /// Open questions, oldest first.
    pub questions: Vec<Question>,
}

/// Whether an effect happened is not known; a person looks and answers.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// The flow.
    pub flow: String,
    /// The flow's name.
    pub flow_name: String,
    /// The run.
    pub run: String,
    /// The node.
    pub node: String,
    /// What is written on its card.
    pub title: String,
    /// What is asked, such as `Was invoice 42 sent to ledger?`.
    pub sentence: String,
    /// What was being sent.
    pub record: Datum,
    /// Since when.
    pub asked_ms: i64,
}

/// What the person found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It happened: go on without doing it again.
    Happened,
    /// It did not happen: do it.
    Repeat,
    /// Leave it: the record goes to the failed inbox.
    GiveUp,
}

/// Parameters of `questions.answer`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionsAnswer {
    /// The question.
    pub id: String,
    /// What the person found.
    pub answer: Answer,
    /// What the step would have answered, where it happened and the person knows: the records that follow have it in the step's field.
    /// Left out, the field says `{assumed: true}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Datum>,
}
