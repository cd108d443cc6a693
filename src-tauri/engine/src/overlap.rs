//! What becomes of an event that comes while earlier runs of its flow go on, where the flow has a rule for it.
//!
//! Every event is stored with its run, also one that is left out: its run ends at once as skipped, with the reason.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use journal::{Change, Committed, EndRun, OpenRun, RunId, RunState};
use model::Text;
use model::document::Overlap;
use sdk::{Code, NodeError};

use crate::begin::{Begun, Opening, Stored};
use crate::decide::EndState;
use crate::durable::storage;
use crate::ending::earlier_end;
use crate::engine::{Ended, Engine, Inner};

/// The code of a run that was left out.
const SKIPPED: &str = "skipped";
/// Open runs of a flow that are looked at when an event comes.
const MOST_LOOKED_AT: u32 = 10_000;

/// One door a flow: events come in one by one, so that each sees what became of the one before.
#[derive(Default)]
pub(crate) struct Doors(Mutex<HashMap<Text, Arc<tokio::sync::Mutex<()>>>>);

impl Doors {
    fn of(&self, flow: &Text) -> Arc<tokio::sync::Mutex<()>> {
        let mut doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        doors.entry(flow.clone()).or_default().clone()
    }
}

impl Inner {
    /// Stores an event and does with it, and with the earlier runs, what the flow's rule says.
    pub(crate) async fn begin_by_rule(
        self: Arc<Inner>,
        stored: Stored,
        opening: Opening,
    ) -> Result<Begun, NodeError> {
        let live = stored.live.clone();
        let door = self.doors.of(&live.id);
        let _inside = door.lock().await;
        let (flow, key) = (live.id.clone(), opening.run.order_key.clone());
        let (source, sent) = (opening.accept.source.clone(), opening.accept.dedupe_key.clone());
        let found = self.journal.read(|it| {
            let is_again = sent.is_some_and(|sent| it.has_event(&source, &sent).unwrap_or(false));
            Ok((is_again, it.open_of(&flow, key.as_deref(), MOST_LOOKED_AT)?))
        });
        let (is_again, open) = found.map_err(|e| storage(&e))?;
        if is_again {
            // what came before stands for it, whatever goes on now
            return self.store_then_run(stored, opening, Vec::new()).await;
        }
        if live.overlap == Overlap::Skip {
            let at_once = if key.is_some() { 1 } else { live.at_once };
            return match open.len() < at_once {
                true => self.store_then_run(stored, opening, Vec::new()).await,
                false => self.skip(stored, opening, open.len()).await,
            };
        }
        let is_replaced = live.overlap == Overlap::Replace;
        let waiting: Vec<RunId> = open.iter().filter(|it| self.is_left_out(it)).map(|it| it.run).collect();
        let now = self.clock.now_ms();
        let left_out = waiting.iter().map(|run| Change::EndRun(skipped(*run, now, NEWER))).collect();
        let begun = self.clone().store_then_run(stored, opening, left_out).await;
        if begun.is_err() {
            let mut called_off = self.called_off();
            waiting.iter().for_each(|run| drop(called_off.remove(run)));
        } else {
            waiting.iter().for_each(|run| self.settled(*run));
        }
        if begun.is_ok() && is_replaced {
            self.replace(open.iter().filter(|it| !waiting.contains(&it.run))).await?;
        }
        begun
    }

    /// Whether an open run waits for its turn; then it will not begin any more.
    fn is_left_out(&self, open: &OpenRun) -> bool {
        match open.state {
            // it stands behind a record that waits, and is a row only
            RunState::Queued if !self.called_up().contains(&open.run) => true,
            RunState::Queued | RunState::Running => self.call_off(open.run, ended(open.run, NEWER)),
            _ => false,
        }
    }

    /// Keeps a run from beginning. False when it is at work.
    pub(crate) fn call_off(&self, run: RunId, ended: Ended) -> bool {
        let active = self.active();
        let waits = !active.contains_key(&run.to_string());
        if waits {
            self.called_off().insert(run, ended);
        }
        waits
    }

    pub(crate) fn called_off(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Ended>> {
        self.called_off.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops runs that are at work, and those that rest.
    async fn replace(self: &Arc<Inner>, earlier: impl Iterator<Item = &OpenRun>) -> Result<(), NodeError> {
        for open in earlier {
            let at_work = self.active().get(&open.run.to_string()).map(|it| it.run.clone());
            match at_work {
                Some(run) => run.stop(0, NodeError::new(Code::Cancelled, NEWER)),
                None => drop(Engine(self.clone()).cancel_resting(open.run).await?),
            }
        }
        Ok(())
    }

    /// Stores an event whose run is left out.
    async fn skip(
        self: &Arc<Inner>,
        stored: Stored,
        opening: Opening,
        going_on: usize,
    ) -> Result<Begun, NodeError> {
        let sentence = match (&opening.run.order_key, going_on) {
            (Some(key), _) => format!("It came while a run with the order key {key} went on."),
            (None, 1) => "It came while another run of the flow went on.".to_owned(),
            (None, many) => format!("It came while {many} other runs of the flow went on."),
        };
        let end = skipped(stored.run, self.clock.now_ms(), &sentence);
        let changes = opening.changes(|start| Change::WholeRun(Box::new((start, end))));
        match self.journal.commit(changes).await.map_err(|e| storage(&e))? {
            Committed::Duplicate(earlier) => Ok(Begun::Ended(Box::new(earlier_end(&earlier)))),
            Committed::Stored => {
                let ended = ended(stored.run, &sentence);
                self.tell_end(&stored.live, &ended);
                Ok(Begun::Ended(Box::new(ended)))
            }
        }
    }
}

/// Why a run that waited never began.
const NEWER: &str = "A newer event took its place.";

fn ended(run: RunId, sentence: &str) -> Ended {
    let error = NodeError::new(Code::Cancelled, sentence);
    Ended { error: Some((String::new(), error)), ..Ended::of(run, EndState::Skipped) }
}

fn skipped(run: RunId, at_ms: i64, sentence: &str) -> EndRun {
    EndRun {
        run,
        state: RunState::Skipped,
        ended_ms: at_ms,
        counts: Bytes::new(),
        answer: None,
        error: Some(journal::Failure { code: Text::from(SKIPPED), message: sentence.to_owned() }),
    }
}
