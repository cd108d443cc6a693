//! `rabbitmq.publish`: sends a message and waits until the server has it.

use std::collections::BTreeMap;
use std::time::Duration;

use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Confirmation};
use schemars::JsonSchema;
use sdk::{
    Action, Call, Category, Code, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Record, Template,
    Value, async_trait,
};
use serde::{Deserialize, Serialize};

use super::link::{failed, open};

const CONFIRM_TIME: Duration = Duration::from_secs(30);
/// Names in AMQP are this short at most.
const MOST_NAME_BYTES: usize = 255;

/// Sends a message for each record and waits until the server confirms that it has it. A message that reaches no queue is a failure.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The exchange; empty is the one that leads to queues by their names.
    #[serde(default)]
    pub exchange: Template,
    /// The routing key; with the empty exchange the name of the queue.
    pub routing_key: Template,
    /// What is sent: a formula such as `= {number: id}` goes as JSON, a text as it is.
    pub body: Template,
    /// Headers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Template>,
    /// The type of the content; by the body when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// What receivers may tell repetitions by (`message-id`); the key of the effect when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Template>,
    /// Whether receivers tell repetitions by the message id. Then an unclear message is simply sent again.
    #[serde(default)]
    pub receivers_dedupe: bool,
}

impl Node for Publish {
    const KIND: &'static str = "rabbitmq.publish";
    const TITLE: &'static str = "Send to RabbitMQ";
    const CATEGORY: Category = Category::Queues;
    const WORDS: &'static [&'static str] = &["queue", "message", "AMQP", "publish", "exchange", "broker"];

    fn ports(&self) -> Ports {
        Ports::through()
    }

    fn problems(&self) -> Vec<ConfigError> {
        if self.exchange.text().is_empty() && self.routing_key.text().trim().is_empty() {
            return vec![ConfigError::new(
                "/routing_key",
                "Write the name of the queue, or an exchange and a routing key.",
            )];
        }
        Vec::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Connection { kind: "rabbitmq".into() }]
    }
}

fn name(template: &Template, what: &str, call: &Call<'_>, cx: &dyn Cx) -> Result<String, NodeError> {
    let text = template.value(call.record, cx.roots())?.to_plain();
    if text.len() > MOST_NAME_BYTES {
        return Err(NodeError::new(
            Code::Input,
            format!("The {what} is longer than {MOST_NAME_BYTES} bytes."),
        ));
    }
    Ok(text)
}

#[async_trait]
impl Action for Publish {
    fn effect(&self) -> Effect {
        if self.receivers_dedupe { Effect::Idempotent } else { Effect::Ambiguous }
    }

    fn concurrency(&self) -> usize {
        64
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let exchange = name(&self.exchange, "exchange", &call, cx)?;
        let routing_key = name(&self.routing_key, "routing key", &call, cx)?;
        let id = match &self.message_id {
            Some(template) => name(template, "message id", &call, cx)?,
            None => call.key.to_owned(),
        };
        let (payload, kind) = match self.body.value(call.record, cx.roots())? {
            Value::Text(text) => (text.as_bytes().to_vec(), "text/plain"),
            Value::Null => (Vec::new(), "text/plain"),
            other => (other.to_string().into_bytes(), "application/json"),
        };
        let mut headers = FieldTable::default();
        for (header, template) in &self.headers {
            let value = template.value(call.record, cx.roots())?;
            if !value.is_null() && header.len() <= MOST_NAME_BYTES {
                headers.insert(header.as_str().into(), AMQPValue::LongString(value.to_plain().into()));
            }
        }
        let kind = self.content_type.as_deref().unwrap_or(kind);
        let properties = BasicProperties::default()
            .with_message_id(id.as_str().into())
            .with_content_type(kind.into())
            // Kept on disk by queues that outlive the server.
            .with_delivery_mode(2)
            .with_headers(headers);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let connection = cx.connection()?;
        let line = open(connection.as_ref(), cx).await?;
        let confirming = async {
            let sent = line
                .channel
                .basic_publish(
                    exchange.as_str().into(),
                    routing_key.as_str().into(),
                    options,
                    &payload,
                    properties,
                )
                .await?;
            sent.await
        };
        let unclear = |why: NodeError| {
            let code = if self.effect() == Effect::Ambiguous { Code::Ambiguous } else { Code::Unavailable };
            NodeError { code, ..why }
        };
        let confirmed = match tokio::time::timeout(CONFIRM_TIME, confirming).await {
            Ok(Ok(confirmed)) => confirmed,
            // A channel that the server closes with a reason did not take the message.
            Ok(Err(error)) => {
                let error = failed(&error);
                return Err(if error.code == Code::Unavailable { unclear(error) } else { error });
            }
            Err(_) => {
                let sentence = "RabbitMQ did not confirm the message within 30 seconds.";
                return Err(unclear(NodeError::new(Code::Timeout, sentence)));
            }
        };
        match confirmed {
            Confirmation::Ack(None) => Ok(Value::Record(Record::of([("message_id", Value::from(id))]))),
            Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)) => Err(NodeError::new(
                Code::Refused,
                format!(
                    "No queue takes messages of the exchange {exchange:?} with the routing key {routing_key:?} ({}).",
                    returned.reply_text.as_str()
                ),
            )),
            Confirmation::Nack(None) => {
                Err(NodeError::new(Code::Busy, "RabbitMQ could not store the message."))
            }
            Confirmation::NotRequested => {
                Err(NodeError::new(Code::Internal, "The line to RabbitMQ was opened without confirms."))
            }
        }
    }
}
