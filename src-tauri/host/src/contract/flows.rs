//! Flows: the list, one flow with its problems, saving, versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cases::CaseResult;
use super::common::Problem;
use super::runs::RunState;

/// Parameters of `flows.list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowsList {
    /// Words to find in names, folders, notes and contents. Empty finds all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// The flows, by folder and name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowRows {
    /// One row a flow.
    pub flows: Vec<FlowRow>,
}

/// A flow in the list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowRow {
    /// The flow's id in this journal.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The folder it stands in, `/` between levels; empty for none.
    pub folder: String,
    /// Whether its triggers are live.
    pub armed: bool,
    /// The triggers in plain words, such as `Weekdays 09:00 Almaty`.
    pub trigger: String,
    /// When it fires next by the clock.
    pub next_fire_ms: Option<i64>,
    /// The last 30 runs, oldest first.
    pub last_runs: Vec<RunBar>,
    /// Records its runs moved in the last 30 days.
    pub records_moved: u64,
    /// The owner's note.
    pub note: String,
    /// Errors in its present text.
    pub errors: u32,
    /// Slots that wait to be filled.
    pub open_slots: u32,
    /// Failed records waiting for a person.
    pub failed: u64,
    /// When it was saved last.
    pub changed_ms: i64,
    /// Due times of the last seven days that went by without a run that stands for them.
    pub missed: u64,
    /// Why the engine paused it, where it did.
    pub paused: Option<String>,
}

/// A bar of the strip of runs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunBar {
    /// The run.
    pub run: String,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    pub started_ms: i64,
    /// Records it read.
    pub records: u64,
}

/// A flow by its id.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowId {
    /// The flow's id.
    pub flow: String,
}

/// A flow with everything the canvas needs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Flow {
    /// The flow's id in this journal.
    pub id: String,
    /// The document, canonical JSON text.
    pub text: String,
    /// The number of the saved version; `flow.save` must name it.
    pub version: u32,
    /// The hash of what runs (without layout, titles and notes).
    pub hash: String,
    /// The folder it stands in.
    pub folder: String,
    /// Whether its triggers are live.
    pub armed: bool,
    /// The version that is live, when armed.
    pub live: Option<LiveVersion>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What is known about each wire and node before it runs.
    pub facts: FlowFacts,
    /// What its slots are filled with.
    pub slots: Vec<SlotState>,
    /// Nodes with a pinned sample.
    pub pinned: Vec<String>,
}

/// The version of a flow that its triggers start. Other versions saved since wait until they are made live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveVersion {
    /// Its number.
    pub version: u32,
    /// The hash of what runs; a version that runs the same has the same.
    pub hash: String,
}

/// What checking finds out about a flow, beyond its problems.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FlowFacts {
    /// One entry a node, in document order.
    pub nodes: Vec<NodeFacts>,
}

/// What is known about a node under its configuration.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NodeFacts {
    /// The node.
    pub node: String,
    /// Its kind's contract: `trigger`, `source`, `transform`, `action`.
    pub contract: String,
    /// One line that says what it does, such as `POST /invoices`.
    pub summary: String,
    /// Names of its inputs, in order.
    pub inputs: Vec<String>,
    /// Names of its outputs, in order, `error` last where it has one.
    pub outputs: Vec<String>,
    /// For an action: `read`, `idempotent`, `transactional`, `ambiguous` or `engine`.
    pub effect: Option<String>,
    /// Fields that arrive at its input, as far as known; null when not known.
    pub fields: Option<Vec<String>>,
    /// Of an action that answers for each record: the field its answer goes into.
    pub answer_field: Option<String>,
}

/// How a slot of a flow is filled.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SlotState {
    /// The slot's name.
    pub name: String,
    /// `connection`, `folder`, `file`, `flow`, `text`, `number`, `boolean`, `secret`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For a connection slot its kind (`http`, `postgres`, `sqlite`, `rabbitmq`); for a folder `read` or `write`.
    pub detail: String,
    /// What it is filled with: a connection's name, a path, a value. Null when open.
    pub filled: Option<serde_json::Value>,
    /// The default in the file, where it has one.
    pub default: Option<serde_json::Value>,
    /// What to fill in, in the words of the flow's author; empty when there are none.
    pub help: String,
    /// Nodes that use it, by their titles.
    pub used_by: Vec<String>,
}

/// Parameters of `flow.save`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowSave {
    /// The flow, or none to make a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The document.
    pub text: String,
    /// The version the edit began from; another one now there is a conflict. Left out for a new flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u32>,
    /// A folder to move it to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Why it was changed, for the list of versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The answer to `flow.save`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowSaved {
    /// The flow's id.
    pub flow: String,
    /// The version it now has.
    pub version: u32,
    /// The hash of what runs.
    pub hash: String,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What is known about its nodes.
    pub facts: FlowFacts,
    /// How its slots are filled.
    pub slots: Vec<SlotState>,
}

/// Parameters of `flow.check`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowCheck {
    /// The document.
    pub text: String,
    /// The flow it belongs to, so that filled slots are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
}

/// The answer to `flow.check`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowChecked {
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What is known about its nodes.
    pub facts: FlowFacts,
}

/// Parameters of `flow.arm`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowArm {
    /// The flow.
    pub flow: String,
    /// Whether its triggers are to be live.
    pub armed: bool,
    /// Go live although cases come out differently. Otherwise a changed flow whose cases differ stays as it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_differences: bool,
}

/// The answer to `flow.arm`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowArmed {
    /// Whether its triggers are live now.
    pub armed: bool,
    /// When it fires next by the clock.
    pub next_fire_ms: Option<i64>,
    /// The cases that came out differently and held the change back; empty when nothing did.
    pub held_back: Vec<CaseResult>,
}

/// The versions of a flow, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowVersions {
    /// One row a version.
    pub versions: Vec<VersionRow>,
}

/// A version in the list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VersionRow {
    /// Its number; the first is 1.
    pub version: u32,
    /// When it was saved.
    pub saved_ms: i64,
    /// The hash of what runs.
    pub hash: String,
    /// Why it was changed.
    pub note: String,
    /// Whether it is the one that runs.
    pub live: bool,
}

/// A version of a flow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowVersionId {
    /// The flow.
    pub flow: String,
    /// The version's number.
    pub version: u32,
}

/// The text of a version.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowVersion {
    /// The version's number.
    pub version: u32,
    /// The document as it was.
    pub text: String,
}
