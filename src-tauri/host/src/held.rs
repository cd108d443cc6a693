//! Rehearsals: every effect that goes out is held and noted instead.
//!
//! A held step answers from what is pinned to it, or from a case of the flow; where neither tells, its branch ends there.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use engine::probe;
use formula::FieldSet;
use model::{Record, Value, json};
use plan::Plan;
use sdk::{
    Action, Behaviour, Call, Code, Cursor, Cx, Effect, HttpCall, NodeError, Page, Replay, Source, async_trait,
};

use crate::contract::{Datum, HeldEffect, HeldRequest};
use crate::datum;

/// Effects noted of one rehearsal.
const MOST_EFFECTS: usize = 1_000;
/// Rehearsals remembered.
const MOST_RUNS: usize = 50;
/// Headers of a request that only the machines read.
const USUAL_HEADERS: [&str; 2] = ["accept", "user-agent"];

/// What rehearsals held back, by run. A clone is the same list.
#[derive(Clone, Default)]
pub(crate) struct Held(Arc<Mutex<VecDeque<HeldRun>>>);

/// A run's id, and what it would have sent.
type HeldRun = (String, Vec<HeldEffect>);

/// Answers of held steps, by node.
pub(crate) type Answers = HashMap<String, Vec<Value>>;

impl Held {
    /// What a rehearsal held back.
    pub(crate) fn of(&self, run: &str) -> Vec<HeldEffect> {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.iter().find(|(it, _)| it == run).map(|(_, effects)| effects.clone()).unwrap_or_default()
    }

    fn note(&self, run: &str, mut effect: HeldEffect) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !runs.iter().any(|(it, _)| it == run) {
            if runs.len() == MOST_RUNS {
                runs.pop_front();
            }
            runs.push_back((run.into(), Vec::new()));
        }
        let Some((_, effects)) = runs.iter_mut().find(|(it, _)| it == run) else { return };
        if effects.len() < MOST_EFFECTS {
            effect.id = effects.len() as u64 + 1;
            effects.push(effect);
        }
    }
}

/// The plan with every step held that would change something outside.
pub(crate) fn hold(plan: &Plan, held: &Held, answers: &Answers) -> Plan {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        let Behaviour::Action(action) = &step.behaviour else { continue };
        let goes_out = match action.effect() {
            Effect::Read => false,
            // what other flows do is theirs to rehearse; a wait or an answer touches nobody
            Effect::Engine => step.kind.starts_with("flow.") && step.kind != "flow.wait",
            Effect::Transactional | Effect::Idempotent | Effect::Ambiguous => true,
        };
        if goes_out {
            let step_answers = answers.get(step.id.as_str()).cloned();
            // a source, because only a source may give nothing for a record: a held branch ends without failing
            step.behaviour = Behaviour::Source(Arc::new(Hold {
                node: step.id.to_string(),
                sentence: format!("{} ({})", step.title, step.kind),
                answer_field: step.answer_field.clone(),
                renders: probe::can_render(step.kind),
                action: action.clone(),
                answers: step_answers.map(|it| Mutex::new(it.into())),
                held: held.clone(),
            }));
        }
    }
    plan
}

struct Hold {
    node: String,
    sentence: String,
    answer_field: String,
    renders: bool,
    action: Arc<dyn Action>,
    answers: Option<Mutex<VecDeque<Value>>>,
    held: Held,
}

#[async_trait]
impl Source for Hold {
    fn replay(&self) -> Replay {
        Replay::Replayable
    }

    async fn open(&self, opening: &Record, _: &FieldSet, cx: &dyn Cx) -> Result<Box<dyn Cursor>, NodeError> {
        let run = cx.roots().run.get("id").and_then(Value::as_text).map(str::to_owned);
        let run =
            run.ok_or_else(|| NodeError::new(Code::Internal, "The rehearsal does not know its run."))?;
        let call = Call { record: opening, key: "rehearsal", attempt: 1 };
        let request = match self.renders {
            true => match probe::rendered(&*self.action, call, cx).await {
                Ok(request) => request,
                Err(error) => return Ok(Box::new(Once(Some(failing(opening, error))))),
            },
            false => None,
        };
        self.held.note(&run, self.effect(opening, request.as_ref()));
        let records =
            self.answer().map(|answer| opening.with(&self.answer_field, answer)).into_iter().collect();
        Ok(Box::new(Once(Some(Page { records, ..Page::default() }))))
    }
}

impl Hold {
    fn effect(&self, record: &Record, request: Option<&HttpCall>) -> HeldEffect {
        let request = request.map(shown);
        HeldEffect {
            id: 0,
            node: self.node.clone(),
            sentence: request
                .as_ref()
                .map_or_else(|| self.sentence.clone(), |it| format!("{} {}", it.method, it.url)),
            body: request.as_ref().map_or_else(|| datum::of_record(record), |it| it.body.clone()),
            record: datum::of_record(record),
            request,
        }
    }

    /// The next answer; the last one again and again.
    fn answer(&self) -> Option<Value> {
        let mut answers = self.answers.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    }
}

fn failing(record: &Record, error: NodeError) -> Page {
    Page { failed: vec![(record.clone(), error)], ..Page::default() }
}

/// A request as a person reads it: JSON as JSON, other text as text.
fn shown(call: &HttpCall) -> HeldRequest {
    let body: Datum = match json::parse(&call.body) {
        Ok(value) => datum::of(&value),
        Err(_) => match std::str::from_utf8(&call.body) {
            Ok(text) => text.into(),
            Err(_) => format!("{} bytes", call.body.len()).into(),
        },
    };
    let headers = call.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
    HeldRequest {
        method: call.method.clone(),
        url: call.url.clone(),
        headers: headers.filter(|(name, _)| !USUAL_HEADERS.contains(&name.as_str())).collect(),
        body: if call.body.is_empty() { Datum::Null } else { body },
    }
}

struct Once(Option<Page>);

#[async_trait]
impl Cursor for Once {
    async fn next(&mut self, _: &dyn Cx) -> Result<Option<Page>, NodeError> {
        Ok(self.0.take())
    }
}
