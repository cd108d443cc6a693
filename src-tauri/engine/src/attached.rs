//! Whoever waits for the end of a run that somebody else started, or that rests.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use journal::{RunDetail, RunId};
use sdk::NodeError;
use tokio::sync::oneshot;

use crate::durable::storage;
use crate::ending::earlier_end;
use crate::engine::{Ended, Inner};

/// Runs continue runs at most this deep.
const DEEPEST: usize = 64;

/// Who waits, by run.
#[derive(Default)]
pub(crate) struct Attached(Mutex<HashMap<RunId, Vec<oneshot::Sender<Ended>>>>);

impl Attached {
    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Vec<oneshot::Sender<Ended>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all who wait for a run how it ended.
    pub(crate) fn tell(&self, run: RunId, ended: &Ended) {
        for sender in self.waiting().remove(&run).into_iter().flatten() {
            // whoever waited may have gone
            let _told = sender.send(ended.clone()).is_ok();
        }
    }

    /// Lets all who wait for a run go without an answer.
    pub(crate) fn forget(&self, run: RunId) {
        self.waiting().remove(&run);
    }

    fn has(&self, run: RunId) -> bool {
        self.waiting().contains_key(&run)
    }
}

impl Inner {
    /// Resolves at the end of a run that is open, also when it rests for days.
    pub(crate) fn attach(&self, run: RunId) -> oneshot::Receiver<Ended> {
        let (sender, receiver) = oneshot::channel();
        self.attached.waiting().entry(run).or_default().push(sender);
        // it may have ended between the look that found it open and now
        self.settled(run);
        receiver
    }

    /// Tells those who wait for a run, when it has ended.
    pub(crate) fn settled(&self, run: RunId) {
        if !self.attached.has(run) {
            return;
        }
        match self.whole_end(run, 0) {
            Ok(Some(ended)) => self.attached.tell(run, &ended),
            Ok(None) => {}
            Err(error) => tracing::error!(%run, %error, "the end of a run could not be read"),
        }
    }

    /// The end of a run with what came of its records that went on by themselves; none while it is open.
    fn whole_end(&self, run: RunId, depth: usize) -> Result<Option<Ended>, NodeError> {
        let Some(detail) = self.journal.read(|it| it.run(run)).map_err(|e| storage(&e))? else {
            return Ok(None);
        };
        if !detail.row.state.has_ended() {
            return Ok(None);
        }
        let mut ended = stored_end(&detail);
        if depth < DEEPEST {
            for child in detail.children {
                let child = self.whole_end(child.run, depth + 1)?;
                ended.ends.extend(child.into_iter().flat_map(|it| it.ends));
            }
        }
        Ok(Some(ended))
    }
}

fn stored_end(detail: &RunDetail) -> Ended {
    let earlier = journal::Earlier {
        event: detail.row.event,
        run: Some(detail.row.run),
        state: Some(detail.row.state),
        answer: detail.answer.clone(),
    };
    let error =
        detail.row.error.as_ref().map(|it| {
            (detail.row.trigger.to_string(), NodeError::new(sdk::Code::Refused, it.message.clone()))
        });
    Ended { error, ..earlier_end(&earlier) }
}
