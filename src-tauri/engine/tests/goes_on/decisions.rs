use arna_engine::{EndState, Start};
use journal::{LetterFilter, RunState, Verdict};

use crate::common::Bench;
use crate::stand::{Hands, Manner, Other, cut_off, go_on, record, state, until};

const POST: &str = r#"{ "arna": 1, "name": "Pay",
  "nodes": {
    "start": { "kind": "flow.input" },
    "pay": { "kind": "http.request", "connection": "other", "config": { "method": "POST", "url": "/pay", "body": "= {id: id, ref: uuid()}" } },
    "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/{{ id }}.txt", "content": "= if try(pay.assumed, false) = true then \"assumed\" else \"sent\"" } }
  },
  "wires": [ ["start", "pay"], ["pay", "file"] ],
  "slots": { "other": { "connection": "http" }, "work": { "folder": "read_write" } } }"#;

/// An engine that was cut off while the other side had the request and said nothing; the question stands.
async fn asked(
    other: &Other,
    clock: &std::sync::Arc<Hands>,
) -> (tempfile::TempDir, Bench, journal::QuestionRow) {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), clock.clone());
    let live = other.flow(&bench, "pay", POST).await;
    bench.engine.start(live, Start::new("start", vec![record(r#"{"id":"1"}"#)])).await.unwrap();
    until("the other side has the request", || other.got().len() == 1).await;
    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock.clone());
    other.flow(&bench, "pay", POST).await;
    other.set(Manner::Answers);
    go_on(&mut bench).await;
    until("it is asked about", || !bench.journal.read(|it| it.questions(9)).unwrap().is_empty()).await;
    assert_eq!(other.got().len(), 1, "nothing is repeated unasked");
    let question = bench.journal.read(|it| it.questions(9)).unwrap().remove(0);
    (after, bench, question)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_happened_is_not_repeated_and_the_record_goes_on_behind_it_after_a_kill() {
    let (other, clock) = (Other::start(Manner::Silent), Hands::at(1_000_000));
    let (folder, bench, question) = asked(&other, &clock).await;
    bench.stop_parked();
    bench.engine.answer_question(&question, (Verdict::Sent, None), "person").await.unwrap();
    assert!(
        bench.engine.answer_question(&question, (Verdict::NotSent, None), "person").await.is_err(),
        "once"
    );
    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock);
    other.flow(&bench, "pay", POST).await;
    go_on(&mut bench).await;
    until("the record went on", || after.path().join("1.txt").exists()).await;
    assert_eq!(bench.text("1.txt"), "assumed");
    assert_eq!(other.got().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_did_not_happen_is_sent_with_the_same_key_and_body_after_a_kill() {
    let (other, clock) = (Other::start(Manner::Silent), Hands::at(1_000_000));
    let (folder, bench, question) = asked(&other, &clock).await;
    bench.stop_parked();
    bench.engine.answer_question(&question, (Verdict::NotSent, None), "person").await.unwrap();
    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock);
    other.flow(&bench, "pay", POST).await;
    go_on(&mut bench).await;
    until("the record went on", || after.path().join("1.txt").exists()).await;
    assert_eq!(bench.text("1.txt"), "sent");
    let got = other.got();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0], got[1], "the same key, and chance fell the same");
    assert!(got[0].0.starts_with("arna-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_sent_after_an_answer_and_cut_off_again_is_asked_about_again() {
    let (other, clock) = (Other::start(Manner::Silent), Hands::at(1_000_000));
    let (folder, bench, question) = asked(&other, &clock).await;
    other.set(Manner::Silent);
    bench.engine.answer_question(&question, (Verdict::NotSent, None), "person").await.unwrap();
    until("it is sent again", || other.got().len() == 2).await;
    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock);
    other.flow(&bench, "pay", POST).await;
    go_on(&mut bench).await;
    until("it is asked about", || !bench.journal.read(|it| it.questions(9)).unwrap().is_empty()).await;
    assert_eq!(other.got().len(), 2, "nothing is repeated unasked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_says_a_call_answered_is_what_the_steps_behind_it_see() {
    let (other, clock) = (Other::start(Manner::Silent), Hands::at(1_000_000));
    let (folder, bench, question) = asked(&other, &clock).await;
    let value = sdk::Value::Record(crate::stand::record(r#"{"ok":true}"#));
    bench.keep_parked();
    bench.engine.answer_question(&question, (Verdict::Sent, Some(value)), "person").await.unwrap();
    until("the record went on", || folder.path().join("1.txt").exists()).await;
    assert_eq!((bench.text("1.txt").as_str(), other.got().len()), ("sent", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_nobody_knows_about_becomes_a_failed_record() {
    let (other, clock) = (Other::start(Manner::Silent), Hands::at(1_000_000));
    let (_folder, bench, question) = asked(&other, &clock).await;
    bench.engine.answer_question(&question, (Verdict::GiveUp, None), "person").await.unwrap();
    let letters = bench.journal.read(|it| it.letters(&LetterFilter::default())).unwrap();
    assert_eq!((letters.len(), letters[0].error.code.as_str()), (1, "ambiguous"));
    assert_eq!(bench.journal.read(|it| it.stats()).unwrap().parked, 0);
}

const STRICT: &str = r#"{ "arna": 1, "name": "Strict",
  "nodes": {
    "start": { "kind": "flow.input" },
    "sum": { "kind": "list.map", "config": { "fields": [ { "name": "id", "value": "= id" }, { "name": "sum", "value": "= qty * 2" } ] } },
    "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/{{ id }}.txt", "content": "= string(sum)" } }
  },
  "wires": [ ["start", "sum"], ["sum", "file"] ], "slots": { "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_sent_again_is_dealt_with_once_and_goes_through_its_step_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("strict", STRICT).await;
    let given = vec![record(r#"{"id":"1","qty":"two"}"#)];
    let ended = bench.engine.run(live, Start::new("start", given)).await.unwrap();
    assert_eq!(ended.state, EndState::Partial);
    let letters = |bench: &Bench| bench.journal.read(|it| it.letters(&LetterFilter::default())).unwrap();
    let letter = letters(&bench).remove(0);
    bench.engine.send_again(&letter, Some(record(r#"{"id":"1","qty":2}"#))).await.unwrap();
    assert!(bench.engine.send_again(&letter, None).await.is_err(), "it was dealt with");
    assert!(letters(&bench).is_empty());
    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock);
    bench.flow("strict", STRICT).await;
    go_on(&mut bench).await;
    until("the record went on", || after.path().join("1.txt").exists()).await;
    assert_eq!(bench.text("1.txt"), "4", "the step that had failed worked on it");
    until("its run ends", || bench.journal.read(|it| it.open_runs()).unwrap().is_empty()).await;
    assert!(letters(&bench).is_empty());
}

const SIDES: &str = r#"{ "arna": 1, "name": "Sides",
  "nodes": {
    "start": { "kind": "flow.input" },
    "orders": { "kind": "list.filter", "config": { "keep": "= side = \"order\"" } },
    "both": { "kind": "list.join", "config": { "on": [ { "left": "= customer", "right": "= number(id)" } ] } },
    "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/{{ id }}.txt", "content": "= name" } }
  },
  "wires": [ ["start", "orders"], ["orders.kept", "both.left"], ["orders.rest", "both.right"], ["both.right_only", "file"] ],
  "slots": { "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_failed_at_the_second_input_of_a_step_comes_back_to_it_by_that_input() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("sides", SIDES).await;
    let given = vec![
        record(r#"{"side":"order","customer":1}"#),
        record(r#"{"side":"customer","id":"l","name":"Ada"}"#),
    ];
    let ended = bench.engine.run(live, Start::new("start", given)).await.unwrap();
    assert_eq!((ended.state, ended.left_out), (EndState::Partial, 1));
    let letter = bench.journal.read(|it| it.letters(&LetterFilter::default())).unwrap().remove(0);
    let mended = record(r#"{"side":"customer","id":"1","name":"Ada"}"#);
    bench.engine.send_again(&letter, Some(mended)).await.unwrap();
    let after = cut_off(folder.path());
    let mut bench = Bench::at(after.path(), clock);
    bench.flow("sides", SIDES).await;
    go_on(&mut bench).await;
    until("the record went on", || after.path().join("1.txt").exists()).await;
    assert_eq!(bench.text("1.txt"), "Ada", "it is no order: nothing of the other side is beside it");
}

const PATIENT: &str = r#"{ "arna": 1, "name": "Patient",
  "nodes": {
    "start": { "kind": "flow.input" },
    "put": { "kind": "http.request", "connection": "other", "config": { "method": "PUT", "url": "/x", "body": "= {ref: uuid()}" } },
    "file": { "kind": "file.write", "config": { "path": "{{ slots.work }}/{{ id }}.txt", "content": "= string(put.status)" } }
  },
  "wires": [ ["start", "put"], ["put", "file"] ],
  "slots": { "other": { "connection": "http" }, "work": { "folder": "read_write" } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_the_other_side_puts_off_leaves_memory_and_every_attempt_carries_the_same_key_and_body() {
    let (other, clock) = (Other::start(Manner::Busy), Hands::at(1_000_000));
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), clock.clone());
    let live = other.flow(&bench, "patient", PATIENT).await;
    let given = vec![record(r#"{"id":"1"}"#), record(r#"{"id":"1"}"#)];
    let ended = bench.engine.run(live, Start::new("start", given)).await.unwrap();
    assert_eq!((ended.state, ended.left_out), (EndState::Partial, 2), "{:?}", ended.error);
    let first = other.got();
    let after = cut_off(folder.path());
    other.set(Manner::Answers);
    clock.forward(700_000);
    let mut bench = Bench::at(after.path(), clock);
    other.flow(&bench, "patient", PATIENT).await;
    go_on(&mut bench).await;
    until("both went on", || bench.journal.read(|it| it.stats()).unwrap().parked == 0).await;
    until("their runs end", || bench.journal.read(|it| it.open_runs()).unwrap().is_empty()).await;
    let got = other.got();
    let bodies: std::collections::BTreeSet<_> = got.iter().collect();
    assert_eq!(bodies.len(), 2, "two equal records, two keys and two ids, the same at each attempt: {got:?}");
    assert!(first.iter().all(|it| bodies.contains(it)));
    assert_eq!(state(&bench, ended.run.parse().unwrap()), RunState::Partial);
}
