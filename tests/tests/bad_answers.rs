//! Other sides that misbehave or go away while the real program talks to them: the sentence says what and where, the record or the run
//! fails and nothing else does, memory stays within bounds.

use std::time::{Duration, Instant};

use arna_tests::once::{Ran, run};
use arna_tests::rude::Rude;
use arna_tests::servers::{Postgres, RabbitMq};
use serde_json::{Value as Json, json};

const MOST_MIB: u64 = 150;

/// Calls one path after another in one run, each call a record; what fails comes out with the field `why`.
fn ask(paths: &[&str], config: Json) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let mut call = json!({"url": "/{{ path }}", "timeout_s": 3, "most_mib": 1});
    for (name, value) in config.as_object().into_iter().flatten() {
        call[name] = value.clone();
    }
    let list: Vec<String> = paths.iter().map(|it| format!("{{path: \"{it}\"}}")).collect();
    let flow = json!({"arna": 1, "name": "rude", "nodes": {
        "start": {"kind": "flow.input"},
        "paths": {"kind": "list.split", "config": {"list": format!("= [{}]", list.join(", "))}},
        "call": {"kind": "http.request", "connection": "api", "config": call,
                 "policy": {"retry": "never"}},
        "good": {"kind": "list.filter", "config": {"keep": "= true"}},
        "failed": {"kind": "list.map", "config": {"fields": [
            {"name": "path", "value": "= path"}, {"name": "why", "value": "= error.message"}]}}},
        "wires": [["start", "paths"], ["paths", "call"], ["call", "good"], ["call.error", "failed"]],
        "slots": {"api": {"connection": "http"}}});
    let rude = Rude::start();
    let ran = run(folder.path(), &flow, &[("api", &rude.url())]);
    assert!(ran.peak_mib < MOST_MIB, "{} MiB: {}", ran.peak_mib, ran.said);
    ran
}

#[test]
fn each_answer_that_is_none_fails_its_own_record_with_a_sentence_and_the_others_go_through() {
    let table = [
        ("endless", "larger than 1 MiB"),
        ("endless-headers", "127.0.0.1"),
        ("too-little", "127.0.0.1"),
        ("huge", "larger than 1 MiB"),
        ("no-length", "127.0.0.1"),
        ("page", "page for people"),
        ("broken", "is not JSON"),
        ("deep", "is not JSON"),
        ("not-packed", "gzip"),
        ("bomb", "larger than 1 MiB"),
        ("circle", "redirects more than 5 times"),
        ("drip", "within 3 seconds"),
        ("silent", "within 3 seconds"),
        ("no-http", "127.0.0.1"),
        ("hang-up", "127.0.0.1"),
    ];
    let mut paths = vec!["fine"];
    paths.extend(table.map(|(path, _)| path));
    paths.extend(["too-much", "fine-again"]);
    let ran = ask(&paths, json!({}));
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    for (path, part) in table {
        let why = ran.ends.iter().find(|it| it["path"] == path).and_then(|it| it["why"].as_str());
        let why = why.unwrap_or_else(|| panic!("{path} did not fail: {:?}", ran.ends));
        assert!(why.contains(part) && why.ends_with('.'), "{path}: {part:?} is not in: {why}");
    }
    let fine: Vec<&Json> = ran.ends.iter().filter(|it| it["call"]["body"]["fine"] == true).collect();
    assert_eq!(fine.len(), 2, "{:?}", ran.ends);
    // What follows the announced length is not part of the answer.
    let cut = ran.ends.iter().find(|it| it["path"] == "too-much").unwrap();
    assert!(cut["why"].as_str().unwrap().contains("is not JSON"), "{cut}");
}

#[test]
fn an_answer_is_judged_by_what_it_is_not_by_what_it_says() {
    let ran = ask(&["page"], json!({"answer": "text"}));
    assert!(ran.ends[0]["call"]["body"].as_str().unwrap().contains("Please sign in"), "{:?}", ran.ends);
}

/// Reads rows of Postgres slowly, so that it can go away in between.
#[test]
fn a_database_that_goes_away_while_rows_come_fails_the_run_with_a_sentence() {
    let postgres = Postgres::start();
    postgres.execute("create role reader login password 'reader' ");
    let folder = tempfile::tempdir().unwrap();
    let sql = "select i, pg_sleep(0.001)::text from generate_series(1, 1000000) i";
    let flow = json!({"arna": 1, "name": "gone", "nodes": {
        "start": {"kind": "flow.input"},
        "rows": {"kind": "sql.query", "connection": "db", "config": {"sql": sql}},
        "count": {"kind": "list.group", "config": {"by": [], "aggregates": [{"does": "count", "name": "n"}]}}},
        "wires": [["start", "rows"], ["rows", "count"]], "slots": {"db": {"connection": "postgres"}}});
    let address = format!("postgres://reader:reader@127.0.0.1:{}/postgres", postgres.port);
    let running = std::thread::spawn(move || run(folder.path(), &flow, &[("db", &address)]));
    let until = Instant::now() + Duration::from_secs(60);
    let active = "select count(*) from pg_stat_activity where usename = 'reader' and state = 'active'";
    while postgres.rows(active) == "0" {
        assert!(Instant::now() < until, "the run never asked the database");
        std::thread::sleep(Duration::from_millis(50));
    }
    postgres.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'");
    let ran = running.join().unwrap();
    assert_eq!((ran.code, ran.ends.len()), (Some(1), 0), "{:?}", ran.ends);
    assert!(ran.said.contains("rows: The database"), "{}", ran.said);
    assert!(ran.peak_mib < MOST_MIB);
}

#[test]
fn a_broker_that_is_gone_leaves_the_record_for_another_attempt_and_says_where_it_looked() {
    let rabbit = RabbitMq::start();
    let port = rabbit.port;
    drop(rabbit);
    let folder = tempfile::tempdir().unwrap();
    let flow = json!({"arna": 1, "name": "gone", "nodes": {
        "start": {"kind": "flow.input"},
        "send": {"kind": "rabbitmq.publish", "connection": "queue", "policy": {"retry": "never"},
                 "config": {"routing_key": "orders", "body": "= record"}},
        "failed": {"kind": "list.map", "config": {"fields": [{"name": "why", "value": "= error.message"}]}}},
        "wires": [["start", "send"], ["send.error", "failed"]], "slots": {"queue": {"connection": "rabbitmq"}}});
    let ran = run(folder.path(), &flow, &[("queue", &format!("amqp://127.0.0.1:{port}"))]);
    assert_eq!((ran.code, ran.ends.len()), (Some(0), 1), "{} {:?}", ran.said, ran.ends);
    let why = ran.texts("why")[0];
    assert!(
        why.contains(&format!("RabbitMQ at 127.0.0.1:{port}")) && why.contains("could not be reached"),
        "{why}"
    );
}
