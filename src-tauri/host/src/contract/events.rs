//! The one stream of events. A listener that falls behind gets `resync` and reads afresh.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Failure;
use super::flows::LiveVersion;
use super::runs::{RunCounts, RunState};
use super::workbench::Health;

/// Something happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A run began.
    RunStarted {
        /// The run.
        run: String,
        /// Its flow.
        flow: String,
        /// When.
        at_ms: i64,
    },
    /// A run moved on; at most five a second a run, each with all counts.
    RunProgress {
        /// The run.
        run: String,
        /// Its flow.
        flow: String,
        /// When.
        at_ms: i64,
        /// The counts now.
        counts: RunCounts,
        /// How far it is, 0 to 1, going by the last run of the flow that ended well; null without one.
        done: Option<f64>,
    },
    /// A run ended.
    RunEnded {
        /// The run.
        run: String,
        /// Its flow.
        flow: String,
        /// When.
        at_ms: i64,
        /// How.
        state: RunState,
        /// The counts at the end.
        counts: RunCounts,
        /// Why it failed.
        error: Option<Failure>,
    },
    /// A flow was saved, armed, disarmed, filled, granted or deleted.
    FlowChanged {
        /// The flow.
        flow: String,
        /// Its version now; null when it was deleted.
        version: Option<u32>,
        /// Whether its triggers are live.
        armed: bool,
        /// The version that is live, when armed.
        live: Option<LiveVersion>,
    },
    /// The failed inbox or the questions changed.
    InboxChanged {
        /// Failed records that wait.
        failed: u64,
        /// Questions that wait.
        questions: u64,
    },
    /// A connection was saved, deleted, or its health changed.
    ConnectionChanged {
        /// Its name.
        name: String,
    },
    /// The engine's health changed.
    Health {
        /// How it stands now.
        health: Health,
    },
    /// Something a person should know.
    Alert {
        /// `failure`, `nothing_came`, `unusual_count`, `slow_run`, `silent_connection`, `disk_low`.
        kind: String,
        /// The flow it is about.
        flow: Option<String>,
        /// The run it is about.
        run: Option<String>,
        /// The sentence.
        sentence: String,
        /// When.
        at_ms: i64,
    },
    /// Events were missed: read what is shown afresh.
    Resync {},
}
