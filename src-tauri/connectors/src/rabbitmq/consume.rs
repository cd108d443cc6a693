//! `rabbitmq.consume`: starts a run for each message of a queue.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use schemars::JsonSchema;
use sdk::trigger::{Event, Inbox, Start};
use sdk::{
    Category, Code, ConfigError, Cx, Level, Need, Node, NodeError, Ports, Record, RecordBuilder, Trigger,
    Value, async_trait,
};
use serde::{Deserialize, Serialize};

use super::link::{dial, failed};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Messages stored in one go.
const MOST_AT_ONCE: usize = 64;

fn prefetch() -> u16 {
    64
}

fn yes() -> bool {
    true
}

/// Starts a run for each message of a queue. A message is acknowledged only when it is stored here; one that comes again, told by its
/// `message-id`, starts nothing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consume {
    /// The queue. It must exist.
    pub queue: String,
    /// So many messages may be under way to us at once.
    #[serde(default = "prefetch")]
    pub prefetch: u16,
    /// Whether a message id that was seen before starts nothing.
    #[serde(default = "yes")]
    pub dedupe: bool,
}

impl Node for Consume {
    const KIND: &'static str = "rabbitmq.consume";
    const TITLE: &'static str = "On a RabbitMQ message";
    const CATEGORY: Category = Category::Starts;
    const WORDS: &'static [&'static str] = &["queue", "message", "AMQP", "consume", "listen", "broker"];

    fn ports(&self) -> Ports {
        Ports::default().output("out", "The message: body, headers, message_id, routing_key.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.queue.trim().is_empty() || self.queue.len() > 255 {
            problems.push(ConfigError::new("/queue", "Write the name of the queue."));
        }
        if !(1..=10_000).contains(&self.prefetch) {
            problems.push(ConfigError::new("/prefetch", "From 1 to 10000 messages may be under way."));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Connection { kind: "rabbitmq".into() }]
    }
}

impl Consume {
    fn event(&self, delivery: &Delivery) -> Event {
        let properties = &delivery.properties;
        let id =
            properties.message_id().as_ref().map(|it| it.as_str().to_owned()).filter(|it| !it.is_empty());
        let kind =
            properties.content_type().as_ref().map(|it| it.as_str().to_ascii_lowercase()).unwrap_or_default();
        let mut headers = RecordBuilder::default();
        for (name, value) in properties.headers().iter().flat_map(|it| it.inner().iter()) {
            headers.set(name.as_str(), plain(value));
        }
        let record = Record::of([
            ("body", body(&delivery.data, &kind)),
            ("headers", Value::Record(headers.build())),
            ("message_id", id.as_deref().map_or(Value::Null, Value::from)),
            ("routing_key", Value::from(delivery.routing_key.as_str())),
            ("redelivered", Value::from(delivery.redelivered)),
        ]);
        Event { dedupe_key: id.filter(|_| self.dedupe), record }
    }

    /// Consumes until the line breaks.
    async fn once(&self, inbox: &dyn Inbox, cx: &dyn Cx, is_up: &mut bool) -> Result<(), NodeError> {
        let connection = cx.connection()?;
        let line = dial(connection.as_ref(), cx).await?;
        let channel = line.create_channel().await.map_err(|e| failed(&e))?;
        // Only asks whether it is there: a queue belongs to whoever made it.
        let asking = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        channel
            .queue_declare(self.queue.as_str().into(), asking, FieldTable::default())
            .await
            .map_err(|e| failed(&e))?;
        channel.basic_qos(self.prefetch, BasicQosOptions::default()).await.map_err(|e| failed(&e))?;
        let mut consumer = channel
            .basic_consume(
                self.queue.as_str().into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(|e| failed(&e))?;
        *is_up = true;
        while let Some(first) = consumer.next().await {
            let first = first.map_err(|e| failed(&e))?;
            let mut taken = vec![first];
            // What is here already is stored together: one commit instead of many.
            while taken.len() < MOST_AT_ONCE
                && let Some(more) = futures_util::FutureExt::now_or_never(consumer.next())
            {
                match more {
                    Some(delivery) => taken.push(delivery.map_err(|e| failed(&e))?),
                    None => break,
                }
            }
            inbox.accept(taken.iter().map(|it| self.event(it)).collect()).await?;
            let Some(last) = taken.last() else { continue };
            // Deliveries of one channel come in order, so the last one stands for all before it.
            last.ack(BasicAckOptions { multiple: true }).await.map_err(|e| failed(&e))?;
            if cx.is_cancelled() {
                break;
            }
        }
        if cx.is_cancelled() {
            return Ok(());
        }
        Err(NodeError::new(Code::Unavailable, "RabbitMQ ended the delivery of messages."))
    }
}

fn body(bytes: &[u8], kind: &str) -> Value {
    let is_json = kind.starts_with("application/json") || kind.contains("+json");
    if (is_json || kind.is_empty())
        && let Ok(value) = model::json::parse(bytes)
    {
        return value;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => Value::from(BASE64_STANDARD.encode(bytes)),
    }
}

fn plain(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::Boolean(it) => Value::from(*it),
        AMQPValue::ShortShortInt(it) => Value::from(i64::from(*it)),
        AMQPValue::ShortShortUInt(it) => Value::from(i64::from(*it)),
        AMQPValue::ShortInt(it) => Value::from(i64::from(*it)),
        AMQPValue::ShortUInt(it) => Value::from(i64::from(*it)),
        AMQPValue::LongInt(it) => Value::from(i64::from(*it)),
        AMQPValue::LongUInt(it) => Value::from(i64::from(*it)),
        AMQPValue::LongLongInt(it) => Value::from(*it),
        AMQPValue::ShortString(it) => Value::from(it.as_str()),
        AMQPValue::LongString(it) => Value::from(String::from_utf8_lossy(it.as_bytes()).as_ref()),
        _ => Value::Null,
    }
}

#[async_trait]
impl Trigger for Consume {
    fn start(&self) -> Start {
        Start::Listen
    }

    async fn listen(&self, inbox: Arc<dyn Inbox>, cx: Arc<dyn Cx>) -> Result<(), NodeError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut is_up = false;
            let error = match self.once(inbox.as_ref(), cx.as_ref(), &mut is_up).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            // What waiting cannot mend is reported to the engine.
            if !error.code.is_transient() && !is_up {
                return Err(error);
            }
            if is_up {
                pause = FIRST_PAUSE;
            }
            let seconds = pause.as_secs();
            cx.log(Level::Warn, &format!("{} Trying again in {seconds} s.", error.sentence));
            cx.sleep(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
