//! Rehearsals: every effect that goes out is held and noted instead.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use model::{Record, Value};
use plan::Plan;
use sdk::{Action, Behaviour, Call, Code, Cx, Effect, NodeError, async_trait};

use crate::contract::HeldEffect;
use crate::datum;

/// Effects noted of one rehearsal.
const MOST_EFFECTS: usize = 1_000;
/// Rehearsals remembered.
const MOST_RUNS: usize = 50;

/// What rehearsals held back, by run. A clone is the same list.
#[derive(Clone, Default)]
pub(crate) struct Held(Arc<Mutex<VecDeque<HeldRun>>>);

/// A run's id, and what it would have sent.
type HeldRun = (String, Vec<HeldEffect>);

impl Held {
    /// What a rehearsal held back.
    pub(crate) fn of(&self, run: &str) -> Vec<HeldEffect> {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.iter().find(|(it, _)| it == run).map(|(_, effects)| effects.clone()).unwrap_or_default()
    }

    fn note(&self, run: &str, (node, sentence): (&str, &str), record: &Record) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !runs.iter().any(|(it, _)| it == run) {
            if runs.len() == MOST_RUNS {
                runs.pop_front();
            }
            runs.push_back((run.into(), Vec::new()));
        }
        let Some((_, effects)) = runs.iter_mut().find(|(it, _)| it == run) else { return };
        if effects.len() < MOST_EFFECTS {
            let id = effects.len() as u64 + 1;
            effects.push(HeldEffect {
                id,
                node: node.into(),
                sentence: sentence.into(),
                body: datum::of_record(record),
            });
        }
    }
}

/// The plan with every step held that would change something outside.
pub(crate) fn hold(plan: &Plan, held: &Held) -> Plan {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        let Behaviour::Action(action) = &step.behaviour else { continue };
        let goes_out = match action.effect() {
            Effect::Read => false,
            // what other flows do is theirs to rehearse; a wait or an answer touches nobody
            Effect::Engine => step.kind.starts_with("flow."),
            Effect::Transactional | Effect::Idempotent | Effect::Ambiguous => true,
        };
        if goes_out {
            let sentence = format!("{} ({})", step.title, step.kind);
            step.behaviour =
                Behaviour::Action(Arc::new(Hold { node: step.id.to_string(), sentence, held: held.clone() }));
        }
    }
    plan
}

struct Hold {
    node: String,
    sentence: String,
    held: Held,
}

#[async_trait]
impl Action for Hold {
    fn effect(&self) -> Effect {
        Effect::Engine
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let run = cx.roots().run.get("id").and_then(Value::as_text).map(str::to_owned);
        let run =
            run.ok_or_else(|| NodeError::new(Code::Internal, "The rehearsal does not know its run."))?;
        self.held.note(&run, (&self.node, &self.sentence), call.record);
        Ok(Value::Null)
    }
}
