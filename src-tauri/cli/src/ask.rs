//! `flows`, `runs`, `failed`, `connections`, `audit`, `call`: asks the engine that holds the data folder, or opens the folder itself.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::contract::{Refusal, RefusalCode};
use host::{App, Remote, Setup};
use serde_json::{Value as Json, json};

use crate::arguments::{
    Audit, Call, Connections, ConnectionsWhat, Failed, FailedWhat, Flows, FlowsWhat, Place, Runs, RunsWhat,
};
use crate::exit::{Code, Exit};
use crate::once::passphrase;

/// Where the token of the editor's listener lies in the data folder.
pub(crate) const TOKEN_FILE: &str = "admin.token";

/// The data folder that was said, or the user's own.
pub(crate) fn data_folder(said: Option<&Path>) -> Result<PathBuf, Exit> {
    host::data_folder(said).map_err(|refusal| Exit::usage(refusal.sentence))
}

/// Who answers: the engine that holds the data folder, or the folder opened here.
enum Engine {
    There(Remote),
    Here(Arc<App>),
}

impl Engine {
    fn find(place: &Place) -> Result<Engine, Exit> {
        let data = data_folder(place.data.as_deref())?;
        if let Some(there) = Remote::find(&data) {
            return Ok(Engine::There(there));
        }
        let setup = Setup { data, gallery: None, passphrase: passphrase(), keychain: true, durable: true };
        Ok(Engine::Here(App::open(setup)?))
    }

    async fn ask(&self, name: &str, params: Json) -> Result<Json, Exit> {
        match self {
            Engine::Here(app) => Ok(host::call(app, name, params).await?),
            Engine::There(there) => Ok(there.call(name, &params).await?),
        }
    }

    fn close(self) -> Result<(), Exit> {
        match self {
            Engine::Here(app) => Ok(app.close()?),
            Engine::There(_) => Ok(()),
        }
    }
}

/// Asks one thing and prints the answer.
async fn one(place: &Place, what: (&str, Json), print: fn(&Json)) -> Result<Code, Exit> {
    asked(place, what, print).await.map(|_| Code::Done)
}

async fn asked(place: &Place, (name, params): (&str, Json), print: fn(&Json)) -> Result<Json, Exit> {
    let outcome = async {
        let engine = Engine::find(place)?;
        let answer = engine.ask(name, params).await;
        engine.close()?;
        answer
    };
    let answer = outcome.await.map_err(|exit| exit.in_json(place.json))?;
    if place.json {
        crate::out::line!("{answer}")
    } else {
        print(&answer)
    }
    Ok(answer)
}

fn armed(answer: &Json) {
    let held_back = answer["held_back"].as_array().map(Vec::as_slice).unwrap_or_default();
    for case in held_back {
        let text = |field: &str| case[field].as_str().unwrap_or_default().to_owned();
        let broken = case["error"]["sentence"].as_str();
        crate::out::line!("{}: {}", text("name"), broken.unwrap_or("it comes out differently"));
        rows(&case["differences"], &["/place", "/index", "/pointer", "/expected", "/came"]);
    }
    match held_back {
        [] => crate::out::line!("done"),
        _ => crate::out::line!("The change did not go live. Accept it with --accept-differences."),
    }
}

fn done(_: &Json) {
    crate::out::line!("done");
}

fn pretty(answer: &Json) {
    crate::out::line!("{answer:#}");
}

/// A list as lines: the named fields of each row, with two blanks between. `/used_by/*/name` names a field of every row of a list;
/// a time is written as one.
fn rows(list: &Json, fields: &[&str]) {
    for row in list.as_array().into_iter().flatten() {
        let text = |field: &&str| match field.split_once("/*") {
            Some((list, of_each)) => {
                let list = row.pointer(list).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
                let texts: Vec<String> = list.iter().map(|it| cell(it, of_each)).collect();
                if texts.is_empty() { "-".into() } else { texts.join(", ") }
            }
            None => cell(row, field),
        };
        crate::out::line!("{}", fields.iter().map(text).collect::<Vec<_>>().join("  "));
    }
}

fn cell(row: &Json, field: &str) -> String {
    match row.pointer(field) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Null) | None => "-".into(),
        Some(Json::Number(number)) if field.ends_with("_ms") => {
            let at = number.as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
            at.map_or_else(|| number.to_string(), |at| at.to_string())
        }
        Some(other) => other.to_string(),
    }
}

pub(crate) async fn flows(flows: &Flows) -> Result<Code, Exit> {
    let place = &flows.place;
    match &flows.what {
        None => {
            let print = |it: &Json| rows(&it["flows"], &["/id", "/armed", "/name", "/trigger"]);
            one(place, ("flows.list", json!({})), print).await
        }
        Some(FlowsWhat::Arm { flow, accept_differences }) => {
            let params = json!({"flow": flow, "armed": true, "accept_differences": accept_differences});
            let answer = asked(place, ("flow.arm", params), armed).await?;
            let is_held = answer["held_back"].as_array().is_some_and(|it| !it.is_empty());
            Ok(if is_held { Code::Failed } else { Code::Done })
        }
        Some(FlowsWhat::Disarm { flow }) => {
            one(place, ("flow.arm", json!({"flow": flow, "armed": false})), done).await
        }
        Some(FlowsWhat::Times { flow, limit }) => {
            let print = |it: &Json| rows(&it["times"], &["/due_ms", "/outcome", "/node", "/run"]);
            one(place, ("flow.times", json!({"flow": flow, "limit": limit})), print).await
        }
        Some(FlowsWhat::Delete { flow }) => one(place, ("flow.delete", json!({"flow": flow})), done).await,
        Some(FlowsWhat::Export { flow }) => {
            let print = |it: &Json| crate::out::part!("{}", it["text"].as_str().unwrap_or_default());
            one(place, ("flow.export", json!({"flow": flow})), print).await
        }
        Some(FlowsWhat::Import { file }) => {
            let document = crate::once::document(file)?;
            let text = model::document::print(&document);
            one(place, ("flow.import", json!({"text": text})), |it| {
                crate::out::line!(
                    "{}  {}",
                    it["flow"].as_str().unwrap_or_default(),
                    it["name"].as_str().unwrap_or_default()
                );
                rows(&it["authority"], &["/node", "/sentence"]);
            })
            .await
        }
    }
}

pub(crate) async fn runs(runs: &Runs) -> Result<Code, Exit> {
    let place = &runs.place;
    match &runs.what {
        None => {
            let params = json!({"flow": runs.flow, "value": runs.value});
            let print = |it: &Json| {
                rows(&it["runs"], &["/run", "/state", "/flow_name", "/records", "/failed", "/error/sentence"])
            };
            one(place, ("runs.list", params), print).await
        }
        Some(RunsWhat::Show { run }) => one(place, ("run.get", json!({"run": run})), pretty).await,
        Some(RunsWhat::Release { run }) => one(place, ("run.release", json!({"run": run})), done).await,
        Some(RunsWhat::Cancel { run }) => one(place, ("run.cancel", json!({"run": run})), done).await,
    }
}

/// Groups have slashes in their names, ids have none.
fn letters(ids: &[String]) -> Result<Json, Exit> {
    match ids {
        [group] if group.contains('/') => Ok(json!({"group": group})),
        ids if ids.iter().any(|it| it.contains('/')) => {
            Err(Exit::usage("Name one group, or ids of records."))
        }
        ids => Ok(json!({"ids": ids})),
    }
}

pub(crate) async fn failed(failed: &Failed) -> Result<Code, Exit> {
    let place = &failed.place;
    match &failed.what {
        None => {
            let print =
                |it: &Json| rows(&it["groups"], &["/group", "/count", "/flow_name", "/error/sentence"]);
            one(place, ("failed.list", json!({})), print).await
        }
        Some(FailedWhat::Retry { ids }) => one(place, ("failed.resend", letters(ids)?), pretty).await,
        Some(FailedWhat::Discard { ids }) => one(place, ("failed.discard", letters(ids)?), pretty).await,
    }
}

pub(crate) async fn connections(connections: &Connections) -> Result<Code, Exit> {
    let place = &connections.place;
    match &connections.what {
        None => {
            let print = |it: &Json| {
                let fields = ["/name", "/kind", "/health/state", "/rate", "/config", "/used_by/*/name"];
                rows(&it["connections"], &fields);
            };
            one(place, ("connections.list", json!({})), print).await
        }
        Some(ConnectionsWhat::Test { name }) => {
            one(place, ("connections.test", json!({"name": name})), pretty).await
        }
        Some(ConnectionsWhat::Delete { name }) => {
            one(place, ("connections.delete", json!({"name": name})), done).await
        }
        Some(ConnectionsWhat::Save { name, kind, sets, secrets }) => {
            let setting = |(name, value): &(String, String)| {
                (name.clone(), serde_json::from_str(value).unwrap_or_else(|_| Json::from(value.as_str())))
            };
            let config: serde_json::Map<String, Json> = sets.iter().map(setting).collect();
            let mut sealed = serde_json::Map::new();
            for (name, file) in secrets {
                let text = std::fs::read_to_string(file).map_err(|why| {
                    Exit::unusable(format!("--secret {name}: {file} cannot be read: {why}."))
                })?;
                sealed.insert(name.clone(), text.lines().next().unwrap_or_default().into());
            }
            let params = json!({"name": name, "kind": kind, "config": config, "secrets": sealed});
            one(place, ("connections.save", params), done).await
        }
    }
}

pub(crate) async fn audit(audit: &Audit) -> Result<Code, Exit> {
    let print = |it: &Json| {
        rows(&it["lines"], &["/at_ms", "/actor", "/action", "/subject", "/detail"]);
        match it["broken"].as_str() {
            Some(broken) => crate::out::line!("{broken}"),
            None => crate::out::line!("The trail is whole: {} lines.", it["whole"]),
        }
    };
    let answer = asked(&audit.place, ("audit.list", json!({"limit": audit.limit})), print).await?;
    Ok(if answer["broken"].is_null() { Code::Done } else { Code::Failed })
}

pub(crate) async fn call(call: &Call) -> Result<Code, Exit> {
    let text = match call.params.as_deref() {
        None => "{}".to_owned(),
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().lock().take(1 << 20).read_to_string(&mut text);
            read.map_err(|why| Exit::unusable(format!("The standard input cannot be read: {why}.")))?;
            text
        }
        Some(text) => text.to_owned(),
    };
    let params: Json = serde_json::from_str(&text).map_err(|why| {
        Exit::from(Refusal::new(RefusalCode::BadRequest, format!("The parameters are not JSON: {why}.")))
    })?;
    one(&call.place, (&call.name, params), |it| crate::out::line!("{it}")).await
}
