//! An action at work: calls within limits, retries, results remembered in the order of the input.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use model::{Record, Shape, Value};
use sdk::{Action, Behaviour, Call, Code, Cx, Effect, NodeError, Scope, Writing};

use super::run::{FailedRecord, Kept, Outcome, Place, Run, error_record};
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
    run: Arc<Run>,
    node: usize,
    action: Arc<dyn Action>,
    cx: Arc<dyn Cx>,
    gate: Arc<Gate>,
    grown: Option<(Arc<Shape>, Arc<Shape>)>,
    // never contended: the lock only makes the writer shareable between awaits
    writer: std::sync::Mutex<Option<Box<dyn Writing>>>,
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
        let result = match self.action.scope() {
            Scope::Record => self.each(batch, records).await,
            Scope::Chunk => self.chunk(batch, records).await,
            Scope::Stream => self.write(records).await.map(|()| Acted::default()),
        };
        self.stopped(result)
    }

    /// All input has come. A stream writer commits and emits its one record.
    ///
    /// # Errors
    /// As [`Acting::take`].
    pub(crate) async fn finish(&mut self) -> Result<Acted, NodeError> {
        if self.action.scope() != Scope::Stream {
            return Ok(Acted::default());
        }
        let result = self.commit().await;
        self.stopped(result)
    }

    fn stopped(&self, result: Result<Acted, NodeError>) -> Result<Acted, NodeError> {
        if let Err(error) = &result {
            self.run.stop(self.node, error.clone());
        }
        result
    }

    fn place(&self, batch: u64, index: usize) -> Place {
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
        match self.run.remembered.get(&place) {
            Some(Outcome::Intended) => {
                let error =
                    NodeError::new(Code::Ambiguous, "The engine stopped during this call. Was it sent?");
                self.give_up(place, record, error, 1).await?;
                return Ok(Outcome::Parked);
            }
            Some(known) => return Ok(known.clone()),
            None => {}
        }
        let key = self.run.key(place);
        let mut attempt = 1;
        loop {
            self.run.check()?;
            let error = match self.attempt(record, &key, place, attempt).await? {
                Ok(answer) => {
                    let outcome = Outcome::Finished(answer);
                    self.remember(vec![(place, outcome.clone())], is_late).await?;
                    return Ok(outcome);
                }
                Err(error) => error,
            };
            let it = &self.run.program.nodes[self.node];
            let failure = Failure {
                code: error.code,
                retry_after_ms: error.retry_after_ms,
                effect: self.action.effect(),
                attempt,
                slow: 0,
                parked_for_ms: 0,
            };
            let next = match decide::after_failure(&failure, &it.retry, self.run.dice(place, attempt)) {
                Next::Park(_) if it.feeds_whole_stream => Next::Fail,
                next => next,
            };
            match next {
                Next::Retry(wait_ms) => {
                    self.cx.sleep(Duration::from_millis(wait_ms)).await?;
                    attempt += 1;
                }
                Next::Park(wait_ms) => {
                    let kept = self.kept(place, record, error, attempt);
                    self.run.durable.park(&self.run, kept, wait_ms).await?;
                    return Ok(Outcome::Parked);
                }
                Next::Ask => {
                    self.give_up(place, record, error, attempt).await?;
                    return Ok(Outcome::Parked);
                }
                Next::Fail => {
                    if it.handles_errors() {
                        self.remember(vec![(place, Outcome::Failed(error.clone()))], is_late).await?;
                    } else {
                        let kept = self.kept(place, record, error.clone(), attempt);
                        self.run.durable.give_up(&self.run, kept, false).await?;
                    }
                    return Ok(Outcome::Failed(error));
                }
            }
        }
    }

    /// One call. The outer error ends the run, the inner one is the record's.
    async fn attempt(
        &self,
        record: &Record,
        key: &str,
        place: Place,
        attempt: u32,
    ) -> Result<Result<Value, NodeError>, NodeError> {
        let permit = match self.gate.enter(self.cx.as_ref()).await {
            Ok(permit) => permit,
            Err(error) if error.code == Code::Cancelled => return Err(error),
            Err(error) => return Ok(Err(error)),
        };
        if self.action.effect() == Effect::Ambiguous {
            self.run.durable.intend(&self.run, place, key).await?;
        }
        let limit = Duration::from_millis(self.run.program.nodes[self.node].timeout_ms);
        let call = Call { record, key, attempt };
        let result = if self.action.effect() == Effect::Engine {
            self.action.run(call, self.cx.as_ref()).await
        } else {
            let clock = self.run.worlds.clock();
            match within(clock, limit, self.action.run(call, self.cx.as_ref())).await {
                Some(result) => result,
                None => {
                    Err(NodeError::new(Code::Timeout, format!("No answer within {} s.", limit.as_secs_f64())))
                }
            }
        };
        permit.done(&result, self.cx.now_ms());
        match result {
            Err(error) if error.code == Code::Cancelled => Err(error),
            other => Ok(other),
        }
    }

    async fn remember(&self, results: Vec<(Place, Outcome)>, is_late: bool) -> Result<(), NodeError> {
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

    fn kept(&self, place: Place, record: &Record, error: NodeError, attempts: u32) -> Kept {
        Kept {
            place,
            record: record.clone(),
            key: self.run.key(place),
            attempts,
            slow: 0,
            parked_ms: 0,
            error,
        }
    }

    async fn give_up(
        &self,
        place: Place,
        record: &Record,
        error: NodeError,
        attempts: u32,
    ) -> Result<(), NodeError> {
        self.run.durable.give_up(&self.run, self.kept(place, record, error, attempts), true).await
    }

    /// Puts a record where its outcome leads.
    fn emit(&mut self, record: Record, outcome: Outcome, acted: &mut Acted) -> Result<(), NodeError> {
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
                self.run.note_failed(FailedRecord { node: self.node, record, error })?;
            }
            Outcome::Parked | Outcome::Intended => {
                self.run.parked.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    async fn chunk(&mut self, batch: u64, records: Vec<Record>) -> Result<Acted, NodeError> {
        let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            let place = self.place(batch, index);
            outcomes.push(match self.run.remembered.get(&place) {
                Some(Outcome::Intended) => {
                    let error =
                        NodeError::new(Code::Ambiguous, "The engine stopped during this call. Was it done?");
                    self.give_up(place, record, error, 1).await?;
                    Some(Outcome::Parked)
                }
                known => known.cloned(),
            });
        }
        let mut attempt = 1;
        while outcomes.iter().any(Option::is_none) {
            self.run.check()?;
            let open: Vec<usize> = (0..records.len()).filter(|it| outcomes[*it].is_none()).collect();
            let answers = self.call_chunk(batch, &records, &open, attempt).await?;
            let mut wait_ms = None;
            let mut results = Vec::new();
            for (index, answer) in open.into_iter().zip(answers) {
                let place = self.place(batch, index);
                let outcome = match answer {
                    Ok(answer) => Outcome::Finished(answer),
                    Err(error) => match self.after_chunk(place, &records[index], error, attempt).await? {
                        Ok(outcome) => outcome,
                        Err(wait) => {
                            wait_ms = wait_ms.max(Some(wait));
                            continue;
                        }
                    },
                };
                if matches!(outcome, Outcome::Finished(_)) {
                    results.push((place, outcome.clone()));
                }
                outcomes[index] = Some(outcome);
            }
            self.remember(results, false).await?;
            if let Some(wait_ms) = wait_ms {
                self.cx.sleep(Duration::from_millis(wait_ms)).await?;
                attempt += 1;
            }
        }
        let mut acted = Acted::default();
        for (record, outcome) in records.into_iter().zip(outcomes) {
            self.emit(record, outcome.unwrap_or(Outcome::Parked), &mut acted)?;
        }
        Ok(acted)
    }

    async fn call_chunk(
        &self,
        batch: u64,
        records: &[Record],
        open: &[usize],
        attempt: u32,
    ) -> Result<Vec<Result<Value, NodeError>>, NodeError> {
        let keys: Vec<String> = open.iter().map(|index| self.run.key(self.place(batch, *index))).collect();
        let permit = match self.gate.enter(self.cx.as_ref()).await {
            Ok(permit) => permit,
            Err(error) if error.code == Code::Cancelled => return Err(error),
            Err(error) => return Ok(open.iter().map(|_| Err(error.clone())).collect()),
        };
        if self.action.effect() == Effect::Ambiguous {
            for (index, key) in open.iter().zip(&keys) {
                self.run.durable.intend(&self.run, self.place(batch, *index), key).await?;
            }
        }
        let calls: Vec<Call<'_>> = open
            .iter()
            .zip(&keys)
            .map(|(index, key)| Call { record: &records[*index], key, attempt })
            .collect();
        let limit = Duration::from_millis(self.run.program.nodes[self.node].timeout_ms);
        let clock = self.run.worlds.clock();
        let mut answers = match within(clock, limit, self.action.run_chunk(&calls, self.cx.as_ref())).await {
            Some(answers) => answers,
            None => {
                let error =
                    NodeError::new(Code::Timeout, format!("Not done within {} s.", limit.as_secs_f64()));
                calls.iter().map(|_| Err(error.clone())).collect()
            }
        };
        let missing = NodeError::new(Code::Internal, "The step gave fewer answers than it got records.");
        answers.resize_with(calls.len(), || Err(missing.clone()));
        if let Some(first) = answers.first() {
            permit.done(first, self.cx.now_ms());
        }
        Ok(answers)
    }

    /// What becomes of a failed record of a chunk: its outcome, or how long to wait before the chunk is tried again.
    async fn after_chunk(
        &self,
        place: Place,
        record: &Record,
        error: NodeError,
        attempt: u32,
    ) -> Result<Result<Outcome, u64>, NodeError> {
        let it = &self.run.program.nodes[self.node];
        let failure = Failure {
            code: error.code,
            retry_after_ms: error.retry_after_ms,
            effect: self.action.effect(),
            attempt,
            slow: 0,
            parked_for_ms: 0,
        };
        Ok(match decide::after_failure(&failure, &it.retry, self.run.dice(place, attempt)) {
            Next::Retry(wait_ms) => Err(wait_ms),
            Next::Park(wait_ms) if !it.feeds_whole_stream => {
                self.run.durable.park(&self.run, self.kept(place, record, error, attempt), wait_ms).await?;
                Ok(Outcome::Parked)
            }
            Next::Ask => {
                self.give_up(place, record, error, attempt).await?;
                Ok(Outcome::Parked)
            }
            Next::Park(_) | Next::Fail => {
                if it.handles_errors() {
                    self.remember(vec![(place, Outcome::Failed(error.clone()))], false).await?;
                } else {
                    let kept = self.kept(place, record, error.clone(), attempt);
                    self.run.durable.give_up(&self.run, kept, false).await?;
                }
                Ok(Outcome::Failed(error))
            }
        })
    }

    fn open_writer(&mut self) -> &mut Option<Box<dyn Writing>> {
        self.writer.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn write(&mut self, records: Vec<Record>) -> Result<(), NodeError> {
        if self.run.remembered.contains_key(&self.place(0, 0)) {
            return Ok(());
        }
        let mut writer = match self.open_writer().take() {
            Some(writer) => writer,
            None => {
                let empty = Record::empty();
                self.action.open(records.first().unwrap_or(&empty), self.cx.as_ref()).await?
            }
        };
        writer.write(&records, self.cx.as_ref()).await?;
        *self.open_writer() = Some(writer);
        Ok(())
    }

    async fn commit(&mut self) -> Result<Acted, NodeError> {
        let place = self.place(0, 0);
        let answer = match self.run.remembered.get(&place) {
            Some(Outcome::Finished(answer)) => answer.clone(),
            _ => {
                self.write(Vec::new()).await?;
                let Some(writer) = self.open_writer().take() else { return Ok(Acted::default()) };
                self.run.check()?;
                let answer = writer.commit(self.cx.as_ref()).await?;
                self.remember(vec![(place, Outcome::Finished(answer.clone()))], false).await?;
                answer
            }
        };
        let record = match answer {
            Value::Record(record) => record,
            other => Record::of([("value", other)]),
        };
        Ok(Acted { out: vec![record], errors: Vec::new() })
    }
}
