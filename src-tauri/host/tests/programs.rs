//! Several programs of one person around one data folder: a pause that outlives them, and one that asks another.

use std::time::Duration;

use arna_host::contract::{Event, RefusalCode};
use arna_host::{App, Remote, Setup, call, serve_local};
use serde_json::{Value as Json, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_every_trigger_back_over_a_restart_until_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || {
        let data = folder.path().join("data");
        App::open(Setup { data, gallery: None, passphrase: None, keychain: false, durable: false })
            .expect("it opens")
    };
    let app = open();
    app.begin().await;
    let ask = async |app: &App, name: &str, params: Json| call(app, name, params).await.expect(name);
    let text = json!({
        "arna": 1, "name": "Often", "zone": "UTC",
        "nodes": {"often": {"kind": "schedule.cron", "config": {"cron": "* * * * *"}}, "kept": {"kind": "list.limit", "config": {"count": 1}}},
        "wires": [["often", "kept"]],
    });
    let flow = ask(&app, "flow.save", json!({"text": text.to_string()})).await["flow"].clone();
    ask(&app, "engine.pause", json!({"paused": true})).await;
    ask(&app, "flow.arm", json!({"flow": flow, "armed": true})).await;
    let row = async |app: &App| ask(app, "flows.list", json!({})).await["flows"][0].clone();
    assert_eq!(row(&app).await["next_fire_ms"], Json::Null);
    app.close().expect("it closes");
    drop(app);

    let app = open();
    let said = app.begin().await;
    assert!(said.iter().any(|it| it.contains("paused")), "{said:?}");
    assert_eq!(ask(&app, "health", json!({})).await["paused"], true);
    let armed = row(&app).await;
    assert_eq!((&armed["armed"], &armed["next_fire_ms"]), (&json!(true), &Json::Null));
    ask(&app, "engine.pause", json!({"paused": false})).await;
    assert!(row(&app).await["next_fire_ms"].is_i64(), "{}", row(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_of_the_same_person_asks_the_engine_that_holds_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let setup =
        Setup { data: data.clone(), gallery: None, passphrase: None, keychain: false, durable: false };
    assert!(Remote::find(&data).is_none(), "nobody holds the folder");
    let app = App::open(setup).expect("it opens");
    app.begin().await;
    let _serving = serve_local(&app, &data).expect("the socket is made");
    let there = Remote::find(&data).expect("somebody holds the folder");
    let mut events = there.events().await.expect("events");
    assert_eq!(there.call("health", &json!({})).await.expect("health")["paused"], false);
    let missing = there.call("flow.get", &json!({"flow": "nowhere"})).await.expect_err("there is none");
    assert_eq!(missing.code, RefusalCode::NotFound);
    there.call("engine.pause", &json!({"paused": true})).await.expect("paused");
    let told = async {
        loop {
            match events.next().await.expect("the engine is there") {
                Event::Health { health } => return health.paused,
                _ => continue,
            }
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), told).await.expect("it is told"));
}
