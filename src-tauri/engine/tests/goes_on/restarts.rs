use arna_engine::{EndState, Filled, Start};
use journal::{At, Change, LetterFilter, RunState};
use model::{Record, codec};
use sdk::Value;
use sdk::testing::FakeConnection;

use crate::common::Bench;
use crate::stand::{Hands, Manner, Other, cut_off, go_on, record, state, until};

const MOVE: &str = r#"{ "arna": 1, "name": "Archive",
  "nodes": {
    "start": { "kind": "flow.input" },
    "move": { "kind": "file.move", "config": { "from": "{{ slots.work }}/in/{{ name }}", "to": "{{ slots.work }}/done/{{ name }}" } }
  },
  "wires": [ ["start", "move"] ], "slots": { "work": { "folder": "read_write" } } }"#;

/// What a crash leaves: an open run of the flow, and its first step begun or not.
async fn interrupted(folder: &std::path::Path, is_begun: bool) {
    let bench = Bench::open(folder);
    let live = bench.flow("archive", MOVE).await;
    let (run, event) = (bench.journal.fresh(), bench.journal.fresh());
    let mut changes = vec![
        Change::Accept(journal::Accept {
            event,
            run: Some(run),
            source: "archive/start".into(),
            dedupe_key: None,
            received_ms: 0,
            payload: codec::encode_records(&[record(r#"{"name":"a.csv"}"#)]).into(),
        }),
        Change::StartRun(journal::StartRun {
            run,
            flow: "archive".into(),
            flow_hash: live.program.hash,
            trigger: "start".into(),
            event: Some(event),
            order_key: None,
            parent: None,
            seed: 1,
            started_ms: 0,
            state: RunState::Running,
        }),
    ];
    if is_begun {
        let at = At { run, node: "move".into(), batch: 0, index: 0 };
        changes.push(Change::Intent { at, key: "arna-x".into() });
    }
    bench.journal.commit(changes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_was_cut_off_after_it_happened_is_not_a_failure_and_one_that_never_began_is() {
    for (is_begun, failed) in [(true, 0), (false, 1)] {
        let folder = tempfile::tempdir().unwrap();
        interrupted(folder.path(), is_begun).await;
        std::fs::create_dir(folder.path().join("done")).unwrap();
        std::fs::write(folder.path().join("done/a.csv"), "1").unwrap();
        let mut bench = Bench::open(folder.path());
        bench.flow("archive", MOVE).await;
        go_on(&mut bench).await;
        until("the run ends", || bench.journal.read(|it| it.open_runs()).unwrap().is_empty()).await;
        let letters = bench.journal.read(|it| it.letters(&LetterFilter::default())).unwrap();
        assert_eq!(letters.len(), failed, "begun: {is_begun}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_notes_that_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    let live = bench.flow("archive", MOVE).await;
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in/a.csv"), "1").unwrap();
    let before = bench.journal.read(|it| it.stats()).unwrap().transactions;
    let start = Start::new("start", vec![record(r#"{"name":"a.csv"}"#)]);
    assert_eq!(bench.engine.run(live, start).await.unwrap().state, EndState::Ok);
    let after = bench.journal.read(|it| it.stats()).unwrap().transactions;
    assert!(after - before >= 3, "the run, the beginning of the move, the end");
}

const NEW_ROWS: &str = r#"{ "arna": 1, "name": "New rows",
  "nodes": {
    "start": { "kind": "flow.input" },
    "rows": { "kind": "sql.query", "connection": "base",
              "config": { "sql": "select n from (select 1 as n union select 2 union select 3) where n > $1 order by n", "remember": { "column": "n", "first": "= 0" } } },
    "file": { "kind": "csv.write", "config": { "path": "{{ slots.work }}/out/rows.csv" } }
  },
  "wires": [ ["start", "rows"], ["rows", "file"] ],
  "slots": { "base": { "connection": "sqlite" }, "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_moves_when_its_run_has_ended_well_and_stays_when_it_failed() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(1_000_000));
    let path = folder.path().join("base.db").to_string_lossy().into_owned();
    let settings = Record::of([("path", Value::from(path)), ("creates", Value::from(true))]);
    let mut authority = arna_engine::Authority::default();
    let connection =
        FakeConnection { kind: "sqlite".into(), settings: Some(settings), ..FakeConnection::default() };
    authority.slots.insert("base".into(), Filled::Connection(std::sync::Arc::new(connection)));
    let live = bench.flow_with("new", NEW_ROWS, authority).await;
    let mut seen = Vec::new();
    for is_blocked in [true, false, false] {
        // a file where the folder should be: the writer fails the run
        let out = folder.path().join("out");
        if is_blocked {
            std::fs::write(&out, "").unwrap();
        } else if out.is_file() {
            std::fs::remove_file(&out).unwrap();
        }
        let start = Start::new("start", vec![Record::empty()]);
        let ended = bench.engine.run(live.clone(), start).await.unwrap();
        let kept = bench.journal.read(|it| it.state("new/rows", "last")).unwrap().is_some();
        seen.push((ended.state, ended.counts["rows"].1, kept));
    }
    assert_eq!(
        seen,
        [(EndState::Failed, 3, false), (EndState::Ok, 3, true), (EndState::Ok, 0, true)],
        "what a failed run read is read again, what a good one read is not"
    );
}

/// Six calls, one after another.
const LONG: &str = r#"{ "arna": 1, "name": "Long",
  "nodes": {
    "start": { "kind": "flow.input" },
    "a": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/a" } },
    "b": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/b" } },
    "c": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/c" } },
    "d": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/d" } },
    "e": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/e" } },
    "f": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/f" } }
  },
  "wires": [ ["start", "a"], ["a", "b"], ["b", "c"], ["c", "d"], ["d", "e"], ["e", "f"] ],
  "slots": { "other": { "connection": "http" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_run_that_gets_further_between_five_crashes_is_not_held_back() {
    let (other, clock) = (Other::start(Manner::Once), Hands::at(1_000_000));
    let mut folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), clock.clone());
    let live = other.flow(&bench, "long", LONG).await;
    let run = bench.engine.start(live, Start::new("start", vec![record("{}")])).await.unwrap();
    let run = run.parse().unwrap();
    for crash in 1..=5 {
        until("the next call is under way", || other.got().len() == 2 * crash).await;
        folder = cut_off(folder.path());
        let mut bench = Bench::at(folder.path(), clock.clone());
        other.flow(&bench, "long", LONG).await;
        other.set(if crash < 5 { Manner::Once } else { Manner::Answers });
        go_on(&mut bench).await;
        if crash == 5 {
            until("it ends", || state(&bench, run).has_ended()).await;
            assert_eq!(state(&bench, run), RunState::Ok);
        }
    }
    assert_eq!(other.got().len(), 11, "only the calls that were cut off are repeated");
}
