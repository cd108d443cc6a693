//! `list.seen`: recognises records of earlier runs.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, Cx, Effect, Formula, Need, Node, NodeError, Ports, Scope, Value};
use serde::{Deserialize, Serialize};

/// Tells records that this step has never met from those of earlier runs.
///
/// Its field is true for a new record and false for one it has met; filter on it. What it met is remembered with the run's result,
/// so a run that starts again finds its own records new.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// What makes two records the same, for example `= id`.
    by: Vec<Formula>,
}

impl Node for Seen {
    const KIND: &'static str = "list.seen";
    const TITLE: &'static str = "Seen before";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["new", "dedupe", "across runs", "remember", "duplicates"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to recognise.")
            .output("out", "The same records, each with true (new) or false (met before).")
    }

    fn problems(&self) -> Vec<sdk::ConfigError> {
        if self.by.is_empty() {
            return vec![sdk::ConfigError::new("/by", "Say what makes two records the same, for example = id.")];
        }
        Vec::new()
    }

    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }
}

#[async_trait]
impl Action for Seen {
    fn scope(&self) -> Scope {
        Scope::Chunk
    }

    fn effect(&self) -> Effect {
        Effect::Engine
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        self.run_chunk(&[call], cx).await.pop().unwrap_or(Ok(Value::Null))
    }

    async fn run_chunk(&self, calls: &[Call<'_>], cx: &dyn Cx) -> Vec<Result<Value, NodeError>> {
        let mut keys = Vec::with_capacity(calls.len());
        let mut answers: Vec<Result<Value, NodeError>> = Vec::with_capacity(calls.len());
        for call in calls {
            match crate::keys::of(&self.by, call.record, cx.roots()) {
                Ok(values) => {
                    let key = crate::keys::fingerprint(&values);
                    keys.push(key.iter().map(|it| format!("{it:02x}")).collect::<String>());
                    answers.push(Ok(Value::Null));
                }
                Err(error) => answers.push(Err(error)),
            }
        }
        let owner = calls.first().map_or("", |it| it.key);
        match cx.unseen(&keys, owner).await {
            Ok(unseen) => {
                let good = answers.iter_mut().filter(|it| it.is_ok());
                for (answer, is_new) in good.zip(unseen) {
                    *answer = Ok(Value::Bool(is_new));
                }
                answers
            }
            Err(error) => calls.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, rows};
    use sdk::testing::World;

    #[tokio::test]
    async fn a_record_is_new_once_and_new_again_only_for_the_same_step_repeated() {
        let it: Seen = node(r#"{"by":["= id"]}"#);
        let world = World::default();
        let records = rows(r#"[{"id":1},{"id":2},{"id":1}]"#);
        let ask = async |key: &str| {
            let calls: Vec<_> = records.iter().map(|record| Call { record, key, attempt: 1 }).collect();
            let answers = it.run_chunk(&calls, &world).await;
            answers.into_iter().map(|it| it.unwrap().as_bool().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(ask("run1/0").await, [true, true, false]);
        assert_eq!(ask("run1/0").await, [true, true, false]);
        assert_eq!(ask("run2/0").await, [false, false, false]);
    }
}
