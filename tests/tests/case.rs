//! What a case is: a made-up world that says what a flow did in it.

use engine::case::{Given, Seen, run_case};
use model::document::{Flow, parse};
use model::{Value, json};
use plan::{Kinds, Plan, compile};

const FLOW: &str = r#"{
  "arna": 1,
  "name": "Pass on",
  "zone": "Asia/Almaty",
  "nodes": {
    "order": { "kind": "webhook.receive", "config": { "path": "orders", "auth": { "by": "none" } } },
    "send": { "kind": "http.request", "connection": "shop", "config": { "method": "POST", "url": "/orders", "body": "= {id: body.id, at: string(now()), limit: slots.limit}", "again": "AGAIN" } }
  },
  "wires": [["order", "send"]],
  "slots": { "shop": { "connection": "http" }, "limit": { "number": 7 } }
}"#;

fn kinds() -> Kinds {
    connectors::catalogue().into_iter().collect()
}

fn planned(again: &str) -> (Flow, Plan) {
    let flow = parse(&FLOW.replace("AGAIN", again)).unwrap();
    let checked = compile(&flow, &kinds());
    let plan = checked.plan.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    (flow, plan)
}

async fn seen(again: &str, given: &str) -> Seen {
    let (flow, plan) = planned(again);
    let given = Given::parse(given, &flow, None).unwrap();
    run_case(&plan, &kinds(), given).await.unwrap()
}

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, part| match (value, part.parse::<usize>()) {
        (Value::List(list), Ok(index)) => &list[index],
        _ => value
            .as_record()
            .and_then(|it| it.get(part))
            .unwrap_or_else(|| panic!("no {part} of {path} in {value}")),
    })
}

fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

const EVENT: &str = r#""event": { "body": { "id": 5 } }"#;

#[tokio::test]
async fn the_clock_stands_where_the_case_says_and_slots_hold_the_flows_own_values() {
    let given = format!(
        r#"{{ {EVENT}, "now": "2026-03-01T19:30:00Z", "answers": [{{ "method": "POST", "url": "https://shop.test/orders" }}] }}"#
    );
    let seen = seen("same_key", &given).await;
    assert_eq!(at(seen.value(), "state"), &value(r#""ok""#));
    let sent = at(seen.value(), "calls.0.body");
    assert_eq!(at(sent, "limit"), &value("7"));
    let shown = at(sent, "at").as_text().unwrap();
    assert!(shown.starts_with("2026-03-02T00:30:00"), "{shown} is the time of the flow's zone");
}

#[tokio::test]
async fn the_same_case_gives_the_same_twice() {
    let given = format!(
        r#"{{ {EVENT}, "answers": [{{ "method": "POST", "url": "https://shop.test/orders", "status": 503 }}] }}"#
    );
    assert_eq!(seen("same_key", &given).await.text(), seen("same_key", &given).await.text());
}

#[tokio::test]
async fn a_service_out_of_order_is_tried_again_without_waiting_and_the_record_is_left_to_wait() {
    let given = format!(
        r#"{{ {EVENT}, "answers": [{{ "method": "POST", "url": "https://shop.test/orders", "status": 503 }}] }}"#
    );
    let seen = seen("same_key", &given).await;
    assert_eq!(at(seen.value(), "state"), &value(r#""partial""#));
    assert_eq!(at(seen.value(), "left.0.why"), &value(r#""waits""#));
    assert!(at(seen.value(), "calls").as_list().unwrap().len() > 1);
}

#[tokio::test]
async fn a_service_that_recovers_gets_the_record() {
    let given = format!(
        r#"{{ {EVENT}, "answers": [{{ "method": "POST", "url": "https://shop.test/orders", "status": 503 }},
              {{ "method": "POST", "url": "https://shop.test/orders", "body": {{ "ok": true }} }}] }}"#
    );
    let seen = seen("same_key", &given).await;
    assert_eq!(at(seen.value(), "state"), &value(r#""ok""#));
    let ends = at(seen.value(), "ends").as_record().unwrap();
    assert_eq!(at(ends.get("send.out").unwrap(), "0.send.status"), &value("200"));
    assert_eq!(at(seen.value(), "calls").as_list().unwrap().len(), 2);
}

#[tokio::test]
async fn a_call_that_may_have_taken_effect_is_asked_about() {
    let given = format!(
        r#"{{ {EVENT}, "answers": [{{ "method": "POST", "url": "https://shop.test/orders", "status": 504 }}] }}"#
    );
    let seen = seen("ask", &given).await;
    assert_eq!(at(seen.value(), "left.0.why"), &value(r#""asks""#));
    assert_eq!(at(seen.value(), "calls").as_list().unwrap().len(), 1);
}

#[tokio::test]
async fn a_step_of_another_system_can_be_replaced_by_its_answer() {
    let seen =
        seen("ask", &format!(r#"{{ {EVENT}, "stand_ins": {{ "send": [{{ "status": 201 }}] }} }}"#)).await;
    assert_eq!(at(seen.value(), "state"), &value(r#""ok""#));
    assert_eq!(at(seen.value(), "calls.0.body.id"), &value("5"));
}

#[tokio::test]
async fn what_is_not_as_expected_is_told_with_its_place() {
    let given =
        format!(r#"{{ {EVENT}, "answers": [{{ "method": "POST", "url": "https://shop.test/orders" }}] }}"#);
    let seen = seen("same_key", &given).await;
    assert_eq!(seen.against(&seen.text()).unwrap(), []);
    let other = seen.text().replace("\"id\": 5", "\"id\": 6");
    let places: Vec<String> = seen.against(&other).unwrap().into_iter().map(|it| it.pointer).collect();
    assert!(places.contains(&"/calls/0/body/id".to_owned()), "{places:?}");
}

#[test]
fn a_case_that_is_not_one_is_refused_with_a_sentence() {
    let (flow, _) = planned("ask");
    let refused = |text: &str| Given::parse(text, &flow, None).unwrap_err();
    assert!(refused("[]").contains("object"));
    assert!(refused("{").contains("not JSON"));
    assert!(refused(r#"{"evnt": {}}"#).contains("no part \"evnt\""));
    assert!(refused(r#"{"now": "yesterday"}"#).contains("2026-01-05T09:00:00Z"));
    assert!(refused(r#"{"slots": {"nobody": 1}}"#).contains("nobody"));
    assert!(refused(r#"{"event": {}, "records": []}"#).contains("not both"));
    assert!(refused(r#"{"files": {"a": {"data": "../../etc/passwd"}}}"#).contains("has no folder"));
    let folder = std::env::temp_dir();
    let outside = Given::parse(r#"{"files": {"a": {"data": "../a"}}}"#, &flow, Some(&folder)).unwrap_err();
    assert!(outside.contains("must lie in"), "{outside}");
}
