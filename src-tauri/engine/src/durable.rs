//! The embedded journal as the place where runs are remembered.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use journal::{At, Change, DeadLetter, Journal, LetterId, Park, Question, QuestionId, RunId};
use model::{Text, Value, codec};
use sdk::{Code, NodeError};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::exec::{Durable, Kept, Outcome, Place, Run};
use crate::kept::{encode_error, encode_kept, failure};

/// One run in the journal.
pub(crate) struct Journaled {
    pub(crate) journal: Journal,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) run: RunId,
    pub(crate) flow: Text,
    pub(crate) flow_hash: journal::Hash,
    order_key: Option<Text>,
    /// Somebody takes the end records as they come: then records that wait stay in memory.
    pub(crate) is_watched: bool,
    wake: Arc<Notify>,
    /// The run whose record goes on here.
    parent: Option<RunId>,
    /// That record, while nothing of this run was stored.
    continues: Option<Continues>,
    changes: Mutex<HashMap<usize, Vec<Change>>>,
    /// Cursors that sources moved: they count once the run has ended.
    marks: Mutex<BTreeMap<(Text, Text), Value>>,
    /// The run was open at a crash and has not got further since.
    is_suspect: AtomicBool,
}

/// A parked record that goes on.
struct Continues {
    /// The place it left.
    at: At,
    due_ms: i64,
    /// The node it comes to.
    node: usize,
    /// What begins the run in the journal, until it was stored.
    opening: Mutex<Option<Vec<Change>>>,
    /// It was put aside again before anything was stored: there is no run to end.
    has_left: AtomicBool,
}

impl Continues {
    fn opening(&self) -> std::sync::MutexGuard<'_, Option<Vec<Change>>> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journaled {
    pub(crate) fn new(
        journal: (Journal, Arc<Notify>),
        clock: Arc<dyn Clock>,
        run: RunId,
        flow: (Text, journal::Hash, Option<Text>),
    ) -> Journaled {
        Journaled {
            journal: journal.0,
            wake: journal.1,
            clock,
            run,
            flow: flow.0,
            flow_hash: flow.1,
            order_key: flow.2,
            is_watched: false,
            parent: None,
            continues: None,
            changes: Mutex::default(),
            marks: Mutex::default(),
            is_suspect: AtomicBool::new(false),
        }
    }

    /// The same for a run that was open when the engine stopped: how often that happened is forgotten as soon as it gets further.
    pub(crate) fn resumed(mut self, is_resumed: bool) -> Journaled {
        self.is_suspect = AtomicBool::new(is_resumed);
        self
    }

    /// The same for a run that goes on with the record parked at a place: it begins in the journal with its first result.
    pub(crate) fn continuing(mut self, from: (At, i64), (node, opening): (usize, Vec<Change>)) -> Journaled {
        self.parent = Some(from.0.run);
        self.continues = Some(Continues {
            at: from.0,
            due_ms: from.1,
            node,
            opening: Mutex::new(Some(opening)),
            has_left: AtomicBool::new(false),
        });
        self
    }

    /// Whether the run stands in the journal.
    pub(crate) fn is_started(&self) -> bool {
        self.continues.as_ref().is_none_or(|it| it.opening().is_none())
    }

    /// Whether the record was put aside again, so that there is no run to end.
    pub(crate) fn has_left(&self) -> bool {
        !self.is_started() && self.continues.as_ref().is_some_and(|it| it.has_left.load(Ordering::SeqCst))
    }

    /// What begins the run in the journal, when that was not stored yet.
    pub(crate) fn take_opening(&self) -> Vec<Change> {
        self.continues.as_ref().and_then(|it| it.opening().take()).unwrap_or_default()
    }

    /// The same for a run that had begun to go on with a record of another.
    pub(crate) fn ending(mut self, parent: Option<RunId>) -> Journaled {
        self.parent = parent;
        self
    }

    /// The run whose record goes on here.
    pub(crate) fn parent(&self) -> Option<RunId> {
        self.parent
    }

    /// The parked record, while the run stands at it and is not stored.
    fn entry(&self, place: Place) -> Option<&Continues> {
        let continues = self.continues.as_ref()?;
        let is_entry = place == Place { node: continues.node, batch: 0, index: 0 };
        (is_entry && continues.opening().is_some()).then_some(continues)
    }

    /// Changes of a node's own, to be committed with its next result.
    pub(crate) fn add_change(&self, node: usize, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).entry(node).or_default().push(change);
    }

    fn take_changes(&self, node: usize) -> Vec<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).remove(&node).unwrap_or_default()
    }

    /// Moves a cursor: it counts once the run has ended, so that a run that failed reads the same again.
    pub(crate) fn mark(&self, scope: Text, key: Text, value: Value) {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).insert((scope, key), value);
    }

    /// The cursors that were moved, as changes.
    pub(crate) fn marks(&self) -> Vec<Change> {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let change = |((scope, key), value): (&(Text, Text), &Value)| Change::State {
            scope: scope.clone(),
            key: key.clone(),
            value: Some(Bytes::from(codec::encode(value))),
        };
        marks.iter().map(change).collect()
    }

    /// Where a node keeps its state.
    pub(crate) fn scope(&self, run: &Run, node: usize) -> Text {
        Text::from(format!("{}/{}", self.flow, run.program.nodes[node].id))
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
            Outcome::Waits => (journal::Outcome::Parked, WAITS.to_vec()),
            Outcome::Parked | Outcome::Intended | Outcome::Until(..) => {
                (journal::Outcome::Parked, Vec::new())
            }
        };
        Change::Result { at: self.at(run, place), outcome, payload: Bytes::from(payload) }
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), NodeError> {
        let mut all = self.take_opening();
        all.extend(changes);
        self.commit_beside(all).await
    }

    /// Stores how records left a step: by that the run got further than before.
    async fn commit_further(&self, mut changes: Vec<Change>) -> Result<(), NodeError> {
        if self.is_suspect.swap(false, Ordering::Relaxed) {
            changes.push(Change::Progress { run: self.run });
        }
        self.commit(changes).await
    }

    /// Stores changes without beginning the run.
    async fn commit_beside(&self, changes: Vec<Change>) -> Result<(), NodeError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.journal.commit(changes).await.map(drop).map_err(|e| storage(&e))
    }

    fn parked(&self, run: &Run, kept: &Kept, (at, due_ms): (&At, i64)) -> Change {
        Change::Park(Park {
            at: at.clone(),
            due_ms,
            attempt: kept.attempts,
            connection: run.program.nodes[kept.place.node].connection.as_deref().map(Text::from),
            order_key: self.order_key.clone(),
            payload: encode_kept(kept),
        })
    }
}

/// The payload of a record that left its run only to wait.
pub(crate) const WAITS: &[u8] = b"waits";
/// Begins the key of an intent that is no call but a wait in memory: then come until when and how long.
const UNTIL: &str = "until:";
/// When a record falls due that waits for a person.
const NEVER_MS: i64 = i64::MAX;
/// Whoever looks for due records is woken for those that are due sooner than it looks anyway, milliseconds.
const SOON_MS: u64 = 6_000;

/// What an intent with this key says of its place.
pub(crate) fn intended(key: Option<&str>) -> Outcome {
    let until = key.and_then(|it| it.strip_prefix(UNTIL)).and_then(|it| it.split_once(':'));
    match until.map(|(due, whole)| (due.parse(), whole.parse())) {
        Some((Ok(due_ms), Ok(whole_ms))) => Outcome::Until(due_ms, whole_ms),
        _ => Outcome::Intended,
    }
}

/// The cause of failures of the journal itself: a run that met one is not ended but left open, to be resumed from what was stored.
const STORAGE: &str = "the journal";

/// A failure of the journal in words. It is [`Code::Unavailable`] when it passes by itself or is mended by a person, as a full disk is.
pub(crate) fn storage(error: &journal::Error) -> NodeError {
    use journal::Code::{Conflict, Damaged, Invalid, KeyTaken, Missing};
    let code = match error.code {
        Conflict | Damaged | Invalid | KeyTaken | Missing => Code::Internal,
        _ => Code::Unavailable,
    };
    NodeError::new(code, error.to_string()).because(STORAGE)
}

/// Whether a failure is one of the journal itself.
pub(crate) fn is_storage(error: &NodeError) -> bool {
    error.cause.as_deref() == Some(STORAGE)
}

#[async_trait]
impl Durable for Journaled {
    async fn intend(
        &self,
        run: &Run,
        place: Place,
        kept: &(dyn Fn() -> Kept + Sync),
    ) -> Result<(), NodeError> {
        if let Some(entry) = self.entry(place) {
            // the parked row is all there is of this run: it takes the note
            let kept = Kept { is_cut: true, ..kept() };
            return self.commit_beside(vec![self.parked(run, &kept, (&entry.at, entry.due_ms))]).await;
        }
        self.commit(vec![Change::Intent { at: self.at(run, place), key: Text::from(run.key(place)) }]).await
    }

    async fn remember(&self, run: &Run, results: Vec<(Place, Outcome)>) -> Result<(), NodeError> {
        let mut changes = Vec::with_capacity(results.len());
        for (place, outcome) in &results {
            changes.append(&mut self.take_changes(place.node));
            changes.push(self.result(run, *place, outcome));
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.commit_further(changes).await
    }

    async fn park(&self, run: &Run, kept: Kept, after_ms: u64) -> Result<(), NodeError> {
        let now = self.clock.now_ms();
        let due_ms = now.saturating_add(i64::try_from(after_ms).unwrap_or(i64::MAX));
        let mut kept = kept;
        let outcome = if kept.answer.is_some() { Outcome::Waits } else { Outcome::Parked };
        if kept.parked_ms == 0 && kept.answer.is_none() {
            kept.parked_ms = now;
        }
        if let Some(entry) = self.entry(kept.place) {
            entry.has_left.store(true, Ordering::SeqCst);
            self.commit_beside(vec![self.parked(run, &kept, (&entry.at, due_ms))]).await?;
        } else {
            let at = self.at(run, kept.place);
            let park = self.parked(run, &kept, (&at, due_ms));
            self.commit_further(vec![park, self.result(run, kept.place, &outcome)]).await?;
        }
        if after_ms < SOON_MS {
            self.wake.notify_one();
        }
        Ok(())
    }

    async fn give_up(&self, run: &Run, kept: Kept, is_question: bool) -> Result<(), NodeError> {
        let entry = self.entry(kept.place);
        let at = entry.map_or_else(|| self.at(run, kept.place), |it| it.at.clone());
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
            // it also waits as a row, so that nothing with its order key overtakes it
            changes.push(self.parked(run, &kept, (&at, NEVER_MS)));
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
        let Some(entry) = entry else {
            changes.push(self.result(run, kept.place, &outcome));
            return self.commit_further(changes).await;
        };
        entry.has_left.store(true, Ordering::SeqCst);
        if !is_question {
            changes.push(Change::Unpark { at: at.clone() });
            changes.push(Change::Settle { run: at.run, at_ms: now });
        }
        self.commit_beside(changes).await
    }

    async fn note_wait(&self, run: &Run, place: Place, until: (i64, u64)) -> Result<(), NodeError> {
        let key = Text::from(format!("{UNTIL}{}:{}", until.0, until.1));
        self.commit(vec![Change::Intent { at: self.at(run, place), key }]).await
    }

    fn waits_outside(&self) -> bool {
        !self.is_watched
    }

    fn marks(&self, run: &Run, node: usize) -> Vec<(Text, Value)> {
        let scope = self.scope(run, node);
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.iter().filter(|it| it.0.0 == scope).map(|it| (it.0.1.clone(), it.1.clone())).collect()
    }

    fn mark_again(&self, run: &Run, node: usize, marks: Vec<(Text, Value)>) {
        let scope = self.scope(run, node);
        for (key, value) in marks {
            self.mark(scope.clone(), key, value);
        }
    }

    fn has_changes(&self, node: usize) -> bool {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&node)
    }
}

/// A run that promises nothing (a flow marked volatile, a rehearsal of a case): nothing is stored.
pub(crate) struct Volatile;

#[async_trait]
impl Durable for Volatile {
    async fn intend(&self, _: &Run, _: Place, _: &(dyn Fn() -> Kept + Sync)) -> Result<(), NodeError> {
        Ok(())
    }

    async fn remember(&self, _: &Run, _: Vec<(Place, Outcome)>) -> Result<(), NodeError> {
        Ok(())
    }

    async fn park(&self, run: &Run, kept: Kept, _: u64) -> Result<(), NodeError> {
        run.note_failed(crate::exec::FailedRecord {
            node: kept.place.node,
            port: kept.port,
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
