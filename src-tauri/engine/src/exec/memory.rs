//! What is remembered of a run, and where.

use async_trait::async_trait;
use model::{Record, Text, Value};
use sdk::NodeError;

use super::run::Run;

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
    /// It left the run to wait for its time.
    Waits,
    /// The call was about to be made; nobody knows whether it was.
    Intended,
    /// It waits in memory until a time, milliseconds since 1970 UTC, for the second number of milliseconds in all.
    Until(i64, u64),
}

/// What a record takes along when it leaves the run.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it was.
    pub place: Place,
    /// The input port by which it came there.
    pub port: usize,
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
    /// What the step answers once its time has come, when it only waits or a person said that it happened.
    pub answer: Option<Value>,
    /// A call that must not be repeated unasked was begun.
    pub is_cut: bool,
}

/// What is known of a record that left an earlier run and comes to its step again.
#[derive(Clone, Debug)]
pub struct Resent {
    /// Its idempotency key.
    pub key: String,
    /// Seeds chance at its step, the same at every attempt.
    pub seed: u64,
    /// Attempts made.
    pub attempts: u32,
    /// Slow attempts made; none when a person sent it again.
    pub slow: u32,
    /// When it was first parked, milliseconds since 1970 UTC; 0 when it was not.
    pub parked_ms: i64,
    /// What the step answers without a call.
    pub answer: Option<Value>,
    /// A call that must not be repeated unasked was begun.
    pub is_cut: bool,
}

/// Where a run is remembered. The embedded journal is one; a cluster's engine may be another.
#[async_trait]
pub trait Durable: Send + Sync {
    /// Remembers that a call is about to be made. Durable when it returns. `kept` makes what a record takes along, should the run
    /// end here.
    ///
    /// # Errors
    /// It is not known whether it was stored: the call must not be made.
    async fn intend(
        &self,
        run: &Run,
        place: Place,
        kept: &(dyn Fn() -> Kept + Sync),
    ) -> Result<(), NodeError>;

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

    /// Remembers that a record waits in memory, until when, so that a restart goes on with the same wait.
    ///
    /// # Errors
    /// As [`Durable::remember`].
    async fn note_wait(&self, _run: &Run, _place: Place, _until: (i64, u64)) -> Result<(), NodeError> {
        Ok(())
    }

    /// Whether records that wait for long leave memory; where nothing is kept they wait in it.
    fn waits_outside(&self) -> bool {
        false
    }

    /// Cursors that a source of the run moved so far: they count once the run has ended.
    fn marks(&self, _run: &Run, _node: usize) -> Vec<(Text, Value)> {
        Vec::new()
    }

    /// Cursors that a source had moved before the run was cut off.
    fn mark_again(&self, _run: &Run, _node: usize, _marks: Vec<(Text, Value)>) {}

    /// Whether a node left changes of its own (state, keys) that must commit together with its result.
    fn has_changes(&self, node: usize) -> bool;
}
