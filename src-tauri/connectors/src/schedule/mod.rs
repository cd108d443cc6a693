//! Schedules: runs at due times of a clock, or every so often.

pub mod cron;
pub mod every;

use schemars::JsonSchema;
use sdk::Spec;
use serde::{Deserialize, Serialize};

/// What becomes of due times that were missed because the computer was off or asleep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// One run for all of them.
    #[default]
    Latest,
    /// A run for each, oldest first, up to a hundred of the last day.
    All,
    /// No run; they are listed as skipped.
    Skip,
}

impl Missed {
    fn name(self) -> String {
        match self {
            Missed::Latest => "latest",
            Missed::All => "all",
            Missed::Skip => "skip",
        }
        .into()
    }
}

/// The kinds of this connector.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::trigger::<cron::Cron>(), Spec::trigger::<every::Every>()]
}
