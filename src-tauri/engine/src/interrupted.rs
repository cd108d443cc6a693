//! Runs while the journal cannot be written, on a full disk for one: they keep their places and their turns, and go on from what is
//! stored as soon as it can be written again.

use std::sync::Arc;
use std::time::Duration;

use sdk::{Code, NodeError};

use crate::begin::Stored;
use crate::durable::Journaled;
use crate::engine::{Ended, Inner};
use crate::room::Place;

/// So long is waited before the journal is tried again, at first; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Inner {
    /// A run at its end, at its place among the runs of its flow. None when it was interrupted for good and stays open.
    pub(crate) async fn in_place(
        self: &Arc<Inner>,
        stored: Stored,
        journaled: Arc<Journaled>,
        place: Place,
    ) -> Option<Ended> {
        let (live, run, depth) = (stored.live.clone(), stored.run, stored.depth);
        // whoever takes the end records as they come would get them twice
        let is_watched = stored.ends.is_some();
        let mut next = (stored, journaled, place);
        let mut pause = FIRST_PAUSE;
        loop {
            let (ended, error) = match self.through(next).await {
                Ok(ended) => return Some(ended),
                Err(interrupted) => interrupted,
            };
            tracing::error!(%run, %error, "the journal failed during a run; it stays open");
            if is_watched || error.code != Code::Unavailable {
                self.attached.forget(run);
                return ended.map(|it| Ended { error: it.error.or(Some((String::new(), error))), ..it });
            }
            let is_back = self.is_mended(&mut pause).await;
            let again =
                if is_back { self.insist(|| self.stored_again((&live, run, false))).await } else { None };
            // none: the engine stops, or nothing of the run was stored and the row it came from is still there
            let Some((mut stored, journaled)) = again.flatten() else {
                self.attached.forget(run);
                return None;
            };
            stored.depth = depth;
            next = (stored, journaled, live.room.stand().place().await);
        }
    }

    /// What an action on the journal gives once it passes; none when it never will.
    pub(crate) async fn insist<T, F: Future<Output = Result<T, NodeError>>>(
        &self,
        action: impl Fn() -> F,
    ) -> Option<T> {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match action().await {
                Ok(found) => return Some(found),
                Err(error) => error,
            };
            tracing::error!(%error, "the journal failed; what it holds stays open");
            if error.code != Code::Unavailable || !self.is_mended(&mut pause).await {
                return None;
            }
        }
    }

    /// Waits until the journal can be written; false when it never will be, for this engine stops.
    async fn is_mended(&self, pause: &mut Duration) -> bool {
        use journal::Code::{Closed, Fenced};
        loop {
            self.clock.sleep(*pause).await;
            *pause = (*pause * 2).min(LONGEST_PAUSE);
            let tried = match self.mend_journal().await {
                Ok(()) => self.journal.commit(Vec::new()).await.map(drop),
                Err(error) => Err(error),
            };
            match tried {
                Ok(()) => return true,
                Err(error) if matches!(error.code, Closed | Fenced) => return false,
                Err(_) => {}
            }
        }
    }

    /// Opens the journal again, if it has stopped.
    pub(crate) async fn mend_journal(&self) -> Result<(), journal::Error> {
        if self.journal.is_simulated() {
            return self.journal.mend();
        }
        let journal = self.journal.clone();
        match tokio::task::spawn_blocking(move || journal.mend()).await {
            Ok(mended) => mended,
            // the program ends
            Err(_) => Ok(()),
        }
    }
}
