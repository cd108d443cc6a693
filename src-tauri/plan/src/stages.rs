//! What runs as one task, and which wires must never make their upstream wait.

use std::collections::BTreeSet;

use sdk::Behaviour;

use crate::plan::{Entry, Stage, Step, Wire};

/// A stage holds so many transforms: a batch goes through it as nested calls, and the stack is finite.
const MAX_STEPS: usize = 128;

/// Groups transforms that have a single wire between them; all others stand alone.
pub(crate) fn stages(steps: &[Step], wires: &[Wire]) -> Vec<Stage> {
    let mut entering: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (number, wire) in wires.iter().enumerate() {
        entering[wire.to].push(number);
    }
    let is_transform = |step: usize| matches!(steps[step].behaviour, Behaviour::Transform(_));
    let mut stage_of: Vec<Option<usize>> = vec![None; steps.len()];
    let mut stages: Vec<Stage> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        if matches!(step.behaviour, Behaviour::Trigger(_)) {
            continue;
        }
        let joined = match entering[number].as_slice() {
            [only] if is_transform(number) && is_transform(wires[*only].from) => stage_of[wires[*only].from],
            _ => None,
        };
        match joined.filter(|stage| stages[*stage].steps.len() < MAX_STEPS) {
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
    let before = Ancestors::of(steps, wires, &entering);
    for stage in &mut stages {
        stage.entries = entries(steps, wires, &entering[stage.steps[0]], &before);
    }
    stages
}

/// The wires into a step in the order in which they are read: inputs that are read first, then by port, then as in the file.
fn entries(steps: &[Step], wires: &[Wire], entering: &[usize], before: &Ancestors) -> Vec<Entry> {
    let mut numbers = entering.to_vec();
    numbers.sort_by_key(|number| {
        let wire = wires[*number];
        (!steps[wire.to].inputs[wire.input].is_read_first, wire.input, *number)
    });
    let spills = |place: usize, number: usize| {
        numbers[..place].iter().any(|earlier| before.shared(wires[*earlier].from, wires[number].from))
    };
    numbers
        .iter()
        .enumerate()
        .map(|(place, number)| Entry { wire: *number, spills: spills(place, *number) })
        .collect()
}

/// For each step the steps before it and itself, as bits: 5,000 steps take 3 MiB.
struct Ancestors {
    words: usize,
    bits: Vec<u64>,
}

impl Ancestors {
    /// Triggers are left out: they have emitted all they will before anything reads, so nothing waits for them.
    fn of(steps: &[Step], wires: &[Wire], entering: &[Vec<usize>]) -> Self {
        let words = steps.len().div_ceil(64);
        let mut bits = vec![0u64; words * steps.len()];
        for (number, step) in steps.iter().enumerate() {
            let (done, own) = bits.split_at_mut(number * words);
            if !matches!(step.behaviour, Behaviour::Trigger(_)) {
                own[number / 64] |= 1 << (number % 64);
            }
            // Steps stand after all that lead to them, so what is before a wire is complete.
            for wire in &entering[number] {
                let from = wires[*wire].from * words;
                for (word, more) in own[..words].iter_mut().zip(&done[from..from + words]) {
                    *word |= more;
                }
            }
        }
        Self { words, bits }
    }

    fn shared(&self, a: usize, b: usize) -> bool {
        let row = |step: usize| &self.bits[step * self.words..(step + 1) * self.words];
        row(a).iter().zip(row(b)).any(|(a, b)| a & b != 0)
    }
}

/// For each step the kinds of steps that come after it.
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
            let takes_all =
                step.is_whole_stream || step.inputs.len() > 1 || scope == Some(sdk::Scope::Stream);
            let acts = matches!(scope, Some(sdk::Scope::Record | sdk::Scope::Chunk));
            after[number].whole_stream |= takes_all || after[*next].whole_stream;
            after[number].effect |= acts || after[*next].effect;
        }
    }
    after
}
