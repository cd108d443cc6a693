//! What runs as one task, and which wires must never make their upstream wait.

use std::collections::BTreeSet;

use petgraph::unionfind::UnionFind;
use sdk::Behaviour;

use crate::plan::{Entry, Stage, Step, Wire};

/// A stage holds so many transforms: a batch goes through it as nested calls, and the stack is finite.
const MAX_STEPS: usize = 128;

/// Groups transforms that have a single wire between them, and a source with the sieves right behind it; all others stand alone.
pub(crate) fn stages(steps: &[Step], wires: &[Wire]) -> Vec<Stage> {
    let mut entering: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (number, wire) in wires.iter().enumerate() {
        entering[wire.to].push(number);
    }
    let is_transform = |step: usize| matches!(steps[step].behaviour, Behaviour::Transform(_));
    let is_source = |step: usize| matches!(steps[step].behaviour, Behaviour::Source(_));
    let is_sieve = |step: usize| match &steps[step].behaviour {
        Behaviour::Transform(transform) => transform.is_sieve(),
        Behaviour::Action(_) | Behaviour::Source(_) | Behaviour::Trigger(_) => false,
    };
    let mut stage_of: Vec<Option<usize>> = vec![None; steps.len()];
    let mut stages: Vec<Stage> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        if matches!(step.behaviour, Behaviour::Trigger(_)) {
            continue;
        }
        let joined = match entering[number].as_slice() {
            [only] if is_transform(number) => stage_of[wires[*only].from],
            _ => None,
        };
        let fits = |stage: &usize| {
            let members: &[usize] = &stages[*stage].steps;
            let goes_with = if is_source(members[0]) { is_sieve(number) } else { is_transform(members[0]) };
            goes_with && members.len() < MAX_STEPS
        };
        match joined.filter(fits) {
            Some(stage) => {
                stages[stage].steps.push(number);
                stage_of[number] = Some(stage);
            }
            None => {
                stage_of[number] = Some(stages.len());
                stages.push(Stage { steps: vec![number], entries: Vec::new() });
            }
        }
    }
    let entered: Vec<Vec<usize>> =
        stages.iter().map(|stage| in_order(steps, wires, &entering[stage.steps[0]])).collect();
    let between = between(wires, &stage_of);
    let count = stages.len();
    for (number, (stage, entered)) in stages.iter_mut().zip(&entered).enumerate() {
        stage.entries = entries(entered, wires, &stage_of, || apart(count, &between, number));
    }
    stages
}

/// The wires into a step in the order in which they are read: inputs that are read first, then by port, then as in the file.
fn in_order(steps: &[Step], wires: &[Wire], entering: &[usize]) -> Vec<usize> {
    let mut numbers = entering.to_vec();
    numbers.sort_by_key(|number| {
        let wire = wires[*number];
        (!steps[wire.to].inputs[wire.input].is_read_first, wire.input, *number)
    });
    numbers
}

/// Marks the wires that must not make their beginning wait.
///
/// A wire that is read late fills up, and its beginning waits. That is harmless unless a wire read earlier gets nothing while
/// that one waits. Waiting spreads against the wires (who cannot pass on does not read) and along them (who gets nothing does
/// not go on), so it can come round by any way that joins the two beginnings, in whichever direction its wires run, without
/// passing the reader itself. Triggers have emitted all they will before anything reads: they never wait.
fn entries(
    entered: &[usize],
    wires: &[Wire],
    stage_of: &[Option<usize>],
    apart: impl FnOnce() -> Vec<usize>,
) -> Vec<Entry> {
    let part_of = if entered.len() > 1 { apart() } else { Vec::new() };
    let part = |wire: usize| stage_of[wires[wire].from].map(|stage| part_of[stage]);
    let spills = |place: usize| {
        place > 0
            && part(entered[place])
                .is_some_and(|own| entered[..place].iter().any(|earlier| part(*earlier) == Some(own)))
    };
    entered.iter().enumerate().map(|(place, wire)| Entry { wire: *wire, spills: spills(place) }).collect()
}

/// The pairs of stages that wires join.
fn between(wires: &[Wire], stage_of: &[Option<usize>]) -> BTreeSet<(usize, usize)> {
    let pair = |wire: &Wire| Some((stage_of[wire.from]?, stage_of[wire.to]?));
    wires.iter().filter_map(pair).filter(|(from, to)| from != to).collect()
}

/// For each stage the part it belongs to once one stage is taken out: stages of one part are joined by wires.
fn apart(stages: usize, between: &BTreeSet<(usize, usize)>, without: usize) -> Vec<usize> {
    let mut parts = UnionFind::new(stages);
    for (from, to) in between.iter().filter(|(from, to)| *from != without && *to != without) {
        parts.union(*from, *to);
    }
    parts.into_labeling()
}

/// What comes after a step.
pub(crate) struct After {
    /// A step that takes the whole stream, or has several inputs.
    pub(crate) whole_stream: bool,
    /// An effect on one record or one batch.
    pub(crate) effect: bool,
}

/// What comes after each step.
pub(crate) fn after(steps: &[Step], wires: &[Wire]) -> Vec<After> {
    let mut after: Vec<After> = steps.iter().map(|_| After { whole_stream: false, effect: false }).collect();
    let mut leaving: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); steps.len()];
    for wire in wires {
        leaving[wire.from].insert(wire.to);
    }
    for number in (0..steps.len()).rev() {
        for next in &leaving[number] {
            let step = &steps[*next];
            let scope = match &step.behaviour {
                Behaviour::Action(action) => Some(action.scope()),
                Behaviour::Trigger(_) | Behaviour::Source(_) | Behaviour::Transform(_) => None,
            };
            let takes_all = step.takes_all();
            let acts = matches!(scope, Some(sdk::Scope::Record | sdk::Scope::Chunk));
            after[number].whole_stream |= takes_all || after[*next].whole_stream;
            after[number].effect |= acts || after[*next].effect;
        }
    }
    after
}
