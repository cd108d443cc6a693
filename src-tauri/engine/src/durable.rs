//! The embedded journal as the place where runs are remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use journal::{At, Change, DeadLetter, Failure, Journal, LetterId, Park, Question, QuestionId, RunId};
use model::{Record, Text, Value, codec};
use sdk::{Code, NodeError};

use crate::clock::Clock;
use crate::exec::{Durable, Kept, Outcome, Place, Run};

/// One run in the journal.
pub(crate) struct Journaled {
    pub(crate) journal: Journal,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) run: RunId,
    pub(crate) flow: Text,
    pub(crate) flow_hash: journal::Hash,
    /// Of a record that continues on its own: the place it left.
    pub(crate) continues: Option<At>,
    changes: Mutex<HashMap<usize, Vec<Change>>>,
}

impl Journaled {
    pub(crate) fn new(
        journal: Journal,
        clock: Arc<dyn Clock>,
        run: RunId,
        flow: (Text, journal::Hash),
    ) -> Journaled {
        Journaled {
            journal,
            clock,
            run,
            flow: flow.0,
            flow_hash: flow.1,
            continues: None,
            changes: Mutex::default(),
        }
    }

    /// Changes of a node's own, to be committed with its next result.
    pub(crate) fn add_change(&self, node: usize, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).entry(node).or_default().push(change);
    }

    fn take_changes(&self, node: usize) -> Vec<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).remove(&node).unwrap_or_default()
    }

    pub(crate) fn at(&self, run: &Run, place: Place) -> At {
        At {
            run: self.run,
            node: run.program.nodes[place.node].id.clone(),
            batch: place.batch,
            index: place.index,
        }
    }

    /// The changes that store a result.
    pub(crate) fn result(&self, run: &Run, place: Place, outcome: &Outcome) -> Change {
        let (outcome, payload) = match outcome {
            Outcome::Finished(answer) => (journal::Outcome::Finished, codec::encode(answer)),
            Outcome::Failed(error) => (journal::Outcome::Failed, encode_error(error)),
            Outcome::Parked | Outcome::Intended => (journal::Outcome::Parked, Vec::new()),
        };
        Change::Result { at: self.at(run, place), outcome, payload: Bytes::from(payload) }
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), NodeError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.journal.commit(changes).await.map(drop).map_err(|e| storage(&e))
    }
}

/// The cause of failures of the journal itself: a run that met one is not ended but left open, to be resumed from what was stored.
const STORAGE: &str = "the journal";

/// A failure of the journal in words.
pub(crate) fn storage(error: &journal::Error) -> NodeError {
    NodeError::new(Code::Unavailable, error.to_string()).because(STORAGE)
}

/// Whether a failure is one of the journal itself.
pub(crate) fn is_storage(error: &NodeError) -> bool {
    error.cause.as_deref() == Some(STORAGE)
}

pub(crate) fn encode_error(error: &NodeError) -> Vec<u8> {
    serde_json::to_vec(error).unwrap_or_default()
}

pub(crate) fn decode_error(bytes: &[u8]) -> NodeError {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|e| NodeError::new(Code::Damaged, "A stored failure cannot be read.").because(e))
}

/// A record that left a run, as bytes.
pub(crate) fn encode_kept(kept: &Kept) -> Bytes {
    let text = |it: Vec<u8>| Value::from(String::from_utf8_lossy(&it).into_owned());
    let whole = Record::of([
        ("record", Value::Record(kept.record.clone())),
        ("key", Value::from(kept.key.as_str())),
        ("slow", Value::from(i64::from(kept.slow))),
        ("parked_ms", Value::from(kept.parked_ms)),
        ("error", text(encode_error(&kept.error))),
    ]);
    Bytes::from(codec::encode(&Value::Record(whole)))
}

/// What [`encode_kept`] wrote; place and attempts stand beside it in the row.
pub(crate) fn decode_kept(bytes: &[u8], place: Place, attempts: u32) -> Option<Kept> {
    let Ok(Value::Record(whole)) = codec::decode(bytes) else { return None };
    let number = |field: &str| {
        whole.get(field).and_then(Value::as_number).and_then(|it| it.to_i64()).unwrap_or_default()
    };
    Some(Kept {
        place,
        record: whole.get("record")?.as_record()?.clone(),
        key: whole.get("key")?.as_text()?.to_owned(),
        attempts,
        slow: u32::try_from(number("slow")).unwrap_or_default(),
        parked_ms: number("parked_ms"),
        error: decode_error(whole.get("error")?.as_text()?.as_bytes()),
    })
}

/// A failure as the journal keeps it.
pub(crate) fn failure(error: &NodeError) -> Failure {
    Failure { code: Text::from(error.code.name()), message: error.sentence.clone() }
}

#[async_trait]
impl Durable for Journaled {
    async fn intend(&self, run: &Run, place: Place, key: &str) -> Result<(), NodeError> {
        self.commit(vec![Change::Intent { at: self.at(run, place), key: Text::from(key) }]).await
    }

    async fn remember(&self, run: &Run, results: Vec<(Place, Outcome)>) -> Result<(), NodeError> {
        let mut changes = Vec::with_capacity(results.len());
        for (place, outcome) in &results {
            changes.append(&mut self.take_changes(place.node));
            changes.push(self.result(run, *place, outcome));
        }
        self.commit(changes).await
    }

    async fn park(&self, run: &Run, kept: Kept, after_ms: u64) -> Result<(), NodeError> {
        let now = self.clock.now_ms();
        let at = self.continues.clone().unwrap_or_else(|| self.at(run, kept.place));
        let mut kept = kept;
        if kept.parked_ms == 0 {
            kept.parked_ms = now;
        }
        let park = Park {
            at: at.clone(),
            due_ms: now.saturating_add(i64::try_from(after_ms).unwrap_or(i64::MAX)),
            attempt: kept.attempts,
            connection: run.program.nodes[kept.place.node].connection.as_deref().map(Text::from),
            order_key: None,
            payload: encode_kept(&kept),
        };
        let mut changes = vec![Change::Park(park)];
        if self.continues.is_none() {
            changes.push(self.result(run, kept.place, &Outcome::Parked));
        }
        self.commit(changes).await
    }

    async fn give_up(&self, run: &Run, kept: Kept, is_question: bool) -> Result<(), NodeError> {
        let at = self.continues.clone().unwrap_or_else(|| self.at(run, kept.place));
        let node = &run.program.nodes[kept.place.node];
        let now = self.clock.now_ms();
        let mut changes = Vec::new();
        let outcome = if is_question {
            changes.push(Change::Question(Question {
                question: self.journal.fresh::<QuestionId>(),
                at: at.clone(),
                flow: self.flow.clone(),
                key: Text::from(kept.key.as_str()),
                asked_ms: now,
                sentence: format!("{} of {} was cut off. Was it sent?", node.id, run.program.name),
                payload: encode_kept(&kept),
            }));
            Outcome::Parked
        } else {
            changes.push(Change::DeadLetter(DeadLetter {
                letter: self.journal.fresh::<LetterId>(),
                at: at.clone(),
                flow: self.flow.clone(),
                flow_hash: self.flow_hash,
                error: failure(&kept.error),
                attempts: kept.attempts,
                failed_ms: now,
                inputs: encode_kept(&kept),
            }));
            Outcome::Failed(kept.error.clone())
        };
        match &self.continues {
            Some(at) => changes.push(Change::Unpark { at: at.clone() }),
            None => changes.push(self.result(run, kept.place, &outcome)),
        }
        self.commit(changes).await
    }

    fn has_changes(&self, node: usize) -> bool {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&node)
    }
}

/// A run that promises nothing (a flow marked volatile, a rehearsal of a case): nothing is stored.
pub(crate) struct Volatile;

#[async_trait]
impl Durable for Volatile {
    async fn intend(&self, _: &Run, _: Place, _: &str) -> Result<(), NodeError> {
        Ok(())
    }

    async fn remember(&self, _: &Run, _: Vec<(Place, Outcome)>) -> Result<(), NodeError> {
        Ok(())
    }

    async fn park(&self, run: &Run, kept: Kept, _: u64) -> Result<(), NodeError> {
        run.note_failed(crate::exec::FailedRecord {
            node: kept.place.node,
            record: kept.record,
            error: kept.error,
        })
    }

    async fn give_up(&self, _: &Run, _: Kept, _: bool) -> Result<(), NodeError> {
        Ok(())
    }

    fn has_changes(&self, _: usize) -> bool {
        false
    }
}
