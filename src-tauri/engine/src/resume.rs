//! After a start: open runs are brought to their end, from what was stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use journal::{Change, EndRun, OpenRun, RunId, RunState};
use model::codec;
use sdk::{Code, NodeError};

use crate::begin::Stored;
use crate::decide::EndState;
use crate::durable::{Journaled, WAITS, intended, storage};
use crate::engine::{Ended, Engine, Inner};
use crate::exec::{Outcome, Place};
use crate::kept::{decode_error, failure};
use crate::live::Live;
use crate::parked::entrance_named;
use crate::program::Program;
use crate::room::Row;

/// A run that was in flight at so many crashes is held back.
const POISON_AT: u32 = 3;
/// Runs are set to work again in portions, so that the first second does not call everybody at once.
const PORTION: usize = 64;
const PAUSE: Duration = Duration::from_millis(50);

impl Engine {
    /// Brings runs that were open to their end, in the order of their start. Returns when all were set to work.
    pub async fn resume(&self, open: Vec<OpenRun>) {
        // a run that rests goes on by its parked records
        let open = open.into_iter().filter(|it| it.state != RunState::Waiting);
        for (number, run) in open.enumerate() {
            if number > 0 && number % PORTION == 0 {
                self.0.clock.sleep(PAUSE).await;
            }
            let id = run.run;
            if let Err(error) = self.0.resume(run).await {
                tracing::error!(run = %id, %error, "an open run could not be resumed");
            }
        }
    }
}

impl Inner {
    async fn resume(self: &Arc<Inner>, open: OpenRun) -> Result<(), NodeError> {
        if open.boot_attempts >= POISON_AT {
            let error = NodeError::new(
                Code::Internal,
                "This run was at work at three crashes in a row, so it is held back. Look at its last step, then set it to work again.",
            );
            return self.close(&open, RunState::Quarantined, &error).await;
        }
        self.go_on(open, true).await
    }

    /// Sets a run that stands in the journal to work.
    pub(crate) async fn go_on(self: &Arc<Inner>, open: OpenRun, is_resumed: bool) -> Result<(), NodeError> {
        let live = match self.library.live(&open.flow, Some(&open.flow_hash)) {
            Ok(live) => live,
            Err(error) => return self.close(&open, RunState::Failed, &error).await,
        };
        let mut row = Row::new(open.run, &live, &self.me);
        row.is_resumed = is_resumed;
        self.line_up(row, &open);
        Ok(())
    }

    /// A run that stands in the journal, as it is set to work. None when it has ended meanwhile, or ends here because it cannot go on.
    pub(crate) async fn stored_again(
        self: &Arc<Inner>,
        (live, run, is_resumed): (&Arc<Live>, RunId, bool),
    ) -> Result<Option<(Stored, Arc<Journaled>)>, NodeError> {
        let open = self.journal.read(|it| it.resumable(run)).map_err(|e| storage(&e))?;
        let Some(open) = open.filter(|it| !it.state.has_ended()) else { return Ok(None) };
        let Some(entrance) = entrance_named(live, &open) else {
            let error =
                NodeError::new(Code::Damaged, format!("The stored version has no step {}.", open.trigger));
            return self.close(&open, RunState::Failed, &error).await.map(|()| None);
        };
        let (records, event) = match self.event_of(&open) {
            Ok(found) => found,
            Err(error) if error.code == Code::Damaged => {
                return self.close(&open, RunState::Quarantined, &error).await.map(|()| None);
            }
            Err(error) => return Err(error),
        };
        let mut stored = Stored::new(live.clone(), open.run, entrance, (open.started_ms, open.seed));
        stored.records = records;
        stored.event = Some(event);
        stored.remembered = self.remembered(&stored.live.program, open.run)?;
        stored.order_key = open.order_key;
        stored.keeps_answer = true;
        stored.is_resumed = is_resumed;
        stored.continues.clone_from(&open.parent);
        let journaled = self.journaled(&stored).ending(open.parent.map(|it| it.run)).resumed(is_resumed);
        // nobody waits here for the end of such a run; it is stored, and told to who attached itself
        Ok(Some((stored, Arc::new(journaled))))
    }

    /// Results of a run by their places.
    pub(crate) fn remembered(
        &self,
        program: &Program,
        run: journal::RunId,
    ) -> Result<HashMap<Place, Outcome>, NodeError> {
        let rows = self.journal.read(|it| it.results(run)).map_err(|e| storage(&e))?;
        let mut remembered = HashMap::with_capacity(rows.len());
        for row in rows {
            let Some(node) = program.node(&row.at.node) else { continue };
            let place = Place { node, batch: row.at.batch, index: row.at.index };
            let outcome = match row.outcome {
                None => intended(row.key.as_deref()),
                Some(journal::Outcome::Finished) => {
                    Outcome::Finished(codec::decode(&row.payload).map_err(|e| {
                        NodeError::new(
                            Code::Damaged,
                            format!("A stored result of {} cannot be read.", row.at.node),
                        )
                        .because(e)
                    })?)
                }
                Some(journal::Outcome::Failed) => Outcome::Failed(decode_error(&row.payload)),
                Some(journal::Outcome::Parked) if row.payload == WAITS => Outcome::Waits,
                Some(journal::Outcome::Parked) => Outcome::Parked,
            };
            remembered.insert(place, outcome);
        }
        Ok(remembered)
    }

    async fn close(
        self: &Arc<Inner>,
        open: &OpenRun,
        state: RunState,
        error: &NodeError,
    ) -> Result<(), NodeError> {
        let end = EndRun {
            run: open.run,
            state,
            ended_ms: self.clock.now_ms(),
            counts: bytes::Bytes::new(),
            answer: None,
            error: Some(failure(error)),
        };
        let at_ms = end.ended_ms;
        let mut changes = vec![Change::EndRun(end)];
        changes.extend(open.parent.as_ref().map(|it| Change::Settle { run: it.run, at_ms }));
        self.journal.commit(changes).await.map_err(|e| storage(&e))?;
        self.settled(open.run);
        // whoever is told of failures is told of this one too
        if let Ok(live) = self.library.live(&open.flow, Some(&open.flow_hash)) {
            let state = if state == RunState::Quarantined { EndState::Quarantined } else { EndState::Failed };
            let error = Some((open.trigger.to_string(), error.clone()));
            self.tell_end(&live, &Ended { error, ..Ended::of(open.run, state) });
        }
        Ok(())
    }
}
