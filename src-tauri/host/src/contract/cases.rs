//! Cases: remembered runs that a changed flow is compared with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Datum, Failure};

/// The cases of a flow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cases {
    /// By name.
    pub cases: Vec<CaseRow>,
}

/// A case in the list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseRow {
    /// Its name.
    pub name: String,
    /// Records handed in.
    pub records_in: u64,
    /// How it went last.
    pub last: Option<CaseOutcome>,
}

/// How a case went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// Everything as expected.
    Same,
    /// Something differs.
    Different,
    /// It did not run to its end.
    Broken,
}

/// Parameters of `cases.save`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseSave {
    /// The flow.
    pub flow: String,
    /// The case's name: small letters, digits and `-`.
    pub name: String,
    /// The run to turn into a case.
    pub run: String,
    /// Fields whose values are replaced by made-up ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<String>,
}

/// Parameters of `cases.run`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CasesRun {
    /// The flow.
    pub flow: String,
    /// The text to try; the saved one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only this case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The answer to `cases.run`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseResults {
    /// One a case.
    pub results: Vec<CaseResult>,
}

/// How a case went, with the differences.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    /// The case.
    pub name: String,
    /// How it went.
    pub outcome: CaseOutcome,
    /// Records compared.
    pub records: u64,
    /// Records that differ.
    pub different: u64,
    /// The first 100 differences.
    pub differences: Vec<CaseDifference>,
    /// Why it did not run to its end.
    pub error: Option<Failure>,
}

/// One difference.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseDifference {
    /// Where it came out: a node and port, or `calls` for what was sent.
    pub place: String,
    /// The record's number there, from 0.
    pub index: u64,
    /// A JSON pointer into the record.
    pub pointer: String,
    /// What was expected; null when nothing was.
    pub expected: Datum,
    /// What came; null when nothing did.
    pub came: Datum,
}
