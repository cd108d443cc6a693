//! Sources: a cursor over something large, streamed under back-pressure.

use async_trait::async_trait;

use crate::cx::Cx;
use crate::error::NodeError;
use formula::FieldSet;
use model::{Record, Value};

/// How a source comes by the same records again after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// It can be read again as it was (a file that has not changed).
    Replayable,
    /// Its pages are stored before they are used, and reading goes on from a place (web pages).
    Recorded,
    /// It cannot go on from a place (a plain query): it is read to its end and stored before anything follows.
    Sealed,
}

/// A step that reads. It opens one cursor for each record that comes in, in order.
#[async_trait]
pub trait Source: Send + Sync {
    /// How it comes by the same records again.
    fn replay(&self) -> Replay;

    /// Opens a cursor. `wanted` names the fields that anything downstream reads: others need not be built.
    ///
    /// # Errors
    /// When there is nothing to read from, with a sentence that says where it looked.
    async fn open(
        &self,
        opening: &Record,
        wanted: &FieldSet,
        cx: &dyn Cx,
    ) -> Result<Box<dyn Cursor>, NodeError>;
}

/// Up to a batch of records, and where reading goes on.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The records, at most a batch.
    pub records: Vec<Record>,
    /// Records of the source that could not be read, each with its place and reason.
    pub failed: Vec<(Record, NodeError)>,
    /// Where the next page begins; only recorded sources need it, to go on after a restart.
    pub next: Value,
}

/// A source at work.
#[async_trait]
pub trait Cursor: Send {
    /// The next page; none at the end.
    ///
    /// # Errors
    /// What ends the reading, with the place (file, line, page).
    async fn next(&mut self, cx: &dyn Cx) -> Result<Option<Page>, NodeError>;

    /// What a replayable source was when it was opened (size, time, hash): after a restart it must be the same.
    fn fingerprint(&self) -> Option<String> {
        None
    }

    /// Goes to where an earlier page said the next begins.
    ///
    /// # Errors
    /// The place is gone.
    async fn seek(&mut self, _next: &Value, _cx: &dyn Cx) -> Result<(), NodeError> {
        Err(NodeError::new(crate::Code::Internal, "This source cannot go on from a place."))
    }
}
