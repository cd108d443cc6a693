//! The use cases over a real journal and engine, through the same door as every transport.

mod common;

use arna_host::contract::RefusalCode;
use serde_json::json;

use common::Desk;

fn large_orders() -> String {
    json!({
        "arna": 1,
        "name": "Large orders",
        "nodes": {
            "begin": {"kind": "flow.input"},
            "large": {"kind": "list.filter", "config": {"keep": "= total > slots.limit"}},
        },
        "wires": [["begin", "large"]],
        "slots": {"limit": {"number": 100}},
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_is_saved_run_and_its_run_is_found_again() {
    let desk = Desk::open().await;
    let saved = desk.ask("flow.save", json!({"text": large_orders()})).await;
    assert_eq!((&saved["version"], &saved["problems"]), (&json!(1), &json!([])));
    let flow = saved["flow"].clone();
    let run = desk.run(json!({"flow": flow, "input": [{"total": 40}, {"total": 140}, {"total": 240}]})).await;
    assert_eq!(run["row"]["state"], "ok");
    assert_eq!(run["counts"]["nodes"]["large"]["records_in"], 3);
    assert_eq!(run["counts"]["wires"]["begin.out>large.in"], 3);
    let listed = desk.ask("runs.list", json!({"flow": flow})).await;
    assert_eq!(listed["runs"][0]["run"], run["row"]["run"]);
    let row = &desk.ask("flows.list", json!({"search": "large ORDERS"})).await["flows"][0];
    assert_eq!((&row["name"], &row["last_runs"][0]["state"]), (&json!("Large orders"), &json!("ok")));
    assert_eq!(desk.ask("flows.list", json!({"search": "nowhere"})).await["flows"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_over_somebody_elses_version_is_a_conflict_and_old_versions_come_back() {
    let desk = Desk::open().await;
    let flow = desk.ask("flow.save", json!({"text": large_orders()})).await["flow"].clone();
    let other = large_orders().replace("Large orders", "Very large orders");
    let second = desk.ask("flow.save", json!({"flow": flow, "text": other, "expected_version": 1})).await;
    assert_eq!(second["version"], 2);
    let late = json!({"flow": flow, "text": large_orders(), "expected_version": 1});
    assert_eq!(desk.refused("flow.save", late).await, RefusalCode::Conflict);
    desk.ask("flow.restore", json!({"flow": flow, "version": 1})).await;
    let now = desk.ask("flow.get", json!({"flow": flow})).await;
    assert_eq!(now["version"], 3);
    assert!(now["text"].as_str().expect("a text").contains("\"Large orders\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tried_text_runs_without_becoming_a_version_or_a_flow() {
    let desk = Desk::open().await;
    let flow = desk.ask("flow.save", json!({"text": large_orders()})).await["flow"].clone();
    let tried = large_orders().replace("> slots.limit", "< slots.limit");
    let run = desk.run(json!({"flow": flow, "text": tried, "input": [{"total": 40}]})).await;
    assert_eq!((&run["row"]["state"], &run["row"]["flow"]), (&json!("ok"), &flow));
    assert_eq!(
        desk.ask("flow.versions", json!({"flow": flow})).await["versions"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(desk.ask("flows.list", json!({})).await["flows"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_flow_would_touch_has_to_be_allowed_before_it_is_armed() {
    let desk = Desk::open().await;
    let text = json!({
        "arna": 1,
        "name": "Pull",
        "zone": "Asia/Almaty",
        "nodes": {
            "morning": {"kind": "schedule.cron", "config": {"cron": "0 9 * * MON-FRI"}},
            "pull": {"kind": "http.request", "config": {"method": "GET", "url": "https://api.shop.example/orders"}},
        },
        "wires": [["morning", "pull"]],
    });
    let imported = desk.ask("flow.import", json!({"text": text.to_string()})).await;
    let flow = imported["flow"].clone();
    assert_eq!(desk.refused("flow.arm", json!({"flow": flow, "armed": true})).await, RefusalCode::NeedsYou);
    let asked = desk.ask("grants.list", json!({"flow": flow})).await;
    let open = asked["authority"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["granted"] == false)
        .expect("one open");
    assert_eq!(open["node"], "pull");
    let grant = json!({"flow": flow, "node": "pull", "resource": open["resource"], "granted": true});
    desk.ask("grants.set", grant.clone()).await;
    let armed = desk.ask("flow.arm", json!({"flow": flow, "armed": true})).await;
    assert!(armed["next_fire_ms"].is_i64());
    let mut elsewhere = grant;
    elsewhere["resource"] = json!({"type": "host", "host": "evil.example"});
    assert_eq!(desk.refused("grants.set", elsewhere).await, RefusalCode::BadRequest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_the_records_name_stays_in_the_folders_given_to_the_flow() {
    let desk = Desk::open().await;
    let (inbox, elsewhere) = (desk.folder("inbox"), desk.folder("elsewhere"));
    for folder in [&inbox, &elsewhere] {
        std::fs::write(folder.join("a.txt"), "one\ntwo\n").expect("a file");
    }
    let text = json!({
        "arna": 1,
        "name": "Read what came",
        "nodes": {
            "begin": {"kind": "flow.input"},
            "files": {"kind": "file.list", "config": {"folder": inbox, "pattern": "*.txt"}},
            "lines": {"kind": "text.read", "config": {"path": "= path"}},
            "other": {"kind": "flow.input"},
            "there": {"kind": "text.read", "config": {"path": "= place"}},
            "gone": {"kind": "file.delete", "config": {"path": "= place"}},
        },
        "wires": [["begin", "files"], ["files", "lines"], ["other", "there"], ["other", "gone"]],
    });
    let flow = desk.flow(text).await;
    let start = json!({"flow": flow, "trigger": "begin"});
    assert_eq!(desk.refused("run.start", start.clone()).await, RefusalCode::NeedsYou);
    desk.allow(&flow).await;
    let run = desk.run(start).await;
    assert_eq!(
        (&run["row"]["state"], &run["counts"]["nodes"]["lines"]["records_out"]),
        (&json!("ok"), &json!(2))
    );
    let place = elsewhere.join("a.txt");
    let run = desk.run(json!({"flow": flow, "trigger": "other", "input": [{"place": place}]})).await;
    assert_eq!(run["row"]["state"], "failed", "{run}");
    // the folder was given for reading only
    let place = inbox.join("a.txt");
    let run = desk.run(json!({"flow": flow, "trigger": "other", "input": [{"place": place}]})).await;
    assert_eq!(run["counts"]["nodes"]["there"]["records_out"], 2, "{run}");
    assert!(inbox.join("a.txt").exists() && elsewhere.join("a.txt").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_in_and_never_comes_out() {
    let desk = Desk::open().await;
    let save = json!({
        "name": "ledger", "kind": "http",
        "config": {"address": "https://ledger.example"},
        "secrets": {"password": "canary-5f1c"},
    });
    desk.ask("connections.save", save).await;
    let listed = desk.ask("connections.list", json!({})).await;
    assert_eq!(listed["connections"][0]["secrets"], json!(["password"]));
    assert!(!listed.to_string().contains("canary-5f1c"));
    desk.app.close().expect("it closes");
    for entry in std::fs::read_dir(desk.data()).expect("the folder is read") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            assert!(!bytes.windows(11).any(|it| it == b"canary-5f1c"), "{} holds the secret", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_makes_no_sense_is_told_why() {
    let desk = Desk::open().await;
    assert_eq!(desk.refused("flow.dance", json!({})).await, RefusalCode::NotFound);
    assert_eq!(desk.refused("flow.get", json!({"flow": "nowhere"})).await, RefusalCode::NotFound);
    assert_eq!(desk.refused("flow.get", json!({"flw": "x"})).await, RefusalCode::BadRequest);
    assert_eq!(
        desk.refused("schedule.next", json!({"cron": "61 * * * *", "zone": "UTC"})).await,
        RefusalCode::BadRequest
    );
    let next = desk.ask("schedule.next", json!({"cron": "0 9 * * MON-FRI", "zone": "Asia/Almaty"})).await;
    assert_eq!(next["next"].as_array().map(Vec::len), Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_with_a_typed_secret_is_not_exported_and_its_place_is_named() {
    let desk = Desk::open().await;
    let mut document: serde_json::Value = serde_json::from_str(&large_orders()).expect("it is JSON");
    let flow = desk.flow(document.clone()).await;
    assert_eq!(desk.ask("flow.export", json!({"flow": flow})).await["name"], "large-orders.flow.json");
    document["nodes"]["call"] =
        json!({"kind": "http.request", "config": {"url": "https://shop:canary-1f@api.example/orders"}});
    let flow = desk.flow(document).await;
    let refusal = desk.refusal("flow.export", json!({"flow": flow})).await;
    assert_eq!((refusal.code, refusal.field.as_str()), (RefusalCode::Refused, "/nodes/call/config/url"));
    assert!(!refusal.sentence.contains("canary-1f"), "{}", refusal.sentence);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_inside_an_address_is_sealed_like_any_other() {
    let desk = Desk::open().await;
    let config = json!({"address": "postgres://shop:canary%2D9c@db.example:5432/shop"});
    desk.ask("connections.save", json!({"name": "db", "kind": "postgres", "config": config})).await;
    let row = desk.ask("connections.list", json!({})).await["connections"][0].clone();
    assert_eq!(row["config"], json!({"address": "postgres://db.example:5432/shop", "user": "shop"}));
    assert_eq!((&row["secrets"], &row["health"]["state"]), (&json!(["password"]), &json!("unknown")));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_room_memory_and_the_next_start_and_a_connection_tells_how_it_answered() {
    let desk = Desk::open().await;
    let service = common::Service::answering(200, "{}").await;
    desk.ask(
        "connections.save",
        json!({"name": "shop", "kind": "http", "config": {"address": service.address}}),
    )
    .await;
    let text = json!({
        "arna": 1, "name": "Pull", "zone": "Asia/Almaty",
        "nodes": {
            "morning": {"kind": "schedule.cron", "config": {"cron": "0 9 * * *"}},
            "pull": {"kind": "http.request", "connection": "shop", "config": {"url": "/orders"}},
        },
        "wires": [["morning", "pull"]],
        "slots": {"shop": {"connection": "http"}},
    });
    let flow = desk.flow(text).await;
    desk.ask("slots.fill", json!({"flow": flow, "slot": "shop", "value": "shop"})).await;
    desk.allow(&flow).await;
    desk.ask("flow.arm", json!({"flow": flow, "armed": true})).await;
    let run = desk.run(json!({"flow": flow})).await;
    assert_eq!(run["row"]["state"], "ok", "{run}");
    let health = desk.ask("health", json!({})).await;
    assert_eq!(health["armed"], 1);
    for told in ["next_fire_ms", "disk_free_bytes", "disk_used_bytes", "disk_budget_bytes", "memory_bytes"] {
        assert!(health[told].as_u64().is_some_and(|it| it > 0), "{told}: {health}");
    }
    let row = desk.ask("connections.list", json!({})).await["connections"][0].clone();
    assert_eq!(row["health"]["state"], "good");
    assert!(row["last_use_ms"].is_i64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_that_cannot_be_read_is_not_asked_for_grants_when_it_is_armed() {
    let desk = Desk::open().await;
    let flow = desk
        .flow(json!({
            "arna": 1, "name": "Odd",
            "nodes": {"begin": {"kind": "flow.input"}, "odd": {"kind": "moon.land"}},
            "wires": [["begin", "odd"]],
        }))
        .await;
    let refusal = desk.refusal("flow.arm", json!({"flow": flow, "armed": true})).await;
    assert_eq!((refusal.code, refusal.field.as_str()), (RefusalCode::Refused, "/nodes/odd"));
    assert!(refusal.sentence.contains("moon.land"), "{}", refusal.sentence);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_nowhere_after_a_run_that_failed_with_it() {
    let desk = Desk::open().await;
    let service = common::Service::answering(422, r#"{"error": "no such order"}"#).await;
    let canary = "canary-d41d8c";
    desk.ask(
        "connections.save",
        json!({
            "name": "shop", "kind": "http",
            "config": {"address": service.address, "auth": "bearer"}, "secrets": {"token": canary},
        }),
    )
    .await;
    let text = json!({
        "arna": 1, "name": "Send",
        "nodes": {
            "begin": {"kind": "flow.input"},
            "send": {"kind": "http.request", "connection": "shop", "config": {"method": "PUT", "url": "/orders/{{ id }}"}},
        },
        "wires": [["begin", "send"]],
        "slots": {"shop": {"connection": "http"}},
    });
    let flow = desk.flow(text).await;
    desk.ask("slots.fill", json!({"flow": flow, "slot": "shop", "value": "shop"})).await;
    desk.allow(&flow).await;
    let run = desk.run(json!({"flow": flow, "input": [{"id": 7}]})).await;
    assert_eq!(run["counts"]["nodes"]["send"]["failed"], 1, "{run}");
    assert!(service.requests()[0].contains(canary), "the secret is used");
    for (name, params) in [
        ("run.get", json!({"run": run["row"]["run"]})),
        ("run.records", json!({"run": run["row"]["run"], "node": "send", "side": "in", "limit": 10})),
        ("failed.list", json!({})),
        ("flow.export", json!({"flow": flow})),
        ("flow.get", json!({"flow": flow})),
        ("connections.list", json!({})),
        ("health", json!({})),
    ] {
        let answer = desk.ask(name, params).await.to_string();
        assert!(!answer.contains(canary), "{name} tells the secret: {answer}");
    }
    desk.app.close().expect("it closes");
    let mut folders = vec![desk.data()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).expect("a file");
                assert!(
                    !bytes.windows(canary.len()).any(|it| it == canary.as_bytes()),
                    "{} holds the secret",
                    path.display()
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_of_the_last_run_a_person_started_can_be_paged_through_and_searched() {
    let desk = Desk::open().await;
    let flow = desk.ask("flow.save", json!({"text": large_orders()})).await["flow"].clone();
    let input: Vec<_> = (0..500).map(|at| json!({"id": format!("no {at}"), "total": at})).collect();
    let first = desk.run(json!({"flow": flow, "input": input})).await["row"]["run"].clone();
    let page = async |run: &serde_json::Value, more: serde_json::Value| {
        let mut asked = json!({"run": run, "node": "large", "side": "in", "limit": 3});
        let fields = more.as_object().expect("an object").clone();
        asked.as_object_mut().expect("an object").extend(fields);
        desk.ask("run.records", asked).await
    };
    let middle = page(&first, json!({"offset": 400})).await;
    assert_eq!((&middle["total"], &middle["whole"]), (&json!(500), &json!(true)));
    assert_eq!(middle["records"][0]["id"], "no 400");
    assert_eq!(middle["columns"], json!(["id", "total"]));
    let left = page(&first, json!({"side": "out", "port": "kept", "offset": 398})).await;
    assert_eq!((&left["total"], &left["records"][0]["id"]), (&json!(399), &json!("no 499")));
    let found = page(&first, json!({"search": "NO 49", "offset": 1})).await;
    assert_eq!((&found["total"], &found["records"][0]["id"]), (&json!(11), &json!("no 490")));

    let second = desk.run(json!({"flow": flow, "input": input})).await["row"]["run"].clone();
    assert_eq!(page(&second, json!({"offset": 499})).await["records"][0]["id"], "no 499");
    let sampled = page(&first, json!({"offset": 10})).await;
    assert_eq!(
        (&sampled["total"], &sampled["whole"]),
        (&json!(500), &json!(false)),
        "of earlier runs a sample is left"
    );
    assert_eq!(sampled["records"][0]["id"], "no 10");
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_listed_to_choose_from_and_one_that_is_not_there_is_named() {
    let desk = Desk::open().await;
    let top = desk.folder("office");
    for name in ["Invoices", "archive", ".hidden"] {
        std::fs::create_dir(top.join(name)).expect("a folder");
    }
    std::fs::write(top.join("orders.csv"), "id\n").expect("a file");
    let listed = desk.ask("places.list", json!({"folder": top})).await;
    let names = |field: &str| -> Vec<String> {
        let places = listed[field].as_array().expect("a list");
        places.iter().map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(
        (names("folders"), names("files")),
        (vec!["archive".into(), "Invoices".into()], vec!["orders.csv".into()])
    );
    assert_eq!(listed["files"][0]["path"], json!(top.join("orders.csv")));
    assert_eq!(listed["parent"], json!(top.parent()));
    assert!(
        desk.ask("places.list", json!({})).await["folder"].is_string(),
        "without a folder the home is shown"
    );
    let refusal = desk.refusal("places.list", json!({"folder": top.join("gone")})).await;
    assert!(refusal.sentence.contains("gone"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_may_keep_is_what_the_person_has_chosen() {
    let desk = Desk::open().await;
    let mut settings = desk.ask("settings.get", json!({})).await;
    assert_eq!(desk.ask("health", json!({})).await["disk_budget_bytes"], json!(2_u64 << 30));
    settings["budget_gib"] = json!(5);
    desk.ask("settings.set", settings.clone()).await;
    assert_eq!(desk.ask("health", json!({})).await["disk_budget_bytes"], json!(5_u64 << 30));
    settings["keep_days"] = json!(0);
    assert_eq!(desk.refused("settings.set", settings).await, RefusalCode::BadRequest);
}
