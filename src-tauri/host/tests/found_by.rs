//! Runs are found by the business values that their flow names.

mod common;

use serde_json::{Value as Json, json};

use common::Desk;

async fn found(desk: &Desk, value: &str) -> Vec<Json> {
    let rows = desk.ask("runs.list", json!({"value": value})).await;
    rows["runs"].as_array().expect("a list").iter().map(|row| row["run"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_found_by_a_value_that_came_in_and_by_one_that_was_made_whatever_its_case() {
    let desk = Desk::open().await;
    let text = json!({
        "arna": 1,
        "name": "Invoices",
        "nodes": {
            "begin": {"kind": "flow.input"},
            "invoice": {"kind": "list.map", "config": {"fields": [{"name": "invoice", "value": "= \"INV-\" + order"}]}},
        },
        "wires": [["begin", "invoice"]],
        "search": ["customer.bin", "invoice"],
    });
    let flow = desk.ask("flow.save", json!({"text": text.to_string()})).await["flow"].clone();
    let input =
        |order: &str, bin: &str| json!({"flow": flow, "input": [{"order": order, "customer": {"bin": bin}}]});
    let first = desk.run(input("A-17", "050140000656")).await["row"]["run"].clone();
    let second = desk.run(input("Б-18", "990240001234")).await["row"]["run"].clone();
    assert_eq!(found(&desk, "inv-a").await, vec![first.clone()]);
    assert_eq!(found(&desk, "INV-б-18").await, vec![second.clone()]);
    assert_eq!(found(&desk, "0501").await, vec![first.clone()], "a beginning is enough");
    assert_eq!(found(&desk, "inv-").await, vec![second, first]);
    assert_eq!(found(&desk, "A-17").await, Vec::<Json>::new(), "only the named fields are looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_nothing_reads_is_read_for_the_search_and_effects_come_before_the_end() {
    let desk = Desk::open().await;
    let folder = desk.folder("inbox");
    std::fs::write(folder.join("orders.csv"), "order,total\nA-17,5\nA-18,7\n").expect("a file");
    let text = json!({
        "arna": 1,
        "name": "Totals",
        "nodes": {
            "begin": {"kind": "flow.input"},
            "orders": {"kind": "csv.read", "config": {"path": folder.join("orders.csv"), "columns": {"total": "number"}}},
            "totals": {"kind": "list.map", "config": {"fields": [{"name": "total", "value": "= total"}]}},
            "file": {"kind": "csv.write", "config": {"path": folder.join("totals.csv")}},
        },
        "wires": [["begin", "orders"], ["orders", "totals"], ["totals", "file"]],
        "search": ["order"],
    });
    let imported = desk.ask("flow.import", json!({"text": text.to_string()})).await;
    let flow = imported["flow"].clone();
    for open in imported["authority"].as_array().expect("a list") {
        let grant =
            json!({"flow": flow, "node": open["node"], "resource": open["resource"], "granted": true});
        desk.ask("grants.set", grant).await;
    }
    let run = desk.run(json!({"flow": flow})).await;
    assert_eq!(run["row"]["state"], "ok", "{run}");
    assert_eq!(found(&desk, "a-18").await, vec![run["row"]["run"].clone()]);
    let (moments, counts) = (run["snapshots"].as_array().expect("a list"), &run["counts"]);
    assert!(moments.len() >= 2, "a run can be stepped through whoever watched it: {run}");
    assert_eq!(&moments.last().expect("the end")["counts"], counts);
    assert_ne!(&moments[0]["counts"]["wires"], &counts["wires"]);
    let totals = std::fs::read_to_string(folder.join("totals.csv")).expect("a file");
    assert_eq!(totals.lines().next(), Some("total"));
}
