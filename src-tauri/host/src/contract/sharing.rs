//! Getting flows in and out: import with what the file would touch, slots and grants, export.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Problem;
use super::flows::SlotState;

/// A resource that needs a grant.
pub use plan::Resource;

/// Parameters of `flow.import`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowImport {
    /// The text of a flow file.
    pub text: String,
    /// The folder to put it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// The answer to `flow.import`: the flow is saved but not armed, and may touch nothing yet.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowImported {
    /// The flow's id.
    pub flow: String,
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What it would touch.
    pub authority: Vec<Authority>,
    /// What has to be filled.
    pub slots: Vec<SlotState>,
}

/// The answer to `grants.list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Authorities {
    /// What the flow would touch, allowed or not.
    pub authority: Vec<Authority>,
}

/// One thing a flow would touch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Authority {
    /// The node that would touch it.
    pub node: String,
    /// What is written on its card.
    pub title: String,
    /// What it is.
    pub resource: Resource,
    /// The sentence for the person, such as `reads files in the folder you choose`.
    pub sentence: String,
    /// Whether it was allowed.
    pub granted: bool,
}

/// Parameters of `slots.fill`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotsFill {
    /// The flow.
    pub flow: String,
    /// The slot.
    pub slot: String,
    /// A connection's name, a path, a flow's id or a value; null empties it. Filling grants exactly that.
    pub value: serde_json::Value,
}

/// The slots of a flow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Slots {
    /// In document order.
    pub slots: Vec<SlotState>,
}

/// Parameters of `grants.set`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantsSet {
    /// The flow.
    pub flow: String,
    /// The node.
    pub node: String,
    /// What it may touch.
    pub resource: Resource,
    /// Allow or take back.
    pub granted: bool,
}

/// The answer to `flow.export`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FlowExported {
    /// A file name.
    pub name: String,
    /// The file: the document with its cases; no secrets, nothing of what slots are filled with.
    pub text: String,
}

/// The answer to `gallery.list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Gallery {
    /// Flows the app offers.
    pub flows: Vec<GalleryRow>,
}

/// A flow the app offers.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GalleryRow {
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it is for, one or two sentences.
    pub about: String,
    /// Kinds in it, for its picture.
    pub kinds: Vec<String>,
    /// Whether it runs at once with the data beside it.
    pub runs_at_once: bool,
}

/// Parameters of `gallery.get`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GalleryGet {
    /// Its short name.
    pub slug: String,
}

/// A flow of the gallery.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GalleryFlow {
    /// Its short name.
    pub slug: String,
    /// The document.
    pub text: String,
    /// Its description, Markdown.
    pub readme: String,
}
