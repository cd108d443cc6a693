//! `schedule.cron`: starts a run at fixed times of a zone's clock.

use schemars::JsonSchema;
use sdk::{Category, ConfigError, Node, Ports, Start, Trigger};
use serde::{Deserialize, Serialize};

use super::Missed;

/// Starts a run at fixed times, such as weekdays at nine. Gives the fields `due` and `missed`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cron {
    /// When: minute, hour, day, month, weekday, as in `0 9 * * MON-FRI`.
    #[schemars(extend("x-widget" = "cron"))]
    cron: String,
    /// The time zone, as in Asia/Almaty; the flow's unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-widget" = "zone"))]
    zone: Option<String>,
    /// What becomes of times that were missed because the computer was off or asleep.
    #[serde(default)]
    missed: Missed,
}

impl Node for Cron {
    const KIND: &'static str = "schedule.cron";
    const TITLE: &'static str = "Schedule";
    const CATEGORY: Category = Category::Starts;
    const WORDS: &'static [&'static str] = &["cron", "time", "daily", "timer", "расписание"];

    fn ports(&self) -> Ports {
        Ports::default().output("out", "One record a due time: due, and how many were missed before it.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let fields = self.cron.split_whitespace().count();
        if self.cron.trim_start().starts_with('@') || (5..=6).contains(&fields) {
            return Vec::new();
        }
        let sentence =
            format!("A schedule has five parts (minute, hour, day, month, weekday); this has {fields}");
        vec![ConfigError::new("/cron", sentence)]
    }
}

impl Trigger for Cron {
    fn start(&self) -> Start {
        Start::Schedule { cron: self.cron.clone(), zone: self.zone.clone(), missed: self.missed.name() }
    }
}
