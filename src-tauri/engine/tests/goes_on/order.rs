use arna_engine::{EndState, Start};
use journal::RunState::{self, Ok, Queued, Waiting};

use crate::common::Bench;
use crate::stand::{Hands, cut_off, go_on, record, state, until};

const KEYED: &str = r#"{ "arna": 1, "name": "In order", "order": "= k",
  "nodes": {
    "start": { "kind": "flow.input" },
    "wait": { "kind": "flow.wait", "config": { "for": "= s" } },
    "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/{{ id }}.txt", "content": "= id" } }
  },
  "wires": [ ["start", "wait"], ["wait", "file"] ], "slots": { "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn later_events_of_a_key_wait_as_rows_behind_a_record_that_waits_and_follow_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("keyed", KEYED).await;
    let mut runs = Vec::new();
    for (id, key, seconds) in
        [("a1", "a", 60), ("a2", "a", 0), ("a3", "a", 60), ("a4", "a", 0), ("b1", "b", 0)]
    {
        let text = format!(r#"{{"id":"{id}","k":"{key}","s":{seconds}}}"#);
        let ended = bench.engine.run(live.clone(), Start::new("start", vec![record(&text)])).await.unwrap();
        runs.push((ended.run.parse().unwrap(), ended.state));
    }
    let states: Vec<RunState> = runs.iter().map(|it| state(&bench, it.0)).collect();
    assert_eq!(states, [Waiting, Queued, Queued, Queued, Ok], "another key is not held back");
    assert_eq!(runs[1].1, EndState::Waiting);

    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock.clone());
    bench.flow("keyed", KEYED).await;
    go_on(&mut bench).await;
    clock.forward(60_000);
    bench.engine.look_now();
    until("a3 waits in its turn", || state(&bench, runs[2].0) == Waiting).await;
    let states: Vec<RunState> = runs.iter().map(|it| state(&bench, it.0)).collect();
    assert_eq!(states[..4], [Ok, Ok, Waiting, Queued], "a4 stands behind a3, which waits");
    assert!(bench.folder.join("a2.txt").exists() && !bench.folder.join("a4.txt").exists());
    clock.forward(60_000);
    bench.engine.look_now();
    until("all end", || runs.iter().all(|it| state(&bench, it.0) == Ok)).await;
    assert!(bench.folder.join("a4.txt").exists());
}
