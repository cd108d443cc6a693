//! Which fields are read where: what sources need not build, and which formulas name a field that cannot be there.

use std::collections::BTreeSet;

use indexmap::IndexSet;
use model::document::{Diagnostic, ROOTS, closest};
use sdk::{Behaviour, Scope};

use crate::formulas;
use crate::places::Places;
use crate::plan::{Step, Wire};
use crate::reads::Reads;

/// For each step, which fields of the records it emits are read by anything after it. All, where that cannot be known: at the
/// ends of the flow, and before any step that may look at whole records. The values of fields by which runs are found are wanted anyway.
pub(crate) fn wanted(steps: &[Step], wires: &[Wire], places: &[&Places], search: &[String]) -> Vec<Reads> {
    let mut leaving: Vec<Vec<Wire>> = vec![Vec::new(); steps.len()];
    for wire in wires {
        leaving[wire.from].push(*wire);
    }
    let mut names = Names::default();
    let own: Vec<Bits> = places.iter().map(|places| names.set(&own(places))).collect();
    let mut after = vec![After::default(); steps.len()];
    for number in (0..steps.len()).rev() {
        let step = &steps[number];
        let mut found = After::default();
        if leaving[number].iter().all(|wire| wire.output == step.error_port()) {
            found.by_output.is_all = true;
        }
        for wire in &leaving[number] {
            let taken = taken(&steps[wire.to], &own[wire.to], &after[wire.to]);
            let side =
                if wire.output == step.error_port() { &mut found.by_error } else { &mut found.by_output };
            side.add(&taken);
        }
        after[number] = found;
    }
    let searched = names.set(&Reads::only(search.iter().map(|name| first(name).to_owned())));
    let with_searched = |after: &mut After| {
        after.by_output.add(&searched);
        names.reads(&after.by_output)
    };
    after.iter_mut().map(with_searched).collect()
}

/// Which fields are read after a step, of the records it emits and of those it fails.
#[derive(Debug, Clone, Default)]
struct After {
    by_output: Bits,
    by_error: Bits,
}

/// Which fields of the records that come to a step are read, by it or after it.
fn taken(step: &Step, own: &Bits, after: &After) -> Bits {
    let Behaviour::Transform(transform) = &step.behaviour else { return Bits::all() };
    let mut taken = own.clone();
    taken.add(&after.by_error);
    if transform.rebuilds_records() {
        return taken;
    }
    if !transform.reads_only_named() {
        return Bits::all();
    }
    taken.add(&after.by_output);
    taken
}

/// What a config itself reads: fields in its formulas, and plain texts, each of which may name a field or a path into one.
fn own(places: &Places) -> Reads {
    let mut own = Reads::default();
    for place in &places.formulas {
        own.add(&place.reads);
    }
    for name in &places.names {
        own.add(&Reads::only([name.clone(), first(name).to_owned()]));
    }
    own
}

/// The field in which a path begins.
fn first(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// A set of fields by number, so that a long line of steps does not copy names; `is_all` stands for every field.
#[derive(Debug, Clone, Default)]
struct Bits {
    is_all: bool,
    words: Vec<u64>,
}

impl Bits {
    fn all() -> Self {
        Self { is_all: true, words: Vec::new() }
    }

    fn add(&mut self, other: &Self) {
        if self.is_all || other.is_all {
            *self = Self::all();
            return;
        }
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }
}

/// The names of the fields behind the numbers.
#[derive(Default)]
struct Names(IndexSet<String>);

impl Names {
    fn set(&mut self, reads: &Reads) -> Bits {
        let Some(names) = reads.names() else { return Bits::all() };
        let mut bits = Bits::default();
        for name in names {
            let at = match self.0.get_index_of(name) {
                Some(at) => at,
                None => self.0.insert_full(name.to_owned()).0,
            };
            if bits.words.len() <= at / 64 {
                bits.words.resize(at / 64 + 1, 0);
            }
            bits.words[at / 64] |= 1 << (at % 64);
        }
        bits
    }

    fn reads(&self, bits: &Bits) -> Reads {
        if bits.is_all {
            return Reads::all();
        }
        let has = |at: &usize| bits.words.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0);
        Reads::only((0..self.0.len()).filter(has).map(|at| self.0[at].clone()))
    }
}

/// The fields that records coming to each step can have; none where that cannot be known.
type Arriving = Vec<Option<BTreeSet<String>>>;

/// Reports formulas that name a field no record there can have. Gives the fields that arrive at each step.
pub(crate) fn check(
    steps: &[Step],
    wires: &[Wire],
    places: &[&Places],
    found: &mut Vec<Diagnostic>,
) -> Arriving {
    let mut entering: Vec<Vec<Wire>> = vec![Vec::new(); steps.len()];
    for wire in wires {
        entering[wire.to].push(*wire);
    }
    let mut made: Arriving = Vec::with_capacity(steps.len());
    let mut all = Arriving::with_capacity(steps.len());
    for (number, step) in steps.iter().enumerate() {
        let arriving = arriving(steps, &entering[number], &made);
        if let Some(fields) = &arriving {
            missing(step, places[number], fields, found);
        }
        made.push(emitted(step, arriving.clone()));
        all.push(arriving);
    }
    all
}

/// The fields that records coming to a step can have; none when that cannot be known.
fn arriving(
    steps: &[Step],
    entering: &[Wire],
    made: &[Option<BTreeSet<String>>],
) -> Option<BTreeSet<String>> {
    if entering.is_empty() {
        return None;
    }
    let mut fields = BTreeSet::new();
    for wire in entering {
        fields.extend(made[wire.from].as_ref()?.iter().cloned());
        if wire.output == steps[wire.from].error_port() {
            // Records at an error port are those that came in, which may have other fields than those that go out.
            return None;
        }
    }
    Some(fields)
}

fn emitted(step: &Step, arriving: Option<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    match &step.behaviour {
        Behaviour::Transform(transform) => match transform.makes_fields() {
            Some(fields) => Some(fields.into_iter().collect()),
            None if transform.reads_only_named() && step.inputs.len() == 1 => arriving,
            None => None,
        },
        Behaviour::Action(action) if action.scope() != Scope::Stream => {
            let mut fields = arriving?;
            fields.insert(step.answer_field.clone());
            Some(fields)
        }
        Behaviour::Action(_) | Behaviour::Source(_) | Behaviour::Trigger(_) => None,
    }
}

fn missing(step: &Step, places: &Places, fields: &BTreeSet<String>, found: &mut Vec<Diagnostic>) {
    for place in &places.formulas {
        let Some(names) = place.reads.names() else { continue };
        let is_known = |name: &str| {
            fields.contains(name) || ROOTS.contains(&name) || place.also.iter().any(|it| it == name)
        };
        for name in names.filter(|name| !is_known(name)) {
            let meant = closest(name, fields.iter().map(String::as_str));
            found.push(formulas::no_field(&step.id, place, name, meant));
        }
    }
}
