//! Steps of a case that stand in for other systems: a database, a queue, another flow.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use formula::FieldSet;
use model::{Record, Value};
use plan::Plan;
use sdk::{Action, Behaviour, Call, Code, Cursor, Cx, Effect, NodeError, Page, Replay, Source};

use super::given::Given;
use super::lock;
use super::world::{Calls, Made};
use crate::probe;

/// The plan with the steps replaced that the case gives values for.
pub(super) fn replaced(plan: &Plan, given: &Given, calls: &Calls) -> Result<Plan, NodeError> {
    let mut plan = plan.clone();
    for (id, values) in &given.stand_ins {
        let config = |sentence: String| NodeError::new(Code::Config, sentence);
        let number = plan
            .step(id)
            .ok_or_else(|| config(format!("The case replaces the step {id}, but the flow has none.")))?;
        let step = &mut plan.steps[number];
        step.behaviour = match &step.behaviour {
            Behaviour::Source(_) => {
                let records =
                    values.iter().map(|it| it.as_record().cloned()).collect::<Option<Vec<Record>>>();
                let records =
                    records.ok_or_else(|| config(format!("What {id} reads must be given as records.")))?;
                Behaviour::Source(Arc::new(Reads { records: Mutex::new(Some(records)) }))
            }
            Behaviour::Action(action) => Behaviour::Action(Arc::new(Answers {
                id: id.clone(),
                number,
                calls: calls.clone(),
                renders: probe::can_render(step.kind),
                action: action.clone(),
                answers: Mutex::new(values.iter().cloned().collect()),
            })),
            Behaviour::Transform(_) | Behaviour::Trigger(_) => {
                return Err(config(format!("{id} only computes; a case replaces steps that read or call.")));
            }
        };
    }
    Ok(plan)
}

/// Reads what the case gives: all of it the first time it is opened, however often that happens.
struct Reads {
    records: Mutex<Option<Vec<Record>>>,
}

#[async_trait]
impl Source for Reads {
    fn replay(&self) -> Replay {
        Replay::Replayable
    }

    async fn open(&self, _: &Record, _: &FieldSet, _: &dyn Cx) -> Result<Box<dyn Cursor>, NodeError> {
        Ok(Box::new(Once(lock(&self.records).take())))
    }
}

struct Once(Option<Vec<Record>>);

#[async_trait]
impl Cursor for Once {
    async fn next(&mut self, _: &dyn Cx) -> Result<Option<Page>, NodeError> {
        Ok(self.0.take().map(|records| Page { records, ..Page::default() }))
    }
}

/// Answers what the case gives, the last answer again and again.
struct Answers {
    id: String,
    number: usize,
    calls: Calls,
    renders: bool,
    action: Arc<dyn Action>,
    answers: Mutex<VecDeque<Value>>,
}

#[async_trait]
impl Action for Answers {
    fn effect(&self) -> Effect {
        self.action.effect()
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        // what would be sent says more than what came in, where it can be told
        let request = if self.renders { probe::rendered(&*self.action, call, cx).await? } else { None };
        let made = request.map_or_else(|| Made::Other(call.record.clone()), Made::Http);
        lock(&self.calls).entry(self.number).or_default().push(made);
        let mut answers = lock(&self.answers);
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        answer.ok_or_else(|| {
            NodeError::new(Code::Unavailable, format!("The case has no answer for {}.", self.id))
        })
    }
}
