//! What all stages of one run share.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use formula::Roots;
use model::{Record, Value};
use sdk::{Code, Cx, NodeError};

use super::cancel::Cancel;
use super::found_by::FoundBy;
use super::memory::{Durable, Outcome, Place, Resent};
use super::moments::Moments;
use super::report::FailedRecord;
use crate::decide;
use crate::program::Program;

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

/// Samples kept of each output port.
pub const SAMPLE_RECORDS: usize = 20;
/// Failing records kept for the history of a step.
const FAILED_SAMPLES: usize = 20;

#[derive(Default)]
pub(super) struct Notes {
    pub(super) samples: BTreeMap<(usize, usize), Vec<Record>>,
    pub(super) found_by: FoundBy,
    pub(super) moments: Moments,
    pub(super) failed: Vec<FailedRecord>,
    pub(super) stop: Option<(usize, NodeError)>,
    pub(super) late: Vec<(Place, Outcome)>,
    pub(super) answer: Option<Value>,
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
    /// Those of them that only wait for their time.
    pub waiting: AtomicU64,
    /// The data folder's own number, part of every idempotency key.
    pub installation: [u8; 16],
    /// The record that left an earlier run and with which this one begins: it enters this node.
    pub resent: Option<(usize, Resent)>,
    /// Whether a person may want to step through it afterwards.
    pub(crate) keeps_moments: bool,
    /// Keeps all its records, when a person watches it.
    pub(crate) keeper: Option<crate::watched::Keeper>,
    /// Whether another flow waits for its end: it rests while any of its records may still go on, so that the caller gets them all.
    pub is_called: bool,
    /// The node at which a record that had left an earlier run comes back: to what follows it comes late.
    pub continues_at: Option<usize>,
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
    /// Records that were parked.
    pub parked: AtomicU64,
    /// Time it worked, microseconds.
    pub busy_us: AtomicU64,
    /// Batches that came in: the number of the next.
    pub batches: AtomicU64,
}

impl NodeCounts {
    /// It worked so long.
    pub(super) fn worked(&self, time: Duration) {
        self.busy_us.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// What passed through a run, by the numbers of nodes and wires.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// What each node did.
    pub nodes: Vec<NodeCount>,
    /// Records on each wire.
    pub wires: Vec<u64>,
}

/// What a node did.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeCount {
    /// Records that came in.
    pub taken: u64,
    /// Records that left, over all ports but `error`.
    pub emitted: u64,
    /// Records that failed.
    pub failed: u64,
    /// Records that wait outside the run.
    pub parked: u64,
    /// Time it worked, microseconds: an action and a source with the waiting for what they call.
    pub busy_us: u64,
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
            waiting: AtomicU64::new(0),
            installation: [0; 16],
            resent: None,
            keeps_moments: false,
            keeper: None,
            is_called: false,
            continues_at: None,
            notes: Mutex::default(),
        }
    }

    pub(super) fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
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

    /// Whether records come to a node after the others of the run they belong to, and it takes all of them together. It is left alone
    /// then: a join would find nothing beside them, a file would be replaced by them. Where a person sends a record, it may come.
    pub(super) fn is_late_for(&self, node: usize) -> bool {
        self.continues_at.is_some_and(|it| it != node) && self.program.nodes[node].takes_all
    }

    /// Why a record that came late fails. A person may send it on alone, or another run takes it in.
    pub(super) fn late(&self, node: usize) -> NodeError {
        NodeError::new(
            Code::Refused,
            format!(
                "It came after the other records of its run, and {} takes them all together. Start the run again with all of them, or \
                 send this one again to let it go on alone.",
                self.program.nodes[node].id
            ),
        )
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
        if !self.program.search.is_empty() {
            notes.found_by.look(&self.program.search, (node, port), records);
        }
        if self.keeps_moments {
            notes.moments.pass(self.worlds.clock().now_ms(), || self.counts());
        }
        drop(notes);
        if let Some(keeper) = &self.keeper {
            keeper.take((node, port), records);
        }
        // an unwired port of a step that goes on elsewhere (the rest of a filter) is no end: those records were left out
        if !it.is_followed() && port != it.error_port() {
            self.ends.take(node, port, records)?;
        }
        Ok(())
    }

    /// What has passed so far.
    pub fn counts(&self) -> Counts {
        let load = |it: &AtomicU64| it.load(Ordering::Relaxed);
        Counts {
            nodes: self
                .node_counts
                .iter()
                .map(|it| NodeCount {
                    taken: load(&it.taken),
                    emitted: load(&it.emitted),
                    failed: load(&it.failed),
                    parked: load(&it.parked),
                    busy_us: load(&it.busy_us),
                })
                .collect(),
            wires: self.wire_counts.iter().map(load).collect(),
        }
    }

    /// Nothing more leaves any step.
    pub(crate) fn has_worked(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.finish();
        }
    }

    /// What is known of the record at this place from an earlier run.
    pub fn resent(&self, place: Place) -> Option<&Resent> {
        let (node, resent) = self.resent.as_ref()?;
        (place == Place { node: *node, batch: 0, index: 0 }).then_some(resent)
    }

    /// The idempotency key of a place: the same for every attempt and after every restart. The installation and the seed, which is
    /// drawn for each run, keep two copies of one data folder from ever sharing a key.
    pub fn key(&self, place: Place) -> String {
        if let Some(resent) = self.resent(place) {
            return resent.key.clone();
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.installation);
        hasher.update(&self.seed.to_le_bytes());
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

    /// The seed of chance at a place: the same at every attempt and after every restart, another at every other place.
    pub fn seed_at(&self, place: Place) -> u64 {
        match self.resent(place) {
            Some(resent) => resent.seed,
            None => seed_of(self.seed, (&self.program.nodes[place.node].id, place.batch, place.index)),
        }
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
}

/// The seed of chance at a place of a run with this seed.
pub(crate) fn seed_of(seed: u64, (node, batch, index): (&str, u64, u32)) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(node.as_bytes());
    hasher.update(&batch.to_le_bytes());
    hasher.update(&index.to_le_bytes());
    let bytes: [u8; 8] = hasher.finalize().as_bytes()[..8].try_into().unwrap_or_default();
    u64::from_le_bytes(bytes)
}
