//! The journal: everything that must not be lost, in one SQLite database with one writer.
//!
//! [`Journal::commit`] stores a list of [`Change`]s whole or not at all, and returns once it is on the disk; lists of many callers share
//! one fsync. Reading goes through [`Journal::read`] on connections that cannot write. Payloads are bytes: what they mean is
//! the caller's. A data folder has one engine (an operating system lock), and an epoch in the database keeps a stale one from writing.

mod apply;
mod backup;
mod ballast;
mod change;
mod database;
mod error;
mod facts;
mod failpoint;
mod handle;
mod id;
mod lock;
mod open;
mod payload;
mod queries;
mod reader;
mod resume;
mod retention;
mod simulation;
mod stored;
mod transaction;
mod writer;

pub use backup::Backup;
pub use change::{Change, Committed, Earlier};
pub use error::{Code, Error};
pub use facts::{
    Accept, At, Audit, ConnectionRow, DeadLetter, DedupeKey, Due, DueOutcome, EndRun, Failure, Grant, Hash,
    Outcome, Park, Question, Resolution, RunState, StartRun, Verdict,
};
pub use handle::Journal;
pub use id::{EventId, Identity, LetterId, NotAnId, QuestionId, RunId};
pub use lock::holder;
pub use open::{Options, Recovered};
pub use payload::INLINE_LIMIT;
pub use queries::flows::{FlowRow, VersionRow};
pub use queries::people::{LetterFilter, LetterGroup, LetterRow, QuestionRow};
pub use queries::runs::{DueRow, LastRun, RunDetail, RunFilter, RunRow};
pub use queries::stats::Stats;
pub use reader::Reader;
pub use resume::{OpenRun, StoredEvent, StoredPark, StoredResult};
pub use retention::{Retention, Tidied};
pub use simulation::{Point, Simulation};
