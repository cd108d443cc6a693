use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arna_engine::{Clock, EndState, Start};

use crate::common::Bench;
use crate::stand::{Manner, Other, record};

/// A clock on which waiting for less than a minute takes no time at all, and moves the hands.
struct Leaping(AtomicI64);

#[async_trait::async_trait]
impl Clock for Leaping {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    async fn sleep(&self, time: Duration) {
        if time < Duration::from_secs(60) {
            self.0.fetch_add(time.as_millis() as i64, Ordering::SeqCst);
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(time).await;
        }
    }
}

const TWO_STEPS: &str = r#"{ "arna": 1, "name": "Two",
  "nodes": { "start": { "kind": "flow.input" },
    "first": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/a", "body": "= {id: id}" }, "policy": { "in_flight": 1, "retry": "never" } },
    "second": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/b", "body": "= {id: id}" }, "policy": { "in_flight": 1, "retry": "never" } } },
  "wires": [ ["start", "first"], ["first", "second"] ], "slots": { "other": { "connection": "http" } } }"#;

async fn took_ms(rate: &str) -> i64 {
    let other = Other::start(Manner::Answers);
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Leaping(AtomicI64::new(1_000_000)));
    let bench = Bench::at(folder.path(), clock.clone());
    let live = other.flow_at_rate(&bench, ("two", TWO_STEPS), rate).await;
    let records = ["1", "2"].map(|id| record(&format!(r#"{{"id":"{id}"}}"#))).to_vec();
    let ended = bench.engine.run(live, Start::new("start", records)).await.unwrap();
    assert_eq!((ended.state, other.got().len()), (EndState::Ok, 4));
    clock.now_ms() - 1_000_000
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_share_a_connection_share_its_rate() {
    let paced = took_ms("6/min").await;
    assert_eq!(paced, 30_000, "four calls, ten seconds between each two");
    assert_eq!(took_ms("").await, 0, "nothing is spread where nothing is set");
}
