//! A run in one go: stage after stage, batches in memory. For runs that start from one event and read no stream.

use std::collections::VecDeque;
use std::sync::Arc;

use model::Record;
use sdk::{Behaviour, Code, NodeError};

use super::acting::Acting;
use super::entrance::Entrance;
use super::group::{Group, Leave};
use super::run::Run;
use crate::program::{Stage, Target};

/// So many records may wait between the stages of one such run.
const MOST_WAITING: usize = 200_000;

struct Waiting {
    wires: Vec<VecDeque<Vec<Record>>>,
    records: usize,
}

impl Leave for Waiting {
    fn leave(&mut self, target: Target, records: Vec<Record>) -> Result<(), NodeError> {
        self.records += records.len();
        if self.records > MOST_WAITING {
            return Err(NodeError::new(
                Code::Limit,
                format!(
                    "The run made more than {MOST_WAITING} records out of one event. Split the input, or read it from a file."
                ),
            ));
        }
        self.wires[target.wire].push_back(records);
        Ok(())
    }
}

impl Waiting {
    fn next(&mut self, wire: usize) -> Option<Vec<Record>> {
        let records = self.wires[wire].pop_front()?;
        self.records -= records.len();
        Some(records)
    }

    fn leave_all(&mut self, run: &Run, from: (usize, usize), records: Vec<Record>) -> Result<(), NodeError> {
        if records.is_empty() {
            return Ok(());
        }
        run.note_emitted(from.0, from.1, &records)?;
        for target in &run.program.nodes[from.0].targets[from.1] {
            self.leave(*target, records.clone())?;
        }
        Ok(())
    }
}

/// Runs all stages from where records enter. What fails is noted in the run.
pub(crate) async fn run(run: &Arc<Run>, from: impl Into<Entrance>, records: Vec<Record>) {
    let from = from.into();
    // one wire more than the program has: by it records enter in the middle
    let mut waiting =
        Waiting { wires: (0..=run.program.wires).map(|_| VecDeque::new()).collect(), records: 0 };
    if let Err(error) = enter(run, from, records, &mut waiting) {
        run.stop(from.node(), error);
        return;
    }
    for stage in &run.program.route(from).stages {
        if stage.entries.iter().all(|it| waiting.wires[it.wire].is_empty()) && !commits_nothing(run, stage) {
            continue;
        }
        if let Err(error) = step(run, stage, &mut waiting).await {
            run.stop(stage.nodes[0], error);
            return;
        }
    }
}

fn enter(run: &Run, from: Entrance, records: Vec<Record>, waiting: &mut Waiting) -> Result<(), NodeError> {
    if records.is_empty() {
        return Ok(());
    }
    from.note(run, &records)?;
    for target in from.wires(&run.program) {
        waiting.leave(target, records.clone())?;
    }
    Ok(())
}

/// Whether a stage has something to do even without input: a group may emit at its end, a writer makes an empty file.
fn commits_nothing(run: &Run, stage: &Stage) -> bool {
    match &run.program.nodes[stage.nodes[0]].behaviour {
        Behaviour::Transform(_) => true,
        Behaviour::Action(action) => action.scope() == sdk::Scope::Stream,
        Behaviour::Source(_) | Behaviour::Trigger(_) => false,
    }
}

async fn step(run: &Arc<Run>, stage: &Stage, waiting: &mut Waiting) -> Result<(), NodeError> {
    let head = stage.nodes[0];
    match &run.program.nodes[head].behaviour {
        Behaviour::Transform(_) => transform(run, stage, waiting),
        Behaviour::Action(_) => {
            let mut acting = Acting::open(run, head)?;
            for entry in &stage.entries {
                while let Some(records) = waiting.next(entry.wire) {
                    let acted = acting.take(records).await?;
                    waiting.leave_all(run, (head, 0), acted.out)?;
                    waiting.leave_all(run, (head, run.program.nodes[head].error_port()), acted.errors)?;
                }
            }
            let acted = acting.finish().await?;
            waiting.leave_all(run, (head, 0), acted.out)
        }
        Behaviour::Source(_) | Behaviour::Trigger(_) => {
            Err(NodeError::new(Code::Internal, "A step that reads a stream came into a run that has none."))
        }
    }
}

fn transform(run: &Arc<Run>, stage: &Stage, waiting: &mut Waiting) -> Result<(), NodeError> {
    let mut group = Group::open(run, &stage.nodes)?;
    for (at, entry) in stage.entries.iter().enumerate() {
        while let Some(records) = waiting.next(entry.wire) {
            group.take(entry.node, entry.port, records, waiting)?;
        }
        if stage.entries.get(at + 1).is_none_or(|next| next.port != entry.port) {
            group.end(entry.node, entry.port, waiting)?;
        }
    }
    group.finish(waiting)
}
