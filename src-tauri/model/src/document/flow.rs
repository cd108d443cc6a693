//! What a flow says: its nodes, the wires between them, and what holds for the whole.

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;
use smol_str::SmolStr;

use super::parts::{Case, Expect, Group, Note, Overlap, Policy, Slot};

/// The short stable name of a node inside its flow; also the name of the field its answer goes into.
pub type NodeId = SmolStr;

/// A flow, as a file says it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Arna flow")]
pub struct Flow {
    /// Where the schema of this file is, for other editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of the file's shape; 1.
    pub arna: u32,
    /// What the flow is called.
    pub name: String,
    /// The time zone of its schedules and of its dates, by its IANA name: Asia/Almaty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What the flow is for, in Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
    /// The nodes by their ids.
    #[schemars(with = "BTreeMap<String, Node>")]
    pub nodes: IndexMap<NodeId, Node>,
    /// The wires: from a node or one of its ports, to a node or one of its ports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wires: Vec<Wire>,
    /// What its user fills in before it can run.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Slot>")]
    pub slots: IndexMap<SmolStr, Slot>,
    /// What is normal; anything else raises an alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// A formula over the trigger's record: runs with equal keys go one after another, in order of arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// How many runs may go on at once; 10 unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub concurrency: Option<u16>,
    /// What becomes of an event that comes while earlier runs go on: it waits unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// Gives up the promise to survive a crash, for speed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
    /// Up to three fields by whose values runs can be found: an order number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub search: Vec<String>,
    /// Where the nodes stand on the canvas.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<String, [i32; 2]>")]
    pub layout: IndexMap<NodeId, [i32; 2]>,
    /// Notes stuck on the canvas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Frames around nodes that belong together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// What is given and what must come out, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Case>")]
    pub cases: IndexMap<String, Case>,
}

impl Flow {
    /// A flow with a name and nothing in it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            schema: None,
            arna: crate::migrate::CURRENT,
            name: name.into(),
            zone: None,
            docs: None,
            nodes: IndexMap::new(),
            wires: Vec::new(),
            slots: IndexMap::new(),
            expect: None,
            order: None,
            concurrency: None,
            overlap: None,
            volatile: false,
            search: Vec::new(),
            layout: IndexMap::new(),
            notes: Vec::new(),
            groups: Vec::new(),
            cases: IndexMap::new(),
        }
    }
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// What it is: `csv.read`.
    pub kind: String,
    /// Which version of the kind it was made for; 1 unless said.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    #[schemars(range(min = 1))]
    pub version: u32,
    /// What the card says instead of the kind's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A remark for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Left out of runs; records pass it by.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The slot whose connection it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// What it is told to do; the kind says which fields there are.
    #[serde(default = "empty", skip_serializing_if = "is_empty")]
    pub config: Value,
    /// The field an action puts its answer into; the node's id unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// The field in which a source keeps the record that opened it; not kept unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_as: Option<String>,
    /// How hard to try.
    #[serde(default, skip_serializing_if = "Policy::is_default")]
    pub policy: Policy,
}

impl Node {
    /// A node of a kind with a config and nothing else said.
    pub fn new(kind: impl Into<String>, config: Value) -> Self {
        Self {
            kind: kind.into(),
            version: first(),
            title: None,
            note: None,
            disabled: false,
            connection: None,
            config,
            into: None,
            keep_as: None,
            policy: Policy::default(),
        }
    }
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(version: &u32) -> bool {
    *version == 1
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

fn is_empty(config: &Value) -> bool {
    config.as_object().is_some_and(serde_json::Map::is_empty)
}

/// One end of a wire: a node, and a port where the node's default one is not meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct End {
    /// The node.
    pub node: NodeId,
    /// The port; the default one unless said.
    pub port: Option<SmolStr>,
}

impl End {
    /// Reads `node` or `node.port`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name.len() <= 64
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        };
        let (node, port) = match text.split_once('.') {
            Some((node, port)) => (node, Some(port)),
            None => (text, None),
        };
        (is_name(node) && port.is_none_or(is_name))
            .then(|| Self { node: NodeId::new(node), port: port.map(SmolStr::new) })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.node)?;
        match &self.port {
            Some(port) => write!(f, ".{port}"),
            None => Ok(()),
        }
    }
}

/// A wire from an output to an input.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "[String; 2]")]
pub struct Wire {
    /// Where records come from.
    pub from: End,
    /// Where they go.
    pub to: End,
}

impl Serialize for Wire {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.from.to_string(), self.to.to_string()].serialize(serializer)
    }
}
