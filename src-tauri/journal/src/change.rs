//! What can be written: each [`Change`] is one fact; a list of them is stored whole or not at all.

use bytes::Bytes;
use smol_str::SmolStr as Text;

use crate::facts::{
    Accept, At, Audit, ConnectionRow, DeadLetter, DedupeKey, Due, EndRun, Grant, Hash, Outcome, Park,
    Question, Resolution, RunState, StartRun, Verdict,
};
use crate::id::{EventId, LetterId, QuestionId, RunId};

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
    /// A due time that passed without a run of its own; one that has an outcome already keeps it. No gate: many may stand in a list.
    Passed(Due),
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
    /// A run moves between queued, running and waiting, or back there from quarantine.
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
    /// A run that was open at a crash got further than before: its crashes are forgotten.
    Progress {
        /// The run.
        run: RunId,
    },
    /// The end of a run. Its results go (unless it is quarantined); parked records stay.
    EndRun(EndRun),
    /// The run has done all it could and costs a row from here on: its parked records go on by themselves. It ends with the last of
    /// them, see [`Change::Settle`]; its results go.
    ///
    /// Of the end that is given, the counts, the answer and the time count.
    Rest(EndRun),
    /// Ends a resting run (and those that rest because of it) when nothing of it waits any more.
    Settle {
        /// The run.
        run: RunId,
        /// When.
        at_ms: i64,
    },
    /// An effect is about to be tried whose beginning must be known after a cut.
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
        /// The value; kept without its case, and cut at 200 characters.
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
