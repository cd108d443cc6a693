//! Runs at work: each in its turn among those with its order key, at its place among those of its flow, and as a row behind a record of
//! its key that waits.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use futures_util::future::BoxFuture;
use journal::{Change, OpenRun, RunId, RunState};
use model::Text;
use sdk::NodeError;
use tokio::sync::oneshot;

use crate::begin::Stored;
use crate::decide::EndState;
use crate::durable::{Journaled, storage};
use crate::engine::{AtWork, Ended, EngineEvent, Inner};
use crate::exec;
use crate::room::{Place, Row};

/// Queued runs of one key that are called up at once.
const CALLED_UP: u32 = 32;

impl Inner {
    /// Sets a stored run to work, in its turn.
    pub(crate) fn dispatch(
        self: &Arc<Inner>,
        stored: Stored,
        journaled: Arc<Journaled>,
    ) -> oneshot::Receiver<Ended> {
        let (sender, receiver) = oneshot::channel();
        let crowd = &stored.live.crowd;
        if stored.is_row && crowd.is_large(stored.is_large) {
            let row = Row::new(stored.run, &stored.live, &self.me);
            self.stand_in_line(row, stored.order_key.as_ref());
            return receiver;
        }
        let held = crowd.hold();
        let line = stored.order_key.as_ref().map(|key| self.lines.of(&stored.live.id, key));
        // stood in at once, before anything is awaited: lines keep the order of arrival
        let standing = line.as_ref().unwrap_or(&stored.live.room).stand();
        let inner = self.clone();
        tokio::spawn(async move {
            let first = standing.place().await;
            let ended = match stored.order_key.clone() {
                None => {
                    drop(held);
                    // boxed: a run that waits for its place, of which there may be many, takes little memory
                    Box::pin(inner.in_place(stored, journaled, first)).await
                }
                Some(key) => {
                    let (flow, is_continuing) = (stored.live.id.clone(), stored.continues.is_some());
                    let may_begin = || inner.may_begin(stored.run, (&flow, &key), is_continuing);
                    let ended = match inner.insist(may_begin).await {
                        Some(true) => {
                            let place = stored.live.room.stand().place().await;
                            drop(held);
                            Box::pin(inner.in_place(stored, journaled, place)).await
                        }
                        Some(false) => Some(Ended::of(stored.run, EndState::Waiting)),
                        None => None,
                    };
                    drop(first);
                    inner.call_up(&flow, &key).await;
                    ended
                }
            };
            if let Some(ended) = ended {
                // whoever waited may have gone
                let _told = sender.send(ended).is_ok();
            }
        });
        receiver
    }

    /// A run that stands in the journal takes its place in the line, by its id.
    pub(crate) fn line_up(self: &Arc<Inner>, row: Box<Row>, open: &OpenRun) {
        self.stand_in_line(row, open.order_key.as_ref());
    }

    fn stand_in_line(self: &Arc<Inner>, mut row: Box<Row>, key: Option<&Text>) {
        match key {
            Some(key) => {
                row.is_for_key = true;
                self.lines.of(&row.live.id, key).line_up(row);
            }
            None => {
                let room = row.live.room.clone();
                room.line_up(row);
            }
        }
    }

    /// A run that waited by its id has its place.
    pub(crate) async fn take_up(self: Arc<Inner>, mut row: Box<Row>, place: Place) {
        if row.is_for_key {
            row.is_for_key = false;
            self.key_is_free(row, place).await;
        } else {
            self.row_at_work(row, place).await;
        }
    }

    /// The first of a line: it goes on to the line of its flow, and keeps its key meanwhile.
    async fn key_is_free(self: &Arc<Inner>, mut row: Box<Row>, place: Place) {
        let (run, flow) = (row.run, row.live.id.clone());
        let read = async || self.journal.read(|it| it.resumable(run)).map_err(|e| storage(&e));
        let open = self.insist(read).await.flatten();
        let Some((open, key)) = open.and_then(|it| it.order_key.clone().map(|key| (it, key))) else { return };
        let may_begin = || self.may_begin(run, (&flow, &key), open.parent.is_some());
        if !open.state.has_ended() && self.insist(may_begin).await == Some(true) {
            row.key = Some(place);
            let room = row.live.room.clone();
            room.line_up(row);
        } else {
            self.called_off().remove(&run);
            drop(place);
            self.call_up(&flow, &key).await;
        }
    }

    async fn row_at_work(self: &Arc<Inner>, row: Box<Row>, place: Place) {
        let (run, live, is_resumed) = (row.run, row.live.clone(), row.is_resumed);
        let key_place = { row }.key.take();
        let again = self.insist(|| self.stored_again((&live, run, is_resumed))).await;
        let key = match again.flatten() {
            None => {
                self.called_off().remove(&run);
                match key_place.is_some() {
                    true => {
                        self.journal.read(|it| it.resumable(run)).ok().flatten().and_then(|it| it.order_key)
                    }
                    false => None,
                }
            }
            Some((stored, journaled)) => {
                let key = stored.order_key.clone();
                Box::pin(self.in_place(stored, journaled, place)).await;
                key
            }
        };
        drop(key_place);
        if let Some(key) = key {
            self.call_up(&live.id, &key).await;
        }
    }

    /// Works a run through to its end. An error is one of the journal: the run stays open there.
    pub(crate) async fn through(
        self: &Arc<Inner>,
        (stored, journaled, place): (Stored, Arc<Journaled>, Place),
    ) -> Result<Ended, (Option<Ended>, NodeError)> {
        let live = stored.live.clone();
        if stored.is_resumed
            && let Err(error) = self.journal.commit(vec![Change::Dispatch { run: stored.run }]).await
        {
            return Err((None, storage(&error)));
        }
        let continues = stored.continues.clone();
        let stored_before = journaled.is_started();
        let ((run, entrance, records), keep) = self.prepare(stored, Some(journaled.clone()));
        {
            // under one lock: a run is called off before it is at work, or not at all
            let mut active = self.active();
            if let Some(ended) = self.called_off().remove(&journaled.run) {
                return Ok(ended);
            }
            let began_ms = self.clock.now_ms();
            active.insert(run.id.clone(), AtWork { run: run.clone(), live: live.clone(), began_ms });
        }
        if continues.is_none() || stored_before {
            self.tell(EngineEvent::Started { flow: live.id.clone(), run: run.id.clone() });
        }
        exec::work(&run, entrance, records).await;
        // what is left is a commit, and a run does not count while it waits for one
        drop(place);
        let ended = self.end(&live, &run, &journaled, keep.as_deref()).await;
        self.active().remove(&run.id);
        ended.map_err(|(ended, error)| (Some(ended), error))
    }

    /// Whether a run with an order key, whose turn it is, may begin: while a record with its key waits, it waits as a row behind it.
    async fn may_begin(
        &self,
        run: RunId,
        (flow, key): (&Text, &Text),
        is_continuing: bool,
    ) -> Result<bool, NodeError> {
        self.called_up().remove(&run);
        // one that was called off ends where it would begin
        if is_continuing || self.called_off().contains_key(&run) {
            return Ok(true);
        }
        let held = self.journal.read(|it| {
            let first = it.queued(flow, key, 1)?.first().map(|it| it.run);
            Ok((it.is_key_parked(flow, key)?, first))
        });
        let state = match held.map_err(|e| storage(&e))? {
            (false, None) => return Ok(true),
            (false, Some(first)) if first >= run => RunState::Running,
            _ => RunState::Queued,
        };
        let change = vec![Change::SetState { run, state }];
        self.journal.commit(change).await.map_err(|e| storage(&e))?;
        Ok(state == RunState::Running)
    }

    /// Calls up the runs that wait for their turn behind a key, once nothing holds it back.
    pub(crate) fn call_up<'a>(self: &'a Arc<Inner>, flow: &'a Text, key: &'a Text) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let queued = self.journal.read(|it| {
                if it.is_key_parked(flow, key)? { Ok(Vec::new()) } else { it.queued(flow, key, CALLED_UP) }
            });
            for open in queued.unwrap_or_default() {
                let run = open.run;
                if !self.called_up().insert(run) {
                    continue;
                }
                if let Err(error) = self.go_on(open, false).await {
                    self.called_up().remove(&run);
                    tracing::error!(%run, %error, "a run that waited for its turn could not begin");
                }
            }
        })
    }

    pub(crate) fn called_up(&self) -> std::sync::MutexGuard<'_, HashSet<RunId>> {
        self.called_up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
