//! A plan as text, for people and for golden files: what runs, in which order, and what is promised about it.

use std::fmt::Write;

use formula::FieldSet;
use model::document::{Overlap, Retry, RetryName};
use sdk::{Behaviour, Contract, Effect, Replay, Scope};

use crate::plan::{Plan, Stage, Step};

impl Plan {
    /// The plan as text; equal plans give equal texts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        write!(out, "plan {:?}", self.name)?;
        if let Some(zone) = &self.zone {
            write!(out, "  zone {zone}")?;
        }
        if self.is_volatile {
            out.push_str("  volatile");
        }
        if let Some(concurrency) = self.concurrency {
            write!(out, "  at most {concurrency} runs")?;
        }
        if let Some((name, _)) =
            Overlap::ALL.iter().find(|(_, it)| *it == self.overlap && *it != Overlap::Queue)
        {
            write!(out, "  overlap {name}")?;
        }
        if let Some(key) = &self.order_key {
            write!(out, "  in order of {key:?}")?;
        }
        if !self.search.is_empty() {
            write!(out, "  found by {}", self.search.join(", "))?;
        }
        writeln!(out, "\npromise: {}", self.badge.words())?;
        for trigger in &self.triggers {
            out.push_str("trigger\n");
            self.step_text(*trigger, out)?;
        }
        for (number, stage) in self.stages.iter().enumerate() {
            writeln!(out, "stage {}  {}", number + 1, noun(&self.steps[stage.steps[0]], stage))?;
            for step in &stage.steps {
                self.step_text(*step, out)?;
            }
        }
        Ok(())
    }

    fn step_text(&self, number: usize, out: &mut String) -> std::fmt::Result {
        let step = &self.steps[number];
        write!(out, "  {}  {}", step.id, step.kind)?;
        traits(step, out)?;
        out.push('\n');
        let mut leaving: Vec<(usize, usize)> = self
            .wires
            .iter()
            .enumerate()
            .filter(|(_, wire)| wire.from == number)
            .map(|(at, wire)| (wire.output, at))
            .collect();
        leaving.sort_unstable();
        for (output, at) in leaving {
            let wire = self.wires[at];
            let port = step.outputs.get(output).map_or("error", |port| port.name.as_str());
            let to = &self.steps[wire.to];
            write!(out, "    {port} -> {}.{}", to.id, to.inputs[wire.input].name)?;
            let entry = self.stages.iter().flat_map(|stage| &stage.entries).find(|entry| entry.wire == at);
            out.push_str(if entry.is_some_and(|entry| entry.spills) { "  spills\n" } else { "\n" });
        }
        Ok(())
    }
}

fn noun(first: &Step, stage: &Stage) -> &'static str {
    match first.contract {
        Contract::Trigger => "trigger",
        Contract::Source => "source",
        Contract::Action => "action",
        Contract::Transform if stage.steps.len() == 1 => "transform",
        Contract::Transform => "transforms, fused",
    }
}

fn traits(step: &Step, out: &mut String) -> std::fmt::Result {
    match &step.behaviour {
        Behaviour::Source(source) => {
            out.push_str(match source.replay() {
                Replay::Replayable => "  replayable",
                Replay::Recorded => "  recorded",
                Replay::Sealed if step.seals => "  sealed",
                Replay::Sealed => "  read at once",
            });
            match &step.wanted {
                FieldSet::All => out.push_str("  wants all fields"),
                FieldSet::Only(names) => {
                    let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
                    names.sort_unstable();
                    write!(
                        out,
                        "  wants {}",
                        if names.is_empty() { "no fields".to_owned() } else { names.join(", ") }
                    )?;
                }
            }
            if let Some(field) = &step.keep_as {
                write!(out, "  keeps its record as {field}")?;
            }
        }
        Behaviour::Action(action) => {
            let scope = match action.scope() {
                Scope::Record => "a record",
                Scope::Chunk => "a batch",
                Scope::Stream => "the stream",
            };
            write!(out, "  once {scope}  {}  answer into {}", class(action.effect()), step.answer_field)?;
        }
        Behaviour::Transform(_) if step.seals => out.push_str("  whole stream, sealed"),
        Behaviour::Transform(_) if step.is_whole_stream => out.push_str("  whole stream"),
        Behaviour::Transform(_) | Behaviour::Trigger(_) => {}
    }
    if let Some(slot) = &step.connection {
        write!(out, "  connection {slot}")?;
    }
    match step.retry {
        None => {}
        Some(Retry::Named(name)) => out.push_str(match name {
            RetryName::Never => "  retry never",
            RetryName::Quick => "  retry quick",
            RetryName::Patient => "  retry patient",
        }),
        Some(Retry::Every { times, every_s }) => write!(out, "  retry {times} times every {every_s} s")?,
    }
    if let Some(timeout_s) = step.timeout_s {
        write!(out, "  timeout {timeout_s} s")?;
    }
    if let Some(in_flight) = step.in_flight {
        write!(out, "  {in_flight} in flight")?;
    }
    Ok(())
}

fn class(effect: Effect) -> &'static str {
    match effect {
        Effect::Engine => "engine",
        Effect::Read => "read",
        Effect::Transactional => "transactional",
        Effect::Idempotent => "idempotent",
        Effect::Ambiguous => "ambiguous",
    }
}
