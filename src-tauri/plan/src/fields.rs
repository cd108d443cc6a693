//! Which fields are read where: what sources need not build, and which formulas name a field that cannot be there.

use std::collections::BTreeSet;

use model::document::{Diagnostic, ROOTS, closest};
use sdk::{Behaviour, Scope};

use crate::formulas;
use crate::places::Places;
use crate::plan::{Step, Wire};
use crate::reads::Reads;

/// For each step, which fields of the records it emits are read by anything after it. All, where that cannot be known: at the
/// ends of the flow, and before any step that may look at whole records.
pub(crate) fn wanted(steps: &[Step], wires: &[Wire], places: &[&Places]) -> Vec<Reads> {
    let mut leaving: Vec<Vec<Wire>> = vec![Vec::new(); steps.len()];
    for wire in wires {
        leaving[wire.from].push(*wire);
    }
    let mut by_output: Vec<Reads> = vec![Reads::default(); steps.len()];
    let mut by_error: Vec<Reads> = vec![Reads::default(); steps.len()];
    for number in (0..steps.len()).rev() {
        let step = &steps[number];
        if leaving[number].iter().all(|wire| wire.output == step.error_port()) {
            by_output[number] = Reads::all();
        }
        for wire in &leaving[number] {
            let taken = taken(&steps[wire.to], places[wire.to], (&by_output[wire.to], &by_error[wire.to]));
            if wire.output == step.error_port() {
                by_error[number].add(&taken.without("error"));
            } else {
                by_output[number].add(&taken);
            }
        }
    }
    by_output
}

/// Which fields of the records that come to a step are read, by it or after it.
fn taken(step: &Step, places: &Places, after: (&Reads, &Reads)) -> Reads {
    let Behaviour::Transform(transform) = &step.behaviour else { return Reads::all() };
    let (by_output, by_error) = after;
    let mut taken = own(places);
    taken.add(by_error);
    if transform.rebuilds_records() {
        return taken;
    }
    if !transform.reads_only_named() {
        return Reads::all();
    }
    taken.add(by_output);
    taken
}

/// What a config itself reads: fields in its formulas, and plain texts, each of which may name a field or a path into one.
fn own(places: &Places) -> Reads {
    let mut own = Reads::default();
    for place in &places.formulas {
        own.add(&formulas::reads(place));
    }
    for name in &places.names {
        let first = name.split(['.', '[']).next().unwrap_or_default();
        own.add(&Reads::only([name.clone(), first.to_owned()]));
    }
    own
}

/// Reports formulas that name a field no record there can have.
pub(crate) fn check(steps: &[Step], wires: &[Wire], places: &[&Places], found: &mut Vec<Diagnostic>) {
    let mut entering: Vec<Vec<Wire>> = vec![Vec::new(); steps.len()];
    for wire in wires {
        entering[wire.to].push(*wire);
    }
    let mut made: Vec<Option<BTreeSet<String>>> = Vec::with_capacity(steps.len());
    for (number, step) in steps.iter().enumerate() {
        let arriving = arriving(steps, &entering[number], &made);
        if let Some(fields) = &arriving {
            missing(step, places[number], fields, found);
        }
        made.push(emitted(step, arriving));
    }
}

/// The fields that records coming to a step can have; none when that cannot be known.
fn arriving(steps: &[Step], entering: &[Wire], made: &[Option<BTreeSet<String>>]) -> Option<BTreeSet<String>> {
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
        let reads = formulas::reads(place);
        let Some(names) = reads.names() else { continue };
        for name in names.filter(|name| !fields.contains(*name) && !ROOTS.contains(name)) {
            let meant = closest(name, fields.iter().map(String::as_str));
            found.push(formulas::no_field(&step.id, place, name, meant));
        }
    }
}
