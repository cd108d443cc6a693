//! Actions: one effect on the world, journaled before anything that follows from it.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cx::Cx;
use crate::error::NodeError;
use model::{Record, Value};

/// What may happen when an effect is repeated. The weakest of a flow is its badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It commits together with our own record of it.
    Engine,
    /// It only reads.
    Read,
    /// It commits together with a marker on the other side.
    Transactional,
    /// Repeating it with the same key changes nothing.
    Idempotent,
    /// Repeating it may do it twice: after a cut a person is asked.
    Ambiguous,
}

/// What one call of an action covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One record.
    Record,
    /// The records of one batch.
    Chunk,
    /// All records: open, write, commit. Nothing is visible before the commit.
    Stream,
}

/// One record for an action, with what makes its repetition safe.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The record.
    pub record: &'a Record,
    /// The idempotency key: the same for every attempt and after every restart.
    pub key: &'a str,
    /// Counts from 1. A call that was begun before goes on counting, also across a restart: see [`Call::is_repeat`].
    pub attempt: u32,
}

impl Call<'_> {
    /// Whether this effect may have been begun before: by an earlier attempt, or by a run that was cut off. Across a restart this is
    /// known of actions that say so in [`Action::notes_beginning`].
    pub fn is_repeat(&self) -> bool {
        self.attempt > 1
    }
}

/// A step with an effect. The engine puts the answer into one field of the record.
#[async_trait]
pub trait Action: Send + Sync {
    /// What one call covers.
    fn scope(&self) -> Scope {
        Scope::Record
    }

    /// What may happen when the effect is repeated.
    fn effect(&self) -> Effect;

    /// Whether the engine notes durably, before each call, that it is about to begin: then a call after a cut knows that it is a
    /// repetition. It costs a commit a call, so only steps that act differently on repetition ask for it.
    fn notes_beginning(&self) -> bool {
        self.effect() == Effect::Ambiguous
    }

    /// For a step that only lets time pass: how long a record waits, in milliseconds. The engine waits in its place, outside memory
    /// when it is long, and [`Action::run`] is not called.
    ///
    /// # Errors
    /// As [`Action::run`].
    fn pause_ms(&self, _call: Call<'_>, _cx: &dyn Cx) -> Result<Option<u64>, NodeError> {
        Ok(None)
    }

    /// How many calls may be in flight at once; results keep the order of the input.
    fn concurrency(&self) -> usize {
        8
    }

    /// Acts for one record. A step that works on a whole stream has [`Action::open`] instead.
    ///
    /// # Errors
    /// Why the record failed; the code decides about retries.
    async fn run(&self, _call: Call<'_>, _cx: &dyn Cx) -> Result<Value, NodeError> {
        Err(NodeError::new(crate::Code::Internal, "This step works on a whole stream."))
    }

    /// Acts for the records of one batch; one answer a record, in order.
    async fn run_chunk(&self, calls: &[Call<'_>], cx: &dyn Cx) -> Vec<Result<Value, NodeError>> {
        let mut answers = Vec::with_capacity(calls.len());
        for call in calls {
            answers.push(self.run(*call, cx).await);
        }
        answers
    }

    /// Opens a writer for a whole stream. `opening` is a record without fields, or the first one of the stream.
    ///
    /// # Errors
    /// When the target cannot be written.
    async fn open(&self, _opening: &Record, _cx: &dyn Cx) -> Result<Box<dyn Writing>, NodeError> {
        Err(NodeError::new(crate::Code::Internal, "This step does not write a stream."))
    }
}

/// A stream writer at work. Dropped without commit it leaves nothing behind.
#[async_trait]
pub trait Writing: Send {
    /// Writes records.
    ///
    /// # Errors
    /// What fails the whole stream.
    async fn write(&mut self, records: &[Record], cx: &dyn Cx) -> Result<(), NodeError>;

    /// Makes all visible at once; the answer says where and how much.
    ///
    /// # Errors
    /// Nothing became visible.
    async fn commit(self: Box<Self>, cx: &dyn Cx) -> Result<Value, NodeError>;
}
