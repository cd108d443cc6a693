//! The flow as a whole: what starts it, what is never reached, what goes round in circles.

use std::collections::HashSet;

use model::document::{Change, Diagnostic, Flow, NodeId, quoted};
use model::graph::Graph;
use model::temporal::Zone;
use sdk::{Behaviour, Contract, Start};

use crate::nodes::{Known, Nodes};
use crate::wires::Link;

/// The order of all nodes; cycles are reported.
pub(crate) fn order(graph: &Graph, found: &mut Vec<Diagnostic>) -> Option<Vec<NodeId>> {
    match graph.order() {
        Ok(order) => Some(order),
        Err(cycles) => {
            for cycle in cycles {
                let first = cycle.first().cloned().unwrap_or_default();
                let names: Vec<&str> = cycle.iter().chain([&first]).map(NodeId::as_str).collect();
                let sentence = format!(
                    "The wires go round in a circle: {}. Records would never leave it; take one of these wires away.",
                    names.join(" → ")
                );
                found.push(Diagnostic::error("wire.cycle", sentence).on(&first));
            }
            None
        }
    }
}

/// Everything that can be said without the order.
pub(crate) fn check(flow: &Flow, nodes: &Nodes<'_>, links: &[Link], found: &mut Vec<Diagnostic>) {
    zone(flow, nodes, found);
    let triggers: Vec<&NodeId> = live(flow, nodes)
        .filter(|(_, known)| known.spec.contract == Contract::Trigger)
        .map(|(id, _)| id)
        .collect();
    if flow.nodes.is_empty() {
        found.push(Diagnostic::warning("flow.empty", "The flow has no nodes yet.").at("/nodes"));
    } else if triggers.is_empty() && nodes.values().all(Option::is_some) {
        let sentence =
            "Nothing starts this flow: add a trigger, such as a schedule, a webhook or a start by hand.";
        found.push(Diagnostic::warning("flow.no-trigger", sentence).at("/nodes"));
    }
    if flow.volatile && flow.overlap.is_some() {
        let sentence = "A volatile flow keeps nothing of its runs, so it cannot say what becomes of an event that comes while one goes on. Take \"overlap\" or \"volatile\" away.";
        found.push(Diagnostic::error("flow.overlap-volatile", sentence).at("/overlap"));
    }
    unreached(flow, nodes, &triggers, found);
    inputs(flow, nodes, links, found);
}

fn live<'n, 'a>(flow: &'n Flow, nodes: &'n Nodes<'a>) -> impl Iterator<Item = (&'n NodeId, &'n Known<'a>)> {
    nodes
        .iter()
        .filter_map(|(id, known)| Some((id, known.as_ref()?)))
        .filter(|(id, _)| !flow.nodes[*id].disabled)
}

fn zone(flow: &Flow, nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(zone) = &flow.zone
        && Zone::named(zone).is_none()
    {
        let sentence =
            format!("There is no time zone {}; write it as Asia/Almaty or Europe/Berlin.", quoted(zone));
        found.push(Diagnostic::error("zone.unknown", sentence).at("/zone"));
    }
    for (id, known) in live(flow, nodes) {
        let Behaviour::Trigger(trigger) = &known.parsed.behaviour else { continue };
        let Start::Schedule { zone, .. } = trigger.start() else { continue };
        match zone {
            None if flow.zone.is_none() => {
                let sentence = format!(
                    "{} is a schedule, but neither it nor the flow has a time zone: it is read as UTC. Say which zone is meant.",
                    quoted(id)
                );
                let change = Change::Set { pointer: "/zone".to_owned(), value: "UTC".into() };
                found.push(Diagnostic::warning("zone.missing", sentence).on(id).fix("Keep UTC", change));
            }
            Some(zone) if Zone::named(&zone).is_none() => {
                let sentence = format!(
                    "There is no time zone {}; write it as Asia/Almaty or Europe/Berlin.",
                    quoted(&zone)
                );
                found.push(Diagnostic::error("zone.unknown", sentence).on(id).field("/zone"));
            }
            Some(_) | None => {}
        }
    }
}

/// Nodes that no trigger leads to.
fn unreached(flow: &Flow, nodes: &Nodes<'_>, triggers: &[&NodeId], found: &mut Vec<Diagnostic>) {
    // A node that could not be read may be the trigger.
    if triggers.is_empty() || nodes.values().any(Option::is_none) {
        return;
    }
    let reached = Graph::of(flow).reachable(triggers.iter().map(|id| id.as_str()));
    for (id, known) in live(flow, nodes).filter(|(id, _)| !reached.contains(*id)) {
        let sentence =
            format!("No trigger leads to {} ({}), so it never runs.", quoted(id), known.spec.title);
        found.push(Diagnostic::warning("wire.unreached", sentence).on(id));
    }
}

/// Inputs of nodes with several of them that have no wire.
fn inputs(flow: &Flow, nodes: &Nodes<'_>, links: &[Link], found: &mut Vec<Diagnostic>) {
    let wired: HashSet<(&NodeId, usize)> = links.iter().map(|link| (&link.to, link.input)).collect();
    for (id, known) in live(flow, nodes) {
        let inputs = &known.parsed.ports.inputs;
        let has_any = (0..inputs.len()).any(|input| wired.contains(&(id, input)));
        if inputs.len() < 2 || !has_any {
            continue;
        }
        for (_, port) in inputs.iter().enumerate().filter(|(input, _)| !wired.contains(&(id, *input))) {
            let sentence = format!(
                "Nothing comes to the input {} of {} ({}).",
                quoted(&port.name),
                quoted(id),
                known.spec.title
            );
            found.push(Diagnostic::warning("wire.missing", sentence).on(id).port(port.name.clone()));
        }
    }
}
