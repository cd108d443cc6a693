//! Plans of random flows, run by a model of the engine: stages read their wires one after another, wires hold one batch, only
//! wires that the plan marks may hold more. Whatever the flow, nobody waits for ever.

mod kinds;

use std::collections::VecDeque;

use arna_plan::{Plan, compile};
use model::document::{End, Flow, Node, Wire};
use proptest::prelude::*;
use serde_json::json;

/// A flow of a trigger and nodes whose wires come from earlier nodes. Each choice is a seed for one node.
fn flow(choices: &[(u8, Vec<(u8, u8)>)]) -> Flow {
    let mut flow = Flow::new("random");
    let mut outputs: Vec<Vec<String>> = vec![vec!["start.out".into()]];
    flow.nodes.insert("start".into(), Node::new("test.by_hand", json!({})));
    for (number, (kind, from)) in choices.iter().enumerate() {
        let id = format!("n{number}");
        let (kind, config, ins, outs): (&str, _, &[&str], &[&str]) = match kind % 6 {
            0 => ("test.file", json!({ "path": "/x" }), &["in"], &["out"]),
            1 => ("test.filter", json!({ "keep": "= a > 1" }), &["in"], &["kept", "rest", "error"]),
            2 | 3 => ("test.join", json!({ "on": "a" }), &["left", "right"], &["matched", "error"]),
            4 => ("test.sort", json!({ "by": "a" }), &["in"], &["out"]),
            _ => ("test.call", json!({ "flow": "child" }), &["in"], &["out", "error"]),
        };
        flow.nodes.insert(id.as_str().into(), Node::new(kind, config));
        let mut from = from.clone();
        from.resize(from.len().max(ins.len()), (0, 0));
        for (place, (node, port)) in from.iter().enumerate() {
            let ports = &outputs[usize::from(*node) % outputs.len()];
            let start = &ports[usize::from(*port) % ports.len()];
            let end = format!("{id}.{}", ins[place % ins.len()]);
            let wire =
                Wire { from: End::parse(start).expect("an end"), to: End::parse(&end).expect("an end") };
            if !flow.wires.contains(&wire) {
                flow.wires.push(wire);
            }
        }
        outputs.push(outs.iter().map(|port| format!("{id}.{port}")).collect());
    }
    let child = r#"{"arna":1,"name":"x","nodes":{},"slots":{"child":{"flow":null}}}"#;
    flow.slots = model::document::parse(child).expect("a flow").slots;
    flow
}

/// What a wire holds, and whether more can come.
#[derive(Default, Clone)]
struct Queue {
    batches: usize,
    is_closed: bool,
    spills: bool,
}

/// A stage at work: which of its wires it reads, and where batches still have to go.
#[derive(Default, Clone)]
struct Work {
    entry: usize,
    waiting: VecDeque<usize>,
    has_emitted_end: bool,
    is_done: bool,
}

struct Model<'p> {
    plan: &'p Plan,
    queues: Vec<Queue>,
    works: Vec<Work>,
    leaving: Vec<Vec<usize>>,
    dice: u64,
}

impl<'p> Model<'p> {
    fn new(plan: &'p Plan, dice: u64) -> Self {
        let mut queues = vec![Queue::default(); plan.wires.len()];
        for entry in plan.stages.iter().flat_map(|stage| &stage.entries) {
            queues[entry.wire].spills = entry.spills;
        }
        // A trigger has emitted all it will before anything reads.
        for (queue, _) in
            queues.iter_mut().zip(&plan.wires).filter(|(_, wire)| plan.triggers.contains(&wire.from))
        {
            *queue = Queue { batches: 1, is_closed: true, spills: true };
        }
        let inside = |stage: &arna_plan::Stage, wire: &arna_plan::Wire| stage.steps.contains(&wire.to);
        let leaves = |stage: &arna_plan::Stage| {
            let leaves = |wire: &arna_plan::Wire| stage.steps.contains(&wire.from) && !inside(stage, wire);
            (0..plan.wires.len()).filter(|at| leaves(&plan.wires[*at])).collect()
        };
        let leaving = plan.stages.iter().map(leaves).collect();
        Self { plan, queues, works: vec![Work::default(); plan.stages.len()], leaving, dice }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    /// Batches for each wire that leaves, in an order of chance; one wire may get none.
    fn emit(&mut self, stage: usize) {
        let wires = self.leaving[stage].clone();
        let left_out = self.roll(3);
        for _ in 0..3 {
            for (place, wire) in wires.iter().enumerate() {
                if left_out != 0 || place != 0 || wires.len() == 1 {
                    self.works[stage].waiting.push_back(*wire);
                }
            }
        }
    }

    /// One small thing a stage can do; false when it has to wait.
    fn step(&mut self, stage: usize) -> bool {
        if let Some(wire) = self.works[stage].waiting.front().copied() {
            if !self.queues[wire].spills && self.queues[wire].batches >= 1 {
                return false;
            }
            self.queues[wire].batches += 1;
            self.works[stage].waiting.pop_front();
            return true;
        }
        let plan = self.plan;
        let is_whole = plan.steps[plan.stages[stage].steps[0]].is_whole_stream;
        match plan.stages[stage].entries.get(self.works[stage].entry) {
            Some(entry) if self.queues[entry.wire].batches > 0 => {
                self.queues[entry.wire].batches -= 1;
                if !is_whole {
                    self.emit(stage);
                }
            }
            Some(entry) if self.queues[entry.wire].is_closed => self.works[stage].entry += 1,
            Some(_) => return false,
            None if is_whole && !self.works[stage].has_emitted_end => {
                self.works[stage].has_emitted_end = true;
                self.emit(stage);
            }
            None => {
                self.works[stage].is_done = true;
                for wire in self.leaving[stage].clone() {
                    self.queues[wire].is_closed = true;
                }
            }
        }
        true
    }

    /// The stages that wait for ever.
    fn run(mut self) -> Vec<usize> {
        loop {
            let mut moved = false;
            for stage in 0..self.works.len() {
                // As far as it can get, so that wires fill up.
                while !self.works[stage].is_done && self.step(stage) {
                    moved = true;
                }
            }
            if !moved {
                return (0..self.works.len()).filter(|stage| !self.works[*stage].is_done).collect();
            }
        }
    }
}

fn plan_of(flow: &Flow) -> Plan {
    let checked = compile(flow, &kinds::kinds());
    checked.plan.unwrap_or_else(|| panic!("no plan: {:?}", checked.diagnostics))
}

#[test]
fn two_joins_that_read_each_others_sources_in_opposite_order_do_not_wait_for_each_other() {
    // The sources are a and b; one join reads a first, the other b, so no join sees a diamond of its own.
    let text = r#"{ "arna": 1, "name": "crossed", "nodes": {
        "start": { "kind": "test.by_hand" },
        "a": { "kind": "test.file", "config": { "path": "/a" } },
        "b": { "kind": "test.file", "config": { "path": "/b" } },
        "one": { "kind": "test.join", "config": { "on": "id" } },
        "two": { "kind": "test.join", "config": { "on": "id" } } },
      "wires": [["start", "a"], ["start", "b"],
        ["a", "one.left"], ["b", "one.right"], ["b", "two.left"], ["a", "two.right"]] }"#;
    let plan = plan_of(&model::document::parse(text).expect("a flow"));
    assert_eq!(Model::new(&plan, 1).run(), Vec::<usize>::new());
    let mut unmarked = plan.clone();
    for entry in unmarked.stages.iter_mut().flat_map(|stage| &mut stage.entries) {
        entry.spills = false;
    }
    assert_ne!(Model::new(&unmarked, 1).run(), Vec::<usize>::new(), "the model can find those that wait");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_flow_waits_for_itself(
        choices in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<(u8, u8)>(), 1..4)), 1..14),
        dice: u64,
    ) {
        let plan = plan_of(&flow(&choices));
        prop_assert_eq!(Model::new(&plan, dice).run(), Vec::<usize>::new(), "{}", plan.to_text());
    }

    #[test]
    fn every_plan_is_whole(
        choices in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<(u8, u8)>(), 1..4)), 1..14),
    ) {
        let flow = flow(&choices);
        let plan = plan_of(&flow);
        prop_assert_eq!(plan.wires.len(), flow.wires.len());
        prop_assert!(plan.wires.iter().all(|wire| wire.from < wire.to), "wires lead on");
        let mut staged: Vec<usize> = plan.stages.iter().flat_map(|stage| stage.steps.clone()).chain(plan.triggers.clone()).collect();
        staged.sort_unstable();
        prop_assert_eq!(staged, (0..plan.steps.len()).collect::<Vec<_>>(), "each step runs in one place");
        for (number, wire) in plan.wires.iter().enumerate() {
            let entries = plan.stages.iter().flat_map(|stage| &stage.entries).filter(|entry| entry.wire == number).count();
            let is_inside = plan.stages.iter().any(|stage| stage.steps.contains(&wire.from) && stage.steps.contains(&wire.to));
            prop_assert_eq!(entries, usize::from(!is_inside), "a wire enters one stage or stays inside one");
        }
        prop_assert_eq!(plan_of(&flow).to_text(), plan.to_text());
    }
}
