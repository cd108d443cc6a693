//! `flow.each`: one call of another flow for each record.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Value};
use serde::{Deserialize, Serialize};

/// Calls another flow for each record and puts its answer into a field.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// The slot that names the flow.
    #[schemars(extend("x-widget" = "flow"))]
    slot: String,
    /// What to keep of the records that reach the ends of the called flow.
    #[serde(default)]
    answer: Answer,
    /// How many calls may run at once, at most 10.
    #[serde(default = "at_once")]
    at_once: usize,
}

/// What to keep of an answer.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// The first record, or null when there is none.
    #[default]
    First,
    /// All records as a list.
    All,
}

fn at_once() -> usize {
    4
}

impl Node for Each {
    const KIND: &'static str = "flow.each";
    const TITLE: &'static str = "Call for each";
    const CATEGORY: Category = Category::Control;
    const WORDS: &'static [&'static str] = &["loop", "for each", "sub-flow", "iterate"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Each record calls the flow.")
            .output("out", "The records with their answers.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.slot.trim().is_empty() {
            problems.push(ConfigError::new("/slot", "Choose the slot that names the flow."));
        }
        if self.at_once == 0 || self.at_once > 10 {
            problems.push(ConfigError::new("/at_once", "1 to 10 calls may run at once."));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Flow { slot: self.slot.clone() }]
    }
}

#[async_trait]
impl Action for Each {
    fn effect(&self) -> Effect {
        Effect::Engine
    }

    fn concurrency(&self) -> usize {
        self.at_once.clamp(1, 10)
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let answer = cx.call_flow(&self.slot, vec![call.record.clone()], call.key).await?;
        let mut values = answer.into_iter().map(Value::Record);
        Ok(match self.answer {
            Answer::First => values.next().unwrap_or_default(),
            Answer::All => Value::list(values.collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;
    use sdk::Record;
    use sdk::testing::World;

    #[tokio::test]
    async fn the_failure_of_the_called_flow_is_the_failure_of_the_record() {
        let it: Each = node(r#"{"slot":"price"}"#);
        let record = Record::empty();
        let error =
            it.run(Call { record: &record, key: "k", attempt: 1 }, &World::default()).await.unwrap_err();
        assert!(error.sentence.contains("price"), "{error}");
    }

    #[test]
    fn more_than_ten_at_once_is_a_problem() {
        assert_eq!(node::<Each>(r#"{"slot":"a","at_once":11}"#).problems()[0].field, "/at_once");
    }
}
