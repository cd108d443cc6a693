//! An action at work: calls within limits, retries, results remembered in the order of the input.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use model::{Record, Shape, Value};
use sdk::{Action, Behaviour, Call, Code, Cx, Effect, NodeError, Scope, Writing};

use super::attempt::{Done, HOLD_MS, Known, Miss, cut_off};
use super::memory::{Kept, Outcome, Place};
use super::placed::Placed;
use super::report::{FailedRecord, error_record};
use super::run::Run;
use crate::clock::within;
use crate::decide::{self, Failure, Next};
use crate::limits::Gate;

/// The kind whose answer is the answer of the run.
pub(crate) const RESPOND: &str = "webhook.respond";

/// What left an action for one batch.
#[derive(Default)]
pub(crate) struct Acted {
    /// Records with the answer, in input order.
    pub(crate) out: Vec<Record>,
    /// Records for the error port.
    pub(crate) errors: Vec<Record>,
}

/// An action in one run.
pub(crate) struct Acting {
    pub(super) run: Arc<Run>,
    pub(super) node: usize,
    pub(super) action: Arc<dyn Action>,
    pub(super) cx: Arc<dyn Cx>,
    pub(super) gate: Arc<Gate>,
    pub(super) grown: Option<(Arc<Shape>, Arc<Shape>)>,
    // never contended: the lock only makes the writer shareable between awaits
    pub(super) writer: std::sync::Mutex<Option<Box<dyn Writing>>>,
}

impl Acting {
    /// The action of a node.
    pub(crate) fn open(run: &Arc<Run>, node: usize) -> Result<Acting, NodeError> {
        let Behaviour::Action(action) = &run.program.nodes[node].behaviour else {
            return Err(NodeError::new(Code::Internal, "A stage of an action holds another kind of step."));
        };
        Ok(Acting {
            node,
            action: action.clone(),
            cx: run.worlds.cx(run, node),
            gate: run.worlds.permit(run, node),
            run: run.clone(),
            grown: None,
            writer: std::sync::Mutex::default(),
        })
    }

    /// Acts for one batch.
    ///
    /// # Errors
    /// What ends the run: storage failed, the stop rule, cancelled. Failures of single records are not errors here.
    pub(crate) async fn take(&mut self, records: Vec<Record>) -> Result<Acted, NodeError> {
        self.run.check()?;
        let counts = &self.run.node_counts[self.node];
        counts.taken.fetch_add(records.len() as u64, Ordering::Relaxed);
        let batch = counts.batches.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let result = match self.action.scope() {
            Scope::Record => self.each(batch, records).await,
            Scope::Chunk => self.chunk(batch, records).await,
            Scope::Stream if self.run.is_late_for(self.node) => self.all_late(records),
            Scope::Stream => self.write(records).await.map(|()| Acted::default()),
        };
        self.run.node_counts[self.node].worked(began.elapsed());
        self.stopped(result)
    }

    /// All input has come. A stream writer commits and emits its one record.
    ///
    /// # Errors
    /// As [`Acting::take`].
    pub(crate) async fn finish(&mut self) -> Result<Acted, NodeError> {
        if self.action.scope() != Scope::Stream || self.run.is_late_for(self.node) {
            return Ok(Acted::default());
        }
        let began = Instant::now();
        let result = self.commit().await;
        self.run.node_counts[self.node].worked(began.elapsed());
        self.stopped(result)
    }

    fn all_late(&mut self, records: Vec<Record>) -> Result<Acted, NodeError> {
        let mut acted = Acted::default();
        for record in records {
            let outcome = Outcome::Failed(self.run.late(self.node));
            self.emit(record, outcome, &mut acted)?;
        }
        Ok(acted)
    }

    fn stopped(&self, result: Result<Acted, NodeError>) -> Result<Acted, NodeError> {
        if let Err(error) = &result {
            self.run.stop(self.node, error.clone());
        }
        result
    }

    pub(super) fn place(&self, batch: u64, index: usize) -> Place {
        Place { node: self.node, batch, index: index as u32 }
    }

    async fn each(&mut self, batch: u64, records: Vec<Record>) -> Result<Acted, NodeError> {
        // one record that nothing follows: its result rides on the commit that ends the run
        let is_late = records.len() == 1 && batch == 0 && !self.run.program.nodes[self.node].is_followed();
        let mut acted = Acted::default();
        let width = self.run.program.nodes[self.node].in_flight.unwrap_or(self.action.concurrency()).max(1);
        if records.len() == 1 || width == 1 {
            for (index, record) in records.into_iter().enumerate() {
                let outcome = self.one(self.place(batch, index), &record, is_late).await?;
                self.emit(record, outcome, &mut acted)?;
            }
            return Ok(acted);
        }
        let outcomes: Vec<Result<Outcome, NodeError>> = {
            let this = &*self;
            let records = &records;
            // the futures are made first: a closure over borrowed records inside a stream would not be general enough
            let calls: Vec<_> = (0..records.len())
                .map(|index| this.one(this.place(batch, index), &records[index], false))
                .collect();
            futures_util::stream::iter(calls).buffered(width).collect().await
        };
        for (record, outcome) in records.into_iter().zip(outcomes) {
            self.emit(record, outcome?, &mut acted)?;
        }
        Ok(acted)
    }

    async fn one(&self, place: Place, record: &Record, is_late: bool) -> Result<Outcome, NodeError> {
        let made = match self.known(place, record).await? {
            Known::Settled(outcome) => return Ok(outcome),
            Known::Open(made) => made,
        };
        let key = self.run.key(place);
        let cx = Placed::new(self.cx.as_ref(), self.run.seed_at(place));
        let mut attempt = 1;
        loop {
            self.run.check()?;
            let call = Call { record, key: &key, attempt: made + attempt };
            let miss = match self.attempt(call, &cx, place).await? {
                Ok(Done::Answer(answer)) => {
                    let outcome = Outcome::Finished(answer);
                    self.remember(vec![(place, outcome.clone())], is_late).await?;
                    return Ok(outcome);
                }
                Ok(Done::Wait(wait_ms)) => return self.wait(place, record, wait_ms).await,
                Err(miss) => miss,
            };
            match self.after(place, record, (miss, made, attempt), is_late).await? {
                Ok(outcome) => return Ok(outcome),
                Err(wait_ms) => self.cx.sleep(Duration::from_millis(wait_ms)).await?,
            }
            attempt += 1;
        }
    }

    /// What is remembered of a place, before anything is done there.
    pub(super) async fn known(&self, place: Place, record: &Record) -> Result<Known, NodeError> {
        let resent = self.run.resent(place);
        let (made, is_cut) = match (self.run.remembered.get(&place), resent) {
            (Some(Outcome::Intended), _) => (1, true),
            (Some(Outcome::Until(..)), _) | (None, None) => (0, false),
            (Some(known), _) => return Ok(Known::Settled(known.clone())),
            (None, Some(resent)) => {
                if let Some(answer) = &resent.answer {
                    let outcome = Outcome::Finished(answer.clone());
                    // also of a step that could be computed again: that it waited is known only here
                    self.run.durable.remember(&self.run, vec![(place, outcome.clone())]).await?;
                    return Ok(Known::Settled(outcome));
                }
                (resent.attempts + u32::from(resent.is_cut), resent.is_cut)
            }
        };
        if is_cut && self.action.effect() == Effect::Ambiguous {
            self.give_up(place, record, cut_off(), made).await?;
            return Ok(Known::Settled(Outcome::Parked));
        }
        Ok(Known::Open(made))
    }

    /// What becomes of a record after a failed attempt: its outcome, or how long to wait before the next.
    pub(super) async fn after(
        &self,
        place: Place,
        record: &Record,
        (miss, made, attempt): (Miss, u32, u32),
        is_late: bool,
    ) -> Result<Result<Outcome, u64>, NodeError> {
        let Miss { error, was_made } = miss;
        let it = &self.run.program.nodes[self.node];
        let resent = self.run.resent(place);
        let parked_ms = resent.map_or(0, |it| it.parked_ms);
        let parked_for = if parked_ms == 0 { 0 } else { self.cx.now_ms().saturating_sub(parked_ms) };
        // a record that a person sends again, or that only waited, begins anew
        let slow = resent.filter(|it| it.parked_ms != 0).map_or(0, |it| it.slow + 1);
        let failure = Failure {
            code: error.code,
            retry_after_ms: error.retry_after_ms,
            effect: self.action.effect(),
            attempt,
            slow,
            parked_for_ms: u64::try_from(parked_for).unwrap_or(0),
        };
        let mut next = decide::after_failure(&failure, &it.retry, self.run.dice(place, attempt));
        if !was_made && it.retry.is_slow_after && failure.parked_for_ms < decide::SLOW_LIMIT_MS {
            // the gate was shut: no attempt is spent
            next = Next::Park(error.retry_after_ms.unwrap_or(0).clamp(1_000, decide::RETRY_AFTER_CAP_MS));
        }
        let attempts = made + if was_made { attempt } else { attempt - 1 };
        Ok(match next {
            Next::Retry(wait_ms) => Err(wait_ms),
            Next::Park(wait_ms) if !it.feeds_whole_stream => {
                let slow = if was_made { slow } else { resent.map_or(0, |it| it.slow) };
                let kept = Kept { slow, ..self.kept(place, record, error, attempts) };
                self.run.durable.park(&self.run, kept, wait_ms).await?;
                Ok(Outcome::Parked)
            }
            Next::Ask => {
                self.give_up(place, record, error, attempts).await?;
                Ok(Outcome::Parked)
            }
            Next::Park(_) | Next::Fail => {
                if it.handles_errors() {
                    self.remember(vec![(place, Outcome::Failed(error.clone()))], is_late).await?;
                } else {
                    let kept = self.kept(place, record, error.clone(), attempts);
                    self.run.durable.give_up(&self.run, kept, false).await?;
                }
                Ok(Outcome::Failed(error))
            }
        })
    }

    /// Lets time pass for a record: short times in memory, long ones outside it.
    async fn wait(&self, place: Place, record: &Record, wait_ms: u64) -> Result<Outcome, NodeError> {
        let now = self.cx.now_ms();
        let after = |ms: u64| now.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
        let (due_ms, wait_ms) = match self.run.remembered.get(&place) {
            Some(Outcome::Until(due_ms, whole_ms)) => (*due_ms, *whole_ms),
            _ => (after(wait_ms), wait_ms),
        };
        let answer = Value::from(i64::try_from(wait_ms).unwrap_or(i64::MAX));
        let left_ms = u64::try_from(due_ms.saturating_sub(now)).unwrap_or(0);
        let is_short = left_ms <= HOLD_MS || !self.run.durable.waits_outside();
        if !is_short && !self.run.program.nodes[self.node].feeds_whole_stream {
            let error = NodeError::new(Code::Busy, "It waits for its time.");
            let kept = Kept { answer: Some(answer), ..self.kept(place, record, error, 0) };
            self.run.durable.park(&self.run, kept, left_ms).await?;
            return Ok(Outcome::Waits);
        }
        if !is_short && !self.run.remembered.contains_key(&place) {
            self.run.durable.note_wait(&self.run, place, (due_ms, wait_ms)).await?;
        }
        if left_ms > 0 {
            self.cx.sleep(Duration::from_millis(left_ms)).await?;
        }
        Ok(Outcome::Finished(answer))
    }

    /// One call. The outer error ends the run, the inner one is the record's.
    async fn attempt(
        &self,
        call: Call<'_>,
        cx: &Placed<'_>,
        place: Place,
    ) -> Result<Result<Done, Miss>, NodeError> {
        match self.action.pause_ms(call, cx) {
            Ok(None) => {}
            Ok(Some(wait_ms)) => return Ok(Ok(Done::Wait(wait_ms))),
            Err(error) => return Ok(Err(Miss { error, was_made: true })),
        }
        let permit = match self.gate.enter(self.cx.as_ref()).await {
            Ok(permit) => permit,
            Err(error) if error.code == Code::Cancelled => return Err(error),
            Err(error) => return Ok(Err(Miss { error, was_made: false })),
        };
        if self.action.notes_beginning() {
            let kept = || self.kept(place, call.record, cut_off(), call.attempt.saturating_sub(1));
            self.run.durable.intend(&self.run, place, &kept).await?;
        }
        let limit = Duration::from_millis(self.run.program.nodes[self.node].timeout_ms);
        let result = if self.action.effect() == Effect::Engine {
            self.action.run(call, cx).await
        } else {
            let clock = self.run.worlds.clock();
            match within(clock, limit, self.action.run(call, cx)).await {
                Some(result) => result,
                None => {
                    Err(NodeError::new(Code::Timeout, format!("No answer within {} s.", limit.as_secs_f64())))
                }
            }
        };
        permit.done(&result, self.cx.now_ms());
        match result {
            Ok(answer) => Ok(Ok(Done::Answer(answer))),
            Err(error) if error.code == Code::Cancelled => Err(error),
            Err(error) => Ok(Err(Miss { error, was_made: true })),
        }
    }

    pub(super) async fn remember(
        &self,
        results: Vec<(Place, Outcome)>,
        is_late: bool,
    ) -> Result<(), NodeError> {
        let is_recomputable = self.action.effect() == Effect::Engine
            && !self.run.durable.has_changes(self.node)
            && !self.run.program.nodes[self.node].kind.starts_with("flow.");
        if is_recomputable {
            return Ok(());
        }
        if is_late {
            self.run.remember_late(results);
            return Ok(());
        }
        self.run.durable.remember(&self.run, results).await
    }

    pub(super) fn kept(&self, place: Place, record: &Record, error: NodeError, attempts: u32) -> Kept {
        let resent = self.run.resent(place);
        Kept {
            place,
            port: 0,
            record: record.clone(),
            key: self.run.key(place),
            attempts,
            slow: resent.map_or(0, |it| it.slow),
            parked_ms: resent.map_or(0, |it| it.parked_ms),
            error,
            answer: None,
            is_cut: false,
        }
    }

    pub(super) async fn give_up(
        &self,
        place: Place,
        record: &Record,
        error: NodeError,
        attempts: u32,
    ) -> Result<(), NodeError> {
        self.run.durable.give_up(&self.run, self.kept(place, record, error, attempts), true).await
    }

    /// Puts a record where its outcome leads.
    pub(super) fn emit(
        &mut self,
        record: Record,
        outcome: Outcome,
        acted: &mut Acted,
    ) -> Result<(), NodeError> {
        let it = &self.run.program.nodes[self.node];
        match outcome {
            Outcome::Finished(answer) => {
                if it.kind == RESPOND {
                    self.run.answer(answer.clone());
                }
                let shape = match &self.grown {
                    Some((from, to)) if Arc::ptr_eq(from, record.shape()) => to.clone(),
                    _ => {
                        let to = record.shape().with(&it.answer_field);
                        self.grown = Some((record.shape().clone(), to.clone()));
                        to
                    }
                };
                acted.out.push(record.with_in(&shape, &it.answer_field, answer));
            }
            Outcome::Failed(error) => {
                if it.handles_errors() {
                    acted.errors.push(error_record(&record, &error, &it.id, it.retry.attempts));
                }
                self.run.note_failed(FailedRecord { node: self.node, port: 0, record, error })?;
            }
            Outcome::Waits => {
                self.run.parked.fetch_add(1, Ordering::Relaxed);
                self.run.node_counts[self.node].parked.fetch_add(1, Ordering::Relaxed);
                self.run.waiting.fetch_add(1, Ordering::Relaxed);
            }
            Outcome::Parked | Outcome::Intended | Outcome::Until(..) => {
                self.run.parked.fetch_add(1, Ordering::Relaxed);
                self.run.node_counts[self.node].parked.fetch_add(1, Ordering::Relaxed);
                if self.run.is_called {
                    self.run.waiting.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }
}
