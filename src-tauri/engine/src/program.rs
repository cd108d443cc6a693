//! A plan in the form that runs: nodes by number, wires resolved, pure neighbours grouped.

use std::collections::HashMap;

use formula::FieldSet;
use model::Text;
use sdk::Behaviour;

use crate::decide::Retry;

/// Where a wire ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Node number.
    pub node: usize,
    /// Input port number.
    pub port: usize,
    /// Wire number, for its count.
    pub wire: usize,
}

/// A node of a program.
pub struct ProgramNode {
    /// The id in the flow file.
    pub id: Text,
    /// Its kind.
    pub kind: &'static str,
    /// What it does.
    pub behaviour: Behaviour,
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Names of the outputs, `error` the last.
    pub outputs: Vec<String>,
    /// Wires by output port.
    pub targets: Vec<Vec<Target>>,
    /// The field that takes an action's answer.
    pub answer_field: Text,
    /// The field in which a source keeps the record that opened it.
    pub keep_as: Option<Text>,
    /// Retries of an action.
    pub retry: Retry,
    /// A call ends after so many milliseconds.
    pub timeout_ms: u64,
    /// Calls that may be under way at once; the kind says unless this does.
    pub in_flight: Option<usize>,
    /// The slot of the connection it uses.
    pub connection: Option<String>,
    /// Fields that anything downstream reads (sources).
    pub wanted: FieldSet,
    /// Whether a whole-stream step lies downstream: then a failing record cannot be parked.
    pub feeds_whole_stream: bool,
    /// Whether it takes all records of a run together: none may come to it late and alone.
    pub takes_all: bool,
}

impl ProgramNode {
    /// The number of the error output.
    pub fn error_port(&self) -> usize {
        self.outputs.len() - 1
    }

    /// Whether the error output leads anywhere.
    pub fn handles_errors(&self) -> bool {
        self.targets.last().is_some_and(|it| !it.is_empty())
    }

    /// Whether anything follows the node's own outputs.
    pub fn is_followed(&self) -> bool {
        self.targets.iter().any(|it| !it.is_empty())
    }
}

/// A wire that enters a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Wire number.
    pub wire: usize,
    /// Node number inside the stage.
    pub node: usize,
    /// Input port number.
    pub port: usize,
    /// Whether it must never stop its upstream: it is read late and shares an ancestor with a wire read earlier.
    pub spills: bool,
}

/// What runs as one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// An action alone, transforms in order, or a source and sieves in order.
    pub nodes: Vec<usize>,
    /// Wires that enter it, in the order in which they are read.
    pub entries: Vec<Entry>,
}

/// A flow ready to run.
pub struct Program {
    /// The flow's name.
    pub name: String,
    /// The hash of the version.
    pub hash: journal::Hash,
    /// Nodes in a stable topological order.
    pub nodes: Vec<ProgramNode>,
    /// Stages in topological order of their first node; triggers are in none.
    pub stages: Vec<Stage>,
    /// How many wires.
    pub wires: usize,
    /// `node.port` of each wire's beginning and end, for people.
    pub wire_names: Vec<(String, String)>,
    /// The runs of a flow with equal keys go first in, first out.
    pub order_key: Option<sdk::Formula>,
    /// The fields, or paths into them, by whose values runs can be found.
    pub search: Vec<String>,
    /// Whether any node has an effect that must be remembered.
    pub has_effects: bool,
    /// Whether the flow gave up surviving a crash.
    pub is_volatile: bool,
    pub(crate) routes: crate::exec::Routes,
    by_id: HashMap<Text, usize>,
}

/// A pause of a flow's own retry rule is never longer than a day.
const LONGEST_EVERY_MS: u64 = 86_400_000;
/// A call of a step that says nothing ends after so many milliseconds.
const TIMEOUT_MS: u64 = 120_000;

fn retry_of(step: &plan::Step) -> Retry {
    use model::document::{Retry as Said, RetryName};
    match step.retry {
        None | Some(Said::Named(RetryName::Patient)) => Retry::PATIENT,
        Some(Said::Named(RetryName::Quick)) => Retry::QUICK,
        Some(Said::Named(RetryName::Never)) => Retry::NEVER,
        Some(Said::Every { times, every_s }) => {
            let every_ms = (u64::from(every_s) * 1_000).min(LONGEST_EVERY_MS);
            Retry {
                attempts: u32::from(times) + 1,
                first_ms: every_ms,
                cap_ms: every_ms,
                is_slow_after: false,
            }
        }
    }
}

impl Program {
    /// Where a run begins that another flow calls.
    pub(crate) fn called_at(&self) -> Option<usize> {
        self.nodes.iter().position(
            |it| matches!(&it.behaviour, Behaviour::Trigger(it) if it.start() == sdk::Start::Called),
        )
    }

    /// The program of a checked plan.
    pub fn of(plan: &plan::Plan) -> Program {
        let mut nodes: Vec<ProgramNode> = plan
            .steps
            .iter()
            .map(|step| {
                let names =
                    |ports: &[sdk::Port]| ports.iter().map(|it| it.name.clone()).collect::<Vec<String>>();
                let mut outputs = names(&step.outputs);
                outputs.push("error".into());
                ProgramNode {
                    id: step.id.clone(),
                    kind: step.kind,
                    behaviour: step.behaviour.clone(),
                    inputs: names(&step.inputs),
                    targets: vec![Vec::new(); outputs.len()],
                    outputs,
                    answer_field: Text::from(step.answer_field.as_str()),
                    keep_as: step.keep_as.as_deref().map(Text::from),
                    retry: retry_of(step),
                    timeout_ms: step.timeout_s.map_or(TIMEOUT_MS, |it| u64::from(it) * 1_000),
                    in_flight: step.in_flight.map(usize::from),
                    connection: step.connection.clone(),
                    wanted: step.wanted.clone(),
                    feeds_whole_stream: step.feeds_whole_stream,
                    takes_all: step.takes_all(),
                }
            })
            .collect();
        let mut wire_names = Vec::with_capacity(plan.wires.len());
        for (number, wire) in plan.wires.iter().enumerate() {
            let (from, to) = (&nodes[wire.from], &nodes[wire.to]);
            wire_names.push((
                format!("{}.{}", from.id, from.outputs[wire.output]),
                format!("{}.{}", to.id, to.inputs[wire.input]),
            ));
            nodes[wire.from].targets[wire.output].push(Target {
                node: wire.to,
                port: wire.input,
                wire: number,
            });
        }
        let stages = plan
            .stages
            .iter()
            .map(|stage| Stage {
                nodes: stage.steps.clone(),
                entries: stage
                    .entries
                    .iter()
                    .map(|it| {
                        let wire = plan.wires[it.wire];
                        Entry { wire: it.wire, node: wire.to, port: wire.input, spills: it.spills }
                    })
                    .collect(),
            })
            .collect();
        let by_id = nodes.iter().enumerate().map(|(at, it)| (it.id.clone(), at)).collect();
        Program {
            name: plan.name.clone(),
            hash: plan.hash.0,
            wires: plan.wires.len(),
            nodes,
            stages,
            wire_names,
            order_key: plan.order_key.clone(),
            search: plan.search.clone(),
            has_effects: plan.has_effects(),
            is_volatile: plan.is_volatile,
            routes: crate::exec::Routes::default(),
            by_id,
        }
    }

    /// The number of a node.
    pub fn node(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Which nodes anything that starts at a node can reach, itself included.
    pub fn reachable(&self, from: usize) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        reached[from] = true;
        // nodes stand in topological order, so one pass is enough
        for node in from..self.nodes.len() {
            if reached[node] {
                for target in self.nodes[node].targets.iter().flatten() {
                    reached[target.node] = true;
                }
            }
        }
        reached
    }

    /// Whether any action has an effect: then what sources gave must stand still.
    pub fn has_effects_beside_sources(&self) -> bool {
        self.nodes.iter().any(|it| match &it.behaviour {
            Behaviour::Action(action) => action.effect() != sdk::Effect::Engine,
            Behaviour::Source(_) | Behaviour::Transform(_) | Behaviour::Trigger(_) => false,
        })
    }

    /// Whether the whole program can run in one go, batch by batch in memory: nothing in it reads a stream.
    pub fn is_inline(&self) -> bool {
        !self.nodes.iter().any(|it| matches!(it.behaviour, Behaviour::Source(_)))
    }
}
