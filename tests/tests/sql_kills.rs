//! Rows written exactly once into SQLite and PostgreSQL, however the program ends between the commit of the database and its own.

use std::path::Path;
use std::time::{Duration, Instant};

use arna_tests::arna::{Server, free_port, post};
use arna_tests::once::run;
use arna_tests::servers::Postgres;
use serde_json::{Value as Json, json};

const ROWS: usize = 40;
const WAIT: Duration = Duration::from_secs(60);

/// An event with many rows, each of which is inserted once.
fn flow(kind: &str) -> Json {
    json!({"arna": 1, "name": "rows", "nodes": {
        "taken": {"kind": "webhook.receive", "config": {"path": "rows", "auth": {"by": "none"}, "answer": "accepted"}},
        "split": {"kind": "list.split", "config": {"list": "= body.rows"}},
        "batch": {"kind": "list.map", "config": {"fields": [{"name": "n", "value": "= n"}]}},
        "write": {"kind": "sql.write", "connection": "db",
                  "config": {"table": "rows", "exactly_once": true}},
        "done": {"kind": "sql.write", "connection": "db",
                 "config": {"table": "done", "exactly_once": true, "columns": {"n": "= n"}}}},
        "wires": [["taken", "split"], ["split", "batch"], ["batch", "write"], ["write", "done"]],
        "slots": {"db": {"connection": kind}}})
}

/// Ends the program at its K-th commit, for each K until it gets through, and starts it again; `count` says how many rows a table has,
/// `clear` empties both.
fn never_twice(kind: &str, address: &str, count: &dyn Fn(&str) -> usize, clear: &dyn Fn()) {
    let body = json!({"rows": (0..ROWS).map(|n| json!({"n": n})).collect::<Vec<_>>()});
    let mut was_between = 0;
    for commit in 1..100 {
        clear();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("rows.flow.json"), flow(kind).to_string()).unwrap();
        let port = free_port();
        let (data, hooks, set, file) =
            (path("data"), format!("127.0.0.1:{port}"), format!("db={address}"), path("rows.flow.json"));
        let arguments = ["--data", &data, "--hooks", &hooks, "--flow", &file, "--set", &set];
        let log = folder.path().join("log");
        let failpoint = format!("commit.before:{commit}");
        let mut server = Server::start_with(&arguments, &[("ARNA_FAILPOINT", &failpoint)], &log);
        let accepted = offer(port, &body, &mut server);
        let all = || count("done") == ROWS;
        wait(&mut server, &all);
        let (is_through, written) = (!server.has_ended(), count("rows"));
        drop(server);
        was_between += usize::from(!is_through && written > 0 && !all());
        let mut server = Server::start(&arguments, &log);
        if !accepted {
            assert!(offer(port, &body, &mut server), "{}", said(&log));
        }
        wait(&mut server, &all);
        assert_eq!((count("rows"), count("done")), (ROWS, ROWS), "commit {commit}: {}", said(&log));
        if is_through {
            assert!(was_between > 0, "no end lay between the two commits");
            return;
        }
    }
    panic!("the program never got through");
}

fn said(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}

/// Posts the event as soon as somebody listens. False when the program ended before it accepted.
fn offer(port: u16, body: &Json, server: &mut Server) -> bool {
    let until = Instant::now() + WAIT;
    while !server.has_ended() {
        assert!(Instant::now() < until, "nobody takes the event");
        if let Ok((status, _)) = post(port, "/hooks/rows", None, body) {
            return status == 202;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Waits until all is written or the program has ended.
fn wait(server: &mut Server, all: &dyn Fn() -> bool) {
    let until = Instant::now() + WAIT;
    while !server.has_ended() && !all() {
        assert!(Instant::now() < until, "the rows did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn rows_of_postgres_are_written_once_whenever_the_program_ends() {
    let postgres = Postgres::start();
    postgres.execute("create role app login password 'app'; create table rows (n int); create table done (n int); grant all on rows, done to app; grant create on schema public to app");
    let address = format!("postgres://app:app@127.0.0.1:{}/postgres", postgres.port);
    let count = |table: &str| postgres.rows(&format!("select count(*) from {table}")).parse().unwrap();
    never_twice("postgres", &address, &count, &|| postgres.execute("truncate rows, done"));
}

#[test]
fn rows_of_sqlite_are_written_once_whenever_the_program_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db").display().to_string();
    let ask = |sql: &str| {
        let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=30)\nfor one in sys.argv[2].split(';'):\n    print(*(row[0] for row in c.execute(one)))\nc.commit()";
        let out = std::process::Command::new("python3").args(["-c", script, &file, sql]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    };
    ask("create table rows (n int); create table done (n int)");
    let count = |table: &str| ask(&format!("select count(*) from {table}")).parse().unwrap();
    never_twice("sqlite", &file, &count, &|| drop(ask("delete from rows; delete from done")));
}

#[test]
fn a_million_rows_stream_through_in_little_memory() {
    let postgres = Postgres::start();
    postgres.execute("create role reader login password 'reader'");
    let folder = tempfile::tempdir().unwrap();
    let sql = "select i as id, md5(i::text) as name, i * 1.25 as total from generate_series(1, 1000000) i";
    let flow = json!({"arna": 1, "name": "many", "nodes": {
        "start": {"kind": "flow.input"},
        "rows": {"kind": "sql.query", "connection": "db", "config": {"sql": sql}},
        "count": {"kind": "list.group", "config": {"by": [], "aggregates": [
            {"does": "count", "name": "n"}, {"does": "sum", "name": "sum", "value": "= total"}]}}},
        "wires": [["start", "rows"], ["rows", "count"]], "slots": {"db": {"connection": "postgres"}}});
    let address = format!("postgres://reader:reader@127.0.0.1:{}/postgres", postgres.port);
    let ran = run(folder.path(), &flow, &[("db", &address)]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(ran.ends, [json!({"n": 1_000_000, "sum": 625_000_625_000_u64})]);
    assert!(ran.peak_mib < 150, "{} MiB", ran.peak_mib);
}
