//! What changed between two versions of a flow, in the words of the document: nodes, their fields, wires, slots.
//! What only people look at is told apart from what changes a run.

use std::collections::{BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Flow, NodeId, Wire};

/// The difference between two flows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// Nodes that were added, removed or changed, in the order of the newer flow, removed ones last.
    pub nodes: Vec<NodeChange>,
    /// Wires only the newer flow has, as `from` and `to`.
    pub wires_added: Vec<[String; 2]>,
    /// Wires only the older flow has.
    pub wires_removed: Vec<[String; 2]>,
    /// The same wires stand in another order, which matters where inputs follow one another.
    pub wires_reordered: bool,
    /// Changed fields of the flow itself and of its slots, as pointers into the document.
    pub flow: Vec<FieldChange>,
    /// Changes that do not change a run: layout, titles, notes, groups, cases.
    pub looks: Vec<FieldChange>,
}

impl Diff {
    /// Whether a run would behave the same.
    #[must_use]
    pub fn is_only_looks(&self) -> bool {
        let Self { nodes, wires_added, wires_removed, wires_reordered, flow, looks: _ } = self;
        nodes.is_empty()
            && wires_added.is_empty()
            && wires_removed.is_empty()
            && !wires_reordered
            && flow.is_empty()
    }

    /// Whether nothing changed at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_only_looks() && self.looks.is_empty()
    }
}

/// What happened to one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum NodeChange {
    /// It is new.
    Added {
        /// The node.
        #[schemars(with = "String")]
        node: NodeId,
        /// Its kind.
        kind: String,
    },
    /// It is gone.
    Removed {
        /// The node.
        #[schemars(with = "String")]
        node: NodeId,
        /// The kind it had.
        kind: String,
    },
    /// Some of its fields differ.
    Changed {
        /// The node.
        #[schemars(with = "String")]
        node: NodeId,
        /// Which fields, as pointers into the node: `/config/url`.
        fields: Vec<FieldChange>,
    },
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldChange {
    /// JSON pointer.
    pub pointer: String,
    /// What stood there, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What stands there now, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Fields of a flow that only people look at.
const LOOKS: [&str; 5] = ["$schema", "layout", "notes", "groups", "cases"];

/// Compares two flows.
#[must_use]
pub fn diff(before: &Flow, after: &Flow) -> Diff {
    let mut diff = Diff::default();
    nodes(before, after, &mut diff);
    wires(before, after, &mut diff);
    let (old, new) = (rest(before), rest(after));
    let mut found = Vec::new();
    compare("", &old, &new, &mut found);
    let is_looks = |change: &FieldChange| {
        let top = change.pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
        LOOKS.contains(&top)
    };
    let (looks, real) = found.into_iter().partition(is_looks);
    diff.flow = real;
    diff.looks.extend::<Vec<_>>(looks);
    diff
}

/// A flow without its nodes and wires.
fn rest(flow: &Flow) -> Value {
    let bare = Flow { nodes: indexmap::IndexMap::new(), wires: Vec::new(), ..flow.clone() };
    to_value(&bare)
}

fn to_value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("a flow holds nothing that JSON cannot say")
}

fn nodes(before: &Flow, after: &Flow, diff: &mut Diff) {
    for (id, node) in &after.nodes {
        let Some(old) = before.nodes.get(id) else {
            diff.nodes.push(NodeChange::Added { node: id.clone(), kind: node.kind.clone() });
            continue;
        };
        if old == node {
            continue;
        }
        let mut fields = Vec::new();
        compare("", &to_value(old), &to_value(node), &mut fields);
        let is_looks = |change: &FieldChange| matches!(change.pointer.as_str(), "/title" | "/note");
        let (looks, fields): (Vec<_>, Vec<_>) = fields.into_iter().partition(is_looks);
        let in_document =
            |change: FieldChange| FieldChange { pointer: format!("/nodes/{id}{}", change.pointer), ..change };
        diff.looks.extend(looks.into_iter().map(in_document));
        if !fields.is_empty() {
            diff.nodes.push(NodeChange::Changed { node: id.clone(), fields });
        }
    }
    for (id, node) in before.nodes.iter().filter(|(id, _)| !after.nodes.contains_key(*id)) {
        diff.nodes.push(NodeChange::Removed { node: id.clone(), kind: node.kind.clone() });
    }
}

fn wires(before: &Flow, after: &Flow, diff: &mut Diff) {
    diff.wires_added = surplus(&after.wires, &before.wires);
    diff.wires_removed = surplus(&before.wires, &after.wires);
    let same = diff.wires_added.is_empty() && diff.wires_removed.is_empty();
    diff.wires_reordered = same && before.wires != after.wires;
}

/// The wires of one list that the other has not, or has fewer times.
fn surplus(of: &[Wire], over: &[Wire]) -> Vec<[String; 2]> {
    let mut left: HashMap<&Wire, usize> = HashMap::new();
    for wire in over {
        *left.entry(wire).or_default() += 1;
    }
    let mut found = Vec::new();
    for wire in of {
        match left.get_mut(wire) {
            Some(left) if *left > 0 => *left -= 1,
            Some(_) | None => found.push([wire.from.to_string(), wire.to.to_string()]),
        }
    }
    found
}

/// Walks two values and collects the places where they differ; objects are entered, lists are compared whole.
fn compare(pointer: &str, before: &Value, after: &Value, out: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        let change = FieldChange {
            pointer: pointer.to_owned(),
            before: Some(before.clone()),
            after: Some(after.clone()),
        };
        out.push(change);
        return;
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let place = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        match (old.get(name), new.get(name)) {
            (Some(before), Some(after)) => compare(&place, before, after, out),
            (before, after) => {
                out.push(FieldChange { pointer: place, before: before.cloned(), after: after.cloned() });
            }
        }
    }
}
