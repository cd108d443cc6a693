//! `list.log`: writes a line to the run's log for each record.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, Cx, Effect, Level, Node, NodeError, Ports, Template, Value};
use serde::{Deserialize, Serialize};

/// Writes a line to the log of the run for each record and passes the record on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The line.
    text: Template,
    /// How important it is.
    #[serde(default)]
    level: Importance,
}

/// How important a line is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Importance {
    /// Worth knowing.
    #[default]
    Info,
    /// Somebody should look.
    Warn,
    /// For a close look only.
    Debug,
}

impl Node for Log {
    const KIND: &'static str = "list.log";
    const TITLE: &'static str = "Log";
    const CATEGORY: Category = Category::Control;
    const WORDS: &'static [&'static str] = &["print", "debug", "note", "trace"];

    fn ports(&self) -> Ports {
        Ports::through()
    }
}

#[async_trait]
impl Action for Log {
    fn effect(&self) -> Effect {
        Effect::Engine
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let text = self.text.value(call.record, cx.roots())?.to_plain();
        let level = match self.level {
            Importance::Info => Level::Info,
            Importance::Warn => Level::Warn,
            Importance::Debug => Level::Debug,
        };
        cx.log(level, &text);
        Ok(Value::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, rows};
    use sdk::testing::World;

    #[tokio::test]
    async fn a_line_is_written_for_a_record() {
        let it: Log = node(r#"{"text":"order {{ id }}"}"#);
        let world = World::default();
        let record = &rows(r#"[{"id":7}]"#)[0];
        it.run(Call { record, key: "k", attempt: 1 }, &world).await.unwrap();
        assert_eq!(*world.lines.lock().unwrap(), ["order 7"]);
    }
}
