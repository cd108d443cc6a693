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
    /// Names of the inputs; those read first carry true.
    pub inputs: Vec<(String, bool)>,
    /// Names of the outputs, `error` the last.
    pub outputs: Vec<String>,
    /// Wires by output port.
    pub targets: Vec<Vec<Target>>,
    /// The field that takes an action's answer.
    pub answer_field: Text,
    /// Retries of an action.
    pub retry: Retry,
    /// A call ends after so many milliseconds.
    pub timeout_ms: u64,
    /// The slot of the connection it uses.
    pub connection: Option<String>,
    /// Fields that anything downstream reads (sources).
    pub wanted: FieldSet,
    /// Whether a whole-stream step lies downstream: then a failing record cannot be parked.
    pub feeds_whole_stream: bool,
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
    /// A source or an action alone, or transforms in order.
    pub nodes: Vec<usize>,
    /// Wires that enter it, in the order in which they are read.
    pub entries: Vec<Entry>,
}

/// A flow ready to run.
pub struct Program {
    /// The flow's name.
    pub name: String,
    /// The hash of the version.
    pub hash: String,
    /// Nodes in a stable topological order.
    pub nodes: Vec<ProgramNode>,
    /// Stages in topological order of their first node; triggers are in none.
    pub stages: Vec<Stage>,
    /// How many wires.
    pub wires: usize,
    /// `node.port` of each wire's beginning and end, for people.
    pub wire_names: Vec<(String, String)>,
    /// The runs of a flow with equal keys go first in, first out.
    pub order_key: Option<formula::Formula>,
    /// Whether any node has an effect that must be remembered.
    pub has_effects: bool,
    by_id: HashMap<Text, usize>,
}

/// A wire between node numbers: (from, output port, to, input port).
pub type RawWire = (usize, usize, usize, usize);

impl Program {
    /// Builds a program from nodes in topological order and their wires, in the order of the file.
    pub fn new(name: String, hash: String, mut nodes: Vec<ProgramNode>, wires: &[RawWire]) -> Program {
        let mut wire_names = Vec::with_capacity(wires.len());
        for (number, (from, out, to, port)) in wires.iter().enumerate() {
            wire_names.push((
                format!("{}.{}", nodes[*from].id, nodes[*from].outputs[*out]),
                format!("{}.{}", nodes[*to].id, nodes[*to].inputs[*port].0),
            ));
            nodes[*from].targets[*out].push(Target { node: *to, port: *port, wire: number });
        }
        let stages = stages(&nodes, wires);
        let has_effects = nodes.iter().any(|it| match &it.behaviour {
            Behaviour::Action(action) => action.effect() != sdk::Effect::Engine || it.kind != "webhook.respond",
            Behaviour::Source(source) => source.replay() != sdk::Replay::Replayable,
            Behaviour::Transform(_) | Behaviour::Trigger(_) => false,
        });
        let by_id = nodes.iter().enumerate().map(|(at, it)| (it.id.clone(), at)).collect();
        Program { name, hash, nodes, stages, wires: wires.len(), wire_names, order_key: None, has_effects, by_id }
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

/// A group holds so many transforms: a batch goes through it as nested calls, and the stack is finite.
const MAX_GROUP: usize = 128;

/// Groups transforms that have a single wire between them; all others stand alone.
fn stages(nodes: &[ProgramNode], wires: &[RawWire]) -> Vec<Stage> {
    let entering = |node: usize| wires.iter().enumerate().filter(move |(_, wire)| wire.2 == node);
    let is_transform = |node: usize| matches!(nodes[node].behaviour, Behaviour::Transform(_));
    let mut stage_of: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut stages: Vec<Stage> = Vec::new();
    for (node, it) in nodes.iter().enumerate() {
        if matches!(it.behaviour, Behaviour::Trigger(_)) {
            continue;
        }
        let mut wires_in = entering(node);
        let joined = match (wires_in.next(), wires_in.next()) {
            (Some((_, wire)), None) if is_transform(node) && is_transform(wire.0) => stage_of[wire.0],
            _ => None,
        };
        match joined.filter(|stage| stages[*stage].nodes.len() < MAX_GROUP) {
            Some(stage) => {
                stages[stage].nodes.push(node);
                stage_of[node] = Some(stage);
            }
            None => {
                stage_of[node] = Some(stages.len());
                stages.push(Stage { nodes: vec![node], entries: Vec::new() });
            }
        }
    }
    let ancestors = ancestors(nodes.len(), wires);
    for stage in &mut stages {
        let head = stage.nodes[0];
        let mut entries: Vec<(usize, RawWire)> = entering(head).map(|(at, wire)| (at, *wire)).collect();
        entries.sort_by_key(|(at, wire)| (!nodes[head].inputs[wire.3].1, wire.3, *at));
        stage.entries = entries
            .iter()
            .enumerate()
            .map(|(place, (number, wire))| {
                // a trigger has emitted all it will before anything reads: it cannot be the one that waits
                let waits = |it: &usize| !matches!(nodes[*it].behaviour, Behaviour::Trigger(_));
                let shared =
                    |other: &RawWire| ancestors[wire.0].iter().any(|it| waits(it) && ancestors[other.0].contains(it));
                let spills = entries[..place].iter().any(|(_, other)| shared(other));
                Entry { wire: *number, node: head, port: wire.3, spills }
            })
            .collect();
    }
    stages
}

/// For each node itself and all before it.
fn ancestors(count: usize, wires: &[RawWire]) -> Vec<std::collections::BTreeSet<usize>> {
    let mut all: Vec<std::collections::BTreeSet<usize>> = (0..count).map(|it| [it].into()).collect();
    for node in 0..count {
        for wire in wires.iter().filter(|it| it.2 == node) {
            let before = all[wire.0].clone();
            all[node].extend(before);
        }
    }
    all
}
