//! An action over the records of one batch at once.

use std::time::Duration;

use model::{Record, Value};
use sdk::{Call, Code, NodeError};

use super::acting::{Acted, Acting};
use super::attempt::{Known, Miss, cut_off};
use super::memory::Outcome;
use super::placed::Placed;
use crate::clock::within;

impl Acting {
    pub(super) async fn chunk(&mut self, batch: u64, records: Vec<Record>) -> Result<Acted, NodeError> {
        let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(records.len());
        let mut made = 0;
        for (index, record) in records.iter().enumerate() {
            outcomes.push(match self.known(self.place(batch, index), record).await? {
                Known::Settled(outcome) => Some(outcome),
                Known::Open(before) => {
                    made = made.max(before);
                    None
                }
            });
        }
        let mut attempt = 1;
        while outcomes.iter().any(Option::is_none) {
            self.run.check()?;
            let open: Vec<usize> = (0..records.len()).filter(|it| outcomes[*it].is_none()).collect();
            let answers = self.call_chunk(batch, &records, &open, made + attempt).await?;
            let mut wait_ms = None;
            let mut results = Vec::new();
            for (index, answer) in open.into_iter().zip(answers) {
                let place = self.place(batch, index);
                let outcome = match answer {
                    Ok(answer) => Outcome::Finished(answer),
                    Err(miss) => {
                        match self.after(place, &records[index], (miss, made, attempt), false).await? {
                            Ok(outcome) => outcome,
                            Err(wait) => {
                                wait_ms = wait_ms.max(Some(wait));
                                continue;
                            }
                        }
                    }
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
    ) -> Result<Vec<Result<Value, Miss>>, NodeError> {
        let failed = |error: NodeError, was_made: bool| -> Vec<Result<Value, Miss>> {
            open.iter().map(|_| Err(Miss { error: error.clone(), was_made })).collect()
        };
        let keys: Vec<String> = open.iter().map(|index| self.run.key(self.place(batch, *index))).collect();
        let permit = match self.gate.enter(self.cx.as_ref()).await {
            Ok(permit) => permit,
            Err(error) if error.code == Code::Cancelled => return Err(error),
            Err(error) => return Ok(failed(error, false)),
        };
        if self.action.notes_beginning() {
            for index in open {
                let place = self.place(batch, *index);
                let kept = || self.kept(place, &records[*index], cut_off(), attempt.saturating_sub(1));
                self.run.durable.intend(&self.run, place, &kept).await?;
            }
        }
        let calls: Vec<Call<'_>> = open
            .iter()
            .zip(&keys)
            .map(|(index, key)| Call { record: &records[*index], key, attempt })
            .collect();
        let first = self.place(batch, open.first().copied().unwrap_or_default());
        let cx = Placed::new(self.cx.as_ref(), self.run.seed_at(first));
        let limit = Duration::from_millis(self.run.program.nodes[self.node].timeout_ms);
        let clock = self.run.worlds.clock();
        let Some(mut answers) = within(clock, limit, self.action.run_chunk(&calls, &cx)).await else {
            let error = NodeError::new(Code::Timeout, format!("Not done within {} s.", limit.as_secs_f64()));
            permit.done(&Err(error.clone()), self.cx.now_ms());
            return Ok(failed(error, true));
        };
        let missing = NodeError::new(Code::Internal, "The step gave fewer answers than it got records.");
        answers.resize_with(calls.len(), || Err(missing.clone()));
        if let Some(first) = answers.first() {
            permit.done(first, self.cx.now_ms());
        }
        Ok(answers.into_iter().map(|it| it.map_err(|error| Miss { error, was_made: true })).collect())
    }
}
