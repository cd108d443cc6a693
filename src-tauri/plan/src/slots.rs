//! Slots and connections: is there what a node names, and does it fit.

use model::document::{Access, Change, Diagnostic, Fill, Flow, Node, NodeId, closest, quoted};
use sdk::{Behaviour, Need, Start};

use crate::formulas;
use crate::nodes::{Known, Nodes};
use crate::places::Places;

/// Checks every mention of a slot.
pub(crate) fn check(flow: &Flow, nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    for (id, node) in flow.nodes.iter().filter(|(_, node)| !node.disabled) {
        let known = nodes.get(id).and_then(Option::as_ref);
        connection(flow, (id, node), known, found);
        let Some(known) = known else { continue };
        for place in &known.places.formulas {
            for (name, start) in formulas::slots(place) {
                if !flow.slots.contains_key(name.as_str()) {
                    let end = start + name.len();
                    found.push(unknown(flow, &name).on(id).field(place.pointer.clone()).span(start, end));
                }
            }
        }
        writing(flow, id, known, found);
        for slot in flow_slots(known) {
            match flow.slots.get(slot.as_str()).map(|slot| &slot.fill) {
                None => found.push(unknown(flow, &slot).on(id)),
                Some(Fill::Flow(_)) => {}
                Some(other) => {
                    let sentence = format!(
                        "The slot {} takes {}, but {} needs a flow there.",
                        quoted(&slot),
                        other.noun(),
                        quoted(id)
                    );
                    found.push(Diagnostic::error("slot.type", sentence).on(id));
                }
            }
        }
    }
}

/// A node that writes into the folder of a slot that is only to be read.
fn writing(flow: &Flow, id: &NodeId, known: &Known<'_>, found: &mut Vec<Diagnostic>) {
    let writes = |need: &Need| matches!(need, Need::Folder { writes: true, .. });
    // With several folders in one config it cannot be told which of them is written to.
    let folders = folders(flow, &known.places);
    let [(slot, Access::Read)] = folders.as_slice() else { return };
    if known.parsed.needs.iter().any(writes) {
        let sentence = format!(
            "{} writes into the folder of the slot {}, which is only to be read.",
            quoted(id),
            quoted(slot)
        );
        let change = Change::Set { pointer: format!("/slots/{slot}/folder"), value: "read_write".into() };
        found.push(Diagnostic::error("slot.access", sentence).on(id).fix("Let it be written to", change));
    }
}

/// The slots that name other flows.
fn flow_slots(known: &Known<'_>) -> Vec<String> {
    let called = known.parsed.needs.iter().filter_map(|need| match need {
        Need::Flow { slot } => Some(slot.clone()),
        Need::Folder { .. } | Need::Host { .. } | Need::Connection { .. } | Need::Hook { .. } => None,
    });
    let watched = match &known.parsed.behaviour {
        Behaviour::Trigger(trigger) => match trigger.start() {
            Start::Failure { slot } => slot,
            Start::Manual | Start::Schedule { .. } | Start::Hook(_) | Start::Listen | Start::Called => None,
        },
        Behaviour::Source(_) | Behaviour::Transform(_) | Behaviour::Action(_) => None,
    };
    let mut slots: Vec<String> = called.chain(watched).collect();
    slots.dedup();
    slots
}

fn unknown(flow: &Flow, name: &str) -> Diagnostic {
    let hint = match closest(name, flow.slots.keys().map(|slot| slot.as_str())) {
        Some(meant) => format!(" Did you mean {}?", quoted(meant)),
        None => " Add it to the slots of the flow.".to_owned(),
    };
    Diagnostic::error("slot.unknown", format!("There is no slot {}.{hint}", quoted(name)))
}

fn connection(flow: &Flow, node: (&NodeId, &Node), known: Option<&Known<'_>>, found: &mut Vec<Diagnostic>) {
    let (id, node) = node;
    let wanted = known.and_then(|known| {
        known.parsed.needs.iter().find_map(|need| match need {
            Need::Connection { kind } => Some(kind.as_str()),
            Need::Folder { .. } | Need::Host { .. } | Need::Hook { .. } | Need::Flow { .. } => None,
        })
    });
    let at = format!("/nodes/{id}/connection");
    let Some(slot) = &node.connection else {
        if let Some(kind) = wanted {
            found.push(missing(flow, id, kind).at(at));
        }
        return;
    };
    match flow.slots.get(slot.as_str()).map(|slot| &slot.fill) {
        None => {
            let finding = unknown(flow, slot).on(id).at(at);
            let value = serde_json::json!({ "connection": wanted.unwrap_or("http") });
            let change = Change::Set { pointer: format!("/slots/{slot}"), value };
            found.push(finding.fix(format!("Add the slot {slot}"), change));
        }
        Some(Fill::Connection(kind)) => {
            if let Some(wanted) = wanted.filter(|wanted| !fits(wanted, kind)) {
                let sentence = format!(
                    "{} needs a connection to {wanted}, but the slot {} takes one to {kind}.",
                    quoted(id),
                    quoted(slot)
                );
                found.push(Diagnostic::error("slot.type", sentence).on(id).at(at));
            }
        }
        Some(other) => {
            let sentence = format!(
                "The slot {} takes {}, but {} needs a connection there.",
                quoted(slot),
                other.noun(),
                quoted(id)
            );
            found.push(Diagnostic::error("slot.type", sentence).on(id).at(at));
        }
    }
}

/// Systems that a node takes under one name, because it speaks to all of them alike.
const FAMILIES: [(&str, &[&str]); 1] = [("sql", &["postgres", "sqlite"])];

/// Whether a connection to a system is what a node needs.
fn fits(wanted: &str, system: &str) -> bool {
    wanted == system
        || FAMILIES.iter().any(|(family, members)| *family == wanted && members.contains(&system))
}

/// A node without its connection: one slot that fits is offered.
fn missing(flow: &Flow, id: &NodeId, kind: &str) -> Diagnostic {
    let sentence = format!("{} needs a connection to {kind}; choose the slot that holds it.", quoted(id));
    let finding = Diagnostic::error("connection.missing", sentence).on(id);
    let mut fitting =
        flow.slots.iter().filter(|(_, slot)| matches!(&slot.fill, Fill::Connection(it) if fits(kind, it)));
    match (fitting.next(), fitting.next()) {
        (Some((name, _)), None) => {
            let change =
                Change::Set { pointer: format!("/nodes/{id}/connection"), value: name.as_str().into() };
            finding.fix(format!("Use {name}"), change)
        }
        _ => finding,
    }
}

/// The text slots that the formulas of a config name.
pub(crate) fn texts(flow: &Flow, places: &Places) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (name, _) in places.formulas.iter().flat_map(formulas::slots) {
        let is_text = matches!(flow.slots.get(name.as_str()).map(|slot| &slot.fill), Some(Fill::Text(_)));
        if is_text && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The folder slots that the formulas of a config name.
pub(crate) fn folders(flow: &Flow, places: &Places) -> Vec<(String, Access)> {
    let mut found: Vec<(String, Access)> = Vec::new();
    for (name, _) in places.formulas.iter().flat_map(formulas::slots) {
        if let Some(Fill::Folder(access)) = flow.slots.get(name.as_str()).map(|slot| &slot.fill)
            && !found.iter().any(|(known, _)| *known == name)
        {
            found.push((name, *access));
        }
    }
    found
}
