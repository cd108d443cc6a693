//! Holding everything back: no trigger fires, runs at work go on to their end. Kept over restarts, until a person lets it go on.

use std::sync::atomic::Ordering;

use crate::app::{App, refusal};
use crate::contract::{EnginePause, Event, Health, Nothing, Refusal};
use crate::flows::setting;

const PAUSED: &str = "paused";

impl App {
    /// Whether triggers are held back.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Acquire)
    }

    /// Reads whether the engine was paused when it stopped.
    pub(crate) fn recall_pause(&self) {
        let stored = self.journal.read(|it| it.setting(PAUSED)).ok().flatten();
        self.paused.store(stored.is_some_and(|it| it.as_ref() == b"true"), Ordering::Release);
    }

    pub(crate) async fn engine_pause(&self, params: EnginePause) -> Result<Health, Refusal> {
        let was = self.paused.swap(params.paused, Ordering::AcqRel);
        let (word, action) = if params.paused { ("true", "engine.pause") } else { ("false", "engine.go_on") };
        let kept = self.commit(vec![setting(PAUSED.into(), word), self.audited(action, "", "")]).await;
        if let Err(refusal) = kept {
            self.paused.store(was, Ordering::Release);
            return Err(refusal);
        }
        let rows = self.journal.look(|it| it.flows()).await.map_err(|e| refusal(&e))?;
        if params.paused {
            for row in rows.iter().filter(|row| row.armed) {
                self.engine.disarm(&row.flow);
            }
        } else if was {
            for sentence in self.arm_all() {
                tracing::warn!(%sentence, "a flow stays off after the pause");
            }
        }
        for row in rows.into_iter().filter(|row| row.armed) {
            self.tell_flow(&row.flow).await;
        }
        let health = self.health(Nothing {}).await?;
        self.tell(Event::Health { health: health.clone() });
        Ok(health)
    }
}
