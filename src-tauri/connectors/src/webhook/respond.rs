//! `webhook.respond`: what the sender of a webhook gets as answer.

use formula::Escape;
use schemars::JsonSchema;
use sdk::{
    Action, Call, Category, Code, ConfigError, Cx, Effect, Node, NodeError, Ports, Record, Template, Value,
    async_trait,
};
use serde::{Deserialize, Serialize};

/// Answers the request that started the run. The first record that comes here makes the answer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Respond {
    /// The status: 200 is done, 400 and above a refusal.
    #[serde(default = "ok")]
    #[schemars(range(min = 200, max = 599))]
    status: u16,
    /// What is sent. Begin with = to send a value as JSON.
    body: Template,
    /// Headers to add.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Header>,
}

/// A header of the answer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its name.
    name: String,
    /// Its value.
    value: Template,
}

fn ok() -> u16 {
    200
}

impl Node for Respond {
    const KIND: &'static str = "webhook.respond";
    const TITLE: &'static str = "Answer the webhook";
    const CATEGORY: Category = Category::Web;
    const WORDS: &'static [&'static str] = &["response", "reply", "http", "ответ"];

    fn ports(&self) -> Ports {
        Ports::through()
    }

    fn problems(&self) -> Vec<ConfigError> {
        if (200..=599).contains(&self.status) {
            return Vec::new();
        }
        vec![ConfigError::new("/status", "A status is a number from 200 to 599")]
    }
}

#[async_trait]
impl Action for Respond {
    fn effect(&self) -> Effect {
        Effect::Engine
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let body = self.body.value(call.record, cx.roots())?;
        let mut headers = Vec::with_capacity(self.headers.len());
        for header in &self.headers {
            let value = header.value.render(call.record, cx.roots(), Escape::Header)?;
            if value.contains(['\r', '\n']) {
                return Err(NodeError::new(
                    Code::Input,
                    format!("The header {} would hold a line break.", header.name),
                ));
            }
            headers.push((header.name.as_str(), Value::from(value)));
        }
        Ok(Value::Record(Record::of([
            ("status", Value::from(i64::from(self.status))),
            ("headers", Value::Record(Record::of(headers))),
            ("body", body),
        ])))
    }
}
