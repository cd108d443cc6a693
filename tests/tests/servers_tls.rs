//! Encrypted lines to PostgreSQL and RabbitMQ, against the real servers with certificates of an authority of their own.

use arna_tests::servers::{Live, Nginx, Postgres, RabbitMq, connection};
use connectors::rabbitmq::publish::Publish;
use connectors::sql::query::Query;
use sdk::{Action, Call, Code, NodeError, Record, Source, Value};
use serde_json::{Value as Json, json};

/// Whether the line that PostgreSQL sees is encrypted.
async fn is_encrypted(settings: Json) -> Result<bool, NodeError> {
    let live = Live::with(connection("postgres", &settings, &[("password", Postgres::PASSWORD)]));
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let query: Query = serde_json::from_value(json!({ "sql": sql })).unwrap();
    let mut cursor = query.open(&Record::empty(), &formula::FieldSet::all(), &live).await?;
    let page = cursor.next(&live).await?.expect("one row");
    Ok(page.records[0].get("ssl") == Some(&Value::from(true)))
}

#[tokio::test]
async fn each_mode_of_postgres_checks_what_its_name_says() {
    let server = Postgres::start_encrypted();
    let (ours, other) = (server.authority(), Nginx::start().file("ca.pem"));
    let ask = async |host: &str, mode: Option<&str>, authority: Option<&str>| {
        let mut settings = json!({"host": host, "port": server.port, "database": "postgres", "user": "arna"});
        settings["sslmode"] = json!(mode);
        settings["ca_pem"] = json!(authority);
        is_encrypted(settings).await.map_err(|e| (e.code, e.sentence))
    };
    let ours = Some(ours.as_str());
    let other = Some(other.as_str());
    assert_eq!(ask("127.0.0.1", Some("verify-full"), ours).await, Ok(true));
    assert_eq!(ask("localhost", Some("verify-full"), ours).await, Ok(true));
    assert_eq!(ask("127.0.0.2", Some("verify-ca"), ours).await, Ok(true));
    assert_eq!(ask("127.0.0.2", Some("require"), None).await, Ok(true));
    assert_eq!(ask("127.0.0.1", Some("prefer"), None).await, Ok(true));
    assert_eq!(ask("127.0.0.1", None, None).await, Ok(true), "nearby it is encrypted when the server can");
    assert_eq!(ask("127.0.0.1", Some("disable"), ours).await, Ok(false));

    let table = [
        ("127.0.0.2", "verify-full", ours, "is for another host"),
        ("127.0.0.1", "verify-full", None, "ca_pem"),
        ("127.0.0.1", "verify-full", other, "ca_pem"),
        ("127.0.0.1", "verify-ca", other, "ca_pem"),
        ("127.0.0.1", "require", other, "ca_pem"),
    ];
    for (host, mode, authority, part) in table {
        let (code, sentence) = ask(host, Some(mode), authority).await.unwrap_err();
        assert_eq!(code, Code::Unavailable, "{host} {mode}: {sentence}");
        let place = format!("The certificate of the database at {host}:{}", server.port);
        assert!(sentence.starts_with(&place) && sentence.contains(part), "{host} {mode}: {sentence}");
    }
}

#[tokio::test]
async fn a_postgres_without_encryption_is_not_used_when_encryption_is_asked_for() {
    let server = Postgres::start();
    let address = |mode: &str| format!("postgres://arna@127.0.0.1:{}/postgres?sslmode={mode}", server.port);
    assert!(!is_encrypted(json!({"address": address("prefer")})).await.unwrap());
    for mode in ["require", "verify-full"] {
        let error = is_encrypted(json!({"address": address(mode)})).await.unwrap_err();
        assert_eq!(error.code, Code::Config);
        assert!(error.sentence.contains("offers no encryption") && error.sentence.contains(mode), "{error}");
    }
    let error = is_encrypted(json!({"address": address("sometimes")})).await.unwrap_err();
    assert!(error.sentence.contains("verify-full"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_go_to_rabbitmq_over_an_encrypted_line_with_a_certificate_that_is_trusted() {
    let server = RabbitMq::start_encrypted();
    let send = async |settings: Json| {
        let live = Live::with(connection("rabbitmq", &settings, &[]));
        let node: Publish = serde_json::from_value(json!({"routing_key": "nobody", "body": "x"})).unwrap();
        let record = Record::of([("id", Value::from(1))]);
        let error = node.run(Call { record: &record, key: "key-1", attempt: 1 }, &live).await.unwrap_err();
        (error.code, error.sentence)
    };
    let ours = server.authority();
    let address = format!("amqps://127.0.0.1:{}", server.port);
    // It came there and back: the broker itself says that no queue takes it.
    let (code, sentence) = send(json!({"address": address, "ca_pem": ours})).await;
    assert_eq!(code, Code::Refused, "{sentence}");
    assert!(sentence.contains("nobody"), "{sentence}");
    let fields = json!({"host": "localhost", "port": server.port, "is_encrypted": true, "ca_pem": ours});
    assert_eq!(send(fields).await.0, Code::Refused);

    let (code, sentence) = send(json!({"address": address})).await;
    assert_eq!(code, Code::Unavailable, "{sentence}");
    let place = format!("The certificate of RabbitMQ at 127.0.0.1:{}", server.port);
    assert!(sentence.starts_with(&place) && sentence.contains("ca_pem"), "{sentence}");
    let other = Nginx::start().file("ca.pem");
    assert!(send(json!({"address": address, "ca_pem": other})).await.1.contains("not trusted"));
    let plain = format!("amqp://127.0.0.1:{}", server.port);
    assert_eq!(send(json!({"address": plain})).await.0, Code::Unavailable);
}
