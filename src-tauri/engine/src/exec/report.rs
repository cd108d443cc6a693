//! What is worth keeping of a run that ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use model::{Record, Value};
use sdk::{Code, NodeError};

use super::memory::{Outcome, Place};
use super::moments::Moment;
use super::run::{Counts, Run};
use crate::decide::EndState;

/// A failed record in the report.
#[derive(Clone, Debug)]
pub struct FailedRecord {
    /// Where it failed.
    pub node: usize,
    /// The input port by which it came there.
    pub port: usize,
    /// The record as it came in.
    pub record: Record,
    /// Why.
    pub error: NodeError,
}

/// How a run ended, and what is worth keeping of it.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub state: EndState,
    /// What stopped it: node number and failure.
    pub stop: Option<(usize, NodeError)>,
    /// What passed.
    pub counts: Counts,
    /// What had passed at moments before.
    pub moments: Vec<Moment>,
    /// Failed records, the first ones.
    pub failed: Vec<FailedRecord>,
    /// How many failed in all and left the run.
    pub failed_count: u64,
    /// How many were parked.
    pub parked_count: u64,
    /// The first records of each (node, output port).
    pub samples: BTreeMap<(usize, usize), Vec<Record>>,
    /// Values by which the run can be found, with the number of their field in the program's `search`.
    pub found_by: BTreeSet<(usize, String)>,
    /// Results that nothing follows: they are stored together with the end of the run.
    pub late: Vec<(Place, Outcome)>,
    /// What a respond step answered.
    pub answer: Option<Value>,
}

impl Run {
    /// The report of the ended run.
    pub fn report(&self) -> Report {
        let notes = std::mem::take(&mut *self.notes());
        let load = |it: &AtomicU64| it.load(Ordering::Relaxed);
        let counts = self.counts();
        let failed_count: u64 = counts
            .nodes
            .iter()
            .zip(&self.program.nodes)
            .filter(|(_, node)| !node.handles_errors())
            .map(|(it, _)| it.failed)
            .sum();
        let parked_count = load(&self.parked);
        let waiting_count = load(&self.waiting);
        let state = match &notes.stop {
            Some((_, error)) if error.code == Code::Cancelled => EndState::Cancelled,
            Some(_) => EndState::Failed,
            None if self.cancel.is_cancelled() => EndState::Cancelled,
            None if self.is_called && waiting_count > 0 => EndState::Waiting,
            None if failed_count + parked_count > waiting_count => EndState::Partial,
            None if waiting_count > 0 => EndState::Waiting,
            None => EndState::Ok,
        };
        Report {
            state,
            stop: notes.stop,
            counts,
            moments: notes.moments.kept,
            failed: notes.failed,
            failed_count,
            parked_count,
            samples: notes.samples,
            found_by: notes.found_by.values,
            late: notes.late,
            answer: notes.answer,
        }
    }
}

/// The record that leaves at an error port: the input plus what went wrong.
pub(crate) fn error_record(record: &Record, error: &NodeError, node: &str, attempts: u32) -> Record {
    let about = Record::of([
        ("code", Value::from(error.code.name())),
        ("message", Value::from(error.sentence.as_str())),
        ("node", Value::from(node)),
        ("attempts", Value::from(i64::from(attempts))),
    ]);
    record.with("error", Value::Record(about))
}
