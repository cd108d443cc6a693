//! The way from a document to a plan, check after check. All findings are collected; a plan comes only without errors.

use std::collections::HashMap;

use formula::FieldSet;
use model::document::{Diagnostic, Flow, NodeId, hash, notices};
use model::graph::Graph;
use sdk::{Behaviour, Replay};

use crate::catalogue::Catalogue;
use crate::nodes::{self, Known, Nodes};
use crate::places::Places;
use crate::plan::{Badge, Plan, Step, Wire};
use crate::wires::{self, Link};
use crate::{fields, formulas, slots, stages, whole};

/// What came of a flow.
#[derive(Clone)]
pub struct Checked {
    /// The plan; none when there are errors.
    pub plan: Option<Plan>,
    /// What was found, in the order of the flow's nodes.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a flow and plans it.
#[must_use]
pub fn compile(flow: &Flow, catalogue: &dyn Catalogue) -> Checked {
    let mut found = Vec::new();
    let nodes = nodes::read(flow, catalogue, &mut found);
    let links = wires::resolve(flow, &nodes, &mut found);
    slots::check(flow, &nodes, &mut found);
    whole::check(flow, &nodes, &links, &mut found);
    let order_key =
        flow.order.as_deref().and_then(|text| formulas::order_key(text).map_err(|it| found.push(*it)).ok());
    let order = whole::order(&Graph::of(flow), &mut found);
    found.extend(notices(flow));
    let mut plan = None;
    if let Some(order) = order
        && !found.iter().any(Diagnostic::is_error)
    {
        match wires::without_disabled(flow, &order, links) {
            Ok(links) => {
                let made = plan_of(flow, &live(flow, &nodes, &order), &links, &mut found);
                plan = Some(Plan { order_key, ..made }).filter(|_| !found.iter().any(Diagnostic::is_error));
            }
            Err(finding) => found.push(*finding),
        }
    }
    let place = |finding: &Diagnostic| finding.node.as_ref().and_then(|id| flow.nodes.get_index_of(id));
    found.sort_by_key(|finding| (place(finding).is_some(), place(finding)));
    Checked { plan, diagnostics: found }
}

/// The nodes that take part, in order.
fn live<'n, 'a>(flow: &Flow, nodes: &'n Nodes<'a>, order: &'n [NodeId]) -> Vec<(&'n NodeId, &'n Known<'a>)> {
    let live = order.iter().filter(|id| !flow.nodes[*id].disabled);
    live.filter_map(|id| Some((id, nodes.get(id)?.as_ref()?))).collect()
}

fn plan_of(
    flow: &Flow,
    known: &[(&NodeId, &Known<'_>)],
    links: &[Link],
    found: &mut Vec<Diagnostic>,
) -> Plan {
    let mut steps: Vec<Step> = known.iter().map(|(id, known)| step(flow, id, known)).collect();
    let number: HashMap<&NodeId, usize> = known.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
    let wire = |link: &Link| {
        let (from, to) = (*number.get(&link.from)?, *number.get(&link.to)?);
        Some(Wire { from, output: link.output, to, input: link.input })
    };
    let wires: Vec<Wire> = links.iter().filter_map(wire).collect();

    let places: Vec<&Places> = known.iter().map(|(_, known)| &known.places).collect();
    let arriving = fields::check(&steps, &wires, &places, found);
    let wanted = fields::wanted(&steps, &wires, &places, &flow.search);
    let after = stages::after(&steps, &wires);
    for (number, (step, arriving)) in steps.iter_mut().zip(arriving).enumerate() {
        step.arriving = arriving.map(|it| it.into_iter().collect());
        if matches!(step.behaviour, Behaviour::Source(_)) {
            step.wanted = formulas::to_set(&wanted[number]);
        }
        step.feeds_whole_stream = after[number].whole_stream;
        let is_held = match &step.behaviour {
            Behaviour::Source(source) => source.replay() == Replay::Sealed,
            Behaviour::Transform(_) | Behaviour::Action(_) | Behaviour::Trigger(_) => step.is_whole_stream,
        };
        step.seals = is_held && after[number].effect;
    }
    Plan {
        name: flow.name.clone(),
        hash: hash(flow),
        zone: flow.zone.clone(),
        stages: stages::stages(&steps, &wires),
        triggers: (0..steps.len())
            .filter(|at| matches!(steps[*at].behaviour, Behaviour::Trigger(_)))
            .collect(),
        badge: steps.iter().map(Step::badge).max().unwrap_or(Badge::ExactlyOnce),
        order_key: None,
        concurrency: flow.concurrency,
        overlap: flow.overlap.unwrap_or_default(),
        expect: flow.expect.clone(),
        search: flow.search.clone(),
        is_volatile: flow.volatile,
        steps,
        wires,
    }
}

fn step(flow: &Flow, id: &NodeId, known: &Known<'_>) -> Step {
    let node = &flow.nodes[id];
    Step {
        id: id.clone(),
        kind: known.spec.kind,
        title: node.title.clone().unwrap_or_else(|| known.spec.title.to_owned()),
        contract: known.spec.contract,
        arriving: None,
        behaviour: known.parsed.behaviour.clone(),
        inputs: known.parsed.ports.inputs.clone(),
        outputs: known.parsed.ports.outputs.clone(),
        answer_field: node.into.clone().unwrap_or_else(|| id.to_string()),
        keep_as: node.keep_as.clone(),
        retry: node.policy.retry,
        timeout_s: node.policy.timeout_s,
        in_flight: node.policy.in_flight,
        connection: node.connection.clone(),
        wanted: FieldSet::All,
        is_whole_stream: match &known.parsed.behaviour {
            Behaviour::Transform(transform) => transform.is_whole_stream(),
            Behaviour::Trigger(_) | Behaviour::Source(_) | Behaviour::Action(_) => false,
        },
        seals: false,
        feeds_whole_stream: false,
    }
}
