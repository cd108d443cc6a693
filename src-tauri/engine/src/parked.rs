//! Parked records: when their time comes each continues from its step, as a small run of its own with the same idempotency key.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use journal::{At, Change, RunState, StartRun, StoredPark};
use model::Record;
use sdk::{Behaviour, Call, Code, NodeError};

use crate::clock::within;
use crate::decide::{self, Failure, Next};
use crate::durable::{Journaled, decode_kept, storage};
use crate::engine::{Engine, Inner, Stored};
use crate::exec::{self, Durable, Kept, Place, Run};
use crate::live::Live;

/// Records continued at once.
const PORTION: u32 = 64;
/// The clock may jump, so due records are looked for this often at the least.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Continues parked records as they fall due, for ever.
    pub async fn keep_parked(&self) {
        loop {
            if let Err(error) = self.0.continue_due().await {
                tracing::error!(%error, "parked records could not be read");
            }
            self.0.clock.sleep(self.0.until_next_parked()).await;
        }
    }

    /// Sends a record again from the step where it failed, now. `record` replaces what came in when a person edited it.
    ///
    /// # Errors
    /// The step is gone, or the journal cannot be read.
    pub async fn send_again(&self, at: At, payload: &[u8], record: Option<Record>) -> Result<(), NodeError> {
        let parked = StoredPark {
            at,
            due_ms: self.0.clock.now_ms(),
            attempt: 0,
            connection: None,
            order_key: None,
            payload: Bytes::copy_from_slice(payload),
        };
        self.0.continue_one(parked, record).await
    }
}

impl Inner {
    fn until_next_parked(&self) -> Duration {
        let due = self.journal.read(|it| it.next_due()).ok().flatten();
        let wait_ms = due.map_or(i64::MAX, |it| it - self.clock.now_ms());
        Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))
            .clamp(Duration::from_millis(50), LOOK_EVERY)
    }

    async fn continue_due(self: &Arc<Inner>) -> Result<(), NodeError> {
        let now = self.clock.now_ms();
        let due = self.journal.read(|it| it.parked_due(now, PORTION)).map_err(|e| storage(&e))?;
        let works = due.into_iter().map(|parked| {
            let inner = self.clone();
            async move {
                let at = parked.at.clone();
                if let Err(error) = inner.continue_one(parked, None).await {
                    tracing::error!(run = %at.run, node = at.node.as_str(), %error, "a parked record could not continue");
                }
            }
        });
        futures_util::future::join_all(works).await;
        Ok(())
    }

    async fn continue_one(
        self: &Arc<Inner>,
        parked: StoredPark,
        edited: Option<Record>,
    ) -> Result<(), NodeError> {
        let at = parked.at.clone();
        let origin = self.journal.read(|it| it.resumable(at.run)).map_err(|e| storage(&e))?;
        let Some(origin) = origin else {
            return self.journal.commit(vec![Change::Unpark { at }]).await.map(drop).map_err(|e| storage(&e));
        };
        let live = self.library.live(&origin.flow, Some(&origin.flow_hash))?;
        let node = live.program.node(&at.node);
        let node = node.ok_or_else(|| {
            NodeError::new(Code::Damaged, format!("The stored version has no step {}.", at.node))
        })?;
        let place = Place { node, batch: at.batch, index: at.index };
        let damaged = || NodeError::new(Code::Damaged, "The parked record cannot be read.");
        let mut kept = decode_kept(&parked.payload, place, parked.attempt).ok_or_else(damaged)?;
        if let Some(record) = edited {
            kept.record = record;
        }
        let run_id = self.journal.fresh();
        let mut journaled = Journaled::new(
            self.journal.clone(),
            self.clock.clone(),
            run_id,
            (live.id.clone(), live.program.hash),
        );
        journaled.continues = Some(at.clone());
        let journaled = Arc::new(journaled);
        let stored = Stored {
            live: live.clone(),
            run: run_id,
            seed: origin.seed,
            started_ms: origin.started_ms,
            trigger: node,
            records: Vec::new(),
            remembered: HashMap::new(),
            ends: None,
            order_key: None,
            depth: 0,
            keeps_answer: false,
            is_resumed: false,
        };
        let start = StartRun {
            run: run_id,
            flow: live.id.clone(),
            flow_hash: live.program.hash,
            trigger: at.node.clone(),
            event: None,
            order_key: None,
            parent: Some(at.clone()),
            seed: origin.seed,
            started_ms: self.clock.now_ms(),
            state: RunState::Running,
        };
        let ((run, _, _), _) = self.prepare(stored, Some(journaled.clone()));
        match self.attempt(&run, &kept).await {
            Ok(answer) => {
                // a behaviour without effect (a filter that failed on a formula) has no answer: its record passes as it came
                let record = match answer {
                    Some(answer) => kept.record.with(&live.program.nodes[node].answer_field, answer),
                    None => kept.record.clone(),
                };
                self.journal
                    .commit(vec![Change::StartRun(start), Change::Unpark { at }])
                    .await
                    .map_err(|e| storage(&e))?;
                self.finish(&live, &run, (&journaled, node, record)).await;
                Ok(())
            }
            Err(error) if error.code == Code::Cancelled => Err(error),
            Err(error) => self.fail_again(&run, &journaled, kept, error).await,
        }
    }

    /// One attempt of the step's call.
    async fn attempt(&self, run: &Arc<Run>, kept: &Kept) -> Result<Option<sdk::Value>, NodeError> {
        let node = kept.place.node;
        let Behaviour::Action(action) = &run.program.nodes[node].behaviour else { return Ok(None) };
        let cx = run.worlds.cx(run, node);
        let permit = run.worlds.permit(run, node).enter(cx.as_ref()).await?;
        let limit = Duration::from_millis(run.program.nodes[node].timeout_ms);
        let call = Call { record: &kept.record, key: &kept.key, attempt: kept.attempts + 1 };
        let result = match action.scope() {
            sdk::Scope::Chunk => {
                let mut answers = action.run_chunk(&[call], cx.as_ref()).await;
                answers
                    .pop()
                    .unwrap_or_else(|| Err(NodeError::new(Code::Internal, "The step gave no answer.")))
            }
            sdk::Scope::Record | sdk::Scope::Stream => {
                let timed = within(self.clock.as_ref(), limit, action.run(call, cx.as_ref())).await;
                timed.unwrap_or_else(|| {
                    Err(NodeError::new(Code::Timeout, format!("No answer within {} s.", limit.as_secs_f64())))
                })
            }
        };
        permit.done(&result, cx.now_ms());
        result.map(Some)
    }

    async fn fail_again(
        &self,
        run: &Arc<Run>,
        journaled: &Arc<Journaled>,
        mut kept: Kept,
        error: NodeError,
    ) -> Result<(), NodeError> {
        let node = &run.program.nodes[kept.place.node];
        let effect = match &node.behaviour {
            Behaviour::Action(action) => action.effect(),
            Behaviour::Source(_) | Behaviour::Transform(_) | Behaviour::Trigger(_) => sdk::Effect::Read,
        };
        kept.slow += 1;
        kept.attempts += 1;
        let parked_for = self.clock.now_ms() - kept.parked_ms;
        let failure = Failure {
            code: error.code,
            retry_after_ms: error.retry_after_ms,
            effect,
            attempt: kept.attempts,
            slow: kept.slow,
            parked_for_ms: if kept.parked_ms == 0 { 0 } else { u64::try_from(parked_for).unwrap_or(0) },
        };
        kept.error = error;
        match decide::after_failure(&failure, &node.retry, run.dice(kept.place, kept.attempts)) {
            Next::Retry(wait_ms) | Next::Park(wait_ms) => journaled.park(run, kept, wait_ms).await,
            Next::Ask => journaled.give_up(run, kept, true).await,
            Next::Fail => journaled.give_up(run, kept, false).await,
        }
    }

    /// What follows from the step, with its own results and its own end.
    async fn finish(&self, live: &Arc<Live>, run: &Arc<Run>, what: (&Arc<Journaled>, usize, Record)) {
        let (journaled, node, record) = what;
        exec::inline::run(run, (node, 0), vec![record]).await;
        self.end(live, run, journaled, None).await;
    }
}
