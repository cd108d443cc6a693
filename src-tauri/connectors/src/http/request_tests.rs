use std::collections::HashMap;
use std::sync::Arc;

use sdk::testing::{FakeConnection, World};
use sdk::{HttpAnswer, Spec};
use serde_json::json;

use super::*;

fn node(config: serde_json::Value) -> Request {
    let parsed = Spec::action::<Request>().parse(&config).unwrap();
    assert_eq!(parsed.problems, []);
    serde_json::from_value(config).unwrap()
}

fn answer(status: u16, body: &str) -> HttpAnswer {
    let headers = vec![("content-type".into(), "application/json".into()), ("x-other".into(), "1".into())];
    HttpAnswer { status, headers, body: body.to_owned().into(), url: String::new() }
}

fn world(settings: serde_json::Value, secrets: &[(&str, &str)]) -> World {
    let settings = model::json::from_serde(&settings).as_record().cloned();
    let secrets: HashMap<_, _> = secrets.iter().map(|(name, it)| ((*name).into(), (*it).into())).collect();
    let connection = FakeConnection { kind: "http".into(), settings, secrets, ..FakeConnection::default() };
    let mut world = World::default();
    world.connection = Some(Arc::new(connection));
    world
}

async fn run(node: &Request, world: &World, attempt: u32) -> Result<Value, NodeError> {
    let record = Record::of([("id", Value::from(7)), ("total", Value::from(12))]);
    node.run(Call { record: &record, key: "key-1", attempt }, world).await
}

fn header(world: &World, at: usize, name: &str) -> Option<String> {
    let calls = world.calls.lock().unwrap();
    calls[at].headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone())
}

#[tokio::test]
async fn a_call_goes_below_the_connection_and_its_answer_is_a_value() {
    let world = world(json!({"address": "https://a.test/v1", "auth": "bearer"}), &[("token", "t0ken")])
        .with_answer("POST", "https://a.test/v1/orders/7", answer(201, "{\"id\": 10000000000000000001}"));
    let node = node(json!({"method": "POST", "url": "/orders/{{ id }}", "body": "= record"}));
    let value = run(&node, &world, 1).await.unwrap();
    assert_eq!(
        value.to_string(),
        r#"{"status":201,"headers":{"content-type":"application/json"},"body":{"id":10000000000000000001}}"#
    );
    assert_eq!(header(&world, 0, "authorization").as_deref(), Some("Bearer t0ken"));
    assert_eq!(header(&world, 0, "idempotency-key").as_deref(), Some("key-1"));
    assert_eq!(world.calls.lock().unwrap()[0].body, r#"{"id":7,"total":12}"#);
}

#[tokio::test]
async fn every_sign_in_reaches_the_service_where_it_belongs() {
    let table = [
        (json!({"auth": "api_key"}), "x", "X-Api-Key", Some("x")),
        (json!({"auth": "api_key", "key_name": "Key"}), "x", "Key", Some("x")),
        (json!({"auth": "basic", "user": "Анна"}), "x", "authorization", Some("Basic 0JDQvdC90LA6eA==")),
        (json!({"auth": "none"}), "x", "authorization", None),
    ];
    for (mut settings, secret, name, expected) in table {
        settings["address"] = "https://a.test".into();
        let world = world(settings, &[("key", secret), ("password", secret)]).with_answer(
            "GET",
            "https://a.test/x",
            answer(200, "{}"),
        );
        run(&node(json!({"url": "/x"})), &world, 1).await.unwrap();
        assert_eq!(header(&world, 0, name).as_deref(), expected);
    }
    let settings =
        json!({"address": "https://a.test", "auth": "api_key", "key_in": "query", "key_name": "k"});
    let world =
        world(settings, &[("key", "a b")]).with_answer("GET", "https://a.test/x?k=a%20b", answer(200, "{}"));
    run(&node(json!({"url": "/x"})), &world, 1).await.unwrap();
}

fn oauth() -> World {
    let settings = json!({"address": "https://a.test", "auth": "oauth2", "token_url": "https://id.test/token",
        "client_id": "arna", "scope": "read", "token_fields": {"audience": "shop"}});
    world(settings, &[("client_secret", "s3/cret")])
}

#[tokio::test]
async fn a_token_is_fetched_once_for_many_calls() {
    let world = oauth()
        .with_answer(
            "POST",
            "https://id.test/token",
            answer(200, r#"{"access_token": "one", "expires_in": "3600"}"#),
        )
        .with_answer("GET", "https://a.test/x", answer(200, "{}"));
    let node = node(json!({"url": "/x"}));
    let calls = (0..20).map(|_| run(&node, &world, 1));
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    let calls = world.calls.lock().unwrap();
    let tokens: Vec<_> = calls.iter().filter(|it| it.url.contains("id.test")).collect();
    assert_eq!((tokens.len(), calls.len()), (1, 21));
    let form = String::from_utf8_lossy(&tokens[0].body);
    assert_eq!(
        form,
        "grant_type=client_credentials&scope=read&audience=shop&client_id=arna&client_secret=s3%2Fcret"
    );
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_no_more() {
    let world = oauth()
        .with_answer("POST", "https://id.test/token", answer(200, r#"{"access_token": "old"}"#))
        .with_answer("POST", "https://id.test/token", answer(200, r#"{"access_token": "new"}"#))
        .with_answer("GET", "https://a.test/x", answer(401, ""))
        .with_answer("GET", "https://a.test/x", answer(200, "{}"));
    let node = node(json!({"url": "/x"}));
    run(&node, &world, 1).await.unwrap();
    assert_eq!(header(&world, 3, "authorization").as_deref(), Some("Bearer new"));
    let world = oauth()
        .with_answer("POST", "https://id.test/token", answer(200, r#"{"access_token": "old"}"#))
        .with_answer("GET", "https://a.test/x", answer(401, ""));
    assert_eq!(run(&node, &world, 1).await.unwrap_err().code, Code::Auth);
    assert_eq!(world.calls.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_before_it_is_used() {
    let mut world = oauth()
        .with_answer(
            "POST",
            "https://id.test/token",
            answer(200, r#"{"access_token": "one", "expires_in": 300}"#),
        )
        .with_answer("GET", "https://a.test/x", answer(200, "{}"));
    let node = node(json!({"url": "/x"}));
    run(&node, &world, 1).await.unwrap();
    world.now_ms += 230_000;
    run(&node, &world, 1).await.unwrap();
    world.now_ms += 20_000;
    run(&node, &world, 1).await.unwrap();
    let calls = world.calls.lock().unwrap();
    assert_eq!(calls.iter().filter(|it| it.url.contains("id.test")).count(), 2);
}

#[tokio::test]
async fn a_refused_client_names_the_connection_and_never_its_secret() {
    let refusal =
        answer(401, r#"{"error": "invalid_client", "error_description": "client authentication failed"}"#);
    let world = oauth().with_answer("POST", "https://id.test/token", refusal);
    let error = run(&node(json!({"url": "/x"})), &world, 1).await.unwrap_err();
    assert_eq!(error.code, Code::Auth);
    assert_eq!(
        error.sentence,
        "The connection test got no token: the service answered 401 client authentication failed."
    );
    assert!(!format!("{error:?}").contains("s3"));
}

#[tokio::test]
async fn a_refusal_is_a_failure_or_an_answer_as_wished() {
    let world = World::default().with_answer(
        "GET",
        "https://a.test/x",
        answer(404, "{\"message\": \"no such order\"}"),
    );
    let error = run(&node(json!({"url": "https://a.test/x"})), &world, 1).await.unwrap_err();
    assert_eq!(error.code, Code::NotFound);
    assert!(error.sentence.contains("no such order"), "{error}");
    let value =
        run(&node(json!({"url": "https://a.test/x", "keep_refusals": true})), &world, 1).await.unwrap();
    assert_eq!(value.as_record().unwrap().get("status"), Some(&Value::from(404)));
    let world = World::default().with_answer("GET", "https://a.test/x", answer(503, ""));
    let error =
        run(&node(json!({"url": "https://a.test/x", "keep_refusals": true})), &world, 1).await.unwrap_err();
    assert_eq!(error.code, Code::Unavailable);
}

#[test]
fn the_class_follows_method_and_promise() {
    let table = [
        (json!({"method": "GET"}), Effect::Read),
        (json!({"method": "PUT"}), Effect::Idempotent),
        (json!({"method": "DELETE"}), Effect::Idempotent),
        (json!({"method": "POST"}), Effect::Ambiguous),
        (json!({"method": "PATCH"}), Effect::Ambiguous),
        (json!({"method": "POST", "again": "same_key"}), Effect::Idempotent),
    ];
    for (mut config, expected) in table {
        config["url"] = "/x".into();
        assert_eq!(node(config).effect(), expected);
    }
}

#[tokio::test]
async fn before_sending_again_it_looks() {
    let config = json!({"method": "POST", "url": "https://a.test/x", "again": "look_up",
        "look_up": {"url": "https://a.test/x/{{ id }}", "found": "= answer.body.there"}});
    let world = World::default()
        .with_answer("GET", "https://a.test/x/7", answer(200, "{\"there\": false}"))
        .with_answer("GET", "https://a.test/x/7", answer(200, "{\"there\": true}"))
        .with_answer("POST", "https://a.test/x", answer(200, "{}"));
    let node = node(config);
    run(&node, &world, 1).await.unwrap();
    run(&node, &world, 2).await.unwrap();
    run(&node, &world, 2).await.unwrap();
    let methods: Vec<_> = world.calls.lock().unwrap().iter().map(|it| it.method.clone()).collect();
    assert_eq!(methods, ["POST", "GET", "POST", "GET"]);
}

#[tokio::test]
async fn what_may_have_been_sent_is_skipped_and_what_was_refused_is_sent_again() {
    let config = json!({"method": "POST", "url": "https://a.test/x", "again": "skip"});
    let world = World::default().with_answer("POST", "https://a.test/x", answer(503, "")).with_answer(
        "POST",
        "https://a.test/x",
        answer(504, ""),
    );
    let node = node(config);
    assert_eq!(run(&node, &world, 1).await.unwrap_err().code, Code::Unavailable);
    assert_eq!(run(&node, &world, 2).await.unwrap(), skipped());
    assert_eq!(run(&node, &world, 3).await.unwrap(), skipped());
    assert_eq!(world.calls.lock().unwrap().len(), 2);
}

#[test]
fn a_wrong_configuration_says_which_field() {
    let parse = |config| Spec::action::<Request>().parse(&config);
    assert_eq!(parse(json!({"url": "/x", "method": "FETCH"})).err().unwrap().field, "/method");
    assert!(parse(json!({"url": "/x", "boddy": "1"})).is_err());
    assert_eq!(parse(json!({"url": "", "timeout_s": 0})).unwrap().problems.len(), 2);
    assert_eq!(parse(json!({"url": "/x", "again": "look_up"})).unwrap().problems[0].field, "/look_up");
}
