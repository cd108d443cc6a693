//! One node at a time: what arrives at it, and what it makes of that.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Datum, Failure};
use super::runs::HeldEffect;

/// Where sample records come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SampleOrigin {
    /// They were handed in.
    Given,
    /// They are pinned to the node before.
    Pinned,
    /// A run left them.
    Run,
    /// There are none.
    Nothing,
}

/// Parameters of `node.fields`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeFields {
    /// The flow.
    pub flow: String,
    /// The document as it is edited; the saved one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The node.
    pub node: String,
    /// Its input; the first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
}

/// The answer to `node.fields`: what can be picked in formulas of a node.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Fields {
    /// Where the sample comes from.
    pub from: SampleOrigin,
    /// The run that left it, where one did.
    pub run: Option<String>,
    /// The first sample record; null when there is none. `formula.eval` takes it.
    pub record: Datum,
    /// The fields, in the order of the data; what only the flow's text tells comes last.
    pub fields: Vec<FieldRow>,
}

/// A field that arrives at a node.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FieldRow {
    /// Its name.
    pub name: String,
    /// The type of its sample value in words; empty where no value is known.
    #[serde(rename = "type")]
    pub kind: String,
    /// The first value that is not null.
    pub sample: Datum,
}

/// Parameters of `node.try`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeTry {
    /// The flow; its slots and grants hold.
    pub flow: String,
    /// The document as it is edited; the saved one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The node.
    pub node: String,
    /// Records by input, 1,000 at most; what is pinned or a run left, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<BTreeMap<String, Vec<Datum>>>,
    /// Let it act on the world. Otherwise what it would send is held and shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub act: bool,
}

/// The answer to `node.try`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NodeTried {
    /// The run that was made for it.
    pub run: String,
    /// Where its input came from.
    pub from: SampleOrigin,
    /// What came out, by output in the order of the node.
    pub outputs: Vec<PortRecords>,
    /// Records that failed, with the reason in the field `error`.
    pub failed: Vec<Datum>,
    /// What it would have sent.
    pub held: Vec<HeldEffect>,
    /// Why it failed as a whole.
    pub error: Option<Failure>,
    /// Whether it was stopped after the first records, of which there are 100 an output.
    pub cut: bool,
}

/// Records that left at an output.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PortRecords {
    /// The output.
    pub port: String,
    /// The records.
    pub records: Vec<Datum>,
}
