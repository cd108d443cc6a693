//! After a start: open runs are brought to their end, from what was stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use journal::{Change, EndRun, OpenRun, RunState};
use model::codec;
use sdk::{Code, NodeError};

use crate::durable::{decode_error, failure, storage};
use crate::engine::{Engine, Inner, Stored};
use crate::exec::{Outcome, Place};
use crate::program::Program;

/// A run that was in flight at so many crashes is held back.
const POISON_AT: u32 = 3;
/// Runs are set to work again in portions, so that the first second does not call everybody at once.
const PORTION: usize = 64;
const PAUSE: Duration = Duration::from_millis(50);

impl Engine {
    /// Brings runs that were open to their end, in the order of their start. Returns when all were set to work.
    pub async fn resume(&self, open: Vec<OpenRun>) {
        for (number, run) in open.into_iter().enumerate() {
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
                "This run was at work at three crashes in a row, so it is held back. Look at its last step, then start it again.",
            );
            return self.close(&open, RunState::Quarantined, &error).await;
        }
        let live = match self.library.live(&open.flow, Some(&open.flow_hash)) {
            Ok(live) => live,
            Err(error) => return self.close(&open, RunState::Failed, &error).await,
        };
        let Some(trigger) = live.program.node(&open.trigger) else {
            let error =
                NodeError::new(Code::Damaged, format!("The stored version has no step {}.", open.trigger));
            return self.close(&open, RunState::Failed, &error).await;
        };
        let event = open.event;
        let found = self
            .journal
            .read(|it| event.map(|event| it.event(event)).transpose())
            .map_err(|e| storage(&e))?
            .flatten();
        let records = match found.as_ref().map(|it| codec::decode_records(&it.payload)) {
            Some(Ok(records)) => records,
            Some(Err(damaged)) => {
                let error =
                    NodeError::new(Code::Damaged, "The stored event cannot be read.").because(damaged);
                return self.close(&open, RunState::Quarantined, &error).await;
            }
            None => Vec::new(),
        };
        let remembered = self.remembered(&live.program, open.run)?;
        let stored = Stored {
            live,
            run: open.run,
            seed: open.seed,
            started_ms: open.started_ms,
            trigger,
            records,
            remembered,
            ends: None,
            order_key: open.order_key.map(|it| it.to_string()),
            depth: 0,
            keeps_answer: true,
            is_resumed: true,
        };
        // nobody waits for the end of a resumed run; it is stored
        drop(self.dispatch(stored));
        Ok(())
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
                None => Outcome::Intended,
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
                Some(journal::Outcome::Parked) => Outcome::Parked,
            };
            remembered.insert(place, outcome);
        }
        Ok(remembered)
    }

    async fn close(&self, open: &OpenRun, state: RunState, error: &NodeError) -> Result<(), NodeError> {
        let end = EndRun {
            run: open.run,
            state,
            ended_ms: self.clock.now_ms(),
            counts: bytes::Bytes::new(),
            answer: None,
            error: Some(failure(error)),
        };
        self.journal.commit(vec![Change::EndRun(end)]).await.map(drop).map_err(|e| storage(&e))
    }
}
