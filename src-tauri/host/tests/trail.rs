//! What happened and who did it can be looked up: due times with what became of each, and what people decided.

mod common;

use arna_host::{App, Setup};
use journal::{Change, Journal, Options};
use serde_json::{Value as Json, json};

use common::Desk;

const DAY_MS: i64 = 86_400_000;

fn hourly(missed: &str) -> String {
    json!({
        "arna": 1,
        "name": format!("Hourly {missed}"),
        "nodes": {
            "clock": {"kind": "schedule.cron", "title": "On the hour", "config": {"cron": "0 * * * *", "missed": missed}},
            "say": {"kind": "list.log", "config": {"text": "tick"}},
        },
        "wires": [["clock", "say"]],
    })
    .to_string()
}

/// A data folder as a computer leaves it that is off for three days: the first flows are on.
async fn three_days_ago(data: &std::path::Path, flows: &[(&str, bool)]) -> Vec<String> {
    let setup =
        Setup { data: data.to_owned(), gallery: None, passphrase: None, keychain: false, durable: false };
    let app = App::open(setup).expect("the application opens");
    let mut ids = Vec::new();
    for (missed, _) in flows {
        let saved = arna_host::call(&app, "flow.save", json!({"text": hourly(missed)})).await.expect("saved");
        ids.push(saved["flow"].as_str().expect("an id").to_owned());
    }
    app.close().expect("an orderly end");
    drop(app);
    let (journal, _) =
        Journal::open(data, &Options { ballast_bytes: 0, ..Options::default() }).expect("the journal");
    let now_ms = jiff::Timestamp::now().as_millisecond();
    for (id, (_, is_on)) in ids.iter().zip(flows) {
        let schedule = format!("{id}/clock").into();
        let mut changes = vec![Change::ScheduleMark { schedule, due_ms: now_ms - 3 * DAY_MS }];
        if *is_on {
            changes.push(Change::ArmFlow { flow: id.as_str().into(), armed: true });
            let key = format!("flow/{id}/live").into();
            changes.push(Change::Setting { key, value: Some(b"1".to_vec().into()) });
        }
        journal.commit_blocking(changes).expect("stored");
    }
    journal.close().expect("closed");
    ids
}

async fn times(desk: &Desk, flow: &str, limit: u32, before_ms: Option<i64>) -> (Vec<Json>, bool) {
    let answer = desk.ask("flow.times", json!({"flow": flow, "limit": limit, "before_ms": before_ms})).await;
    (answer["times"].as_array().expect("a list").clone(), answer["more"] == true)
}

async fn row(desk: &Desk, flow: &str) -> Json {
    let rows = desk.ask("flows.list", json!({})).await;
    let found = rows["flows"].as_array().expect("a list").iter().find(|it| it["id"] == flow);
    found.expect("the flow").clone()
}

async fn eventually(desk: &Desk, flow: &str, least: usize) -> Vec<Json> {
    for _ in 0..600 {
        let (found, _) = times(desk, flow, 1_000, None).await;
        if found.len() >= least {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the due times of {flow} were never decided: {:?}", times(desk, flow, 1_000, None).await.0.len());
}

fn of<'a>(found: &'a [Json], outcome: &str) -> Vec<&'a Json> {
    found.iter().filter(|it| it["outcome"] == outcome).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_passed_while_the_computer_was_off_are_listed_each_with_what_became_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let ids = three_days_ago(&data, &[("skip", true), ("latest", true), ("latest", false)]).await;
    let desk = Desk::with(|setup| setup.data = data).await;
    let let_go = eventually(&desk, &ids[0], 71).await;
    assert_eq!(
        (of(&let_go, "skipped").len(), let_go[0]["title"].as_str()),
        (let_go.len(), Some("On the hour"))
    );
    assert!(let_go.windows(2).all(|it| it[0]["due_ms"].as_i64() > it[1]["due_ms"].as_i64()), "newest first");
    assert_eq!(row(&desk, &ids[0]).await["missed"], let_go.len());
    let (first, has_more) = times(&desk, &ids[0], 10, None).await;
    let (second, _) = times(&desk, &ids[0], 10, first[9]["due_ms"].as_i64()).await;
    assert_eq!((first.as_slice(), second.as_slice(), has_more), (&let_go[..10], &let_go[10..20], true));

    let caught_up = eventually(&desk, &ids[1], 71).await;
    let fired = of(&caught_up, "fired");
    assert_eq!(fired.len(), 1, "one run stands for the last day");
    let run = desk.ask("run.get", json!({"run": fired[0]["run"]})).await;
    assert_eq!(run["row"]["flow"], ids[1].as_str());
    assert!((22..=24).contains(&of(&caught_up, "merged").len()));
    assert_eq!(row(&desk, &ids[1]).await["missed"], of(&caught_up, "missed").len());

    desk.ask("flow.arm", json!({"flow": ids[2], "armed": true})).await;
    desk.ask("flow.arm", json!({"flow": ids[1], "armed": false})).await;
    desk.ask("flow.arm", json!({"flow": ids[1], "armed": true})).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(times(&desk, &ids[2], 10, None).await, (Vec::new(), false), "it was off: nothing was missed");
    assert_eq!(times(&desk, &ids[1], 1_000, None).await.0, caught_up);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_decide_stands_in_a_trail_that_shows_when_it_was_changed() {
    let desk = Desk::open().await;
    let flow = desk.flow(serde_json::from_str(&hourly("skip")).expect("JSON")).await;
    desk.ask("flow.arm", json!({"flow": flow, "armed": true})).await;
    desk.ask("flow.arm", json!({"flow": flow, "armed": false})).await;
    desk.ask("flow.export", json!({"flow": flow})).await;
    let save = json!({"name": "crm", "kind": "http", "config": {"address": "https://crm.example"}, "secrets": {"token": "s3cret"}});
    desk.ask("connections.save", save).await;
    desk.ask("engine.pause", json!({"paused": true})).await;
    let trail = desk.ask("audit.list", json!({})).await;
    let lines = trail["lines"].as_array().expect("a list");
    let told: Vec<_> =
        lines.iter().map(|it| (it["action"].as_str().unwrap(), it["subject"].as_str().unwrap())).collect();
    let expected = [
        ("engine.pause", ""),
        ("connection.save", "crm"),
        ("flow.export", "Hourly skip"),
        ("flow.disarm", "Hourly skip"),
        ("flow.arm", "Hourly skip"),
    ];
    assert_eq!(told, expected);
    assert!(!trail.to_string().contains("s3cret"));
    assert_eq!((&trail["whole"], &trail["broken"]), (&json!(5), &Json::Null));
    let short = desk.ask("audit.list", json!({"limit": 2})).await;
    assert_eq!(short["lines"], json!(lines[..2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_tells_which_flows_use_it_and_which_steps_stop_without_it() {
    let desk = Desk::open().await;
    let save =
        json!({"name": "crm", "kind": "http", "config": {"address": "https://crm.example"}, "secrets": {}});
    desk.ask("connections.save", save).await;
    let flow = desk
        .flow(json!({
            "arna": 1,
            "name": "Customers",
            "nodes": {
                "begin": {"kind": "flow.input"},
                "fetch": {"kind": "http.request", "title": "Ask the CRM", "connection": "crm", "config": {"method": "GET", "url": "/c"}},
                "both": {"kind": "list.append", "title": "All"},
                "told": {"kind": "list.log", "title": "What failed", "config": {"text": "x"}},
            },
            "wires": [["begin", "fetch"], ["begin", "both"], ["fetch", "both"], ["fetch.error", "told"]],
            "slots": {"crm": {"connection": "http"}, "greeting": {"text": ""}},
        }))
        .await;
    desk.ask("slots.fill", json!({"flow": flow, "slot": "greeting", "value": "crm"})).await;
    let users = async || desk.ask("connections.list", json!({})).await["connections"][0]["used_by"].clone();
    assert_eq!(users().await, json!([]), "a text that is called so is no use of it");
    desk.ask("slots.fill", json!({"flow": flow, "slot": "crm", "value": "crm"})).await;
    let expected = json!([{
        "flow": flow, "name": "Customers", "armed": false, "stops": ["Ask the CRM"], "suffers": ["All"],
    }]);
    assert_eq!(users().await, expected);
}
