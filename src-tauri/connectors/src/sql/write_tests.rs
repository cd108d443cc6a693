use std::sync::Arc;

use formula::FieldSet;
use sdk::source::Source;
use sdk::testing::{FakeConnection, World};
use serde_json::json;

use super::super::query::Query;
use super::*;

struct Place {
    world: World,
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
}

fn place(schema: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(schema).unwrap();
    let settings = model::json::from_serde(&json!({"path": path.to_str().unwrap()}));
    let connection = FakeConnection {
        kind: "sqlite".into(),
        settings: settings.as_record().cloned(),
        ..FakeConnection::default()
    };
    let mut world = World::default();
    world.connection = Some(Arc::new(connection));
    Place { world, _folder: folder, path }
}

fn node(config: serde_json::Value) -> Write {
    let parsed = sdk::Spec::action::<Write>().parse(&config).unwrap();
    assert_eq!(parsed.problems, []);
    serde_json::from_value(config).unwrap()
}

fn records(text: &str) -> Vec<Record> {
    let list = model::json::parse(text.as_bytes()).unwrap();
    list.as_list().unwrap().iter().map(|it| it.as_record().unwrap().clone()).collect()
}

async fn write(place: &Place, node: &Write, text: &str) -> Vec<Result<i64, Code>> {
    let records = records(text);
    let keys: Vec<String> = (0..records.len()).map(|at| format!("key-{at}")).collect();
    let calls: Vec<Call<'_>> =
        records.iter().zip(&keys).map(|(record, key)| Call { record, key, attempt: 1 }).collect();
    let answers = node.run_chunk(&calls, &place.world).await;
    let rows =
        |it: Value| it.as_record().unwrap().get("rows").unwrap().as_number().unwrap().to_i64().unwrap();
    answers.into_iter().map(|it| it.map(rows).map_err(|e| e.code)).collect()
}

async fn read(place: &Place, config: serde_json::Value) -> Result<String, NodeError> {
    let query: Query = serde_json::from_value(config).unwrap();
    let mut cursor = query.open(&Record::empty(), &FieldSet::all(), &place.world).await?;
    let mut rows = Vec::new();
    while let Some(page) = cursor.next(&place.world).await? {
        rows.extend(page.records.into_iter().map(Value::Record));
    }
    Ok(Value::list(rows).to_string())
}

#[tokio::test]
async fn rows_are_inserted_changed_and_deleted() {
    let place = place("CREATE TABLE orders (id INTEGER PRIMARY KEY, total TEXT, note TEXT)");
    let insert = node(json!({"table": "orders"}));
    let rows = r#"[{"id": 1, "total": 12345678901234567890.10}, {"id": 2, "total": 0.5, "note": "'); DROP TABLE orders; --"}]"#;
    assert_eq!(write(&place, &insert, rows).await, [Ok(1), Ok(1)]);
    let upsert = node(json!({"table": "orders", "mode": "upsert", "keys": ["id"]}));
    assert_eq!(
        write(&place, &upsert, r#"[{"id": 2, "total": 7}, {"id": 3, "total": 8}]"#).await,
        [Ok(1), Ok(1)]
    );
    let update = node(
        json!({"table": "orders", "mode": "update", "keys": ["id"], "columns": {"id": "= id", "note": "no {{ id }}"}}),
    );
    assert_eq!(write(&place, &update, r#"[{"id": 3}, {"id": 99}]"#).await, [Ok(1), Ok(0)]);
    let delete = node(json!({"table": "orders", "mode": "delete", "keys": ["id"]}));
    assert_eq!(write(&place, &delete, r#"[{"id": 3}, {"other": 1}]"#).await, [Ok(1), Err(Code::Input)]);
    assert_eq!(
        read(&place, json!({"sql": "SELECT id, total, note FROM orders ORDER BY id"})).await.unwrap(),
        r#"[{"id":1,"total":"12345678901234567890.1","note":null},{"id":2,"total":"7","note":"'); DROP TABLE orders; --"}]"#
    );
}

#[tokio::test]
async fn a_refused_row_fails_alone() {
    let place = place("CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER CHECK (total > 0))");
    let rows =
        r#"[{"id": 1, "total": 1}, {"id": 1, "total": 2}, {"id": 2, "total": -1}, {"id": 3, "total": 3}]"#;
    let answers = write(&place, &node(json!({"table": "orders"})), rows).await;
    assert_eq!(answers, [Ok(1), Err(Code::Refused), Err(Code::Refused), Ok(1)]);
    assert_eq!(write(&place, &node(json!({"table": "no_such"})), rows).await[0], Err(Code::Config));
}

#[tokio::test]
async fn with_markers_a_repetition_writes_nothing() {
    let place = place("CREATE TABLE orders (id INTEGER)");
    let node = node(json!({"table": "orders", "exactly_once": true}));
    assert_eq!(node.effect(), Effect::Transactional);
    assert_eq!(write(&place, &node, r#"[{"id": 1}, {"id": 2}]"#).await, [Ok(1), Ok(1)]);
    assert_eq!(write(&place, &node, r#"[{"id": 1}, {"id": 2}, {"id": 3}]"#).await, [Ok(0), Ok(0), Ok(1)]);
    assert_eq!(
        read(&place, json!({"sql": "SELECT count(*) AS n FROM orders"})).await.unwrap(),
        r#"[{"n":3}]"#
    );
}

#[tokio::test]
async fn many_rows_stream_in_batches_and_values_are_bound() {
    let place = place("CREATE TABLE n (i INTEGER)");
    let sql = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $2) SELECT i FROM c WHERE i > $1 ORDER BY i";
    let query: Query = serde_json::from_value(json!({"sql": sql, "parameters": ["= 10", "= 3500"]})).unwrap();
    let mut cursor = query.open(&Record::empty(), &FieldSet::all(), &place.world).await.unwrap();
    let mut sizes = Vec::new();
    let mut place_of_second = Value::Null;
    while let Some(page) = cursor.next(&place.world).await.unwrap() {
        sizes.push(page.records.len());
        if sizes.len() == 2 {
            place_of_second = page.next;
        }
    }
    assert_eq!(sizes, [1_000, 1_000, 1_000, 490]);
    let mut cursor = query.open(&Record::empty(), &FieldSet::all(), &place.world).await.unwrap();
    cursor.seek(&place_of_second, &place.world).await.unwrap();
    let page = cursor.next(&place.world).await.unwrap().unwrap();
    assert_eq!(page.records[0].get("i"), Some(&Value::from(2_011)));
}

#[tokio::test]
async fn an_endless_statement_ends_when_nobody_waits_for_it() {
    let place = place("CREATE TABLE n (i INTEGER)");
    let sql = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT max(i) FROM c";
    let error = read(&place, json!({"sql": sql, "timeout_s": 1})).await.unwrap_err();
    assert_eq!(error.code, Code::Timeout);
}

#[tokio::test]
async fn only_what_is_new_is_read_in_the_next_run() {
    let place = place("CREATE TABLE o (id INTEGER); INSERT INTO o VALUES (1), (2)");
    let config = json!({"sql": "SELECT id FROM o WHERE id > $1 ORDER BY id", "remember": {"column": "id", "first": "= 0"}});
    assert_eq!(read(&place, config.clone()).await.unwrap(), r#"[{"id":1},{"id":2}]"#);
    rusqlite::Connection::open(&place.path).unwrap().execute_batch("INSERT INTO o VALUES (3)").unwrap();
    assert_eq!(read(&place, config).await.unwrap(), r#"[{"id":3}]"#);
}

#[tokio::test]
async fn a_statement_reaches_no_other_file_and_says_what_is_wrong() {
    let place = place("CREATE TABLE o (id INTEGER)");
    let other = place.path.with_file_name("other.db");
    for sql in [format!("ATTACH '{}' AS x", other.display()), format!("VACUUM INTO '{}'", other.display())] {
        assert!(read(&place, json!({ "sql": sql })).await.is_err(), "{sql}");
        assert!(!other.exists(), "{sql}");
    }
    let table = [
        (json!({"sql": "SELEC 1"}), "SELEC"),
        (json!({"sql": "SELECT * FROM o WHERE id = $1"}), "$1"),
        (json!({"sql": "SELECT 1", "parameters": ["1"]}), "parameters"),
        (json!({"sql": "SELECT :name", "parameters": ["1"]}), ":name"),
    ];
    for (config, word) in table {
        let error = read(&place, config).await.unwrap_err();
        assert_eq!(error.code, Code::Config);
        assert!(error.sentence.contains(word), "{error}");
    }
}

#[test]
fn a_wrong_configuration_says_which_field() {
    let problems = |config| sdk::Spec::action::<Write>().parse(&config).unwrap().problems;
    assert_eq!(problems(json!({"table": "a.", "mode": "update"})).len(), 2);
    assert_eq!(
        problems(json!({"table": "a", "mode": "upsert", "keys": ["id"], "columns": {"x": "1"}}))[0].field,
        "/keys"
    );
}

#[tokio::test]
async fn a_missing_table_is_made_when_that_is_wanted_and_a_folder_holds_its_database() {
    let mut place = place("");
    let folder = place._folder.path().to_str().unwrap().to_owned();
    let settings = model::json::from_serde(&json!({"address": folder}));
    let connection = FakeConnection {
        kind: "sqlite".into(),
        settings: settings.as_record().cloned(),
        ..FakeConnection::default()
    };
    place.world.connection = Some(Arc::new(connection));
    let rows = r#"[{"id": 1, "name": null}, {"id": 2, "name": "б"}]"#;
    let without = node(json!({"table": "people", "mode": "upsert", "keys": ["id"]}));
    assert_eq!(write(&place, &without, rows).await, [Err(Code::Config), Err(Code::Config)]);
    let with = node(json!({"table": "people", "mode": "upsert", "keys": ["id"], "creates_table": true}));
    for _ in 0..2 {
        assert_eq!(write(&place, &with, rows).await, [Ok(1), Ok(1)]);
    }
    let found = read(&place, json!({"sql": "SELECT id, name FROM people ORDER BY id"})).await.unwrap();
    assert_eq!(found, r#"[{"id":1,"name":null},{"id":2,"name":"б"}]"#);
    assert!(place._folder.path().join("data.db").is_file());
}
