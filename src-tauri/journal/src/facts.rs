//! The larger facts that can be stored, and the words (states, outcomes) they use.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr as Text;

use crate::id::{EventId, LetterId, QuestionId, RunId};

/// BLAKE3 hash of a flow's canonical text.
pub type Hash = [u8; 32];

/// The place of one outcome: this names the same record (or chunk) after every restart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct At {
    /// The run.
    pub run: RunId,
    /// The node in the flow.
    pub node: Text,
    /// The batch, counted by its source from 0.
    pub batch: u64,
    /// The record within the batch; 0 for a node that works on whole chunks.
    pub index: u32,
}

/// Where a run stands. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum RunState {
    /// Accepted, and waits for its turn (order key, concurrency).
    Queued = 0,
    /// Works, or would at the next start.
    Running = 1,
    /// Costs a row only: waits for its time, a person, a parked record or a connection.
    Waiting = 2,
    /// Ended well.
    Ok = 10,
    /// Ended, with some records failed or parked.
    Partial = 11,
    /// Ended by a failure.
    Failed = 12,
    /// Ended by a person.
    Cancelled = 13,
    /// Set aside because the program crashed three times while it ran.
    Quarantined = 14,
    /// Never began: the flow's rule for events that come while others run left it out.
    Skipped = 15,
}

impl RunState {
    /// True once nothing more will happen in the run by itself.
    pub fn has_ended(self) -> bool {
        self as u8 >= 10
    }
}

/// How a record left a node. The numbers are stored; 0 is kept for an intent without result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Outcome {
    /// The effect happened; the payload is what it answered.
    Finished = 1,
    /// It failed for good; the payload says how, and the record takes the error port or the failed inbox.
    Failed = 2,
    /// It left the run and goes on later as a small run of its own.
    Parked = 3,
}

/// An event that must not be lost.
#[derive(Debug, Clone)]
pub struct Accept {
    /// Its id, from [`crate::Journal::fresh`].
    pub event: EventId,
    /// The run that the same list of changes starts, if it starts exactly one; a duplicate is answered with it.
    pub run: Option<RunId>,
    /// Who sent it: flow id and trigger node, as `orders/hook`.
    pub source: Text,
    /// The sender's key for this event; within one source it is stored once. None: every arrival is a new event.
    pub dedupe_key: Option<Text>,
    /// When it arrived, milliseconds since 1970 UTC.
    pub received_ms: i64,
    /// The encoded event.
    pub payload: Bytes,
}

/// A new run.
#[derive(Debug, Clone)]
pub struct StartRun {
    /// Its id, from [`crate::Journal::fresh`].
    pub run: RunId,
    /// The flow's id in the journal.
    pub flow: Text,
    /// The version it is pinned to for life.
    pub flow_hash: Hash,
    /// The trigger node it starts at.
    pub trigger: Text,
    /// The event that caused it, if any.
    pub event: Option<EventId>,
    /// Runs of one flow with equal keys go first in, first out.
    pub order_key: Option<Text>,
    /// The record of another run this one continues or answers (sub-flow, parked record, replay).
    pub parent: Option<At>,
    /// Seed of `random()` and `uuid()`.
    pub seed: u64,
    /// When it started, which is also its `now()`.
    pub started_ms: i64,
    /// Where it stands at first.
    pub state: RunState,
}

/// The end of a run.
#[derive(Debug, Clone)]
pub struct EndRun {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub state: RunState,
    /// When, milliseconds since 1970 UTC.
    pub ended_ms: i64,
    /// Counts per wire and step, as the caller encodes them.
    pub counts: Bytes,
    /// What the caller of the run gets, and gets again with the same dedupe key.
    pub answer: Option<Bytes>,
    /// Code and sentence of the failure, if it failed.
    pub error: Option<Failure>,
}

/// A failure in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable code for programs, as `http-status`.
    pub code: Text,
    /// A sentence for a person.
    pub message: String,
}

/// A record that waits for its next attempt outside memory.
#[derive(Debug, Clone)]
pub struct Park {
    /// Where it left its run.
    pub at: At,
    /// When it is due, milliseconds since 1970 UTC.
    pub due_ms: i64,
    /// Attempts made so far.
    pub attempt: u32,
    /// The connection it waits for, when that is why it waits.
    pub connection: Option<Text>,
    /// While it is parked nothing with this key may overtake it.
    pub order_key: Option<Text>,
    /// The frozen input of the step.
    pub payload: Bytes,
}

/// A record that failed for good and waits for a person.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Its id, from [`crate::Journal::fresh`].
    pub letter: LetterId,
    /// Where it failed.
    pub at: At,
    /// The flow's id.
    pub flow: Text,
    /// The version that failed.
    pub flow_hash: Hash,
    /// Why.
    pub error: Failure,
    /// Attempts made.
    pub attempts: u32,
    /// When it gave up, milliseconds since 1970 UTC.
    pub failed_ms: i64,
    /// The frozen inputs of the failing step.
    pub inputs: Bytes,
}

/// What became of a failed record. The numbers are stored; 0 is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Resolution {
    /// Tried again as it was.
    Retried = 1,
    /// Tried again with changed inputs; the original is kept.
    Edited = 2,
    /// Given up, with a reason.
    Discarded = 3,
}

/// An effect that may or may not have happened.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its id, from [`crate::Journal::fresh`].
    pub question: QuestionId,
    /// Which effect.
    pub at: At,
    /// The flow's id.
    pub flow: Text,
    /// The idempotency key that was sent.
    pub key: Text,
    /// When it was asked.
    pub asked_ms: i64,
    /// What is asked, as a sentence.
    pub sentence: String,
    /// What was sent, for the person to compare.
    pub payload: Bytes,
}

/// What a person said to a question. The numbers are stored; 0 is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Verdict {
    /// It was sent: go on as if it had finished.
    Sent = 1,
    /// It was not sent: send it.
    NotSent = 2,
    /// Nobody knows: fail the record.
    GiveUp = 3,
}

/// What happened at one due time of a schedule. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum DueOutcome {
    /// A run was started for it.
    Fired = 1,
    /// The policy says not to run it.
    Skipped = 2,
    /// The program was not running, or the computer slept, past the window.
    Missed = 3,
    /// A later due time's run stands for it too.
    Merged = 4,
}

/// One due time of a schedule and its one outcome.
#[derive(Debug, Clone)]
pub struct Due {
    /// Flow id and trigger node, as `nightly/clock`.
    pub schedule: Text,
    /// The due time, milliseconds since 1970 UTC.
    pub due_ms: i64,
    /// What happened.
    pub outcome: DueOutcome,
    /// The run that was started for it, or that stands for it.
    pub run: Option<RunId>,
    /// When this was decided.
    pub at_ms: i64,
}

/// A key seen by a flow that drops repeats.
#[derive(Debug, Clone)]
pub struct DedupeKey {
    /// Flow and node (and what else the node chose).
    pub scope: Text,
    /// The key.
    pub key: Text,
    /// The record that wrote it first. The same owner writing again is no repeat.
    pub owner: At,
    /// When it was seen.
    pub at_ms: i64,
}

/// One line of the audit trail; each line carries the hash of the one before.
#[derive(Debug, Clone)]
pub struct Audit {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Who did it.
    pub actor: Text,
    /// What was done, as `grant.give`.
    pub action: Text,
    /// To what.
    pub subject: Text,
    /// More, for a person; never a secret.
    pub detail: String,
}

/// A connection as stored; the secret is sealed by the vault before it comes here.
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// Its id.
    pub id: Text,
    /// Its kind, as `http`.
    pub kind: Text,
    /// Settings without secrets, as JSON text.
    pub config: String,
    /// The sealed secret.
    pub secret: Option<Bytes>,
    /// When it was changed.
    pub changed_ms: i64,
}

/// A right that a person gave to one node of one flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The flow's id.
    pub flow: Text,
    /// The node's id.
    pub node: Text,
    /// What it may reach, as `host:api.example.com:443`.
    pub resource: Text,
}
