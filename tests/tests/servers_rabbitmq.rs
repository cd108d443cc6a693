//! Queue connectors against RabbitMQ.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arna_tests::servers::{Live, RabbitMq, connection};
use connectors::rabbitmq::consume::Consume;
use connectors::rabbitmq::publish::Publish;
use sdk::trigger::{Accepted, Event, Inbox};
use sdk::{Action, Call, Code, NodeError, Record, Trigger, Value, async_trait};
use serde_json::json;

fn live(server: &RabbitMq) -> Live {
    Live::with(connection("rabbitmq", &json!({"address": format!("amqp://127.0.0.1:{}", server.port)}), &[]))
}

/// Stores events; refuses the first ones it is given.
#[derive(Default)]
struct Box0 {
    events: Mutex<Vec<Event>>,
    refusals: Mutex<u32>,
}

#[async_trait]
impl Inbox for Box0 {
    async fn accept(&self, events: Vec<Event>) -> Result<Vec<Accepted>, NodeError> {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(NodeError::new(Code::Unavailable, "The disk is full."));
        }
        let accepted = events.iter().map(|_| Accepted { run: "run".into(), is_duplicate: false }).collect();
        self.events.lock().unwrap().extend(events);
        Ok(accepted)
    }
}

impl Box0 {
    fn ids(&self) -> Vec<String> {
        self.events.lock().unwrap().iter().filter_map(|it| it.dedupe_key.clone()).collect()
    }

    async fn wait_for(&self, count: usize) {
        for _ in 0..600 {
            if self.ids().into_iter().collect::<HashSet<_>>().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("only {} of {count} messages came", self.ids().len());
    }
}

async fn declare(server: &RabbitMq, queue: &str) -> lapin::Channel {
    let uri = format!("amqp://127.0.0.1:{}", server.port);
    let line = lapin::Connection::connect(&uri, lapin::ConnectionProperties::default()).await.unwrap();
    let channel = line.create_channel().await.unwrap();
    let options = lapin::options::QueueDeclareOptions::durable();
    channel.queue_declare(queue.into(), options, lapin::types::FieldTable::default()).await.unwrap();
    // The line lives as long as its channel.
    std::mem::forget(line);
    channel
}

async fn publish(live: &Live, config: serde_json::Value, at: i64) -> Result<Value, NodeError> {
    let node: Publish = serde_json::from_value(config).unwrap();
    let record = Record::of([("id", Value::from(at))]);
    let key = format!("key-{at}");
    node.run(Call { record: &record, key: &key, attempt: 1 }, live).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_go_through_and_none_is_lost_when_lines_break_or_storing_fails() {
    let server = RabbitMq::start();
    let live = Arc::new(live(&server));

    // Confirms: what reaches no queue is a failure, not a loss.
    let error = publish(&live, json!({"routing_key": "nowhere", "body": "x"}), 0).await.unwrap_err();
    assert_eq!(error.code, Code::Refused);
    assert!(error.sentence.contains("nowhere"), "{error}");
    let error = publish(&live, json!({"exchange": "none", "routing_key": "a", "body": "x"}), 0).await.unwrap_err();
    assert_eq!(error.code, Code::NotFound, "{error}");

    let consume: Consume = serde_json::from_value(json!({"queue": "orders", "prefetch": 10})).unwrap();
    let inbox = Arc::new(Box0::default());
    let error = consume.listen(inbox.clone(), live.clone()).await.unwrap_err();
    assert_eq!(error.code, Code::NotFound, "a queue that is not there is said at once");

    declare(&server, "orders").await;
    let config = json!({"routing_key": "orders", "body": "= {number: id}", "headers": {"x-kind": "order"}});
    for at in 0..50 {
        publish(&live, config.clone(), at).await.unwrap();
    }
    // Storing fails once: nothing was acknowledged, so all of it comes again.
    *inbox.refusals.lock().unwrap() = 1;
    let listening = {
        let (inbox, live) = (inbox.clone(), live.clone());
        tokio::spawn(async move { consume.listen(inbox, live).await })
    };
    inbox.wait_for(50).await;
    // The server throws everybody out, in both directions.
    server.control(&["close_all_connections", "test"]);
    let mut sent = 50;
    for at in 50..80 {
        while publish(&live, config.clone(), at).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        sent += 1;
    }
    inbox.wait_for(sent).await;
    listening.abort();
    let first = inbox.events.lock().unwrap()[0].record.clone();
    assert_eq!(first.get("headers").unwrap().to_string(), r#"{"x-kind":"order"}"#);
    assert!(first.get("body").unwrap().to_string().starts_with(r#"{"number":"#));
    let ids: HashSet<String> = inbox.ids().into_iter().collect();
    assert_eq!(ids, (0..80).map(|at| format!("key-{at}")).collect());

    // All were acknowledged: nothing is left for the next one.
    let options = lapin::options::QueueDeclareOptions { passive: true, ..Default::default() };
    let channel = declare(&server, "other").await;
    let queue = channel.queue_declare("orders".into(), options, lapin::types::FieldTable::default()).await.unwrap();
    assert_eq!(queue.message_count(), 0);
}

#[tokio::test]
async fn a_wrong_sign_in_is_told_and_no_server_is_unavailable() {
    let server = RabbitMq::start();
    let settings = json!({"host": "127.0.0.1", "port": server.port, "user": "anna"});
    let wrong = Live::with(connection("rabbitmq", &settings, &[("password", "wrong")]));
    let error = publish(&wrong, json!({"routing_key": "a", "body": "x"}), 0).await.unwrap_err();
    assert_eq!(error.code, Code::Auth, "{error} {:?}", error.cause);
    let gone = live(&server);
    drop(server);
    let error = publish(&gone, json!({"routing_key": "a", "body": "x"}), 0).await.unwrap_err();
    assert_eq!(error.code, Code::Unavailable, "{error}");
}
