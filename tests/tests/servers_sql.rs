//! Database connectors against PostgreSQL.

use arna_tests::servers::{Live, Postgres, connection};
use connectors::sql::query::Query;
use connectors::sql::write::Write;
use sdk::{Action, Call, Code, NodeError, Record, Source, Value};
use serde_json::{Value as Json, json};

fn live(server: &Postgres) -> Live {
    let settings = json!({"host": "127.0.0.1", "port": server.port, "database": "postgres", "user": "arna"});
    Live::with(connection("postgres", &settings, &[("password", Postgres::PASSWORD)]))
}

async fn read(live: &Live, config: Json) -> Result<Vec<Record>, NodeError> {
    let query: Query = serde_json::from_value(config).unwrap();
    let opening =
        Record::of([("id", Value::from(2)), ("ids", Value::list(vec![Value::from(1), Value::from(3)]))]);
    let mut cursor = query.open(&opening, &formula::FieldSet::all(), live).await?;
    let mut rows = Vec::new();
    while let Some(page) = cursor.next(live).await? {
        assert!(page.records.len() <= model::MAX_BATCH_RECORDS);
        rows.extend(page.records);
    }
    Ok(rows)
}

async fn write(live: &Live, config: Json, text: &str) -> Vec<Result<i64, Code>> {
    let node: Write = serde_json::from_value(config).unwrap();
    let list = model::json::parse(text.as_bytes()).unwrap();
    let records: Vec<Record> =
        list.as_list().unwrap().iter().map(|it| it.as_record().unwrap().clone()).collect();
    let keys: Vec<String> = (0..records.len()).map(|at| format!("key-{at}")).collect();
    let calls: Vec<Call<'_>> =
        records.iter().zip(&keys).map(|(record, key)| Call { record, key, attempt: 1 }).collect();
    let rows =
        |it: Value| it.as_record().unwrap().get("rows").unwrap().as_number().unwrap().to_i64().unwrap();
    node.run_chunk(&calls, live).await.into_iter().map(|it| it.map(rows).map_err(|e| e.code)).collect()
}

fn shown(rows: &[Record]) -> String {
    Value::list(rows.iter().cloned().map(Value::Record).collect()).to_string()
}

#[tokio::test]
async fn every_type_comes_out_exactly() {
    let server = Postgres::start();
    let sql = "SELECT 12345678901234567890.123456789::numeric AS n, -0.00012::numeric AS small, 'NaN'::numeric AS nan, 10000::numeric(12,2) AS money,
        9223372036854775807 AS i8, 0.1::float4 AS f4, 0.1::float8 AS f8, true AS b, 'ё'::text AS t, NULL::int AS nothing,
        '{\"a\": 12345678901234567890}'::jsonb AS j, '[1, 2]'::json AS k, date '2026-11-22' AS d, time '10:30:00.5' AS at,
        timestamptz '2026-11-22 10:30:00+05' AS tz, timestamp '2026-11-22 10:30:00' AS ts, interval '1 day 2 hours' AS span,
        interval '14 months' AS long, ARRAY[1, NULL, 3] AS list, ARRAY[['a', 'b'], ['c', 'd']] AS grid, '\\x6869'::bytea AS bytes,
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS id";
    let rows = read(&live(&server), json!({ "sql": sql })).await.unwrap();
    let expected = r#"[{"n":12345678901234567890.123456789,"small":-0.00012,"nan":"NaN","money":10000,"i8":9223372036854775807,"f4":0.1,"f8":0.1,"b":true,"t":"ё","nothing":null,"j":{"a":12345678901234567890},"k":[1,2],"d":"2026-11-22","at":"10:30:00.5","tz":"2026-11-22T05:30:00Z","ts":"2026-11-22T10:30:00","span":"P1DT2H","long":"P1Y2M","list":[1,null,3],"grid":[["a","b"],["c","d"]],"bytes":"aGk=","id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}]"#;
    assert_eq!(shown(&rows), expected);
    let error = read(&live(&server), json!({"sql": "SELECT '127.0.0.1'::inet AS ip"})).await.unwrap_err();
    assert!(error.sentence.contains("ip::text"), "{error}");
}

#[tokio::test]
async fn values_are_bound_and_rows_stream() {
    let server = Postgres::start();
    let live = live(&server);
    let rows = read(&live, json!({"sql": "SELECT i FROM generate_series(1, 25000) i WHERE i > $1 ORDER BY i", "parameters": ["= id"]})).await;
    assert_eq!(rows.unwrap().len(), 24_998);
    let rows = read(
        &live,
        json!({"sql": "SELECT $1::text AS a, i FROM generate_series(1, 5) i WHERE i = ANY($2)",
        "parameters": ["'; DROP TABLE x; --", "= ids"]}),
    )
    .await
    .unwrap();
    assert_eq!(shown(&rows), r#"[{"a":"'; DROP TABLE x; --","i":1},{"a":"'; DROP TABLE x; --","i":3}]"#);
    let table = [
        (json!({"sql": "SELEC 1"}), Code::Config),
        (json!({"sql": "SELECT $1::int", "parameters": ["many"]}), Code::Input),
        (json!({"sql": "SELECT $1::int"}), Code::Config),
        (json!({"sql": "SELECT 1 / 0"}), Code::Input),
        (json!({"sql": "SELECT pg_sleep(30)", "timeout_s": 1}), Code::Timeout),
    ];
    for (config, expected) in table {
        let error = read(&live, config.clone()).await.unwrap_err();
        assert_eq!(error.code, expected, "{config}: {error} {:?}", error.cause);
    }
    let settings = json!({"address": format!("postgres://arna@127.0.0.1:{}/postgres", server.port)});
    let wrong = Live::with(connection("postgres", &settings, &[("password", "wrong")]));
    assert_eq!(read(&wrong, json!({"sql": "SELECT 1"})).await.unwrap_err().code, Code::Auth);
}

#[tokio::test]
async fn rows_are_written_and_a_refused_one_fails_alone() {
    let server = Postgres::start();
    server.execute("CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY, total numeric CHECK (total > 0), note jsonb, tags text[])");
    let live = live(&server);
    let rows = r#"[{"id": 1, "total": 12345678901234567890.10, "note": {"a": [1, "b"]}, "tags": ["x,y", "z\"q"]},
        {"id": 1, "total": 2}, {"id": 2, "total": -1}, {"id": 3, "total": 3, "note": "plain"}]"#;
    let answers = write(&live, json!({"table": "shop.orders"}), rows).await;
    assert_eq!(answers, [Ok(1), Err(Code::Refused), Err(Code::Refused), Ok(1)]);
    assert_eq!(
        server.rows("SELECT * FROM shop.orders ORDER BY id"),
        "1|12345678901234567890.1|{\"a\": [1, \"b\"]}|{\"x,y\",\"z\\\"q\"}\n3|3|\"plain\"|"
    );
    let upsert = json!({"table": "shop.orders", "mode": "upsert", "keys": ["id"]});
    assert_eq!(
        write(&live, upsert, r#"[{"id": 3, "total": 4}, {"id": 4, "total": 5}]"#).await,
        [Ok(1), Ok(1)]
    );
    let update = json!({"table": "shop.orders", "mode": "update", "keys": ["id"]});
    assert_eq!(
        write(&live, update, r#"[{"id": 4, "total": 6}, {"id": 99, "total": 1}]"#).await,
        [Ok(1), Ok(0)]
    );
    let delete = json!({"table": "shop.orders", "mode": "delete", "keys": ["id"]});
    assert_eq!(write(&live, delete, r#"[{"id": 1}]"#).await, [Ok(1)]);
    assert_eq!(server.rows("SELECT id, total FROM shop.orders ORDER BY id"), "3|4\n4|6");
    assert_eq!(write(&live, json!({"table": "no_such"}), r#"[{"id": 1}]"#).await, [Err(Code::Config)]);
}

#[tokio::test]
async fn what_was_read_can_be_written_and_is_the_same() {
    let server = Postgres::start();
    let columns = "n numeric, small numeric, i8 bigint, f8 float8, b boolean, t text, nothing int, j jsonb, d date, at time, \
        tz timestamptz, ts timestamp, list int[], grid text[], bytes bytea, id uuid";
    let values = "12345678901234567890.123456789, -0.00012, 9223372036854775807, 0.1, true, 'ё ''\\ \"', NULL, '{\"a\": [12345678901234567890]}', \
        '2026-11-22', '10:30:00.5', '2026-11-22 10:30:00+05', '2026-11-22 10:30:00', '{1,NULL,3}', '{{\"a,b\",c},{d,NULL}}', \
        '\\x00ff68', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'";
    server.execute(&format!(
        "CREATE TABLE a ({columns}); CREATE TABLE b ({columns}); INSERT INTO a VALUES ({values})"
    ));
    let live = live(&server);
    let rows = read(&live, json!({"sql": "SELECT * FROM a"})).await.unwrap();
    assert_eq!(write(&live, json!({"table": "b"}), &shown(&rows)).await, [Ok(1)]);
    let differences = "SELECT count(*) FROM (SELECT * FROM a EXCEPT SELECT * FROM b) AS it";
    assert_eq!(
        server.rows(differences),
        "0",
        "{}\n{}",
        server.rows("SELECT * FROM a"),
        server.rows("SELECT * FROM b")
    );
    let wrong = write(&live, json!({"table": "b"}), r#"[{"bytes": "no base64!"}]"#).await;
    assert_eq!(wrong, [Err(Code::Input)]);
}

#[tokio::test]
async fn with_markers_rows_are_written_exactly_once() {
    let server = Postgres::start();
    server.execute("CREATE TABLE orders (id int CHECK (id < 100))");
    let live = live(&server);
    let config = json!({"table": "orders", "exactly_once": true});
    assert_eq!(write(&live, config.clone(), r#"[{"id": 1}, {"id": 2}]"#).await, [Ok(1), Ok(1)]);
    let again = r#"[{"id": 1}, {"id": 2}, {"id": 300}, {"id": 4}]"#;
    assert_eq!(write(&live, config.clone(), again).await, [Ok(0), Ok(0), Err(Code::Refused), Ok(1)]);
    assert_eq!(server.rows("SELECT count(*), (SELECT count(*) FROM arna_effects) FROM orders"), "3|3");
    // Many at once with the same keys: the marker lets one of them through.
    let eight = (0..8).map(|_| {
        write(
            &live,
            json!({"table": "orders", "exactly_once": true}),
            r#"[{"id": 5}, {"id": 6}, {"id": 7}, {"id": 8}, {"id": 9}]"#,
        )
    });
    let answers = futures_util::future::join_all(eight).await;
    assert_eq!(answers.iter().map(|it| it[4].unwrap()).sum::<i64>(), 1);
    assert_eq!(server.rows("SELECT count(*) FROM orders WHERE id = 9"), "1");
}

#[tokio::test]
async fn a_stopped_server_is_unavailable_and_used_again_when_it_is_back() {
    let server = Postgres::start();
    let live = live(&server);
    read(&live, json!({"sql": "SELECT 1"})).await.unwrap();
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'arna'");
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(
            read(&live, json!({"sql": "SELECT 1 AS one"})).await.map(|it| shown(&it)).map_err(|e| e.code),
        );
    }
    assert!(codes.contains(&Ok(r#"[{"one":1}]"#.into())), "{codes:?}");
    assert!(codes.iter().all(|it| it.is_ok() || *it == Err(Code::Unavailable)), "{codes:?}");
    drop(server);
    assert_eq!(read(&live, json!({"sql": "SELECT 1"})).await.unwrap_err().code, Code::Unavailable);
}
