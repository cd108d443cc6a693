//! Flows that start because another flow failed.

use std::sync::Arc;

use model::{Record, Text, Value};
use sdk::{Behaviour, Start as Waits};

use crate::authority::Filled;
use crate::decide::EndState;
use crate::engine::{Ended, Inner, Start};
use crate::live::Live;

impl Inner {
    /// Starts the armed flows that wait for a failure of this one. A flow never waits for itself.
    pub(crate) fn follow_up(self: &Arc<Inner>, failed: &Live, ended: &Ended) {
        if !matches!(ended.state, EndState::Failed | EndState::Partial | EndState::Quarantined) {
            return;
        }
        for (live, node) in self.waiting_for(&failed.id) {
            let (at, code, message) = match &ended.error {
                Some((node, error)) => (node.as_str(), error.code.name(), error.sentence.clone()),
                None => ("", "partial", format!("{} records failed or wait.", ended.left_out)),
            };
            let record = Record::of([
                ("flow", Value::from(failed.program.name.as_str())),
                ("run", Value::from(ended.run.as_str())),
                ("state", Value::from(ended.state.name())),
                ("node", Value::from(at)),
                ("code", Value::from(code)),
                ("message", Value::from(message)),
            ]);
            // the run's id as key: a run that is brought to its end twice is told once
            let start = Start { dedupe_key: Some(ended.run.clone()), ..Start::new(&node, vec![record]) };
            let inner = self.clone();
            tokio::spawn(async move {
                if let Err(error) = inner.begin(live, start).await {
                    tracing::error!(%error, "a flow that waits for failures could not be started");
                }
            });
        }
    }

    fn waiting_for(&self, failed: &str) -> Vec<(Arc<Live>, Text)> {
        let armed = self.armed.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut waiting = Vec::new();
        for live in armed.values().map(|it| &it.live).filter(|it| it.id != failed) {
            for node in &live.program.nodes {
                let Behaviour::Trigger(trigger) = &node.behaviour else { continue };
                let Waits::Failure { slot } = trigger.start() else { continue };
                let is_meant = match slot {
                    None => true,
                    Some(slot) => {
                        matches!(live.authority.slots.get(&slot), Some(Filled::Flow(flow)) if flow == failed)
                    }
                };
                if is_meant {
                    waiting.push((live.clone(), node.id.clone()));
                }
            }
        }
        waiting
    }
}
