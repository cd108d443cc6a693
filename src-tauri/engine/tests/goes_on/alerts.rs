use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arna_engine::alerts::DiskRoom;
use arna_engine::{EngineEvent, Start};
use journal::RunState;
use tokio::sync::broadcast::Receiver;

use crate::common::Bench;
use crate::stand::{Hands, Manner, Other, record, state, until};

/// What was raised since the last look: kind and sentence.
fn raised(events: &mut Receiver<EngineEvent>) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let EngineEvent::Alert { kind, sentence, .. } = event {
            found.push((kind, sentence));
        }
    }
    found
}

/// The same without those about the disk of the machine on which the test runs.
fn raised_of_runs(events: &mut Receiver<EngineEvent>) -> Vec<(&'static str, String)> {
    raised(events).into_iter().filter(|it| it.0 != "disk_low").collect()
}

const HOOK: &str = r#"{ "arna": 1, "name": "Hook",
  "nodes": { "hook": { "kind": "webhook.receive", "config": { "path": "h", "auth": { "by": "none" } } },
    "shape": { "kind": "list.map", "config": { "fields": [ { "name": "id", "value": "= body.id" } ] } } },
  "wires": [ ["hook", "shape"] ] }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_gets_full_is_told_once_refuses_events_and_takes_them_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1_000));
    let live = bench.flow("hook", HOOK).await;
    bench.engine.arm(live).unwrap();
    let free = Arc::new(AtomicU64::new(100 << 30));
    let asked = free.clone();
    bench
        .engine
        .ask_disk(Arc::new(move || Some(DiskRoom { free: asked.load(Ordering::SeqCst), total: 200 << 30 })));
    let mut events = bench.engine.events();
    let request = || arna_engine::hook::HookRequest {
        method: "POST".into(),
        path: "h".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: r#"{"id":1}"#.into(),
        ..Default::default()
    };
    bench.engine.look_after().await;
    assert_eq!((raised(&mut events), bench.engine.hook(request()).await.status), (Vec::new(), 202));
    free.store(9 << 30, Ordering::SeqCst);
    for _ in 0..3 {
        bench.engine.look_after().await;
    }
    let told = raised(&mut events);
    assert_eq!(told.len(), 1, "less than one part in twenty is told once: {told:?}");
    assert_eq!(bench.engine.hook(request()).await.status, 202, "and events are still taken");
    free.store(100 << 20, Ordering::SeqCst);
    for _ in 0..3 {
        bench.engine.look_after().await;
    }
    let told = raised(&mut events);
    let refused = "The disk of the data folder has 100 MiB left, so events are refused until there is room.";
    assert_eq!(told, [("disk_low", refused.to_owned())]);
    let answer = bench.engine.hook(request()).await;
    assert_eq!(answer.status, 503);
    assert!(answer.headers.contains(&("retry-after".into(), "60".into())), "{:?}", answer.headers);
    free.store(100 << 30, Ordering::SeqCst);
    bench.engine.look_after().await;
    assert_eq!(bench.engine.hook(request()).await.status, 202);
    free.store(100 << 20, Ordering::SeqCst);
    bench.engine.look_after().await;
    assert_eq!(raised(&mut events).len(), 2, "a cause that comes again is told again");
    let lines = bench.journal.read(|it| it.audit(10)).unwrap();
    assert_eq!(lines.iter().filter(|it| it.action == "alert.disk_low").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_nobody_changed_is_asked_for_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1_000));
    let (free, total) = bench.journal.disk().unwrap().expect("this system tells");
    assert!(free > 0 && free <= total, "{free} of {total}");
    assert!(bench.journal.room().unwrap().is_some_and(|it| it <= total));
}

fn putting(around: &str) -> String {
    format!(
        r#"{{ "arna": 1, "name": "Put", {around}
  "nodes": {{ "start": {{ "kind": "flow.input" }},
    "put": {{ "kind": "http.request", "connection": "other", "config": {{ "method": "PUT", "url": "/x", "body": "= {{id: id}}" }},
      "policy": {{ "timeout_s": 60, "retry": "never" }} }} }},
  "wires": [ ["start", "put"] ], "slots": {{ "other": {{ "connection": "http" }} }} }}"#
    )
}

fn one() -> Start {
    Start::new("start", vec![record(r#"{"id":"1"}"#)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_three_times_the_usual_is_told_once() {
    let other = Other::start(Manner::Answers);
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let mut events = bench.engine.events();
    let live = other.flow(&bench, "put", &putting("")).await;
    for _ in 0..5 {
        let run = bench.engine.run(live.clone(), one()).await.unwrap().run.parse().unwrap();
        assert_eq!(state(&bench, run), RunState::Ok);
    }
    other.set(Manner::Silent);
    let runs = [
        bench.engine.start(live.clone(), one()).await.unwrap(),
        bench.engine.start(live, one()).await.unwrap(),
    ];
    until("both call", || other.got().len() == 7).await;
    clock.forward(59_000);
    bench.engine.look_after().await;
    assert_eq!(raised_of_runs(&mut events), Vec::new(), "a minute is never slow");
    clock.forward(2_000);
    bench.engine.look_after().await;
    bench.engine.look_after().await;
    let told = raised_of_runs(&mut events);
    assert_eq!(told.len(), 1, "two slow runs of a flow are one cause: {told:?}");
    assert_eq!(
        told[0],
        ("slow_run", "A run of Put has been at work for 61 seconds; 0 seconds are usual.".into())
    );
    for run in runs {
        bench.engine.cancel(&run);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_says_how_long_its_runs_take_is_believed() {
    let other = Other::start(Manner::Silent);
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let mut events = bench.engine.events();
    let live = other.flow(&bench, "put", &putting(r#""expect": { "within_s": 5 },"#)).await;
    let run = bench.engine.start(live, one()).await.unwrap();
    until("it calls", || !other.got().is_empty()).await;
    bench.engine.look_after().await;
    assert_eq!(raised_of_runs(&mut events), Vec::new());
    clock.forward(6_000);
    bench.engine.look_after().await;
    let told = raised_of_runs(&mut events);
    assert_eq!(
        told,
        [("slow_run", "A run of Put has been at work for 6 seconds; 5 seconds are expected.".into())]
    );
    bench.engine.cancel(&run);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_does_not_answer_is_told_once_until_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let mut events = bench.engine.events();
    let other = Other::start(Manner::Gone);
    let live = other.flow(&bench, "put", &putting("")).await;
    for _ in 0..6 {
        bench.engine.run(live.clone(), one()).await.unwrap();
    }
    bench.engine.look_after().await;
    bench.engine.look_after().await;
    let told: Vec<_> =
        raised_of_runs(&mut events).into_iter().filter(|it| it.0 == "silent_connection").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.contains("does not answer"), "{}", told[0].1);
    other.set(Manner::Answers);
    clock.forward(600_000);
    bench.engine.run(live, one()).await.unwrap();
    bench.engine.look_after().await;
    assert!(bench.engine.answering("").is_none_or(|it| it.held_until_ms.is_none()), "it is called again");
}
