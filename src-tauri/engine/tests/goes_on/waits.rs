use arna_engine::{EndState, Start};
use journal::RunState;

use crate::common::Bench;
use crate::stand::{Hands, cut_off, go_on, record, state, until};

const HOUR: i64 = 3_600_000;

const WAIT: &str = r#"{ "arna": 1, "name": "Later",
  "nodes": {
    "start": { "kind": "flow.input" },
    "wait": { "kind": "flow.wait", "config": { "for": "= s" } },
    "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/{{ id }}.txt", "content": "= string(wait) + event.note" } }
  },
  "wires": [ ["start", "wait"], ["wait", "file"] ], "slots": { "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_of_an_hour_is_a_row_survives_a_restart_and_goes_on_at_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("later", WAIT).await;
    let start = Start::new("start", vec![record(r#"{"id":"a","s":3600,"note":"!"}"#)]);
    let ended = bench.engine.run(live, start).await.unwrap();
    assert_eq!((ended.state, ended.left_out), (EndState::Waiting, 1));
    let run = ended.run.parse().unwrap();
    assert_eq!(state(&bench, run), RunState::Waiting);
    assert!(bench.engine.active(&ended.run).is_none(), "nothing of it is in memory");

    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock.clone());
    bench.flow("later", WAIT).await;
    go_on(&mut bench).await;
    clock.forward(HOUR - 1);
    bench.engine.look_now();
    assert_eq!(state(&bench, run), RunState::Waiting);
    assert!(!after.path().join("a.txt").exists(), "not before its time");
    clock.forward(1);
    bench.engine.look_now();
    until("the run ends", || state(&bench, run) == RunState::Ok).await;
    assert_eq!(bench.text("a.txt"), "3600000!", "what started the run is still known");
    assert!(bench.journal.read(|it| it.open_runs()).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_fell_due_while_the_engine_was_off_goes_on_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("later", WAIT).await;
    let start = Start::new("start", vec![record(r#"{"id":"b","s":60,"note":""}"#)]);
    bench.engine.run(live, start).await.unwrap();
    let after = cut_off(folder.path());
    clock.forward(48 * HOUR);
    let mut bench = Bench::at(after.path(), clock);
    bench.flow("later", WAIT).await;
    go_on(&mut bench).await;
    until("the file is there", || after.path().join("b.txt").exists()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_waiting_events_cost_rows_and_a_cancelled_one_never_goes_on() {
    const MANY: usize = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("later", WAIT).await;
    let starts = (0..MANY).map(|at| {
        let text = format!(r#"{{"id":"{at}","s":86400,"note":""}}"#);
        bench.engine.run(live.clone(), Start::new("start", vec![record(&text)]))
    });
    let ended = futures_util::future::join_all(starts).await;
    assert!(ended.iter().all(|it| it.as_ref().unwrap().state == EndState::Waiting));
    assert!(ended.iter().all(|it| bench.engine.active(&it.as_ref().unwrap().run).is_none()));
    assert_eq!(bench.journal.read(|it| it.stats()).unwrap().parked, MANY as u64);
    let run = ended[7].as_ref().unwrap().run.parse().unwrap();
    assert!(bench.engine.cancel_resting(run).await.unwrap());
    assert_eq!(state(&bench, run), RunState::Cancelled);
    assert!(!bench.engine.cancel_resting(run).await.unwrap(), "it rests no more");
    assert_eq!(bench.journal.read(|it| it.stats()).unwrap().parked, MANY as u64 - 1);
}

const TWICE: &str = r#"{ "arna": 1, "name": "Twice",
  "nodes": {
    "start": { "kind": "flow.input" },
    "wait": { "kind": "flow.wait", "config": { "for": "= 60" } },
    "again": { "kind": "flow.wait", "config": { "for": "= 120" } },
    "rows": { "kind": "csv.read", "config": { "path": "{{ slots.work }}/rows.csv" }, "keep_as": "asked" },
    "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/{{ name }}.txt", "content": "= asked.id" } }
  },
  "wires": [ ["start", "wait"], ["wait", "again"], ["again", "rows"], ["rows", "file"] ],
  "slots": { "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_waited_twice_goes_on_through_a_step_that_reads_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rows.csv"), "name\nx\ny\n").unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("twice", TWICE).await;
    let ended = bench.engine.run(live, Start::new("start", vec![record(r#"{"id":"7"}"#)])).await.unwrap();
    let run = ended.run.parse().unwrap();
    bench.keep_parked();
    clock.forward(60_000);
    bench.engine.look_now();
    until("it waits again", || bench.journal.read(|it| it.open_runs()).unwrap().len() == 2).await;
    assert_eq!(state(&bench, run), RunState::Waiting, "the run rests as long as anything of it waits");
    until("the second wait stands in the journal", || {
        bench
            .journal
            .read(|it| it.parked_due(i64::MAX - 1, 9))
            .unwrap()
            .first()
            .is_some_and(|it| it.at.node == "again")
    })
    .await;
    clock.forward(120_000);
    bench.engine.look_now();
    until("the run ends", || state(&bench, run) == RunState::Ok).await;
    assert_eq!((bench.text("x.txt"), bench.text("y.txt")), ("7".into(), "7".into()));
    assert!(bench.journal.read(|it| it.open_runs()).unwrap().is_empty());
}

const CALLED: &str = r#"{ "arna": 1, "name": "Child",
  "nodes": { "called": { "kind": "flow.called" }, "wait": { "kind": "flow.wait", "config": { "for": "= 60" } },
             "shape": { "kind": "list.map", "config": { "fields": [ { "name": "double", "value": "= id * 2" } ] } } },
  "wires": [ ["called", "wait"], ["wait", "shape"] ] }"#;

const CALLER: &str = r#"{ "arna": 1, "name": "Parent",
  "nodes": { "start": { "kind": "flow.input" }, "call": { "kind": "flow.call", "config": { "slot": "child" } },
             "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/answer.txt", "content": "= string(records[1].double)" } } },
  "wires": [ ["start", "call"], ["call", "file"] ],
  "slots": { "child": { "flow": null }, "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_gets_the_answer_of_a_flow_that_waits_also_when_both_were_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    bench.flow("child", CALLED).await;
    let live = bench.flow_calling("parent", CALLER, "child").await;
    bench.engine.start(live, Start::new("start", vec![record(r#"{"id":21}"#)])).await.unwrap();
    until("the child waits", || bench.journal.read(|it| it.stats()).unwrap().parked == 1).await;
    until("the child rests", || {
        let open = bench.journal.read(|it| it.open_runs()).unwrap();
        open.iter().any(|it| it.state == RunState::Waiting)
    })
    .await;
    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock.clone());
    bench.flow("child", CALLED).await;
    bench.flow_calling("parent", CALLER, "child").await;
    assert_eq!(bench.open.len(), 2);
    go_on(&mut bench).await;
    clock.forward(60_000);
    bench.engine.look_now();
    until("all runs end", || bench.journal.read(|it| it.open_runs()).unwrap().is_empty()).await;
    assert_eq!(bench.text("answer.txt"), "42");
}
