//! Wires: from the words of the file to ports by number, and what is wrong with those that lead nowhere.

use std::collections::HashMap;

use indexmap::IndexSet;
use model::document::{Change, Diagnostic, End, Flow, MAX_WIRES, NodeId, Wire, closest, quoted};
use model::graph::ERROR_PORT;
use sdk::{Contract, Port};

use crate::nodes::{Known, Nodes};

/// A wire both of whose ends are known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) from: NodeId,
    pub(crate) output: usize,
    pub(crate) to: NodeId,
    pub(crate) input: usize,
}

/// Resolves the wires in the order of the file.
pub(crate) fn resolve(flow: &Flow, nodes: &Nodes<'_>, found: &mut Vec<Diagnostic>) -> Vec<Link> {
    let mut links = Vec::new();
    let mut seen: HashMap<&Wire, usize> = HashMap::new();
    for (index, wire) in flow.wires.iter().enumerate() {
        let at = format!("/wires/{index}");
        if seen.insert(wire, index).is_some() {
            let sentence = format!(
                "The wire from {} to {} is there twice, so every record would come twice.",
                wire.from, wire.to
            );
            let fix = Change::Remove { pointer: at.clone() };
            found.push(
                Diagnostic::error("wire.double", sentence).on(&wire.to.node).at(at).fix("Take one away", fix),
            );
            continue;
        }
        let ends = [(&wire.from, "starts at"), (&wire.to, "leads to")];
        let missing = ends.into_iter().find(|(end, _)| !flow.nodes.contains_key(&end.node));
        if let Some((end, verb)) = missing {
            found.push(
                nowhere(flow, end, verb)
                    .at(at.clone())
                    .fix("Take the wire away", Change::Remove { pointer: at }),
            );
            continue;
        }
        let (Some(Some(from)), Some(Some(to))) = (nodes.get(&wire.from.node), nodes.get(&wire.to.node))
        else {
            continue;
        };
        let output = output(from, &wire.from);
        let input = input(to, &wire.to);
        match (output, input) {
            (Ok(output), Ok(input)) => {
                let (from, to) = (wire.from.node.clone(), wire.to.node.clone());
                links.push(Link { from, output, to, input });
            }
            (output, input) => {
                found.extend([output.err(), input.err()].into_iter().flatten().map(|it| (*it).at(at.clone())))
            }
        }
    }
    links
}

fn nowhere(flow: &Flow, end: &End, verb: &str) -> Diagnostic {
    let hint = closest(&end.node, flow.nodes.keys().map(NodeId::as_str));
    let hint = hint.map(|meant| format!(" Did you mean {}?", quoted(meant))).unwrap_or_default();
    Diagnostic::error(
        "wire.nowhere",
        format!("A wire {verb} {}, but there is no such node.{hint}", quoted(&end.node)),
    )
}

fn output(node: &Known<'_>, end: &End) -> Result<usize, Box<Diagnostic>> {
    let outputs = &node.parsed.ports.outputs;
    let has_error = node.spec.contract != Contract::Trigger;
    if has_error && end.port.as_deref() == Some(ERROR_PORT) {
        return Ok(outputs.len());
    }
    let extra = has_error.then_some(ERROR_PORT);
    port(node, end, outputs, ("output", extra))
}

fn input(node: &Known<'_>, end: &End) -> Result<usize, Box<Diagnostic>> {
    if node.spec.contract == Contract::Trigger {
        let sentence = format!("{} starts runs, so no wire can lead to it.", quoted(&end.node));
        return Err(Box::new(Diagnostic::error("wire.into-trigger", sentence).on(&end.node)));
    }
    port(node, end, &node.parsed.ports.inputs, ("input", None))
}

/// The number of a port, the first when none is named.
fn port(
    node: &Known<'_>,
    end: &End,
    ports: &[Port],
    what: (&str, Option<&str>),
) -> Result<usize, Box<Diagnostic>> {
    let (noun, extra) = what;
    let names = || ports.iter().map(|port| port.name.as_str()).chain(extra);
    let Some(name) = &end.port else {
        if ports.is_empty() {
            let sentence = format!("{} ({}) has no {noun}.", quoted(&end.node), node.spec.title);
            return Err(Box::new(Diagnostic::error("wire.no-port", sentence).on(&end.node)));
        }
        return Ok(0);
    };
    ports.iter().position(|port| port.name == name.as_str()).ok_or_else(|| {
        let hint = match closest(name, names()) {
            Some(meant) => format!(" Did you mean {}?", quoted(meant)),
            None if names().next().is_none() => " It has none.".to_owned(),
            None => format!(" It has: {}.", names().collect::<Vec<_>>().join(", ")),
        };
        let sentence =
            format!("{} ({}) has no {noun} {}.{hint}", quoted(&end.node), node.spec.title, quoted(name));
        Box::new(Diagnostic::error("wire.no-port", sentence).on(&end.node).port(name.as_str()))
    })
}

/// Takes disabled nodes out: what would have come to the first input goes on from the first output.
pub(crate) fn without_disabled(
    flow: &Flow,
    order: &[NodeId],
    mut links: Vec<Link>,
) -> Result<Vec<Link>, Box<Diagnostic>> {
    for id in order.iter().filter(|id| flow.nodes[*id].disabled) {
        let after: Vec<(NodeId, usize)> = links
            .iter()
            .filter(|link| link.from == *id && link.output == 0)
            .map(|link| (link.to.clone(), link.input))
            .collect();
        // Two ways round disabled nodes to the same input are one wire.
        let mut kept = IndexSet::with_capacity(links.len());
        for link in links {
            if link.to == *id {
                if link.input == 0 {
                    let on = |(to, input): &(NodeId, usize)| Link {
                        to: to.clone(),
                        input: *input,
                        ..link.clone()
                    };
                    kept.extend(after.iter().map(on));
                }
            } else if link.from != *id {
                kept.insert(link);
            }
            if kept.len() > MAX_WIRES {
                let sentence = format!(
                    "Passing by {} would take more than {MAX_WIRES} wires; take it out of the flow.",
                    quoted(id)
                );
                return Err(Box::new(Diagnostic::error("wire.too-many", sentence).on(id)));
            }
        }
        links = kept.into_iter().collect();
    }
    Ok(links)
}
