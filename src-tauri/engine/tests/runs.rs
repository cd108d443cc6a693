//! Whole runs over a real journal and real files.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arna_engine::hook::HookRequest;
use arna_engine::{EndState, Start};
use common::Bench;
use model::{Record, json};

const REPORT: &str = r#"{ "arna": 1, "name": "Paid orders", "zone": "Asia/Almaty",
  "nodes": {
    "start": { "kind": "flow.input" },
    "orders": { "kind": "csv.read", "config": { "path": "{{ slots.work }}/orders.csv", "columns": { "total": "number" } } },
    "paid": { "kind": "list.filter", "config": { "keep": "= status = \"paid\"" } },
    "shape": { "kind": "list.map", "config": { "fields": [ { "name": "id", "value": "= id" }, { "name": "net", "value": "= total / 1.12" } ] } },
    "file": { "kind": "csv.write", "config": { "path": "{{ slots.work }}/paid.csv" } }
  },
  "wires": [ ["start", "orders"], ["orders", "paid"], ["paid.kept", "shape"], ["shape", "file"] ],
  "slots": { "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_filtered_shaped_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    let mut orders = String::from("id,status,total\n");
    for id in 0..5_000 {
        orders += &format!("{id},{},{}\n", if id % 2 == 0 { "paid" } else { "open" }, 112 * id);
    }
    std::fs::write(folder.path().join("orders.csv"), orders).unwrap();
    let live = bench.flow("report", REPORT).await;
    let ended = bench.engine.run(live, Start::new("start", vec![Record::empty()])).await.unwrap();
    assert_eq!(ended.state, EndState::Ok, "{:?}", ended.error);
    assert_eq!(ended.counts["paid"], (5_000, 5_000, 0));
    assert_eq!(ended.counts["file"].0, 2_500);
    let paid = bench.text("paid.csv");
    assert_eq!(paid.lines().count(), 2_501);
    assert_eq!(paid.lines().nth(2), Some("2,200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_fail_leave_the_others_alone_and_wait_in_the_inbox() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    std::fs::write(
        folder.path().join("orders.csv"),
        "id,status,total\n1,paid,112\n2,paid,much\n3,paid,224\n",
    )
    .unwrap();
    let live = bench.flow("report", REPORT).await;
    let ended = bench.engine.run(live, Start::new("start", vec![Record::empty()])).await.unwrap();
    assert_eq!((ended.state, ended.left_out), (EndState::Partial, 1), "{:?}", ended.error);
    assert_eq!(bench.text("paid.csv").lines().count(), 3);
    let groups = bench.journal.read(|it| it.letter_groups()).unwrap();
    assert_eq!(groups.len(), 1);
}

const HOOK: &str = r#"{ "arna": 1, "name": "Totals",
  "nodes": {
    "hook": { "kind": "webhook.receive", "config": { "path": "totals", "answer": "result", "auth": { "by": "none" } } },
    "sum": { "kind": "list.map", "config": { "fields": [ { "name": "total", "value": "= sum(for i in body.lines return i.qty * i.price)" } ] } }
  },
  "wires": [ ["hook", "sum"] ] }"#;

fn post(path: &str, body: &str, key: Option<&str>) -> HookRequest {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(key.map(|it| ("idempotency-key".to_owned(), it.to_owned())));
    HookRequest {
        method: "POST".into(),
        path: path.into(),
        query: Vec::new(),
        headers,
        body: body.to_owned().into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_answers_with_exact_numbers_and_the_same_key_gets_the_same_answer() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    let live = bench.flow("totals", HOOK).await;
    bench.engine.arm(live).unwrap();
    let body = r#"{"lines":[{"qty":3,"price":0.1},{"qty":1,"price":12345678901234567890.5}]}"#;
    let answer = bench.engine.hook(post("totals", body, Some("k1"))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(String::from_utf8(answer.body.clone()).unwrap(), r#"{"total":12345678901234567890.8}"#);
    let other = r#"{"lines":[]}"#;
    let again = bench.engine.hook(post("totals", other, Some("k1"))).await;
    assert_eq!(again, answer, "the key decides, not the body");
    let bad = bench.engine.hook(post("totals", "{\"lines\":", None)).await;
    assert_eq!(bad.status, 400);
    assert!(String::from_utf8(bad.body).unwrap().contains("line 1"), "it says where");
    assert_eq!(bench.engine.hook(post("nothing", body, None)).await.status, 404);
    let fault = bench.engine.hook(post("totals", r#"{"lines":[{"qty":"a","price":1}]}"#, None)).await;
    assert_eq!(
        fault.status, 202,
        "a record that failed is kept in the inbox, so the sender need not send again"
    );
}

/// The flow at a path, which says which version answers.
fn answering(path: &str, says: &str) -> String {
    format!(
        r#"{{ "arna": 1, "name": "{says}", "nodes": {{
            "hook": {{ "kind": "webhook.receive", "config": {{ "path": "{path}", "answer": "result", "auth": {{ "by": "none" }} }} }},
            "say": {{ "kind": "list.map", "config": {{ "fields": [ {{ "name": "says", "value": "{says}" }} ] }} }} }},
            "wires": [ ["hook", "say"] ] }}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_takes_the_place_of_another_without_a_gap_and_one_that_cannot_leaves_it_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    let said = async |path: &str| {
        let answer = bench.engine.hook(post(path, "{}", None)).await;
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    let versions =
        [bench.flow("a", &answering("a", "one")).await, bench.flow("a", &answering("a", "two")).await];
    bench.engine.arm(versions[0].clone()).unwrap();
    let (engine, is_over) = (bench.engine.clone(), Arc::new(AtomicBool::new(false)));
    let over = is_over.clone();
    let arming = tokio::task::spawn_blocking(move || {
        let _in_runtime = tokio::runtime::Handle::current().enter();
        for version in versions.iter().cycle().take(2_000) {
            engine.arm(version.clone()).unwrap();
        }
        over.store(true, Ordering::SeqCst);
    });
    while !is_over.load(Ordering::SeqCst) {
        assert_eq!(said("a").await.0, 200, "there is no moment at which nobody answers");
    }
    arming.await.unwrap();
    assert_eq!(said("a").await.1, r#"{"says":"two"}"#);

    let other = bench.flow("b", &answering("b", "other")).await;
    bench.engine.arm(other).unwrap();
    let clashing = bench.flow("b", &answering("a", "thief")).await;
    let refused = bench.engine.arm(clashing).unwrap_err();
    assert!(refused.sentence.contains("another flow already listens at /hooks/a"), "{refused}");
    assert_eq!(said("b").await.1, r#"{"says":"other"}"#, "it goes on as it was");
    assert_eq!(said("a").await.1, r#"{"says":"two"}"#);
}

const STEPS: &str = r#"{ "arna": 1, "name": "Append",
  "nodes": {
    "hook": { "kind": "webhook.receive", "config": { "path": "append", "auth": { "by": "none" } } },
    "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/{{ body.id }}.txt", "content": "= string(body.id)" } }
  },
  "wires": [ ["hook", "file"] ], "slots": { "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_event_is_brought_to_its_end_by_the_next_engine() {
    let folder = tempfile::tempdir().unwrap();
    let event = model::codec::encode_records(&[Record::of([("body", json::parse(br#"{"id":7}"#).unwrap())])]);
    let hash;
    {
        let bench = Bench::open(folder.path());
        let live = bench.flow("append", STEPS).await;
        hash = live.program.hash;
        // what is in the journal when the engine dies right after the commit that let it say "received"
        let run = bench.journal.fresh();
        let id = bench.journal.fresh();
        let accept = journal::Accept {
            event: id,
            run: Some(run),
            source: "append/hook".into(),
            dedupe_key: None,
            received_ms: 0,
            payload: event.into(),
        };
        let start = journal::StartRun {
            run,
            flow: "append".into(),
            flow_hash: hash,
            trigger: "hook".into(),
            event: Some(id),
            order_key: None,
            parent: None,
            seed: 1,
            started_ms: 0,
            state: journal::RunState::Running,
        };
        bench
            .journal
            .commit(vec![journal::Change::Accept(accept), journal::Change::StartRun(start)])
            .await
            .unwrap();
    }
    let mut bench = Bench::open(folder.path());
    bench.flow("append", STEPS).await;
    assert_eq!(bench.open.len(), 1);
    let mut events = bench.engine.events();
    bench.engine.resume(std::mem::take(&mut bench.open)).await;
    loop {
        if let arna_engine::EngineEvent::Ended { state, .. } = events.recv().await.unwrap() {
            assert_eq!(state, EndState::Ok);
            break;
        }
    }
    assert_eq!(bench.text("7.txt"), "7");
    assert!(bench.journal.read(|it| it.open_runs()).unwrap().is_empty());
}
