//! `schedule.every`: starts a run every so often.

use schemars::JsonSchema;
use sdk::{Category, ConfigError, Node, Ports, Start, Trigger};
use serde::{Deserialize, Serialize};

use super::Missed;

/// Starts a run every so often, whatever the clock says. Gives the fields `due` and `missed`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Every {
    /// How often, as in `90s`, `7m`, `1h30m` or `1d`.
    every: String,
    /// What becomes of times that were missed because the computer was off or asleep.
    #[serde(default)]
    missed: Missed,
}

impl Node for Every {
    const KIND: &'static str = "schedule.every";
    const TITLE: &'static str = "Every so often";
    const CATEGORY: Category = Category::Starts;
    const WORDS: &'static [&'static str] = &["interval", "poll", "repeat", "timer", "каждые"];

    fn ports(&self) -> Ports {
        Ports::default().output("out", "One record a due time: due, and how many were missed before it.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let is_part = |it: char| it.is_ascii_digit() || matches!(it, 's' | 'm' | 'h' | 'd');
        if self.every.starts_with(|it: char| it.is_ascii_digit()) && self.every.chars().all(is_part) {
            return Vec::new();
        }
        vec![ConfigError::new("/every", "Say how often, as in 90s, 7m, 1h30m or 1d")]
    }
}

impl Trigger for Every {
    fn start(&self) -> Start {
        Start::Schedule { cron: format!("@every {}", self.every), zone: None, missed: self.missed.name() }
    }
}
