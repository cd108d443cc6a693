//! Triggers: what starts a run. Events are acknowledged to their sender only after the commit.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;

use crate::cx::Cx;
use crate::error::NodeError;
use model::Record;

/// Who waits for the event.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// A person or the command line starts it.
    Manual,
    /// The engine's scheduler starts it at due times of a cron expression or interval.
    Schedule {
        /// Five cron fields, or `@every 7m`.
        cron: String,
        /// IANA zone; none takes the flow's.
        zone: Option<String>,
        /// What becomes of due times missed while the engine did not run: `latest`, `all` or `skip`.
        missed: String,
    },
    /// The webhook listener hands requests over; the node's configuration says how.
    Hook(Json),
    /// The node listens itself: [`Trigger::listen`].
    Listen,
    /// Another flow calls it.
    Called,
    /// The failure of another flow starts it; the slot names the flow, none means any flow.
    Failure {
        /// The slot of type flow.
        slot: Option<String>,
    },
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// The same for the same event however often it is delivered; none when the sender gives nothing of the kind.
    pub dedupe_key: Option<String>,
    /// The record that enters the flow.
    pub record: Record,
}

/// What became of an event that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The run that works on it.
    pub run: String,
    /// Whether it had been accepted before.
    pub is_duplicate: bool,
}

/// Where a listening trigger puts its events.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Stores events durably, all or none. Only after this may they be acknowledged to the sender.
    ///
    /// # Errors
    /// They were not stored: do not acknowledge.
    async fn accept(&self, events: Vec<Event>) -> Result<Vec<Accepted>, NodeError>;
}

/// A node that starts runs.
#[async_trait]
pub trait Trigger: Send + Sync {
    /// Who waits for the event.
    fn start(&self) -> Start;

    /// Listens until cancelled. Called again with a growing pause when it fails.
    ///
    /// # Errors
    /// Why listening ended.
    async fn listen(&self, _inbox: Arc<dyn Inbox>, _cx: Arc<dyn Cx>) -> Result<(), NodeError> {
        Ok(())
    }
}
