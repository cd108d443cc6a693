use std::sync::Arc;

use arna_engine::{EndState, Live, Start};
use journal::{RunId, RunState};

use crate::common::Bench;
use crate::stand::{Hands, Manner, Other, cut_off, go_on, record, state, until};

/// Waits as long as the event says, then puts its id to the other side.
fn flow(around: &str) -> String {
    format!(
        r#"{{ "arna": 1, "name": "Prices", {around}
  "nodes": {{ "start": {{ "kind": "flow.input" }}, "wait": {{ "kind": "flow.wait", "config": {{ "for": "= s" }} }},
    "put": {{ "kind": "http.request", "connection": "other", "config": {{ "method": "PUT", "url": "/x", "body": "= {{id: id}}" }},
      "policy": {{ "timeout_s": 60, "retry": "never" }} }},
    "shape": {{ "kind": "list.map", "config": {{ "fields": [ {{ "name": "why", "value": "= error.code" }} ] }} }} }},
  "wires": [ ["start", "wait"], ["wait", "put"], ["put.error", "shape"] ], "slots": {{ "other": {{ "connection": "http" }} }} }}"#
    )
}

async fn send(bench: &Bench, live: &Arc<Live>, (id, key, seconds): (&str, &str, u32)) -> RunId {
    let event = record(&format!(r#"{{"id":"{id}","k":"{key}","s":{seconds}}}"#));
    bench.engine.start(live.clone(), Start::new("start", vec![event])).await.unwrap().parse().unwrap()
}

fn ids(other: &Other) -> Vec<String> {
    other.got().iter().map(|(_, body)| record(body).get("id").unwrap().to_plain()).collect()
}

fn reason(bench: &Bench, run: RunId) -> String {
    bench.journal.read(|it| it.run(run)).unwrap().unwrap().row.error.map(|it| it.message).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_while_a_run_goes_on_is_skipped_with_its_reason_and_a_later_one_runs() {
    let other = Other::start(Manner::Answers);
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    bench.keep_parked();
    let live = other.flow(&bench, "f", &flow(r#""overlap": "skip","#)).await;
    let first = send(&bench, &live, ("first", "a", 60)).await;
    until("the first rests", || state(&bench, first) == RunState::Waiting).await;
    let second = bench.engine.run(live.clone(), Start::new("start", vec![record(r#"{"id":"2"}"#)])).await;
    let second = second.unwrap();
    assert_eq!(second.state, EndState::Skipped);
    assert_eq!(second.error.unwrap().1.sentence, "It came while another run of the flow went on.");
    let second = second.run.parse().unwrap();
    assert_eq!(state(&bench, second), RunState::Skipped);
    assert_eq!(reason(&bench, second), "It came while another run of the flow went on.");
    clock.forward(60_000);
    bench.engine.look_now();
    until("the first ends", || state(&bench, first) == RunState::Ok).await;
    let third = send(&bench, &live, ("third", "a", 0)).await;
    until("the third ends", || state(&bench, third) == RunState::Ok).await;
    assert_eq!(ids(&other), ["first", "third"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_order_only_events_of_the_same_key_are_skipped() {
    let other = Other::start(Manner::Answers);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1_000_000));
    let live = other.flow(&bench, "f", &flow(r#""overlap": "skip", "order": "= k","#)).await;
    let mut runs = Vec::new();
    for (id, key) in [("a1", "a"), ("b1", "b"), ("a2", "a")] {
        runs.push(send(&bench, &live, (id, key, 60)).await);
    }
    until("two rest", || runs[..2].iter().all(|it| state(&bench, *it) == RunState::Waiting)).await;
    assert_eq!(state(&bench, runs[2]), RunState::Skipped);
    assert_eq!(reason(&bench, runs[2]), "It came while a run with the order key a went on.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_event_stops_the_run_at_work_and_the_one_that_rests_and_takes_their_place() {
    let other = Other::start(Manner::Holds);
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    bench.keep_parked();
    let live = other.flow(&bench, "f", &flow(r#""overlap": "replace","#)).await;
    let resting = send(&bench, &live, ("resting", "a", 60)).await;
    until("it rests", || state(&bench, resting) == RunState::Waiting).await;
    let at_work = send(&bench, &live, ("at work", "a", 0)).await;
    assert_eq!(state(&bench, resting), RunState::Cancelled);
    until("it calls", || !other.got().is_empty()).await;
    other.set(Manner::Answers);
    let newest = send(&bench, &live, ("newest", "a", 0)).await;
    until("the newest ends", || state(&bench, newest) == RunState::Ok).await;
    assert_eq!(state(&bench, at_work), RunState::Cancelled);
    assert_eq!(reason(&bench, at_work), "A newer event took its place.");
    clock.forward(60_000);
    bench.engine.look_now();
    until("nothing is open", || bench.journal.read(|it| it.open_runs()).unwrap().is_empty()).await;
    assert_eq!(ids(&other), ["at work", "newest"], "the one that rested never went on");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_events_that_wait_only_the_newest_runs_also_after_a_crash() {
    let other = Other::start(Manner::Holds);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1));
    let live = other.flow(&bench, "f", &flow(r#""overlap": "latest","#)).await;
    let first = send(&bench, &live, ("1", "a", 0)).await;
    until("the first calls", || !other.got().is_empty()).await;
    let mut runs = Vec::new();
    for id in ["2", "3", "4"] {
        runs.push(send(&bench, &live, (id, "a", 0)).await);
    }
    let states: Vec<RunState> = runs.iter().map(|it| state(&bench, *it)).collect();
    assert_eq!(states, [RunState::Skipped, RunState::Skipped, RunState::Running]);
    assert_eq!(reason(&bench, runs[0]), "A newer event took its place.");
    let after = cut_off(folder.path());
    other.set(Manner::Answers);
    until("the newest ends", || state(&bench, runs[2]) == RunState::Ok).await;
    assert_eq!(ids(&other), ["1", "4"]);
    assert_eq!(state(&bench, first), RunState::Ok, "what was at work ends by itself");

    let again = Other::start(Manner::Answers);
    let mut bench = Bench::at(after.path(), Hands::at(1));
    again.flow(&bench, "f", &flow(r#""overlap": "latest","#)).await;
    go_on(&mut bench).await;
    until("nothing is open", || bench.journal.read(|it| it.open_runs()).unwrap().is_empty()).await;
    assert_eq!(ids(&again), ["1", "4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_twice_replaces_nothing() {
    let other = Other::start(Manner::Answers);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1_000_000));
    let live = other.flow(&bench, "f", &flow(r#""overlap": "replace","#)).await;
    let start = || {
        let mut start = Start::new("start", vec![record(r#"{"id":"1","k":"a","s":60}"#)]);
        start.dedupe_key = Some("delivery 1".into());
        start
    };
    let first: RunId = bench.engine.start(live.clone(), start()).await.unwrap().parse().unwrap();
    until("it rests", || state(&bench, first) == RunState::Waiting).await;
    let again: RunId = bench.engine.start(live.clone(), start()).await.unwrap().parse().unwrap();
    assert_eq!((again, state(&bench, first)), (first, RunState::Waiting));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_its_place_can_be_cancelled() {
    let other = Other::start(Manner::Holds);
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1));
    let live = other.flow(&bench, "f", &flow(r#""concurrency": 1,"#)).await;
    let first = send(&bench, &live, ("1", "a", 0)).await;
    until("the first calls", || !other.got().is_empty()).await;
    let second = send(&bench, &live, ("2", "a", 0)).await;
    let third = send(&bench, &live, ("3", "a", 0)).await;
    assert!(bench.engine.cancel_resting(second).await.unwrap());
    other.set(Manner::Answers);
    until("the third ends", || state(&bench, third) == RunState::Ok).await;
    assert_eq!((state(&bench, first), state(&bench, second)), (RunState::Ok, RunState::Cancelled));
    assert_eq!(ids(&other), ["1", "3"]);
}
