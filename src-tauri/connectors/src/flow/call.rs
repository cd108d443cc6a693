//! `flow.call`: one call of another flow with all records.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{
    Action, Category, Code, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Record, Scope, Value,
    Writing,
};
use serde::{Deserialize, Serialize};

/// More records are better passed through a file.
const MOST_RECORDS: usize = 10_000;
const MOST_BYTES: usize = 8 << 20;

/// Calls another flow once with all records and waits for its end. For one call a record use Call for each.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calling {
    /// The slot that names the flow.
    #[schemars(extend("x-widget" = "flow"))]
    slot: String,
}

impl Node for Calling {
    const KIND: &'static str = "flow.call";
    const TITLE: &'static str = "Call a flow";
    const CATEGORY: Category = Category::Control;
    const WORDS: &'static [&'static str] = &["sub-flow", "execute", "function", "reuse"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Records to call the flow with.").output(
            "out",
            "One record: records holds the end records of the called flow, count their number.",
        )
    }

    fn problems(&self) -> Vec<ConfigError> {
        if self.slot.trim().is_empty() {
            return vec![ConfigError::new("/slot", "Choose the slot that names the flow.")];
        }
        Vec::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Flow { slot: self.slot.clone() }]
    }
}

#[async_trait]
impl Action for Calling {
    fn scope(&self) -> Scope {
        Scope::Stream
    }

    fn effect(&self) -> Effect {
        Effect::Engine
    }

    async fn open(&self, _opening: &Record, _cx: &dyn Cx) -> Result<Box<dyn Writing>, NodeError> {
        Ok(Box::new(Gathering { slot: self.slot.clone(), records: Vec::new(), bytes: 0 }))
    }
}

struct Gathering {
    slot: String,
    records: Vec<Record>,
    bytes: usize,
}

#[async_trait]
impl Writing for Gathering {
    async fn write(&mut self, records: &[Record], _cx: &dyn Cx) -> Result<(), NodeError> {
        self.bytes += records.iter().map(Record::size_bytes).sum::<usize>();
        self.records.extend_from_slice(records);
        if self.records.len() > MOST_RECORDS || self.bytes > MOST_BYTES {
            return Err(NodeError::new(
                Code::Limit,
                format!(
                    "A flow is called with at most {MOST_RECORDS} records or {} MiB. Write them to a file and call the flow with its path, or use Call for each.",
                    MOST_BYTES >> 20
                ),
            ));
        }
        Ok(())
    }

    async fn commit(self: Box<Self>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let answer = cx.call_flow(&self.slot, self.records, "all").await?;
        let count = Value::Number(answer.len().into());
        let records = Value::list(answer.into_iter().map(Value::Record).collect());
        Ok(Value::Record(Record::of([("records", records), ("count", count)])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, write};
    use sdk::testing::World;

    #[tokio::test]
    async fn the_slot_is_called_once_and_too_many_records_are_refused_before() {
        let it: Calling = node(r#"{"slot":"sync"}"#);
        let world = World::default();
        let one = vec![Record::of([("a", Value::from(1))])];
        let error = write(it.open(&Record::empty(), &world).await, &one, &world).await.unwrap_err();
        assert!(error.sentence.contains("sync"), "{error}");
        let many = vec![one[0].clone(); MOST_RECORDS + 1];
        let error = write(it.open(&Record::empty(), &world).await, &many, &world).await.unwrap_err();
        assert_eq!(error.code, Code::Limit);
    }
}
