//! Web service connectors against httpbin, nginx and an OAuth2 provider.

use arna_tests::servers::{Httpbin, Live, Nginx, Oidc, connection};
use connectors::http::pages::Pages;
use connectors::http::request::Request;
use sdk::{Action, Call, Code, NodeError, Record, Source, Value};
use serde_json::{Value as Json, json};

async fn call(live: &Live, config: Json) -> Result<Json, NodeError> {
    let node: Request = serde_json::from_value(config).unwrap();
    let record = Record::of([("id", Value::from(7)), ("name", Value::from("Анна & Co"))]);
    let value = node.run(Call { record: &record, key: "key-1", attempt: 1 }, live).await?;
    Ok(model::json::to_serde(&value))
}

fn header<'j>(answer: &'j Json, name: &str) -> &'j Json {
    &answer["body"]["headers"][name]
}

#[tokio::test]
async fn httpbin_sees_what_the_flow_says() {
    let server = Httpbin::start();
    let live = Live::with(connection("http", &json!({"address": server.address()}), &[]));
    let query = json!({"q": "= name", "empty": "= null"});
    let sent = json!({"method": "POST", "url": "/anything/{{ name }}", "query": query, "body": "= {a: id, b: 0.10}"});
    let answer = call(&live, sent).await.unwrap();
    assert_eq!(answer["body"]["json"], json!({"a": 7, "b": 0.1}));
    assert_eq!(answer["body"]["args"], json!({"q": "Анна & Co"}));
    assert!(answer["body"]["url"].as_str().unwrap().contains("/anything/"));
    assert_eq!(header(&answer, "Idempotency-Key"), "key-1");
    let form = json!({"method": "POST", "url": "/post", "body_as": "form", "body": "= {a: name, b: id}"});
    assert_eq!(call(&live, form).await.unwrap()["body"]["form"], json!({"a": "Анна & Co", "b": "7"}));
    let file = "= {note: name, file: {file_name: \"a.txt\", text: name}}";
    let multipart = json!({"method": "POST", "url": "/post", "body_as": "multipart", "body": file});
    let answer = call(&live, multipart).await.unwrap();
    assert_eq!(answer["body"]["form"], json!({"note": "Анна & Co"}));
    assert_eq!(answer["body"]["files"], json!({"file": "Анна & Co"}));
}

#[tokio::test]
async fn httpbin_accepts_each_sign_in_and_refuses_a_wrong_one() {
    let server = Httpbin::start();
    let basic = json!({"address": server.address(), "auth": "basic", "user": "anna"});
    let right = Live::with(connection("http", &basic, &[("password", "secret")]));
    assert_eq!(call(&right, json!({"url": "/basic-auth/anna/secret"})).await.unwrap()["body"]["user"], "anna");
    let wrong = Live::with(connection("http", &basic, &[("password", "other")]));
    assert_eq!(call(&wrong, json!({"url": "/basic-auth/anna/secret"})).await.unwrap_err().code, Code::Auth);
    let bearer = json!({"address": server.address(), "auth": "bearer"});
    let right = Live::with(connection("http", &bearer, &[("token", "t0ken")]));
    assert_eq!(call(&right, json!({"url": "/bearer"})).await.unwrap()["body"]["token"], "t0ken");
}

#[tokio::test]
async fn httpbin_answers_become_values_or_failures() {
    let server = Httpbin::start();
    let live = Live::with(connection("http", &json!({"address": server.address()}), &[]));
    assert_eq!(call(&live, json!({"url": "/gzip"})).await.unwrap()["body"]["gzipped"], true);
    assert_eq!(call(&live, json!({"url": "/status/204"})).await.unwrap()["body"], Json::Null);
    assert_eq!(call(&live, json!({"url": "/encoding/utf8", "answer": "text"})).await.unwrap()["status"], 200);
    assert_eq!(call(&live, json!({"url": "/redirect/3"})).await.unwrap()["status"], 200);
    let kept = call(&live, json!({"url": "/status/418", "keep_refusals": true})).await.unwrap();
    assert_eq!(kept["status"], 418);
    let table = [
        (json!({"url": "/status/404"}), Code::NotFound),
        (json!({"url": "/status/503"}), Code::Unavailable),
        (json!({"url": "/status/504", "method": "POST"}), Code::Ambiguous),
        (json!({"url": "/redirect/6"}), Code::Refused),
        (json!({"url": "/html"}), Code::Unavailable),
        (json!({"url": "/deflate"}), Code::Damaged),
        (json!({"url": "/delay/5", "timeout_s": 1}), Code::Timeout),
        (json!({"url": "/delay/5", "timeout_s": 1, "method": "POST"}), Code::Ambiguous),
        (json!({"url": "/stream-bytes/3000000", "most_mib": 1}), Code::Limit),
        (json!({"url": "/redirect-to?url=file:///etc/passwd"}), Code::Refused),
    ];
    for (config, expected) in table {
        let error = call(&live, config.clone()).await.unwrap_err();
        assert_eq!(error.code, expected, "{config}: {error}");
    }
}

#[tokio::test]
async fn nginx_asks_to_slow_down() {
    let server = Nginx::start();
    let live = Live::with(connection("http", &json!({"address": format!("http://127.0.0.1:{}", server.port)}), &[]));
    let mut codes = Vec::new();
    for _ in 0..10 {
        codes.push(call(&live, json!({"url": "/slow/x.json"})).await.map(|it| it["body"]["ok"].clone()).map_err(|e| e.code));
    }
    assert_eq!(codes[0], Ok(json!(true)));
    assert!(codes.contains(&Err(Code::Busy)), "{codes:?}");
}

#[tokio::test]
async fn nginx_lets_in_who_shows_a_certificate_and_is_trusted_by_its_authority_only() {
    let server = Nginx::start();
    let address = format!("https://127.0.0.1:{}", server.tls_port);
    let ca = server.file("ca.pem");
    let identity = server.file("client.pem") + &server.file("client.key");
    let settings = json!({"address": address, "auth": "client_certificate", "ca_pem": ca});
    let known = Live::with(connection("http", &settings, &[("client_identity", &identity)]));
    assert_eq!(call(&known, json!({"url": "/x.json"})).await.unwrap()["body"]["ok"], true);
    let nobody = Live::with(connection("http", &json!({"address": address, "ca_pem": ca}), &[]));
    assert_eq!(call(&nobody, json!({"url": "/x.json"})).await.unwrap_err().code, Code::Refused);
    let stranger = Live::with(connection("http", &json!({"address": address}), &[]));
    let error = call(&stranger, json!({"url": "/x.json"})).await.unwrap_err();
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.sentence.contains("certificate"), "{error}");
    let broken = Live::with(connection("http", &settings, &[("client_identity", "no pem")]));
    assert_eq!(call(&broken, json!({"url": "/x.json"})).await.unwrap_err().code, Code::Config);
}

#[tokio::test]
async fn a_token_is_fetched_once_for_many_calls_and_again_when_it_ends() {
    let server = Oidc::start(4);
    for (client, style) in [("arna", "form"), ("arna-basic", "basic")] {
        let settings = json!({"address": server.address(), "auth": "oauth2", "token_url": server.address() + "/token",
            "client_id": client, "scope": "orders", "token_style": style});
        let live = Live::with(connection("http", &settings, &[("client_secret", Oidc::SECRET)]));
        let given = async || {
            let count = call(&Live::bare(), json!({"url": server.address() + "/count"})).await.unwrap();
            count["body"]["given"].as_i64().unwrap()
        };
        let before = given().await;
        let calls = (0..16).map(|_| call(&live, json!({"url": "/check"})));
        for answer in futures_util::future::join_all(calls).await {
            assert_eq!(answer.unwrap()["body"], json!({"client": client, "scope": "orders"}));
        }
        assert_eq!(given().await - before, 1);
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert_eq!(call(&live, json!({"url": "/check"})).await.unwrap()["status"], 200);
        assert_eq!(given().await - before, 2);
    }
}

#[tokio::test]
async fn a_client_that_the_provider_does_not_know_is_told_so() {
    let server = Oidc::start(60);
    let settings = json!({"address": server.address(), "auth": "oauth2", "token_url": server.address() + "/token", "client_id": "arna"});
    let live = Live::with(connection("http", &settings, &[("client_secret", "wrong-secret")]));
    let error = call(&live, json!({"url": "/check"})).await.unwrap_err();
    assert_eq!(error.code, Code::Auth);
    assert!(error.sentence.contains("401") && !format!("{error:?}").contains("wrong-secret"), "{error}");
}

#[tokio::test]
async fn pages_of_a_real_server_are_read_to_their_end() {
    let server = Httpbin::start();
    let live = Live::with(connection("http", &json!({"address": server.address()}), &[]));
    // Three slides make one page; the mark leads nowhere after it.
    let next = json!({"by": "next_url", "path": "slideshow.next"});
    let node: Pages = serde_json::from_value(json!({"url": "/json", "records": "$.slideshow.slides[*]", "next": next})).unwrap();
    let mut cursor = node.open(&Record::empty(), &formula::FieldSet::all(), &live).await.unwrap();
    let page = cursor.next(&live).await.unwrap().unwrap();
    assert_eq!(page.records.len(), 2);
    assert_eq!(page.records[0].get("title"), Some(&Value::from("Wake up to WonderWidgets!")));
    assert!(cursor.next(&live).await.unwrap().is_none());
}
