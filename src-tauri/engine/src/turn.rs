//! Runs with order keys: each in its turn, and as rows behind a record of their key that waits.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use futures_util::future::BoxFuture;
use journal::{Change, RunId, RunState};
use model::Text;

use crate::begin::Stored;
use crate::decide::EndState;
use crate::durable::Journaled;
use crate::engine::{Ended, Inner};

/// Queued runs of one key that are called up at once.
const CALLED_UP: u32 = 32;

impl Inner {
    /// A run with an order key whose turn it is: while a record with its key waits, it waits as a row behind it.
    pub(crate) async fn in_turn(
        self: &Arc<Inner>,
        stored: Stored,
        journaled: Arc<Journaled>,
    ) -> Option<Ended> {
        let (flow, run) = (stored.live.id.clone(), stored.run);
        self.called_up().remove(&run);
        if stored.continues.is_none()
            && let Some(key) = stored.order_key.clone()
        {
            let held = self.journal.read(|it| {
                let first = it.queued(&flow, &key, 1)?.first().map(|it| it.run);
                Ok((it.is_key_parked(&flow, &key)?, first))
            });
            let state = match held {
                Ok((false, None)) => None,
                Ok((false, Some(first))) if first >= run => Some(RunState::Running),
                Ok(_) => Some(RunState::Queued),
                Err(error) => {
                    tracing::error!(%run, %error, "the journal failed; the run stays open");
                    return None;
                }
            };
            if let Some(state) = state
                && let Err(error) = self.journal.commit(vec![Change::SetState { run, state }]).await
            {
                tracing::error!(%run, %error, "the journal failed; the run stays open");
                return None;
            }
            if state == Some(RunState::Queued) {
                return Some(Ended::of(run, EndState::Waiting));
            }
        }
        self.at_work(stored, journaled).await
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

    fn called_up(&self) -> std::sync::MutexGuard<'_, HashSet<RunId>> {
        self.called_up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
