//! Questions about the graph of a flow: what comes after what, what goes round in circles, what stops when something fails.
//!
//! Wires whose ends are not nodes of the flow are left out here; `plan` reports them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{Flow, NodeId};

/// The output every node has for records that fail.
pub const ERROR_PORT: &str = "error";

/// The nodes of a flow and how they follow one another.
pub struct Graph {
    /// A wire weighs whether it starts at an error port.
    graph: DiGraph<NodeId, bool>,
    index: HashMap<NodeId, NodeIndex>,
}

/// What a failure brings to a halt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Halt {
    /// These nodes get no records any more, in order.
    #[schemars(with = "Vec<String>")]
    pub stops: Vec<NodeId>,
    /// These still get records, but only from some of their sides.
    #[schemars(with = "Vec<String>")]
    pub suffers: Vec<NodeId>,
}

impl Graph {
    /// The graph of a flow.
    #[must_use]
    pub fn of(flow: &Flow) -> Self {
        let mut graph = DiGraph::new();
        let index: HashMap<NodeId, NodeIndex> =
            flow.nodes.keys().map(|id| (id.clone(), graph.add_node(id.clone()))).collect();
        for wire in &flow.wires {
            if let (Some(from), Some(to)) = (index.get(&wire.from.node), index.get(&wire.to.node)) {
                graph.add_edge(*from, *to, wire.from.port.as_deref() == Some(ERROR_PORT));
            }
        }
        Self { graph, index }
    }

    /// The nodes so that each comes after all that lead to it; where that leaves a choice, as the file has them.
    ///
    /// # Errors
    /// The cycles, when there are any, each as the nodes along it.
    pub fn order(&self) -> Result<Vec<NodeId>, Vec<Vec<NodeId>>> {
        let mut waiting: Vec<usize> = self
            .graph
            .node_indices()
            .map(|node| self.graph.neighbors_directed(node, Direction::Incoming).count())
            .collect();
        let ready = self.graph.node_indices().filter(|node| waiting[node.index()] == 0);
        let mut ready: BinaryHeap<Reverse<NodeIndex>> = ready.map(Reverse).collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(Reverse(node)) = ready.pop() {
            order.push(self.graph[node].clone());
            for next in self.graph.neighbors(node) {
                waiting[next.index()] -= 1;
                if waiting[next.index()] == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
        if order.len() == self.graph.node_count() { Ok(order) } else { Err(self.cycles()) }
    }

    /// The shortest way round in each knot of nodes that lead back to themselves, in the order of the file.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<NodeId>> {
        let is_knot = |knot: &Vec<NodeIndex>| knot.len() > 1 || self.graph.contains_edge(knot[0], knot[0]);
        let mut knots: Vec<Vec<NodeIndex>> = tarjan_scc(&self.graph).into_iter().filter(is_knot).collect();
        for knot in &mut knots {
            knot.sort_unstable();
        }
        knots.sort_unstable();
        knots.iter().map(|knot| self.way_round(knot)).collect()
    }

    /// The shortest way from the first node of a knot back to itself.
    fn way_round(&self, knot: &[NodeIndex]) -> Vec<NodeId> {
        let start = knot[0];
        let inside: HashSet<NodeIndex> = knot.iter().copied().collect();
        let mut came_from: HashMap<NodeIndex, NodeIndex> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for next in self.graph.neighbors(node).filter(|next| inside.contains(next)) {
                if next == start {
                    let back = std::iter::successors(Some(node), |node| came_from.get(node).copied());
                    let mut way: Vec<NodeId> = back.map(|node| self.graph[node].clone()).collect();
                    way.reverse();
                    return way;
                }
                if let std::collections::hash_map::Entry::Vacant(free) = came_from.entry(next) {
                    free.insert(node);
                    queue.push_back(next);
                }
            }
        }
        knot.iter().map(|node| self.graph[*node].clone()).collect()
    }

    /// The nodes that records starting at these nodes can reach, these nodes included.
    pub fn reachable<'n>(&self, starts: impl IntoIterator<Item = &'n str>) -> HashSet<NodeId> {
        let starts = starts.into_iter().filter_map(|id| self.index.get(id).copied());
        self.walk(starts, |_, _| true).into_iter().map(|node| self.graph[node].clone()).collect()
    }

    /// What halts when these nodes let nothing through but failed records at their error ports.
    pub fn halt<'n>(&self, failing: impl IntoIterator<Item = &'n str>) -> Halt {
        let failing: HashSet<NodeIndex> =
            failing.into_iter().filter_map(|id| self.index.get(id).copied()).collect();
        let is_open = |from: NodeIndex, is_error: bool| is_error || !failing.contains(&from);
        let roots = self.graph.externals(Direction::Incoming);
        let alive = self.walk(roots, is_open);
        let touched =
            self.walk(failing.iter().copied(), |from, is_error| !(is_error && failing.contains(&from)));
        let mut halt = Halt::default();
        for node in self.graph.node_indices().filter(|node| touched.contains(node)) {
            let id = self.graph[node].clone();
            if failing.contains(&node) || !alive.contains(&node) {
                halt.stops.push(id);
            } else {
                halt.suffers.push(id);
            }
        }
        halt
    }

    fn walk(
        &self,
        starts: impl IntoIterator<Item = NodeIndex>,
        is_open: impl Fn(NodeIndex, bool) -> bool,
    ) -> HashSet<NodeIndex> {
        let mut stack: Vec<NodeIndex> = starts.into_iter().collect();
        let mut seen: HashSet<NodeIndex> = stack.iter().copied().collect();
        while let Some(node) = stack.pop() {
            for edge in self
                .graph
                .edges_directed(node, Direction::Outgoing)
                .filter(|edge| is_open(edge.source(), *edge.weight()))
            {
                let next = edge.target();
                if seen.insert(next) {
                    stack.push(next);
                }
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{End, Node, Wire};

    fn flow(nodes: &[&str], wires: &[(&str, &str)]) -> Flow {
        let end = |text: &str| End::parse(text).expect("an end");
        let mut flow = Flow::new("x");
        flow.nodes =
            nodes.iter().map(|id| (NodeId::new(id), Node::new("a.b", serde_json::json!({})))).collect();
        flow.wires = wires.iter().map(|(from, to)| Wire { from: end(from), to: end(to) }).collect();
        flow
    }

    fn ids(list: &[NodeId]) -> Vec<&str> {
        list.iter().map(NodeId::as_str).collect()
    }

    #[test]
    fn the_order_follows_the_wires_and_else_the_file() {
        let flow = flow(&["d", "c", "b", "a"], &[("a", "b"), ("b", "d"), ("a", "d")]);
        let order = Graph::of(&flow).order().expect("no cycle");
        assert_eq!(ids(&order), ["c", "a", "b", "d"]);
    }

    #[test]
    fn every_cycle_is_named_by_the_nodes_along_it() {
        let wires = [("s", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("b", "a"), ("x", "x")];
        let flow = flow(&["s", "a", "b", "c", "x"], &wires);
        let cycles = Graph::of(&flow).order().expect_err("cycles");
        assert_eq!(cycles.iter().map(|cycle| ids(cycle)).collect::<Vec<_>>(), [vec!["a", "b"], vec!["x"]]);
    }

    #[test]
    fn a_failing_node_stops_what_hangs_on_it_alone_and_hurts_what_has_another_side() {
        let wires = [
            ("t", "a"),
            ("t", "b"),
            ("a", "only"),
            ("a", "join"),
            ("b", "join"),
            ("a.error", "mail"),
            ("join", "end"),
        ];
        let flow = flow(&["t", "a", "b", "only", "join", "mail", "end"], &wires);
        let graph = Graph::of(&flow);
        let halt = graph.halt(["a"]);
        assert_eq!(ids(&halt.stops), ["a", "only"]);
        assert_eq!(ids(&halt.suffers), ["join", "end"]);
        assert_eq!(ids(&graph.halt(["t"]).stops), ["t", "a", "b", "only", "join", "mail", "end"]);
    }

    #[test]
    fn what_is_reached_from_a_node_is_what_its_wires_lead_to() {
        let flow = flow(&["a", "b", "c"], &[("a", "b")]);
        let graph = Graph::of(&flow);
        assert_eq!(graph.reachable(["a"]), HashSet::from(["a".into(), "b".into()]));
    }
}
