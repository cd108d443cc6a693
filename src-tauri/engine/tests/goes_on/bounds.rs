use std::time::Duration;

use arna_engine::{EndState, Start};
use journal::{Change, RunState};

use crate::common::Bench;
use crate::stand::{Hands, Manner, Other, go_on, record, state, until};

fn putting(node: &str, flow: &str) -> String {
    format!(
        r#"{{ "arna": 1, "name": "Put", {flow}
  "nodes": {{ "start": {{ "kind": "flow.input" }},
    "put": {{ "kind": "http.request", "connection": "other", "config": {{ "method": "PUT", "url": "/x", "body": "= {{id: id}}" }}, {node} }},
    "shape": {{ "kind": "list.map", "config": {{ "fields": [ {{ "name": "why", "value": "= error.code" }} ] }} }} }},
  "wires": [ ["start", "put"], ["put.error", "shape"] ], "slots": {{ "other": {{ "connection": "http" }} }} }}"#
    )
}

fn many(count: usize) -> Start {
    Start::new("start", (0..count).map(|it| record(&format!(r#"{{"id":"{it}"}}"#))).collect())
}

/// Lets whatever could still be sent be sent.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_with_one_run_at_once_lets_the_second_wait_and_loses_none() {
    let other = Other::start(Manner::Silent);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1));
    let text = putting(r#""policy": { "timeout_s": 1, "retry": "never" }"#, r#""concurrency": 1,"#);
    let live = other.flow(&bench, "put", &text).await;
    let first = bench.engine.run(live.clone(), many(1));
    let second = bench.engine.run(live, many(1));
    let watch = async {
        until("the first is under way", || !other.got().is_empty()).await;
        settle().await;
        other.got().len()
    };
    let (first, second, at_once) = tokio::join!(first, second, watch);
    assert_eq!(at_once, 1);
    assert_eq!((first.unwrap().state, second.unwrap().state), (EndState::Ok, EndState::Ok));
    assert_eq!(other.got().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_an_answer_ends_at_its_limit_and_takes_the_error_port() {
    let other = Other::start(Manner::Silent);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1));
    let text = putting(r#""policy": { "timeout_s": 1, "retry": "never" }"#, "");
    let live = other.flow(&bench, "put", &text).await;
    let ended = bench.engine.run(live, many(1)).await.unwrap();
    assert_eq!((ended.state, ended.left_out), (EndState::Ok, 0), "a record at the error port is handled");
    assert_eq!(ended.ends.len(), 1);
    assert_eq!(ended.ends[0].get("why").and_then(sdk::Value::as_text), Some("timeout"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_called_by_eight_at_once_however_many_a_step_would_like() {
    let other = Other::start(Manner::Silent);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1));
    let text = putting(r#""policy": { "timeout_s": 60, "retry": "never", "in_flight": 50 }"#, "");
    let live = other.flow(&bench, "put", &text).await;
    let run = bench.engine.start(live, many(30)).await.unwrap();
    until("calls are under way", || other.got().len() == 8).await;
    settle().await;
    assert_eq!(other.got().len(), 8);
    assert!(bench.engine.cancel(&run));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asked_for_a_pause_is_left_alone_and_nobody_loses_an_attempt() {
    let other = Other::start(Manner::Busy);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1_000_000));
    let live = other.flow(&bench, "put", &putting(r#""policy": { "in_flight": 1 }"#, "")).await;
    let ended = bench.engine.run(live, many(40)).await.unwrap();
    assert_eq!((ended.state, ended.left_out), (EndState::Partial, 40));
    assert_eq!(other.got().len(), 1, "after the first answer nobody calls before the pause is over");
    let parked = bench.journal.read(|it| it.parked_due(i64::MAX - 1, 99)).unwrap();
    assert_eq!(parked.iter().filter(|it| it.attempt == 0).count(), 39);
    assert!(parked.iter().all(|it| it.due_ms >= 1_000_000 + 600_000));
}

const FAULTY: &str = r#"{ "arna": 1, "name": "Faulty",
  "nodes": { "start": { "kind": "flow.input" }, "sum": { "kind": "list.map", "config": { "fields": [ { "name": "n", "value": "= id * 2" } ] } } },
  "wires": [ ["start", "sum"] ] }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_which_more_than_one_record_in_a_hundred_fails_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1));
    let live = bench.flow("faulty", FAULTY).await;
    let few = bench.engine.run(live.clone(), many(20)).await.unwrap();
    assert_eq!((few.state, few.left_out), (EndState::Partial, 20), "twenty records are no reason yet");
    let all = bench.engine.run(live, many(1_000)).await.unwrap();
    assert_eq!(all.state, EndState::Failed);
    let (node, error) = all.error.unwrap();
    assert_eq!((node.as_str(), error.code), ("sum", sdk::Code::Limit), "{error}");
}

const HOOK: &str = r#"{ "arna": 1, "name": "Hook",
  "nodes": {
    "hook": { "kind": "webhook.receive", "config": { "path": "h", "answer": "result", "auth": { "by": "none" } } },
    "wait": { "kind": "flow.wait", "config": { "for": "= body.s" } },
    "shape": { "kind": "list.map", "config": { "fields": [ { "name": "id", "value": "= uuid()" } ] } } },
  "wires": [ ["hook", "wait"], ["wait", "shape"] ] }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_comes_twice_gets_the_same_answer_and_starts_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1));
    let live = bench.flow("hook", HOOK).await;
    bench.engine.arm(live).unwrap();
    let request = |key: &str, seconds: &str| arna_engine::hook::HookRequest {
        method: "POST".into(),
        path: "h".into(),
        headers: vec![("webhook-id".into(), key.into()), ("content-type".into(), "application/json".into())],
        body: format!(r#"{{"s":{seconds}}}"#).into(),
        ..Default::default()
    };
    // both at once: the second comes while the first is at work
    let (first, second) =
        tokio::join!(bench.engine.hook(request("msg_1", "0.2")), bench.engine.hook(request("msg_1", "0.2")));
    assert_eq!((first.status, &first), (200, &second));
    let later = bench.engine.hook(request("msg_1", "0.2")).await;
    assert_eq!(later, first);
    let other = bench.engine.hook(request("msg_2", "0")).await;
    assert_ne!(other.body, first.body);
    let runs = bench.journal.read(|it| it.runs(&journal::RunFilter::default())).unwrap();
    assert_eq!(runs.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_at_work_at_three_crashes_is_held_back_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = Vec::new();
    {
        let bench = Bench::at(folder.path(), Hands::at(1));
        let live = bench.flow("faulty", FAULTY).await;
        for crashes in [3, 2] {
            let run: journal::RunId = bench.journal.fresh();
            let start = journal::StartRun {
                run,
                flow: "faulty".into(),
                flow_hash: live.program.hash,
                trigger: "start".into(),
                event: None,
                order_key: None,
                parent: None,
                seed: 1,
                started_ms: 0,
                state: RunState::Running,
            };
            bench.journal.commit(vec![Change::StartRun(start)]).await.unwrap();
            for _ in 0..crashes {
                bench.journal.commit(vec![Change::Dispatch { run }]).await.unwrap();
            }
            runs.push(run);
        }
    }
    let mut bench = Bench::at(folder.path(), Hands::at(1));
    bench.flow("faulty", FAULTY).await;
    go_on(&mut bench).await;
    until("nothing is open", || bench.journal.read(|it| it.open_runs()).unwrap().is_empty()).await;
    assert_eq!((state(&bench, runs[0]), state(&bench, runs[1])), (RunState::Quarantined, RunState::Ok));
}
