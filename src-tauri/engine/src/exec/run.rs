//! What all stages of one run share.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use formula::Roots;
use model::{Record, Value};
use sdk::{Code, Cx, NodeError};
use tokio::sync::Notify;

use crate::decide::{self, EndState};
use crate::program::Program;

/// The place of a record at an action: the same after every restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Node number.
    pub node: usize,
    /// Batch number at that node.
    pub batch: u64,
    /// Index in the batch.
    pub index: u32,
}

/// What became of a record at an action.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was done; the answer.
    Finished(Value),
    /// It was given up.
    Failed(NodeError),
    /// It left the run and continues later on its own.
    Parked,
    /// The call was about to be made; nobody knows whether it was.
    Intended,
}

/// What a record takes along when it leaves the run.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it was.
    pub place: Place,
    /// The record as it came to the step.
    pub record: Record,
    /// Its idempotency key.
    pub key: String,
    /// Attempts made.
    pub attempts: u32,
    /// Slow attempts made before.
    pub slow: u32,
    /// When it was first parked, milliseconds since 1970 UTC; 0 when it was not.
    pub parked_ms: i64,
    /// Why it left.
    pub error: NodeError,
}

/// Where a run is remembered. The embedded journal is one; a cluster's engine may be another.
#[async_trait]
pub trait Durable: Send + Sync {
    /// Remembers that a call is about to be made. Durable when it returns.
    ///
    /// # Errors
    /// It is not known whether it was stored: the call must not be made.
    async fn intend(&self, run: &Run, place: Place, key: &str) -> Result<(), NodeError>;

    /// Remembers results. Durable when it returns.
    ///
    /// # Errors
    /// It is not known whether they were stored: the run ends and is resumed from what was.
    async fn remember(&self, run: &Run, results: Vec<(Place, Outcome)>) -> Result<(), NodeError>;

    /// Puts a record aside until `after_ms` from now.
    ///
    /// # Errors
    /// As [`Durable::remember`].
    async fn park(&self, run: &Run, kept: Kept, after_ms: u64) -> Result<(), NodeError>;

    /// Puts a record into the failed inbox, or asks about it when `is_question`.
    ///
    /// # Errors
    /// As [`Durable::remember`].
    async fn give_up(&self, run: &Run, kept: Kept, is_question: bool) -> Result<(), NodeError>;

    /// Whether a node left changes of its own (state, keys) that must commit together with its result.
    fn has_changes(&self, node: usize) -> bool;
}

/// Makes the world of a node in a run.
pub trait Worlds: Send + Sync {
    /// The world for one node.
    fn cx(&self, run: &Arc<Run>, node: usize) -> Arc<dyn Cx>;

    /// The clock of this world, for time limits.
    fn clock(&self) -> &dyn crate::clock::Clock;

    /// Waits until a call to the node's connection may go out. The permit frees its place when dropped.
    fn permit(&self, run: &Run, node: usize) -> Arc<crate::limits::Gate>;
}

/// Takes records that reach an output port without a wire.
pub trait EndSink: Send + Sync {
    /// Records that left at a port, in order.
    ///
    /// # Errors
    /// The receiver is gone: the run is cancelled.
    fn take(&self, node: usize, port: usize, records: &[Record]) -> Result<(), NodeError>;
}

/// Cancels a run.
#[derive(Default)]
pub struct Cancel {
    is_set: AtomicBool,
    notify: Notify,
}

impl Cancel {
    /// Asks the run to end.
    pub fn cancel(&self) {
        self.is_set.store(true, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// Whether it was asked.
    pub fn is_cancelled(&self) -> bool {
        self.is_set.load(Ordering::SeqCst)
    }

    /// Returns once it was asked.
    pub async fn cancelled(&self) {
        loop {
            let notified = self.notify.notified();
            if self.is_cancelled() {
                return;
            }
            notified.await;
        }
    }
}

/// Samples kept of each output port.
pub const SAMPLE_RECORDS: usize = 20;
/// Failing records kept for the history of a step.
const FAILED_SAMPLES: usize = 20;

/// A failed record in the report.
#[derive(Clone, Debug)]
pub struct FailedRecord {
    /// Where it failed.
    pub node: usize,
    /// The record as it came in.
    pub record: Record,
    /// Why.
    pub error: NodeError,
}

#[derive(Default)]
struct Notes {
    samples: BTreeMap<(usize, usize), Vec<Record>>,
    failed: Vec<FailedRecord>,
    stop: Option<(usize, NodeError)>,
    late: Vec<(Place, Outcome)>,
    answer: Option<Value>,
}

/// One run at work.
pub struct Run {
    /// Its id.
    pub id: String,
    /// Seeds chance inside the run.
    pub seed: u64,
    /// When it started, milliseconds since 1970 UTC: `now()` of its formulas.
    pub started_ms: i64,
    /// `slots`, `run`, `event`.
    pub roots: Roots,
    /// What runs.
    pub program: Arc<Program>,
    /// Where it is remembered.
    pub durable: Arc<dyn Durable>,
    /// The world.
    pub worlds: Arc<dyn Worlds>,
    /// How many flows called each other to come here.
    pub depth: usize,
    /// The event may come again: the answer is kept.
    pub keeps_answer: bool,
    /// Results from before a restart.
    pub remembered: HashMap<Place, Outcome>,
    /// Ends it early.
    pub cancel: Cancel,
    /// Takes end records.
    pub ends: Arc<dyn EndSink>,
    /// Where spill files go.
    pub spill_folder: PathBuf,
    /// Records that passed each wire.
    pub wire_counts: Vec<AtomicU64>,
    /// Records in, out, failed of each node.
    pub node_counts: Vec<NodeCounts>,
    /// Parked records.
    pub parked: AtomicU64,
    notes: Mutex<Notes>,
}

/// Counters of one node.
#[derive(Default)]
pub struct NodeCounts {
    /// Records that came in.
    pub taken: AtomicU64,
    /// Records that left, over all ports but `error`.
    pub emitted: AtomicU64,
    /// Records that failed.
    pub failed: AtomicU64,
    /// Batches that came in: the number of the next.
    pub batches: AtomicU64,
}

/// What a run needs to begin.
pub struct Begin {
    /// The run's id.
    pub id: String,
    /// Seed of chance.
    pub seed: u64,
    /// Start, milliseconds since 1970 UTC.
    pub started_ms: i64,
    /// For formulas.
    pub roots: Roots,
    /// How many flows called each other to come here.
    pub depth: usize,
    /// The event may come again: the answer is kept.
    pub keeps_answer: bool,
    /// Results from before a restart.
    pub remembered: HashMap<Place, Outcome>,
    /// Takes end records.
    pub ends: Arc<dyn EndSink>,
    /// Where spill files go.
    pub spill_folder: PathBuf,
}

/// How a run ended, and what is worth keeping of it.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub state: EndState,
    /// What stopped it: node number and failure.
    pub stop: Option<(usize, NodeError)>,
    /// Records in, out, failed of each node.
    pub nodes: Vec<(u64, u64, u64)>,
    /// Records on each wire.
    pub wires: Vec<u64>,
    /// Failed records, the first ones.
    pub failed: Vec<FailedRecord>,
    /// How many failed in all and left the run.
    pub failed_count: u64,
    /// How many were parked.
    pub parked_count: u64,
    /// The first records of each (node, output port).
    pub samples: BTreeMap<(usize, usize), Vec<Record>>,
    /// Results that nothing follows: they are stored together with the end of the run.
    pub late: Vec<(Place, Outcome)>,
    /// What a respond step answered.
    pub answer: Option<Value>,
}

impl Run {
    /// A run that has not begun.
    pub fn new(
        program: Arc<Program>,
        durable: Arc<dyn Durable>,
        worlds: Arc<dyn Worlds>,
        begin: Begin,
    ) -> Run {
        Run {
            id: begin.id,
            seed: begin.seed,
            started_ms: begin.started_ms,
            roots: begin.roots,
            depth: begin.depth,
            keeps_answer: begin.keeps_answer,
            wire_counts: (0..program.wires).map(|_| AtomicU64::new(0)).collect(),
            node_counts: program.nodes.iter().map(|_| NodeCounts::default()).collect(),
            program,
            durable,
            worlds,
            remembered: begin.remembered,
            cancel: Cancel::default(),
            ends: begin.ends,
            spill_folder: begin.spill_folder,
            parked: AtomicU64::new(0),
            notes: Mutex::default(),
        }
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error of a cancelled run, or of one that was stopped by another stage.
    pub fn check(&self) -> Result<(), NodeError> {
        if self.cancel.is_cancelled() {
            return Err(NodeError::new(Code::Cancelled, "The run was cancelled."));
        }
        Ok(())
    }

    /// Stops the run for a failure of a whole step; the first one counts.
    pub fn stop(&self, node: usize, error: NodeError) {
        let mut notes = self.notes();
        // what other stages say after the first failure is only its echo
        if notes.stop.is_none() && (error.code != Code::Cancelled || !self.cancel.is_cancelled()) {
            notes.stop = Some((node, error));
        }
        drop(notes);
        self.cancel.cancel();
    }

    /// Keeps results that nothing follows, for the commit that ends the run.
    pub fn remember_late(&self, results: impl IntoIterator<Item = (Place, Outcome)>) {
        self.notes().late.extend(results);
    }

    /// Keeps what a respond step answers; the first answer counts.
    pub fn answer(&self, answer: Value) {
        self.notes().answer.get_or_insert(answer);
    }

    /// Whether a failure stopped the run.
    pub fn is_stopped(&self) -> bool {
        self.notes().stop.is_some()
    }

    /// Counts a record that failed and keeps it for the report.
    ///
    /// # Errors
    /// The stop rule ends the run.
    pub fn note_failed(&self, failed: FailedRecord) -> Result<(), NodeError> {
        let node = failed.node;
        let counts = &self.node_counts[node];
        let count = counts.failed.fetch_add(1, Ordering::Relaxed) + 1;
        let handled = self.program.nodes[node].handles_errors();
        if handled {
            return Ok(());
        }
        let taken = counts.taken.load(Ordering::Relaxed);
        let mut notes = self.notes();
        let sentence = failed.error.sentence.clone();
        let here = notes.failed.iter().filter(|it| it.node == node).count();
        if here < FAILED_SAMPLES || notes.failed.len() < decide::STOP_AT_FAILED as usize {
            notes.failed.push(failed);
        }
        drop(notes);
        if decide::is_stopped(taken, count) {
            return Err(NodeError::new(
                Code::Limit,
                format!(
                    "The run was stopped: {count} of {taken} records failed at {}. The last one: {sentence}",
                    self.program.nodes[node].id
                ),
            ));
        }
        Ok(())
    }

    /// Counts records that left a node at a port, keeps the first of them, and gives them to the end sink when no wire leads on.
    ///
    /// # Errors
    /// The receiver of end records is gone.
    pub fn note_emitted(&self, node: usize, port: usize, records: &[Record]) -> Result<(), NodeError> {
        let it = &self.program.nodes[node];
        if port != it.error_port() {
            self.node_counts[node].emitted.fetch_add(records.len() as u64, Ordering::Relaxed);
        }
        for target in &it.targets[port] {
            self.wire_counts[target.wire].fetch_add(records.len() as u64, Ordering::Relaxed);
        }
        let mut notes = self.notes();
        let sample = notes.samples.entry((node, port)).or_default();
        let room = SAMPLE_RECORDS.saturating_sub(sample.len());
        sample.extend(records.iter().take(room).cloned());
        drop(notes);
        // an unwired port of a step that goes on elsewhere (the rest of a filter) is no end: those records were left out
        if !it.is_followed() && port != it.error_port() {
            self.ends.take(node, port, records)?;
        }
        Ok(())
    }

    /// The idempotency key of a place: the same for every attempt and after every restart.
    pub fn key(&self, place: Place) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.id.as_bytes());
        hasher.update(b"\0");
        hasher.update(self.program.nodes[place.node].id.as_bytes());
        hasher.update(&place.batch.to_le_bytes());
        hasher.update(&place.index.to_le_bytes());
        let mut key = String::with_capacity(31);
        key.push_str("arna-");
        for byte in &hasher.finalize().as_bytes()[..26] {
            key.push(char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(byte & 31)]));
        }
        key
    }

    /// A number in 0..1 that is the same for the same run, place and attempt.
    pub fn dice(&self, place: Place, attempt: u32) -> f64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&(place.node as u64).to_le_bytes());
        hasher.update(&place.batch.to_le_bytes());
        hasher.update(&place.index.to_le_bytes());
        hasher.update(&attempt.to_le_bytes());
        let bytes: [u8; 4] = hasher.finalize().as_bytes()[..4].try_into().unwrap_or_default();
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }

    /// The report of the ended run.
    pub fn report(&self) -> Report {
        let notes = std::mem::take(&mut *self.notes());
        let load = |it: &AtomicU64| it.load(Ordering::Relaxed);
        let nodes: Vec<(u64, u64, u64)> = self
            .node_counts
            .iter()
            .map(|it| (load(&it.taken), load(&it.emitted), load(&it.failed)))
            .collect();
        let failed_count: u64 = nodes
            .iter()
            .zip(&self.program.nodes)
            .filter(|(_, node)| !node.handles_errors())
            .map(|((_, _, failed), _)| *failed)
            .sum();
        let parked_count = load(&self.parked);
        let state = match &notes.stop {
            Some((_, error)) if error.code == Code::Cancelled => EndState::Cancelled,
            Some(_) => EndState::Failed,
            None if self.cancel.is_cancelled() => EndState::Cancelled,
            None if failed_count + parked_count > 0 => EndState::Partial,
            None => EndState::Ok,
        };
        Report {
            state,
            stop: notes.stop,
            nodes,
            wires: self.wire_counts.iter().map(load).collect(),
            failed: notes.failed,
            failed_count,
            parked_count,
            samples: notes.samples,
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
