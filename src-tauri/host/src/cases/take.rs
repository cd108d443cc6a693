//! The given part of a case from a run, or from pinned samples: what entered, and what other systems answered.

use std::collections::HashMap;

use jiff::Timestamp;
use model::document::{Fill, Flow as Document, parse};
use model::{Record, Value, codec, json};
use plan::{Plan, Step};
use sdk::{Behaviour, Scope};

use crate::app::{App, engine_refusal, refusal};
use crate::contract::{CaseSave, Refusal, RefusalCode, RunCounts};
use crate::runs::given_records;

/// Records by node and port.
type Samples = HashMap<(String, String), Vec<Record>>;

impl App {
    /// What was given to a run, and the document that ran.
    pub(super) async fn given_of_run(
        &self,
        save: &CaseSave,
        run: &str,
        present: &Document,
    ) -> Result<(Value, Document), Refusal> {
        let detail = self.detail(run).await?;
        let flow = detail.row.flow.to_string();
        if crate::shelf::base(&flow) != save.flow {
            let sentence = format!("The run {run} is one of another flow.");
            return Err(Refusal::new(RefusalCode::BadRequest, sentence).at("/run"));
        }
        let hash = detail.row.flow_hash;
        let text =
            self.journal.look(move |it| it.flow_by_hash(&flow, &hash)).await.map_err(|e| refusal(&e))?;
        let ran = text.and_then(|it| parse(&String::from_utf8_lossy(&it)).ok());
        // a run up to one step knows nothing of the steps after it
        let ran = ran.filter(|it| it.nodes.len() >= present.nodes.len()).unwrap_or_else(|| present.clone());
        let plan = self.plan_of(&ran)?;
        let trigger = detail.row.trigger.to_string();
        let samples: Samples = detail
            .samples
            .iter()
            .map(|(node, port, bytes)| {
                ((node.to_string(), port.to_string()), codec::decode_records(bytes).unwrap_or_default())
            })
            .collect();
        let counts = self.counts_of(run).await.unwrap_or_default();
        let mut stand_ins = Vec::new();
        for step in plan.steps.iter().filter(|step| stands_outside(step)) {
            let port = step.outputs.first().map(|it| it.name.clone()).unwrap_or_default();
            let seen = samples.get(&(step.id.to_string(), port)).map(Vec::as_slice);
            told(step, &counts, seen)?;
            stand_ins.push((step.id.clone(), answers(step, seen.unwrap_or_default())));
        }
        let records = triggered(&plan, &trigger, &samples)
            .ok_or_else(|| unkept(format!("what started the run at {trigger}")))?;
        let slots = self.plain_slots(&save.flow, &ran)?;
        let now = Timestamp::from_millisecond(detail.row.started_ms).map(|it| it.to_string());
        let given = given((now.ok(), &trigger), records, slots, stand_ins);
        Ok((given, ran))
    }

    /// What is pinned, as if it had been a run.
    pub(super) async fn given_of_pins(&self, save: &CaseSave, document: &Document) -> Result<Value, Refusal> {
        let plan = self.plan_of(document)?;
        let flow = save.flow.clone();
        let pins = self.journal.look(move |it| it.pins(&flow)).await.map_err(|e| refusal(&e))?;
        let pins: HashMap<String, Vec<Record>> = pins
            .into_iter()
            .map(|(node, _, bytes)| (node.to_string(), codec::decode_records(&bytes).unwrap_or_default()))
            .collect();
        let mut stand_ins = Vec::new();
        for step in plan.steps.iter().filter(|step| stands_outside(step)) {
            let pinned = pins.get(step.id.as_str()).ok_or_else(|| {
                let sentence = format!(
                    "The step {} reads or calls something outside. Pin a sample of what it gives first, or make the case from a run.",
                    step.id
                );
                Refusal::new(RefusalCode::NeedsYou, sentence).at(format!("/nodes/{}", step.id))
            })?;
            stand_ins.push((step.id.clone(), answers(step, pinned)));
        }
        let first = plan.triggers.first().map(|it| plan.steps[*it].id.to_string());
        let trigger = save.trigger.clone().or(first).unwrap_or_default();
        let records = match &save.records {
            Some(data) => given_records(data, "/records")?,
            None => pins.get(&trigger).cloned().unwrap_or_else(|| vec![Record::empty()]),
        };
        let slots = self.plain_slots(&save.flow, document)?;
        Ok(given((None, &trigger), records, slots, stand_ins))
    }

    fn plan_of(&self, document: &Document) -> Result<Plan, Refusal> {
        let checked = self.shelf.check(document);
        checked.plan.ok_or_else(|| {
            let first = checked.diagnostics.iter().find(|it| it.is_error()).map(ToString::to_string);
            Refusal::new(RefusalCode::Refused, format!("The flow cannot run: {}", first.unwrap_or_default()))
        })
    }

    /// Numbers, texts and yes-or-no that the flow was given: formulas read them. Places and accounts stay out of a case.
    fn plain_slots(&self, flow: &str, document: &Document) -> Result<Vec<(String, Value)>, Refusal> {
        let given = self.shelf.given(flow).map_err(|e| engine_refusal(&e))?;
        let plain = document.slots.iter().filter_map(|(name, slot)| match &slot.fill {
            Fill::Number(_) | Fill::Text(_) | Fill::Bool(_) => {
                Some((name.to_string(), json::from_serde(given.slots.get(name.as_str())?)))
            }
            Fill::Connection(_) | Fill::Folder(_) | Fill::Flow(_) => None,
        });
        Ok(plain.collect())
    }
}

/// Whether a step gets its results from outside, so that a case has to give them. A writer of files is let write: into memory.
fn stands_outside(step: &Step) -> bool {
    match &step.behaviour {
        Behaviour::Source(_) => true,
        Behaviour::Action(action) => {
            let is_own = action.effect() == sdk::Effect::Engine && !step.kind.starts_with("flow.each");
            let writes_file =
                step.connection.is_none() && (action.scope() == Scope::Stream || step.kind == "file.write");
            !is_own && !writes_file
        }
        Behaviour::Transform(_) | Behaviour::Trigger(_) => false,
    }
}

/// What a step gave, in the form in which a case gives it again.
fn answers(step: &Step, records: &[Record]) -> Value {
    let answer = |record: &Record| match &step.behaviour {
        Behaviour::Source(_) => Value::Record(record.clone()),
        Behaviour::Action(_) | Behaviour::Transform(_) | Behaviour::Trigger(_) => {
            record.get(&step.answer_field).cloned().unwrap_or_default()
        }
    };
    Value::list(records.iter().map(answer).collect())
}

/// Refuses where the history does not tell what a step answered to whom.
fn told(step: &Step, counts: &RunCounts, seen: Option<&[Record]>) -> Result<(), Refusal> {
    let Some(counted) = counts.nodes.get(step.id.as_str()) else { return Ok(()) };
    if counted.records_out > 0 && seen.is_none_or(<[Record]>::is_empty) {
        return Err(unkept(format!("what {} gave", step.id)));
    }
    if counted.failed > 0 && matches!(step.behaviour, Behaviour::Action(_)) {
        let sentence = format!(
            "{} records failed at {} in this run, and the answers it got are not all known. Make the case from a run without failures there.",
            counted.failed, step.id
        );
        return Err(Refusal::new(RefusalCode::Refused, sentence).at("/run"));
    }
    Ok(())
}

fn unkept(what: String) -> Refusal {
    let sentence = format!("The history does not keep {what}. Make the case from another run.");
    Refusal::new(RefusalCode::Refused, sentence).at("/run")
}

fn triggered(plan: &Plan, trigger: &str, samples: &Samples) -> Option<Vec<Record>> {
    let step = plan.steps.get(plan.step(trigger)?)?;
    let port = step.outputs.first().map(|it| it.name.clone()).unwrap_or_default();
    samples.get(&(trigger.to_owned(), port)).cloned()
}

fn given(
    (now, trigger): (Option<String>, &str),
    records: Vec<Record>,
    slots: Vec<(String, Value)>,
    stand_ins: Vec<(model::Text, Value)>,
) -> Value {
    let mut fields: Vec<(&str, Value)> = Vec::new();
    fields.extend(now.map(|now| ("now", Value::from(now))));
    fields.push(("trigger", Value::from(trigger)));
    fields.push(("records", Value::list(records.into_iter().map(Value::Record).collect())));
    if !slots.is_empty() {
        fields.push(("slots", Value::Record(Record::of(slots))));
    }
    if !stand_ins.is_empty() {
        fields.push(("stand_ins", Value::Record(Record::of(stand_ins))));
    }
    Value::Record(Record::of(fields))
}
