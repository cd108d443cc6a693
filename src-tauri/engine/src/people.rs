//! What a person decides about records: send it again, it happened, it did not, give it up. Each decision and what follows from it
//! are one commit; the record then goes on like any parked one, also after a restart.

use bytes::Bytes;
use journal::{
    At, Change, DeadLetter, EndRun, LetterRow, OpenRun, Park, QuestionRow, Resolution, RunId, Verdict,
};
use model::{Record, Text, Value};
use sdk::{Code, NodeError};

use crate::durable::storage;
use crate::engine::{Ended, Engine, Inner};
use crate::exec::{Kept, Place};
use crate::kept::{decode_kept, encode_kept};

impl Engine {
    /// Sends a failed record again from the step where it failed. `edited` replaces what came in. When this returns it is on the
    /// disk that the record goes on, and that the failed record was dealt with.
    ///
    /// # Errors
    /// It was dealt with before, its run is gone, or the journal failed: then nothing was changed.
    pub async fn send_again(&self, letter: &LetterRow, edited: Option<Record>) -> Result<(), NodeError> {
        let origin = self.0.origin(&letter.at)?;
        let mut kept = kept_of(&letter.inputs, letter.attempts)?;
        let resolution = match edited {
            Some(record) => {
                // another body under the same key would be refused, or answered with what came of the first
                kept.key = format!("{}-{}", kept.key, letter.letter);
                kept.record = record;
                Resolution::Edited
            }
            None => Resolution::Retried,
        };
        let at_ms = self.0.clock.now_ms();
        let resolve =
            Change::Resolve { letter: letter.letter, resolution, run: None, note: String::new(), at_ms };
        self.0.go_on_with(&letter.at, &origin, (anew(kept), vec![resolve])).await
    }

    /// Answers whether a call that was cut off took effect. It did: the record goes on behind the step, with what the person says it
    /// answered, else with `{assumed: true}`. It did not: it is sent.
    /// Nobody knows: the record fails.
    ///
    /// # Errors
    /// It was answered before, its run is gone, or the journal failed: then nothing was changed.
    pub async fn answer_question(
        &self,
        question: &QuestionRow,
        (verdict, value): (Verdict, Option<Value>),
        by: &str,
    ) -> Result<(), NodeError> {
        let at_ms = self.0.clock.now_ms();
        let answer = Change::Answer { question: question.question, verdict, by: Text::from(by), at_ms };
        let origin = self.0.origin(&question.at)?;
        if verdict == Verdict::GiveUp {
            return self.0.give_up(question, &origin, answer).await;
        }
        let mut kept = anew(kept_of(&question.payload, 1)?);
        if verdict == Verdict::Sent {
            let assumed = || Value::Record(Record::of([("assumed", Value::from(true))]));
            kept.answer = Some(value.unwrap_or_else(assumed));
        }
        self.0.go_on_with(&question.at, &origin, (kept, vec![answer])).await
    }

    /// Sets a run to work again that was held back; it goes on from its last finished step. False when it is not held back.
    ///
    /// # Errors
    /// The journal failed.
    pub async fn release(&self, run: RunId) -> Result<bool, NodeError> {
        let found = self.0.journal.read(|it| it.resumable(run)).map_err(|e| storage(&e))?;
        let Some(open) = found.filter(|it| it.state == journal::RunState::Quarantined) else {
            return Ok(false);
        };
        let state = journal::RunState::Running;
        self.0.journal.commit(vec![Change::SetState { run, state }]).await.map_err(|e| storage(&e))?;
        self.0.go_on(OpenRun { state, ..open }, true).await.map(|()| true)
    }

    /// Cancels a run that rests, or waits for its turn: its records that wait do not go on. False when it does neither.
    ///
    /// # Errors
    /// The journal failed.
    pub async fn cancel_resting(&self, run: RunId) -> Result<bool, NodeError> {
        let inner = &self.0;
        let found = inner.journal.read(|it| Ok((it.resumable(run)?, it.parked_of(run)?, it.run(run)?)));
        let (Some(origin), parked, Some(detail)) = found.map_err(|e| storage(&e))? else { return Ok(false) };
        let waits_for_a_place = origin.state == journal::RunState::Running
            && inner.call_off(run, Ended::of(run, crate::EndState::Cancelled));
        if !waits_for_a_place
            && !matches!(origin.state, journal::RunState::Waiting | journal::RunState::Queued)
        {
            return Ok(false);
        }
        let now = inner.clock.now_ms();
        let mut changes: Vec<Change> = parked.into_iter().map(|it| Change::Unpark { at: it.at }).collect();
        changes.push(Change::EndRun(EndRun {
            run,
            state: journal::RunState::Cancelled,
            ended_ms: now,
            counts: detail.counts,
            answer: detail.answer,
            error: None,
        }));
        changes.extend(origin.parent.as_ref().map(|it| Change::Settle { run: it.run, at_ms: now }));
        if let Err(error) = inner.journal.commit(changes).await {
            inner.called_off().remove(&run);
            return Err(storage(&error));
        }
        inner.settled(run);
        inner.after_parked(&origin).await;
        Ok(true)
    }
}

impl Inner {
    fn origin(&self, at: &At) -> Result<OpenRun, NodeError> {
        let found = self.journal.read(|it| it.resumable(at.run)).map_err(|e| storage(&e))?;
        found.ok_or_else(|| {
            NodeError::new(Code::NotFound, format!("The run {} is gone, so its record cannot go on.", at.run))
        })
    }

    async fn go_on_with(
        self: &std::sync::Arc<Inner>,
        at: &At,
        origin: &OpenRun,
        (kept, mut changes): (Kept, Vec<Change>),
    ) -> Result<(), NodeError> {
        changes.push(Change::Park(Park {
            at: at.clone(),
            due_ms: self.clock.now_ms(),
            attempt: kept.attempts,
            connection: None,
            order_key: origin.order_key.clone(),
            payload: encode_kept(&kept),
        }));
        self.journal.commit(changes).await.map_err(|e| decided(&e))?;
        self.wake.notify_one();
        Ok(())
    }

    async fn give_up(
        self: &std::sync::Arc<Inner>,
        question: &QuestionRow,
        origin: &OpenRun,
        answer: Change,
    ) -> Result<(), NodeError> {
        let now = self.clock.now_ms();
        let letter = DeadLetter {
            letter: self.journal.fresh(),
            at: question.at.clone(),
            flow: question.flow.clone(),
            flow_hash: origin.flow_hash,
            error: journal::Failure {
                code: Text::from(Code::Ambiguous.name()),
                message: question.sentence.clone(),
            },
            attempts: 1,
            failed_ms: now,
            inputs: question.payload.clone(),
        };
        let changes = vec![
            answer,
            Change::DeadLetter(letter),
            Change::Unpark { at: question.at.clone() },
            Change::Settle { run: question.at.run, at_ms: now },
        ];
        self.journal.commit(changes).await.map_err(|e| decided(&e))?;
        self.after_parked(origin).await;
        Ok(())
    }
}

/// A failure of the commit in words: mostly that somebody else was quicker.
fn decided(error: &journal::Error) -> NodeError {
    match error.code {
        journal::Code::Missing => NodeError::new(Code::NotFound, error.to_string()),
        _ => storage(error),
    }
}

fn kept_of(payload: &Bytes, attempts: u32) -> Result<Kept, NodeError> {
    let place = Place { node: 0, batch: 0, index: 0 };
    decode_kept(payload, place, attempts)
        .ok_or_else(|| NodeError::new(Code::Damaged, "The stored record cannot be read."))
}

/// A record that a person sends goes on as if it came to the step for the first time; only that it was begun before is kept.
fn anew(kept: Kept) -> Kept {
    Kept { attempts: kept.attempts.max(1), slow: 0, parked_ms: 0, answer: None, is_cut: false, ..kept }
}
