//! What can be written: each [`Change`] is one fact; a list of them is stored whole or not at all.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr as Text;

use crate::id::{EventId, LetterId, QuestionId, RunId, TimerId};

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
    /// Costs a row only: waits for a timer, a person, a parked record or a connection.
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

/// One fact to store. A list of changes is one transaction.
///
/// [`Change::Accept`] and [`Change::Due`] are gates: they may only stand before all other kinds in a list, and when one of
/// them is already stored the whole list is left out and answered with [`Committed::Duplicate`].
#[derive(Debug, Clone)]
pub enum Change {
    /// An event for the inbox (a gate).
    Accept(Accept),
    /// A due time and its outcome (a gate).
    Due(Due),
    /// Nothing at or before this time fires any more. Only moves forward.
    ScheduleMark {
        /// The schedule.
        schedule: Text,
        /// The due time up to which everything is decided.
        due_ms: i64,
    },
    /// A new run.
    StartRun(StartRun),
    /// A run that was computed before it was stored: start and end as one row.
    WholeRun(Box<(StartRun, EndRun)>),
    /// A run moves between queued, running and waiting.
    SetState {
        /// The run.
        run: RunId,
        /// The new state, not an ended one.
        state: RunState,
    },
    /// The run is about to be dispatched after a start of the program; counts one crash until it makes progress.
    Dispatch {
        /// The run.
        run: RunId,
    },
    /// The run made progress: its crashes are forgotten.
    Progress {
        /// The run.
        run: RunId,
    },
    /// The end of a run. Its results, marks, timers and parked records' places go; parked records stay.
    EndRun(EndRun),
    /// An ambiguous effect is about to be tried.
    Intent {
        /// Which effect.
        at: At,
        /// The idempotency key that will be sent.
        key: Text,
    },
    /// How a record left a node. A second result for one place must be equal to the first.
    Result {
        /// Which record.
        at: At,
        /// How it left.
        outcome: Outcome,
        /// What follows from it.
        payload: Bytes,
    },
    /// Everything downstream of the node has finished this batch and all before: their results go.
    Watermark {
        /// The run.
        run: RunId,
        /// The action.
        node: Text,
        /// The batch.
        batch: u64,
    },
    /// The whole output of a whole-stream operator is safe in a file.
    Seal {
        /// The run.
        run: RunId,
        /// The operator.
        node: Text,
        /// Names the file and how to read it, as the caller encodes it.
        payload: Bytes,
    },
    /// A durable timer.
    Timer {
        /// Its id, from [`crate::Journal::fresh`]; the same id again moves the timer.
        timer: TimerId,
        /// The run that waits.
        run: RunId,
        /// When it is due, milliseconds since 1970 UTC.
        due_ms: i64,
        /// What it is for.
        payload: Bytes,
    },
    /// The timer has fired or is not needed.
    CancelTimer {
        /// The timer.
        timer: TimerId,
    },
    /// A record waits outside memory; again for the same place moves it.
    Park(Park),
    /// The record no longer waits.
    Unpark {
        /// Where it had left its run.
        at: At,
    },
    /// A record failed for good.
    DeadLetter(DeadLetter),
    /// A person dealt with a failed record.
    Resolve {
        /// The failed record.
        letter: LetterId,
        /// What was done.
        resolution: Resolution,
        /// The run that tries it again.
        run: Option<RunId>,
        /// Why, or who.
        note: String,
        /// When.
        at_ms: i64,
    },
    /// "Was it sent?"
    Question(Question),
    /// A person's answer.
    Answer {
        /// The question.
        question: QuestionId,
        /// What was said.
        verdict: Verdict,
        /// By whom.
        by: Text,
        /// When.
        at_ms: i64,
    },
    /// Claims a key; when another record owns it the whole list fails with [`crate::Code::KeyTaken`].
    DedupeKey(DedupeKey),
    /// A cursor or counter that outlives runs; None removes it.
    State {
        /// Flow and node.
        scope: Text,
        /// Which value.
        key: Text,
        /// The value.
        value: Option<Bytes>,
    },
    /// A version of a flow; it becomes the newest.
    SaveFlow {
        /// The flow's id.
        flow: Text,
        /// Counted from 1 by the caller; a version once stored does not change.
        version: u32,
        /// Hash of what runs depend on.
        hash: Hash,
        /// The flow file's text.
        text: Bytes,
        /// When.
        at_ms: i64,
    },
    /// Whether the flow's triggers listen.
    ArmFlow {
        /// The flow's id.
        flow: Text,
        /// Listening or not.
        armed: bool,
    },
    /// The flow and its slots, grants and pins go; versions stay while a run needs them.
    RemoveFlow {
        /// The flow's id.
        flow: Text,
    },
    /// A slot of a flow is filled; None empties it.
    Slot {
        /// The flow's id.
        flow: Text,
        /// The slot's name.
        slot: Text,
        /// What fills it, as the caller encodes it.
        value: Option<String>,
    },
    /// A right is given.
    Grant(Grant, /** When. */ i64),
    /// A right is taken back.
    Revoke(Grant),
    /// A connection is stored or changed.
    Connection(ConnectionRow),
    /// A connection goes.
    RemoveConnection {
        /// Its id.
        id: Text,
    },
    /// A setting; None removes it.
    Setting {
        /// Its name.
        key: Text,
        /// Its value.
        value: Option<Bytes>,
    },
    /// A record pinned to a port for rehearsals; None unpins.
    Pin {
        /// The flow's id.
        flow: Text,
        /// The node.
        node: Text,
        /// The port.
        port: Text,
        /// The records, as the caller encodes them.
        records: Option<Bytes>,
    },
    /// Sample records of a step; again for the same place replaces it.
    Sample {
        /// The run.
        run: RunId,
        /// The node.
        node: Text,
        /// The port.
        port: Text,
        /// The records, redacted and bounded by the caller.
        records: Bytes,
    },
    /// A snapshot of the counts per wire while a run works; the first 200 of a run are kept.
    Counts {
        /// The run.
        run: RunId,
        /// When.
        at_ms: i64,
        /// The counts, as the caller encodes them.
        snapshot: Bytes,
    },
    /// A business value by which the run can be found.
    Index {
        /// The run.
        run: RunId,
        /// The field's name.
        field: Text,
        /// The value; cut at 200 characters.
        value: Text,
    },
    /// A line of the audit trail.
    Audit(Audit),
}

/// What became of a list of changes.
#[derive(Debug, Clone)]
pub enum Committed {
    /// Stored, and on the disk.
    Stored,
    /// A gate was stored before, so nothing of this list was.
    Duplicate(Earlier),
}

/// What an earlier list with the same gate had stored.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// The event, unless the gate was a due time.
    pub event: Option<EventId>,
    /// The run it started.
    pub run: Option<RunId>,
    /// Where that run stands.
    pub state: Option<RunState>,
    /// Its answer, once it has one.
    pub answer: Option<Bytes>,
}
