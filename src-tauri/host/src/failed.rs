//! The failed-records inbox, and questions only a person can answer.

use std::collections::BTreeMap;

use journal::{Change, LetterFilter, LetterId, LetterRow, QuestionId, Resolution, Verdict};
use model::{Record, Value, codec};

use crate::app::{App, engine_refusal, refusal};
use crate::contract::*;
use crate::datum;
use crate::describe;
use crate::shelf::base;

const SHOWN: u32 = 20;
const MOST_SHOWN: u32 = 500;
/// Records dealt with in one command; the rest of a large group is dealt with by the next.
const PORTION: u32 = 1_000;
const QUESTIONS: u32 = 500;

impl App {
    pub(crate) async fn failed_list(&self, params: FailedList) -> Result<FailedGroups, Refusal> {
        let most = params.limit.unwrap_or(SHOWN).clamp(1, MOST_SHOWN);
        let groups = self.journal.look(|it| it.letter_groups()).await.map_err(|e| refusal(&e))?;
        let mut shown = Vec::new();
        for group in
            groups.into_iter().filter(|it| params.flow.as_deref().is_none_or(|flow| base(&it.flow) == flow))
        {
            let filter = LetterFilter {
                flow: Some(group.flow.clone()),
                node: Some(group.node.clone()),
                code: Some(group.code.clone()),
                most,
                ..LetterFilter::default()
            };
            let letters = self.journal.look(move |it| it.letters(&filter)).await.map_err(|e| refusal(&e))?;
            let (flow_name, title) = self.names(&group.flow, &group.node).await;
            shown.push(FailedGroup {
                group: format!("{}/{}/{}", group.flow, group.node, group.code),
                flow_name,
                title,
                flow: base(&group.flow).to_owned(),
                node: group.node.to_string(),
                error: Failure { code: group.code.to_string(), sentence: group.message.clone(), cause: None },
                count: group.count,
                first_ms: group.first_ms,
                last_ms: group.last_ms,
                records: letters.iter().map(failed_record).collect(),
            });
        }
        Ok(FailedGroups { groups: shown })
    }

    /// The name of a flow and what the card of a node of it says; their ids where the flow cannot be read any more.
    async fn names(&self, flow: &str, node: &str) -> (String, String) {
        match self.stored(base(flow)).await.ok().and_then(|it| it.document.ok()) {
            Some(it) => (it.name.clone(), describe::title(&it, self.shelf.kinds(), node)),
            None => (flow.to_owned(), node.to_owned()),
        }
    }

    /// The letters a command names: by id, or a whole group.
    async fn letters(&self, ids: &[String], group: Option<&str>) -> Result<Vec<LetterRow>, Refusal> {
        if let Some(group) = group {
            let mut parts = group.splitn(3, '/');
            let (Some(flow), Some(node), Some(code)) = (parts.next(), parts.next(), parts.next()) else {
                let sentence = format!("\"{group}\" names no group of failed records.");
                return Err(Refusal::new(RefusalCode::BadRequest, sentence).at("/group"));
            };
            let filter = LetterFilter {
                flow: Some(flow.into()),
                node: Some(node.into()),
                code: Some(code.into()),
                most: PORTION,
                ..LetterFilter::default()
            };
            return self.journal.look(move |it| it.letters(&filter)).await.map_err(|e| refusal(&e));
        }
        let mut letters = Vec::with_capacity(ids.len());
        for id in ids {
            let letter: LetterId = id.parse().map_err(|e: journal::NotAnId| {
                Refusal::new(RefusalCode::BadRequest, e.to_string()).at("/ids")
            })?;
            let found = self.journal.look(move |it| it.letter(letter)).await.map_err(|e| refusal(&e))?;
            let gone =
                || Refusal::new(RefusalCode::NotFound, format!("There is no failed record {id}.")).at("/ids");
            letters.push(found.filter(|it| it.resolution.is_none()).ok_or_else(gone)?);
        }
        Ok(letters)
    }

    pub(crate) async fn failed_resend(&self, params: FailedResend) -> Result<FailedResent, Refusal> {
        let letters = self.letters(&params.ids, params.group.as_deref()).await?;
        if params.record.is_some() && letters.len() != 1 {
            let sentence = "An edited record stands for exactly one failed record.";
            return Err(Refusal::new(RefusalCode::BadRequest, sentence).at("/record"));
        }
        let edited = params.record.as_ref().map(datum::read_record).transpose();
        let edited = edited.map_err(|why| Refusal::new(RefusalCode::BadRequest, why).at("/record"))?;
        let mut resent = 0;
        let mut runs = Vec::new();
        for letter in &letters {
            let sent = self.engine.send_again(letter, edited.clone()).await;
            sent.map_err(|e| engine_refusal(&e))?;
            resent += 1;
            let run = letter.at.run.to_string();
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        let action = if edited.is_some() { "failed.edit" } else { "failed.resend" };
        self.commit(self.audited_records(action, &letters)).await?;
        self.tell_inbox().await;
        Ok(FailedResent { resent, runs })
    }

    /// A line for the trail for each flow of these records.
    fn audited_records(&self, action: &str, letters: &[LetterRow]) -> Vec<Change> {
        let mut counts = BTreeMap::new();
        for letter in letters {
            *counts.entry(base(&letter.flow)).or_insert(0_u64) += 1;
        }
        counts.into_iter().map(|(flow, count)| self.audited(action, flow, &count.to_string())).collect()
    }

    async fn resolve(&self, letter: &LetterRow, resolution: Resolution) -> Result<(), Refusal> {
        let change = Change::Resolve {
            letter: letter.letter,
            resolution,
            run: None,
            note: String::new(),
            at_ms: self.clock.now_ms(),
        };
        self.commit(vec![change]).await
    }

    pub(crate) async fn failed_discard(&self, params: FailedDiscard) -> Result<FailedDiscarded, Refusal> {
        let letters = self.letters(&params.ids, params.group.as_deref()).await?;
        for letter in &letters {
            self.resolve(letter, Resolution::Discarded).await?;
        }
        self.commit(self.audited_records("failed.discard", &letters)).await?;
        self.tell_inbox().await;
        Ok(FailedDiscarded { discarded: letters.len() as u64 })
    }

    pub(crate) async fn questions_list(&self, _: Nothing) -> Result<Questions, Refusal> {
        let rows = self.journal.look(|it| it.questions(QUESTIONS)).await.map_err(|e| refusal(&e))?;
        let mut questions = Vec::with_capacity(rows.len());
        for row in rows {
            let (flow_name, title) = self.names(&row.flow, &row.at.node).await;
            questions.push(Question {
                id: row.question.to_string(),
                flow_name,
                title,
                flow: base(&row.flow).to_owned(),
                run: row.at.run.to_string(),
                node: row.at.node.to_string(),
                sentence: row.sentence,
                record: frozen(&row.payload),
                asked_ms: row.asked_ms,
            });
        }
        Ok(Questions { questions })
    }

    pub(crate) async fn questions_answer(&self, params: QuestionsAnswer) -> Result<Nothing, Refusal> {
        let bad = |e: journal::NotAnId| Refusal::new(RefusalCode::BadRequest, e.to_string()).at("/id");
        let question: QuestionId = params.id.parse().map_err(bad)?;
        let row = self.journal.look(move |it| it.question(question)).await.map_err(|e| refusal(&e))?;
        let gone = || {
            Refusal::new(RefusalCode::NotFound, format!("There is no open question {}.", params.id)).at("/id")
        };
        let row = row.filter(|it| it.verdict.is_none()).ok_or_else(gone)?;
        let verdict = match params.answer {
            Answer::Happened => Verdict::Sent,
            Answer::Repeat => Verdict::NotSent,
            Answer::GiveUp => Verdict::GiveUp,
        };
        let value = params.value.as_ref().map(crate::datum::read).transpose();
        let value = value.map_err(|why| Refusal::new(RefusalCode::BadRequest, why).at("/value"))?;
        if value.is_some() && verdict != Verdict::Sent {
            let sentence = "A value goes with the answer that it happened, and with no other.";
            return Err(Refusal::new(RefusalCode::BadRequest, sentence).at("/value"));
        }
        self.engine
            .answer_question(&row, (verdict, value), "person")
            .await
            .map_err(|e| engine_refusal(&e))?;
        let action = match params.answer {
            Answer::Happened => "question.happened",
            Answer::Repeat => "question.repeat",
            Answer::GiveUp => "question.give_up",
        };
        self.audit(action, base(&row.flow), &row.sentence).await?;
        self.tell_inbox().await;
        Ok(Nothing {})
    }

    /// Tells how much waits for a person.
    pub(crate) async fn tell_inbox(&self) {
        if let Ok(stats) = self.journal.look(|it| it.stats()).await {
            self.tell(Event::InboxChanged { failed: stats.letters, questions: stats.questions });
        }
    }
}

fn failed_record(letter: &LetterRow) -> FailedRecord {
    FailedRecord {
        id: letter.letter.to_string(),
        run: letter.at.run.to_string(),
        record: frozen(&letter.inputs),
        error: Failure {
            code: letter.error.code.to_string(),
            sentence: letter.error.message.clone(),
            cause: None,
        },
        attempts: letter.attempts,
        failed_ms: letter.failed_ms,
    }
}

/// The record that left a run, as the engine froze it: beside it stand its key and its attempts.
fn frozen(bytes: &[u8]) -> Datum {
    let whole = codec::decode(bytes).ok();
    let record =
        whole.as_ref().and_then(Value::as_record).and_then(|it| it.get("record")).and_then(Value::as_record);
    record.map_or_else(|| datum::of_record(&Record::empty()), datum::of_record)
}
