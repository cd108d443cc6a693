//! Parked records: when their time comes each goes on from its step, as a small run of its own with the same idempotency key.
//!
//! Such a run is stored with its first result, in the commit that takes the parked row away; until then the row is what survives a
//! crash. A record that fails again moves its row and leaves no run behind.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use journal::{Accept, At, Change, EventId, OpenRun, RunState, StartRun, StoredPark};
use model::{Record, Text, codec};
use sdk::{Behaviour, Code, NodeError};

use crate::begin::Stored;
use crate::decide::EndState;
use crate::durable::{Journaled, is_storage, storage};
use crate::engine::{Ended, Engine, Inner};
use crate::exec::{Entrance, Kept, Place, Resent, seed_of};
use crate::kept::{decode_kept, failure};
use crate::live::Live;

/// Records that go on at once.
const PORTION: u32 = 64;
/// The clock may jump, so due records are looked for this often at the least.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// While due records are at work the journal is not asked more often than this.
const BUSY_PAUSE: Duration = Duration::from_millis(250);

impl Engine {
    /// Lets parked records go on as they fall due, for ever.
    pub async fn keep_parked(&self) {
        let wake = self.0.wake.clone();
        loop {
            let woken = wake.notified();
            if let Err(error) = self.0.continue_due() {
                tracing::error!(%error, "parked records could not be read");
            }
            tokio::select! {
                biased;
                () = woken => {}
                () = self.0.clock.sleep(self.0.until_next_parked()) => {}
            }
        }
    }

    /// The clock was set, or the machine woke up: what is due is looked for at once.
    pub fn look_now(&self) {
        self.0.wake.notify_one();
        self.0.clock_set.notify_waiters();
    }
}

impl Inner {
    fn until_next_parked(&self) -> Duration {
        if !self.going_on().is_empty() {
            return BUSY_PAUSE;
        }
        let due = self.journal.read(|it| it.next_due()).ok().flatten();
        let wait_ms = due.map_or(i64::MAX, |it| it.saturating_sub(self.clock.now_ms()));
        Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))
            .clamp(Duration::from_millis(50), LOOK_EVERY)
    }

    fn going_on(&self) -> std::sync::MutexGuard<'_, HashSet<At>> {
        self.going_on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn continue_due(self: &Arc<Inner>) -> Result<(), NodeError> {
        let now = self.clock.now_ms();
        let at_work = self.going_on().len();
        let room = PORTION.saturating_sub(u32::try_from(at_work).unwrap_or(PORTION));
        if room == 0 {
            return Ok(());
        }
        // those at work still stand in the journal, and come first
        let due = self.journal.read(|it| it.parked_due(now, 2 * PORTION)).map_err(|e| storage(&e))?;
        let mut taken = 0;
        for parked in due {
            if taken == room || !self.going_on().insert(parked.at.clone()) {
                continue;
            }
            taken += 1;
            let inner = self.clone();
            tokio::spawn(async move {
                let at = parked.at.clone();
                if let Err(error) = inner.continue_one(parked).await {
                    tracing::error!(run = %at.run, node = at.node.as_str(), %error, "a parked record could not go on");
                    // it is due already: without a pause it would be tried as often as the machine can
                    inner.clock.sleep(LOOK_EVERY).await;
                }
                inner.going_on().remove(&at);
                inner.wake.notify_one();
            });
        }
        Ok(())
    }

    async fn continue_one(self: &Arc<Inner>, parked: StoredPark) -> Result<(), NodeError> {
        let at = parked.at.clone();
        let origin = self.journal.read(|it| it.resumable(at.run)).map_err(|e| storage(&e))?;
        let Some(origin) = origin else {
            return self.journal.commit(vec![Change::Unpark { at }]).await.map(drop).map_err(|e| storage(&e));
        };
        let (stored, journaled) = match self.continuation(&parked, &origin) {
            Ok(ready) => ready,
            // the journal or a connection is not there for now
            Err(error) if error.code == Code::Unavailable => return Err(error),
            Err(error) => return self.to_inbox(&parked, &origin, &error).await,
        };
        // nobody tells of the end: the engine is stopping
        let ended = self.dispatch(stored, journaled.clone()).await.ok();
        if let Some((_, error)) = ended.and_then(|it| it.error).filter(|(_, error)| is_storage(error)) {
            return Err(error);
        }
        if journaled.has_left() {
            self.after_parked(&origin).await;
        }
        Ok(())
    }

    /// The run that a parked record goes on as.
    fn continuation(
        &self,
        parked: &StoredPark,
        origin: &OpenRun,
    ) -> Result<(Stored, Arc<Journaled>), NodeError> {
        let at = &parked.at;
        let live = self.library.live(&origin.flow, Some(&origin.flow_hash))?;
        let node = live.program.node(&at.node).ok_or_else(|| {
            NodeError::new(Code::Damaged, format!("The stored version has no step {}.", at.node))
        })?;
        let place = Place { node, batch: at.batch, index: at.index };
        let damaged = || NodeError::new(Code::Damaged, "The parked record cannot be read.");
        let kept = decode_kept(&parked.payload, place, parked.attempt).ok_or_else(damaged)?;
        let (entrance, trigger) = entrance_of(&live, (node, kept.port));
        let (run, now) = (self.journal.fresh(), self.clock.now_ms());
        let event_id = self.journal.fresh::<EventId>();
        let event = self.event_of(origin)?.1;
        let seed = self.seed(run);
        let mut stored = Stored::new(live.clone(), run, entrance, (now, seed));
        stored.records = vec![kept.record.clone()];
        stored.event = Some(event.clone());
        stored.order_key.clone_from(&origin.order_key);
        stored.keeps_answer = true;
        stored.continues = Some(at.clone());
        let at_seed = seed_of(origin.seed, (&at.node, at.batch, at.index));
        stored.resent = matches!(entrance, Entrance::Into(..)).then(|| (node, resent(&kept, at_seed)));
        let opening = vec![
            Change::Accept(Accept {
                event: event_id,
                run: Some(run),
                source: Text::from(format!("{}/{trigger}", live.id)),
                dedupe_key: None,
                received_ms: now,
                payload: Bytes::from(codec::encode_records(&[kept.record, event])),
            }),
            Change::StartRun(StartRun {
                run,
                flow: live.id.clone(),
                flow_hash: live.program.hash,
                trigger,
                event: Some(event_id),
                order_key: origin.order_key.clone(),
                parent: Some(at.clone()),
                seed,
                started_ms: now,
                state: RunState::Running,
            }),
            Change::Unpark { at: at.clone() },
        ];
        let journaled = self.journaled(&stored).continuing((at.clone(), parked.due_ms), (node, opening));
        Ok((stored, Arc::new(journaled)))
    }

    /// The records with which a run began, and what its formulas see as `event`.
    pub(crate) fn event_of(&self, run: &OpenRun) -> Result<(Vec<Record>, Record), NodeError> {
        let Some(event) = run.event else { return Ok((Vec::new(), Record::empty())) };
        let found = self.journal.read(|it| it.event(event)).map_err(|e| storage(&e))?;
        let payload = found.map(|it| it.payload).unwrap_or_default();
        if payload.is_empty() {
            return Ok((Vec::new(), Record::empty()));
        }
        let mut records = codec::decode_records(&payload)
            .map_err(|e| NodeError::new(Code::Damaged, "The stored event cannot be read.").because(e))?;
        // a run that goes on with a record keeps the event of the run it came from beside it
        let event = match run.parent {
            Some(_) => records.pop(),
            None => records.first().cloned(),
        };
        Ok((records, event.unwrap_or_else(Record::empty)))
    }

    /// A record that can never go on stands in the failed inbox, with what is known of it.
    async fn to_inbox(
        self: &Arc<Inner>,
        parked: &StoredPark,
        origin: &OpenRun,
        error: &NodeError,
    ) -> Result<(), NodeError> {
        let now = self.clock.now_ms();
        let letter = journal::DeadLetter {
            letter: self.journal.fresh(),
            at: parked.at.clone(),
            flow: origin.flow.clone(),
            flow_hash: origin.flow_hash,
            error: failure(error),
            attempts: parked.attempt,
            failed_ms: now,
            inputs: parked.payload.clone(),
        };
        let changes = vec![
            Change::DeadLetter(letter),
            Change::Unpark { at: parked.at.clone() },
            Change::Settle { run: parked.at.run, at_ms: now },
        ];
        self.journal.commit(changes).await.map_err(|e| storage(&e))?;
        self.after_parked(origin).await;
        Ok(())
    }

    /// A parked record of a run went on or was given up: the run may have ended by that, and those that rest because of it.
    pub(crate) async fn after_parked(self: &Arc<Inner>, origin: &OpenRun) {
        if let Some(key) = &origin.order_key {
            self.call_up(&origin.flow, key).await;
        }
        // it may have come to rest since it was looked at, and was then ended by this record: told twice is better than never
        let mut next = (!origin.state.has_ended()).then_some(origin.run);
        while let Some(run) = next {
            let found = self.journal.read(|it| Ok((it.resumable(run)?, it.run(run)?)));
            let Ok((Some(now), Some(detail))) = found else { return };
            if !now.state.has_ended() {
                return;
            }
            self.settled(run);
            let state = match now.state {
                RunState::Ok => Some(EndState::Ok),
                RunState::Partial => Some(EndState::Partial),
                // it did not end by its records, and told so itself
                _ => None,
            };
            let live = self.library.live(&now.flow, Some(&now.flow_hash));
            if let (Some(state), Ok(live)) = (state, live) {
                self.tell_end(&live, &Ended::of(detail.row.run, state));
            }
            next = now.parent.map(|it| it.run);
        }
    }
}

/// Where a record comes back into its flow: into its step by the port it had come to, or out of it when the step is a source, which takes no records.
fn entrance_of(live: &Live, (node, port): (usize, usize)) -> (Entrance, Text) {
    let it = &live.program.nodes[node];
    match &it.behaviour {
        Behaviour::Source(_) | Behaviour::Trigger(_) => {
            let port = it.outputs.first().map_or("out", String::as_str);
            (Entrance::Leaving(node, 0), Text::from(format!("{}.{port}", it.id)))
        }
        Behaviour::Transform(_) | Behaviour::Action(_) => {
            let named = it.inputs.get(port).filter(|_| port > 0);
            let trigger = named.map_or_else(|| it.id.clone(), |name| Text::from(format!("{}.{name}", it.id)));
            (Entrance::Into(node, port), trigger)
        }
    }
}

/// Where an open run begins: at its trigger, or where its record comes back into the flow.
pub(crate) fn entrance_named(live: &Live, open: &OpenRun) -> Option<Entrance> {
    let (id, port) = open.trigger.split_once('.').unwrap_or((&open.trigger, ""));
    let node = live.program.node(id)?;
    let port = live.program.nodes[node].inputs.iter().position(|it| it == port).unwrap_or(0);
    match open.parent {
        Some(_) => Some(entrance_of(live, (node, port)).0),
        None => Some(Entrance::Leaving(node, 0)),
    }
}

fn resent(kept: &Kept, seed: u64) -> Resent {
    Resent {
        key: kept.key.clone(),
        seed,
        attempts: kept.attempts,
        slow: kept.slow,
        parked_ms: kept.parked_ms,
        answer: kept.answer.clone(),
        is_cut: kept.is_cut,
    }
}
