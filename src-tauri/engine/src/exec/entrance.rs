//! Where records enter a run: at a trigger, or in the middle when a record goes on that had left an earlier run.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::run::Run;
use crate::program::{Entry, Program, Stage, Target};

/// Where records enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entrance {
    /// They leave a node's output port.
    Leaving(usize, usize),
    /// They come to a node's input port.
    Into(usize, usize),
}

impl From<(usize, usize)> for Entrance {
    fn from((node, port): (usize, usize)) -> Entrance {
        Entrance::Leaving(node, port)
    }
}

impl Entrance {
    /// The node by which it is named.
    pub(crate) fn node(self) -> usize {
        match self {
            Entrance::Leaving(node, _) | Entrance::Into(node, _) => node,
        }
    }

    /// The wires by which records enter. Into a node it is one beyond those of the program.
    pub(crate) fn wires(self, program: &Program) -> Vec<Target> {
        match self {
            Entrance::Leaving(node, port) => program.nodes[node].targets[port].clone(),
            Entrance::Into(node, port) => vec![Target { node, port, wire: program.wires }],
        }
    }

    /// Counts records that enter, as their node's output would have.
    pub(crate) fn note(self, run: &Run, records: &[model::Record]) -> Result<(), sdk::NodeError> {
        match self {
            Entrance::Leaving(node, port) => run.note_emitted(node, port, records),
            Entrance::Into(..) => Ok(()),
        }
    }

    /// The stages that records from here can come to, in order. A stage of several steps that is entered in its middle is cut to
    /// what follows.
    fn stages(self, program: &Program) -> Vec<Stage> {
        let starts = self.wires(program);
        let mut reached = vec![false; program.nodes.len()];
        for start in &starts {
            for (at, is_reached) in program.reachable(start.node).into_iter().enumerate() {
                reached[at] |= is_reached;
            }
        }
        let mut stages = Vec::new();
        for stage in &program.stages {
            let head = stage.nodes[0];
            if reached[head] {
                let mut stage = stage.clone();
                if matches!(self, Entrance::Into(node, _) if node == head) {
                    stage.entries = starts.iter().map(entry).collect();
                }
                stages.push(stage);
                continue;
            }
            for start in starts.iter().filter(|it| stage.nodes.contains(&it.node)) {
                // inside a stage every step has one wire from one other of it: what follows a step is a tree of its own
                let follows = program.reachable(start.node);
                let nodes = stage.nodes.iter().copied().filter(|it| follows[*it]).collect();
                stages.push(Stage { nodes, entries: vec![entry(start)] });
            }
        }
        stages
    }
}

fn entry(start: &Target) -> Entry {
    Entry { wire: start.wire, node: start.node, port: start.port, spills: false }
}

/// What records that enter somewhere go through.
pub(crate) struct Route {
    /// The stages they can come to, in order.
    pub(crate) stages: Vec<Stage>,
    /// Whether it can run in one go, batch by batch in memory: nothing in it reads a stream.
    pub(crate) is_inline: bool,
}

/// The routes of a program that were asked for; there are no more than ports and nodes.
#[derive(Default)]
pub(crate) struct Routes(RwLock<HashMap<Entrance, Arc<Route>>>);

impl Program {
    /// What records that enter here go through; looked for once.
    pub(crate) fn route(&self, entrance: Entrance) -> Arc<Route> {
        let known = self.routes.0.read().unwrap_or_else(PoisonError::into_inner).get(&entrance).cloned();
        if let Some(route) = known {
            return route;
        }
        let stages = entrance.stages(self);
        let mut nodes = stages.iter().flat_map(|it| &it.nodes);
        let is_inline = !nodes.any(|it| matches!(self.nodes[*it].behaviour, sdk::Behaviour::Source(_)));
        let route = Arc::new(Route { stages, is_inline });
        self.routes.0.write().unwrap_or_else(PoisonError::into_inner).insert(entrance, route.clone());
        route
    }
}
