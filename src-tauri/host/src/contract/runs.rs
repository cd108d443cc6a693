//! Runs: starting, watching, looking at the data on each wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Datum, Failure};

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Accepted, not begun.
    Waiting,
    /// At work.
    Running,
    /// Ended, everything done.
    Ok,
    /// Ended, some records failed or wait.
    Partial,
    /// Ended by an error or the stop rule.
    Failed,
    /// Stopped by a person.
    Cancelled,
    /// A person must answer a question first.
    Asking,
    /// Set aside because it was at work at three crashes in a row; `run.release` sets it to work again.
    Held,
    /// Left out by the flow's rule for events that come while others run; the error says why.
    Skipped,
}

/// Parameters of `run.start`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunStart {
    /// The flow.
    pub flow: String,
    /// The trigger to start at; the first one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// The trigger's records; one record with nothing in it, or the pinned sample, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Vec<Datum>>,
    /// Run to this node and no further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_node: Option<String>,
    /// Run this text instead of the saved one (the flow must exist; its grants hold).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Hold every outgoing effect and report it instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearse: bool,
}

/// A run by its id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunId {
    /// The run.
    pub run: String,
}

/// Parameters of `runs.list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunsList {
    /// Only of this flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Only in these states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<RunState>,
    /// Only begun at or after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Only begun before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_ms: Option<i64>,
    /// Only runs that touched this business value (a field the flow names in `search`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the last page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Rows wanted; 50 when left out, 500 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of runs, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunRows {
    /// One row a run.
    pub runs: Vec<RunRow>,
    /// Hand this back for the next page; null when there is none.
    pub cursor: Option<String>,
}

/// A run in the list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunRow {
    /// The run.
    pub run: String,
    /// Its flow.
    pub flow: String,
    /// Its flow's name.
    pub flow_name: String,
    /// The version that ran; 0 for a text tried from the editor.
    pub version: u32,
    /// The trigger it started at.
    pub trigger: String,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Records read by its sources, or handed in by its trigger.
    pub records: u64,
    /// Records that failed.
    pub failed: u64,
    /// Records that wait to go on.
    pub parked: u64,
    /// Why it failed.
    pub error: Option<Failure>,
    /// Whether effects were held.
    pub rehearsal: bool,
}

/// A run with what the canvas shows of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The row of the list.
    pub row: RunRow,
    /// The document that ran.
    pub text: String,
    /// Counts and states at the end, or now.
    pub counts: RunCounts,
    /// How the counts grew, oldest first, 200 at most.
    pub snapshots: Vec<RunSnapshot>,
    /// What its nodes did.
    pub steps: Vec<StepRow>,
    /// What was held, when it was a rehearsal.
    pub held: Vec<HeldEffect>,
}

/// Counts per wire and node at one time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunCounts {
    /// Records that crossed each wire, by `node.port>node.port`.
    pub wires: BTreeMap<String, u64>,
    /// Each node that began.
    pub nodes: BTreeMap<String, NodeCounts>,
}

/// What a node did so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeCounts {
    /// How it stands.
    pub state: NodeState,
    /// Records in.
    pub records_in: u64,
    /// Records out, over all ports but `error`.
    pub records_out: u64,
    /// Records that failed.
    pub failed: u64,
    /// Records that wait to go on; null where only the run's own count is known.
    pub parked: Option<u64>,
    /// Time spent, milliseconds; null where it was not measured.
    pub busy_ms: Option<u64>,
}

/// How a node of a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// Nothing came yet.
    Waiting,
    /// At work.
    Running,
    /// Finished.
    Ok,
    /// Finished, some records failed or wait.
    Partial,
    /// Failed as a whole.
    Failed,
    /// Not reached in this run.
    Skipped,
}

/// The counts at one moment.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunSnapshot {
    /// When.
    pub at_ms: i64,
    /// The counts then.
    pub counts: RunCounts,
}

/// What one node did in a run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StepRow {
    /// The node.
    pub node: String,
    /// How it stands.
    pub state: NodeState,
    /// Records in.
    pub records_in: u64,
    /// Records out, over all ports but `error`.
    pub records_out: u64,
    /// Records that failed.
    pub failed: u64,
    /// The first error met.
    pub error: Option<Failure>,
}

/// An effect a rehearsal held back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HeldEffect {
    /// Its number in the run.
    pub id: u64,
    /// The node that would have acted.
    pub node: String,
    /// What would have been done, one line.
    pub sentence: String,
    /// What would have been sent: the body of the request, or the record where there is no request to show.
    pub body: Datum,
    /// The record that came to the node.
    pub record: Datum,
    /// The request that would have been made, where it is one.
    pub request: Option<HeldRequest>,
}

/// A request that was not sent. Secrets in it are dots.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HeldRequest {
    /// GET, POST, ...
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Header names in lower case, and values.
    pub headers: BTreeMap<String, String>,
    /// The body: JSON as it is, other text as text; null when there is none.
    pub body: Datum,
}

/// Which end of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What came in.
    In,
    /// What went out.
    Out,
}

/// Parameters of `run.records`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRecords {
    /// The run.
    pub run: String,
    /// The node.
    pub node: String,
    /// Into it or out of it.
    pub side: Side,
    /// The port; the first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Records to pass over.
    #[serde(default)]
    pub offset: u64,
    /// Records wanted, 1,000 at most.
    pub limit: u32,
    /// Only records that hold this text somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// A page of records.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RecordsPage {
    /// Field names in the order of the data.
    pub columns: Vec<String>,
    /// The records.
    pub records: Vec<Datum>,
    /// Records in all, as far as known.
    pub total: u64,
    /// Whether every record was kept; otherwise this is a sample of the first ones.
    pub whole: bool,
}

/// Parameters of `sample.pin`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamplePin {
    /// The flow.
    pub flow: String,
    /// The node whose output it stands for.
    pub node: String,
    /// The records, 1,000 at most; without them the pin is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<Datum>>,
}
