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
    /// Records handed in, or read by its sources.
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

/// Parameters of `cases.save`: what a run did, or what is pinned to the steps, becomes a case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseSave {
    /// The flow.
    pub flow: String,
    /// The case's name: letters a-z, digits, `-` and `_`. A case of that name is replaced.
    pub name: String,
    /// The run to turn into a case; without one the pinned samples are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The trigger's records, where no run is named; the pinned ones, or one empty record, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<Datum>>,
    /// The trigger it starts at, where no run is named; the first one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Fields whose values are replaced by made-up ones; those that look personal (names of people, addresses, numbers of
    /// documents) when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<Vec<String>>,
}

/// The answer to `cases.save`, `cases.accept` and `cases.delete`: cases stand in the flow file, so the flow has a new version.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseSaved {
    /// The flow's version now; `flow.save` must name it.
    pub version: u32,
    /// The document now.
    pub text: String,
    /// Fields whose values were replaced by made-up ones.
    pub masked: Vec<String>,
}

/// A case of a flow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseName {
    /// The flow.
    pub flow: String,
    /// The case's name.
    pub name: String,
}

/// Parameters of `cases.accept`: what comes out now is what is expected from now on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CasesAccept {
    /// The flow.
    pub flow: String,
    /// Only this case; all of them when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Parameters of `cases.run`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CasesRun {
    /// The flow.
    pub flow: String,
    /// The text to try; the saved one when left out. A text without cases is tried with those of the saved one.
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
    /// Records that came out at end ports.
    pub records: u64,
    /// Records, calls, files and lines that differ, counted up to the first 100 differences.
    pub different: u64,
    /// The first 100 differences.
    pub differences: Vec<CaseDifference>,
    /// Why it did not run to its end.
    pub error: Option<Failure>,
}

/// One difference.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseDifference {
    /// Where it came out: a node and port, `calls` for what was sent, `files` for what was written, `left` for failed records, `state`
    /// for how the run ended.
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
