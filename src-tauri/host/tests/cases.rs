//! Cases: a run is remembered, and a changed flow is compared with it before it goes live.

mod common;

use arna_host::contract::RefusalCode;
use serde_json::{Value as Json, json};

use common::{Desk, Service};

fn large_orders(service: &str, limit: u32) -> Json {
    json!({
        "arna": 1,
        "name": "Large orders",
        "nodes": {
            "begin": {"kind": "flow.input"},
            "large": {"kind": "list.filter", "config": {"keep": format!("= total > {limit}")}},
            "stock": {"kind": "http.request", "config": {"method": "GET", "url": format!("{service}/stock/{{{{ id }}}}")}},
            "brief": {"kind": "list.map", "config": {"fields": [
                {"name": "id", "value": "= id"},
                {"name": "left", "value": "= stock.body.left"},
                {"name": "email", "value": "= email"},
            ]}},
        },
        "wires": [["begin", "large"], ["large.kept", "stock"], ["stock", "brief"]],
    })
}

const ORDERS: [(u32, u32); 3] = [(1, 40), (2, 140), (3, 240)];

fn orders() -> Json {
    ORDERS
        .map(|(id, total)| json!({"id": id, "total": total, "email": format!("buyer{id}@shop.example")}))
        .into()
}

/// A flow that ran, with its run kept as the case `usual`.
async fn kept(desk: &Desk, service: &Service) -> String {
    let flow = desk.flow(large_orders(&service.address, 100)).await;
    desk.allow(&flow).await;
    let run = desk.run(json!({"flow": flow, "input": orders()})).await;
    assert_eq!(run["row"]["state"], "ok", "{run}");
    let saved =
        desk.ask("cases.save", json!({"flow": flow, "name": "usual", "run": run["row"]["run"]})).await;
    assert_eq!((&saved["version"], &saved["masked"]), (&json!(2), &json!(["email"])));
    assert!(!saved["text"].as_str().expect("a text").contains("buyer2@"));
    flow
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_becomes_a_case_that_runs_without_the_systems_it_called() {
    let desk = Desk::open().await;
    let service = Service::answering(200, r#"{"left": 7}"#).await;
    let flow = kept(&desk, &service).await;
    let called = service.requests().len();
    let ran = desk.ask("cases.run", json!({"flow": flow})).await;
    assert_eq!((&ran["results"][0]["outcome"], &ran["results"][0]["records"]), (&json!("same"), &json!(2)));
    assert_eq!(service.requests().len(), called, "a case touches nothing real");
    let listed = desk.ask("cases.list", json!({"flow": flow})).await;
    assert_eq!(listed["cases"], json!([{"name": "usual", "records_in": 3, "last": "same"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_flow_shows_what_would_differ_and_goes_live_only_when_that_is_accepted() {
    let desk = Desk::open().await;
    let service = Service::answering(200, r#"{"left": 7}"#).await;
    let flow = kept(&desk, &service).await;
    let armed = desk.ask("flow.arm", json!({"flow": flow, "armed": true})).await;
    assert_eq!((&armed["armed"], &armed["held_back"]), (&json!(true), &json!([])));
    let changed = large_orders(&service.address, 200).to_string();
    // the text in the editor has no cases of its own here: those of the saved flow are tried
    let tried = desk.ask("cases.run", json!({"flow": flow, "text": changed, "name": "usual"})).await;
    let result = &tried["results"][0];
    assert_eq!((&result["outcome"], &result["records"]), (&json!("different"), &json!(1)));
    let at_end: Vec<&Json> = result["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|it| it["place"] == "brief.out")
        .collect();
    assert_eq!((&at_end[0]["index"], &at_end[0]["pointer"]), (&json!(0), &json!("/id")));
    assert_eq!((&at_end[0]["expected"], &at_end[0]["came"]), (&json!(2), &json!(3)));

    let mut text: Json = serde_json::from_str(
        desk.ask("flow.get", json!({"flow": flow})).await["text"].as_str().expect("a text"),
    )
    .expect("it is JSON");
    text["nodes"]["large"]["config"]["keep"] = "= total > 200".into();
    desk.ask("flow.save", json!({"flow": flow, "text": text.to_string()})).await;
    let held = desk.ask("flow.arm", json!({"flow": flow, "armed": true})).await;
    assert_eq!((&held["armed"], &held["held_back"][0]["name"]), (&json!(true), &json!("usual")));
    let live = desk.ask("flow.get", json!({"flow": flow})).await["live"]["version"].clone();
    assert_eq!(live, 2, "the version before the change goes on");
    desk.ask("flow.arm", json!({"flow": flow, "armed": true, "accept_differences": true})).await;
    assert_eq!(desk.ask("flow.get", json!({"flow": flow})).await["live"]["version"], 3);
    desk.ask("cases.accept", json!({"flow": flow})).await;
    let ran = desk.ask("cases.run", json!({"flow": flow})).await;
    assert_eq!(ran["results"][0]["outcome"], "same");
    desk.ask("cases.delete", json!({"flow": flow, "name": "usual"})).await;
    assert_eq!(desk.ask("cases.list", json!({"flow": flow})).await["cases"], json!([]));
    assert_eq!(
        desk.refused("cases.run", json!({"flow": flow, "name": "usual"})).await,
        RefusalCode::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pinned_samples_make_a_case_and_what_is_not_pinned_is_asked_for() {
    let desk = Desk::open().await;
    let flow = desk.flow(large_orders("https://stock.example", 100)).await;
    let save = json!({"flow": flow, "name": "by-hand", "records": orders(), "masked": []});
    let refusal = desk.refusal("cases.save", save.clone()).await;
    assert_eq!((refusal.code, refusal.field.as_str()), (RefusalCode::NeedsYou, "/nodes/stock"));
    let pin = json!({"flow": flow, "node": "stock", "records": [{"id": 2, "stock": {"body": {"left": 9}}}]});
    desk.ask("sample.pin", pin).await;
    desk.ask("cases.save", save).await;
    let ran = desk.ask("cases.run", json!({"flow": flow})).await;
    assert_eq!((&ran["results"][0]["outcome"], &ran["results"][0]["records"]), (&json!("same"), &json!(2)));
    assert_eq!(
        desk.refused("cases.save", json!({"flow": flow, "name": "../x", "records": orders()})).await,
        RefusalCode::BadRequest
    );
}
