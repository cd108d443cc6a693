//! One node at a time: what arrives at it, and what it makes of that.

mod common;

use arna_host::contract::RefusalCode;
use serde_json::{Value as Json, json};

use common::{Desk, Service};

fn orders(service: &str) -> Json {
    json!({
        "arna": 1,
        "name": "Orders",
        "nodes": {
            "begin": {"kind": "flow.input"},
            "large": {"kind": "list.filter", "config": {"keep": "= total > slots.limit"}},
            "sum": {"kind": "list.map", "config": {"fields": [
                {"name": "id", "value": "= id"},
                {"name": "gross", "value": "= total * 1.12"},
            ]}},
            "send": {"kind": "http.request", "config": {
                "method": "POST", "url": format!("{service}/invoices"), "body": "= {number: id, sum: gross}", "again": "same_key",
            }},
        },
        "wires": [["begin", "large"], ["large.kept", "sum"], ["sum", "send"]],
        "slots": {"limit": {"number": 100}},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_come_from_the_pinned_sample_else_from_the_last_run_else_from_the_flow() {
    let desk = Desk::open().await;
    let flow = desk.flow(orders("https://ledger.example")).await;
    let of = |node: &str| json!({"flow": flow, "node": node});
    let told = desk.ask("node.fields", of("send")).await;
    assert_eq!((&told["from"], &told["record"]), (&json!("nothing"), &json!(null)));
    assert_eq!(told["fields"][0], json!({"name": "gross", "type": "", "sample": null}));
    let input = json!([{"id": 7, "total": 250, "city": null}]);
    desk.run(json!({"flow": flow, "input": input, "to_node": "sum"})).await;
    let left = desk.ask("node.fields", of("large")).await;
    assert_eq!((&left["from"], &left["record"]["total"]), (&json!("run"), &json!(250)));
    assert_eq!(left["fields"][1], json!({"name": "id", "type": "number", "sample": 7}));
    assert_eq!(desk.ask("node.fields", of("send")).await["fields"][1]["sample"], json!(280));
    desk.ask("sample.pin", json!({"flow": flow, "node": "begin", "records": [{"id": 1, "total": 90}]})).await;
    let pinned = desk.ask("node.fields", of("large")).await;
    assert_eq!((&pinned["from"], &pinned["record"]["total"]), (&json!("pinned"), &json!(90)));
    let value = desk.ask("formula.eval", json!({"flow": flow, "node": "large", "text": "= total + 1"})).await;
    assert_eq!(value["value"], 91);
    assert_eq!(desk.refused("node.fields", of("nowhere")).await, RefusalCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_names_no_port_brings_the_sample_of_the_first_one_and_of_no_other() {
    let desk = Desk::open().await;
    let flow = desk
        .flow(json!({
            "arna": 1,
            "name": "Lines",
            "nodes": {
                "begin": {"kind": "flow.input"},
                "lines": {"kind": "list.split", "config": {"list": "= lines"}},
                "last": {"kind": "list.limit", "config": {"count": 5}},
            },
            "wires": [["begin", "lines"], ["lines", "last"]],
        }))
        .await;
    // what has no lines leaves through `empty`, which is told before `out` in the order of names
    let input = json!([{"order": 1, "lines": []}, {"order": 2, "lines": [{"sku": "A7"}]}]);
    desk.run(json!({"flow": flow, "input": input})).await;
    let arrives = desk.ask("node.fields", json!({"flow": flow, "node": "last"})).await;
    assert_eq!((&arrives["from"], &arrives["record"]), (&json!("run"), &json!({"sku": "A7"})), "{arrives}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_tried_alone_and_what_it_would_send_is_held_unless_it_may_act() {
    let desk = Desk::open().await;
    let service = Service::answering(201, r#"{"ok": true}"#).await;
    let flow = desk.flow(orders(&service.address)).await;
    let tried = desk
        .ask("node.try", json!({"flow": flow, "node": "large", "input": {"in": [{"total": 40}, {"total": 140}, {"total": "much"}]}}))
        .await;
    assert_eq!(tried["outputs"][0], json!({"port": "kept", "records": [{"total": 140}]}), "{tried}");
    assert_eq!(tried["outputs"][1]["records"], json!([{"total": 40}]));
    assert_eq!(tried["failed"][0]["total"], "much");
    let send = json!({"flow": flow, "node": "send", "input": {"in": [{"id": 3, "gross": 10}]}});
    let held = desk.ask("node.try", send.clone()).await;
    assert_eq!((&held["held"][0]["node"], service.requests().len()), (&json!("send"), 0), "{held}");
    let mut act = send;
    act["act"] = true.into();
    assert_eq!(desk.refused("node.try", act.clone()).await, RefusalCode::NeedsYou);
    desk.allow(&flow).await;
    let sent = desk.ask("node.try", act).await;
    assert_eq!(sent["outputs"][0]["records"][0]["send"]["status"], 201, "{sent}");
    assert!(service.requests()[0].contains(r#""number":3"#), "{:?}", service.requests());
    assert_eq!(desk.refused("node.try", json!({"flow": flow, "node": "begin"})).await, RefusalCode::Refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_with_two_inputs_and_a_step_that_reads_much_are_tried_too() {
    let desk = Desk::open().await;
    let folder = desk.folder("in");
    let rows: String = (0..50_000).map(|row| format!("{row};x\n")).collect();
    std::fs::write(folder.join("rows.csv"), format!("id;name\n{rows}")).expect("a file");
    let flow = desk
        .flow(json!({
            "arna": 1,
            "name": "Two sides",
            "nodes": {
                "begin": {"kind": "flow.input"},
                "rows": {"kind": "csv.read", "config": {"path": "{{ slots.inbox }}/rows.csv", "delimiter": ";"}},
                "names": {"kind": "csv.read", "config": {"path": "{{ slots.inbox }}/rows.csv", "delimiter": ";"}},
                "both": {"kind": "list.join", "config": {"on": [{"left": "= id", "right": "= id"}]}},
            },
            "wires": [["begin", "rows"], ["begin", "names"], ["rows", "both.left"], ["names", "both.right"]],
            "slots": {"inbox": {"folder": "read"}},
        }))
        .await;
    desk.ask("slots.fill", json!({"flow": flow, "slot": "inbox", "value": folder})).await;
    let read = desk.ask("node.try", json!({"flow": flow, "node": "rows"})).await;
    assert_eq!(
        (read["outputs"][0]["records"].as_array().map(Vec::len), &read["cut"]),
        (Some(100), &json!(true)),
        "{read}"
    );
    assert_eq!(read["error"], json!(null));
    let input = json!({"left": [{"id": 1, "a": 1}], "right": [{"id": 1, "b": 2}]});
    let joined = desk.ask("node.try", json!({"flow": flow, "node": "both", "input": input})).await;
    let out = joined["outputs"][0]["records"][0].to_string();
    assert!(out.contains(r#""a":1"#) && out.contains(r#""b":2"#), "{joined}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_shows_the_request_it_held_without_the_secret_and_answers_only_what_is_known() {
    let desk = Desk::open().await;
    let flow = desk
        .flow(json!({
            "arna": 1,
            "name": "Invoices",
            "nodes": {
                "begin": {"kind": "flow.input"},
                "send": {"kind": "http.request", "connection": "ledger", "config": {
                    "method": "POST", "url": "/invoices", "body": "= {number: id}",
                }},
                "after": {"kind": "list.map", "config": {"fields": [{"name": "got", "value": "= send.body.number"}]}},
            },
            "wires": [["begin", "send"], ["send", "after"]],
            "slots": {"ledger": {"connection": "http"}},
        }))
        .await;
    desk.ask(
        "connections.save",
        json!({
            "name": "ledger", "kind": "http",
            "config": {"address": "https://ledger.example/api", "auth": "bearer"},
            "secrets": {"token": "canary-77aa"},
        }),
    )
    .await;
    desk.ask("slots.fill", json!({"flow": flow, "slot": "ledger", "value": "ledger"})).await;
    let start = json!({"flow": flow, "rehearse": true, "input": [{"id": 42}, {"id": 43}]});
    let run = desk.run(start.clone()).await;
    let held = &run["held"][1];
    assert_eq!(held["sentence"], "POST https://ledger.example/api/invoices", "{run}");
    assert_eq!((&held["body"], &held["record"]), (&json!({"number": 43}), &json!({"id": 43})));
    assert!(held["request"]["headers"]["authorization"].as_str().expect("a header").starts_with("Bearer "));
    assert!(!run.to_string().contains("canary-77aa"));
    assert_eq!(
        (&run["row"]["state"], &run["counts"]["nodes"]["after"]["records_in"]),
        (&json!("ok"), &json!(0))
    );
    // with a pinned answer the branch goes on
    let pin = json!({"flow": flow, "node": "send", "records": [{"id": 1, "send": {"status": 201, "body": {"number": 9}}}]});
    desk.ask("sample.pin", pin).await;
    let answered = desk.run(start).await;
    assert_eq!(
        (&answered["counts"]["nodes"]["after"]["records_in"], answered["held"].as_array().map(Vec::len)),
        (&json!(2), Some(2))
    );
}
