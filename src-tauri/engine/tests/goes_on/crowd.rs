use std::collections::BTreeSet;
use std::sync::Arc;

use arna_engine::{Live, Start};
use journal::RunState;

use crate::common::Bench;
use crate::stand::{Hands, Manner, Other, cut_off, go_on, record, until};

const MANY: usize = 700;

fn putting(order: &str) -> String {
    format!(
        r#"{{ "arna": 1, "name": "Put", "concurrency": 1, {order}
  "nodes": {{ "start": {{ "kind": "flow.input" }},
    "put": {{ "kind": "http.request", "connection": "other", "config": {{ "method": "PUT", "url": "/x", "body": "= {{id: id}}" }},
      "policy": {{ "timeout_s": 60, "retry": "never" }} }},
    "shape": {{ "kind": "list.map", "config": {{ "fields": [ {{ "name": "why", "value": "= error.code" }} ] }} }} }},
  "wires": [ ["start", "put"], ["put.error", "shape"] ], "slots": {{ "other": {{ "connection": "http" }} }} }}"#
    )
}

async fn start_many(bench: &Bench, live: &Arc<Live>) {
    for number in 0..MANY {
        let event = record(&format!(r#"{{"id":"{number}","k":"{}"}}"#, number % 3));
        bench.engine.start(live.clone(), Start::new("start", vec![event])).await.unwrap();
    }
}

/// The numbers of the events in the order in which they came to the other side.
fn numbers(other: &Other) -> Vec<usize> {
    let number = |body: &str| record(body).get("id").and_then(sdk::Value::as_text).unwrap().parse().unwrap();
    other.got().iter().map(|(_, body)| number(body)).collect()
}

async fn all_end(bench: &Bench) {
    until("all have ended", || bench.journal.read(|it| it.open_runs()).unwrap().is_empty()).await;
    let runs = journal::RunFilter { states: vec![RunState::Ok], most: 1_000, ..Default::default() };
    assert_eq!(bench.journal.read(|it| it.runs(&runs)).unwrap().len(), MANY);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_runs_that_wait_few_are_kept_whole_and_all_are_done_in_the_order_of_arrival() {
    let other = Other::start(Manner::Holds);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1));
    let live = other.flow(&bench, "put", &putting("")).await;
    start_many(&bench, &live).await;
    let (whole, by_id) = live.waiting();
    assert!(whole <= 256 && whole + by_id >= MANY - 10, "{whole} whole, {by_id} by their id");
    other.set(Manner::Answers);
    all_end(&bench).await;
    assert_eq!(numbers(&other), (0..MANY).collect::<Vec<_>>());
    assert_eq!(live.waiting(), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_with_order_keys_that_wait_by_their_id_keep_the_order_of_their_key_also_after_a_crash() {
    let other = Other::start(Manner::Holds);
    let folder = tempfile::tempdir().unwrap();
    let after = {
        let bench = Bench::at(folder.path(), Hands::at(1));
        let live = other.flow(&bench, "put", &putting(r#""order": "= k","#)).await;
        start_many(&bench, &live).await;
        let (whole, by_id) = live.waiting();
        assert!(whole <= 256 && by_id > 0, "{whole} whole, {by_id} by their id");
        cut_off(folder.path())
    };
    let other = Other::start(Manner::Answers);
    let mut bench = Bench::at(after.path(), Hands::at(1));
    other.flow(&bench, "put", &putting(r#""order": "= k","#)).await;
    go_on(&mut bench).await;
    all_end(&bench).await;
    let came = numbers(&other);
    for key in 0..3 {
        let of_key: Vec<usize> = came.iter().copied().filter(|it| it % 3 == key).collect();
        assert!(of_key.is_sorted(), "{of_key:?}");
    }
    // what had been answered before the crash is not asked for again
    let distinct: BTreeSet<usize> = came.iter().copied().collect();
    assert_eq!(distinct.len(), came.len());
}
