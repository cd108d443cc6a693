//! `flow.wait`: waits before records go on.

use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, Code, ConfigError, Cx, Effect, Formula, Node, NodeError, Ports, Value};
use serde::{Deserialize, Serialize};

/// Longer waits belong into a schedule.
const MOST_MS: i64 = 366 * 24 * 3_600_000;

/// Waits before each record goes on: for a time, or until a moment. Waiting costs nothing, and it goes on after a restart.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// How long: a number of seconds, or a duration such as `= duration("PT10M")`.
    #[serde(default, rename = "for")]
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Formula>,
    /// Until when: a date and time. A moment that has passed does not wait.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Formula>,
}

impl Node for Wait {
    const KIND: &'static str = "flow.wait";
    const TITLE: &'static str = "Wait";
    const CATEGORY: Category = Category::Control;
    const WORDS: &'static [&'static str] = &["delay", "sleep", "pause", "timer"];

    fn ports(&self) -> Ports {
        Ports::through()
    }

    fn problems(&self) -> Vec<ConfigError> {
        if self.time.is_some() == self.until.is_some() {
            return vec![ConfigError::new("", "Say either how long (for) or until when (until).")];
        }
        Vec::new()
    }
}

impl Wait {
    fn wait_ms(&self, call: Call<'_>, cx: &dyn Cx) -> Result<i64, NodeError> {
        let no = |value: &Value, wanted: &str| {
            let shown = crate::failure::quoted(&value.to_plain());
            NodeError::new(
                Code::Input,
                format!("{wanted} is needed to wait, not the {} {shown}.", value.type_name()),
            )
        };
        if let Some(until) = &self.until {
            return match until.value(call.record, cx.roots())? {
                Value::DateTime(moment) => Ok(moment.to_unix_ms().saturating_sub(cx.now_ms()).max(0)),
                other => Err(no(&other, "A date and time")),
            };
        }
        let Some(time) = &self.time else { return Ok(0) };
        match time.value(call.record, cx.roots())? {
            Value::Days(duration) => Ok(i64::try_from(duration.nanos() / 1_000_000).unwrap_or(i64::MAX)),
            Value::Number(seconds) => Ok((seconds.to_f64() * 1_000.0) as i64),
            other => Err(no(&other, "A number of seconds or a duration")),
        }
    }
}

#[async_trait]
impl Action for Wait {
    fn effect(&self) -> Effect {
        Effect::Engine
    }

    fn concurrency(&self) -> usize {
        1_000
    }

    fn pause_ms(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Option<u64>, NodeError> {
        let wait_ms = self.wait_ms(call, cx)?;
        if wait_ms > MOST_MS {
            return Err(NodeError::new(Code::Limit, "A wait of more than a year is not believed."));
        }
        Ok(Some(u64::try_from(wait_ms).unwrap_or(0)))
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let wait_ms = self.pause_ms(call, cx)?.unwrap_or(0);
        if wait_ms > 0 {
            cx.sleep(Duration::from_millis(wait_ms)).await?;
        }
        Ok(Value::from(i64::try_from(wait_ms).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, rows};
    use sdk::testing::World;

    #[tokio::test]
    async fn seconds_are_waited_and_a_text_is_refused() {
        let it: Wait = node(r#"{"for":"= s"}"#);
        let world = World::default();
        let records = rows(r#"[{"s":1.5},{"s":-3},{"s":"soon"},{"s":99999999999}]"#);
        let run = async |at: usize| it.run(Call { record: &records[at], key: "k", attempt: 1 }, &world).await;
        assert_eq!(run(0).await.unwrap(), Value::from(1_500));
        assert_eq!(run(1).await.unwrap(), Value::from(0));
        assert!(run(2).await.unwrap_err().sentence.contains("soon"));
        assert_eq!(run(3).await.unwrap_err().code, Code::Limit);
    }

    #[test]
    fn exactly_one_of_for_and_until_is_given() {
        assert_eq!(node::<Wait>("{}").problems().len(), 1);
    }
}
