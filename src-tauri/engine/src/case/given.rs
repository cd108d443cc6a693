//! What is given to a case: the event, the time, files, the answers of the network.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::document::{Fill, Flow};
use model::{Record, Value, json};
use sdk::HttpAnswer;
use sdk::testing::CASE_NOW_MS;

use super::typed::unmarked;

/// Files of a case may have so many bytes together.
const MOST_BYTES: usize = 64 << 20;

/// A made-up connection.
#[derive(Clone, Debug)]
pub(super) struct GivenConnection {
    pub(super) kind: String,
    pub(super) settings: Record,
    pub(super) secrets: HashMap<String, String>,
}

/// What is given to a case.
#[derive(Clone, Debug)]
pub struct Given {
    /// What the clock shows, milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// Seeds chance.
    pub seed: u64,
    /// The step it starts at; none takes the only one.
    pub trigger: Option<String>,
    /// The records that enter the flow.
    pub records: Vec<Record>,
    /// Values of slots.
    pub slots: Record,
    /// Files by path.
    pub files: BTreeMap<String, Vec<u8>>,
    pub(super) answers: Vec<(String, String, HttpAnswer)>,
    pub(super) connections: HashMap<String, GivenConnection>,
    pub(super) stand_ins: HashMap<String, Vec<Value>>,
    pub(super) state: Vec<(String, String, Value)>,
}

type Problem = String;

impl Given {
    /// Reads the given part of a case. Slots that it does not fill get the flow's own value; folders and connections are named after
    /// their slot. `folder` is where bundled data lies, for files given as `{"data": NAME}`.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str, flow: &Flow, folder: Option<&Path>) -> Result<Given, Problem> {
        let value = json::parse(text.as_bytes())
            .map_err(|e| format!("The given part of the case is not JSON: {e}."))?;
        let given = value.as_record().ok_or("The given part of a case is an object in braces.")?;
        const KNOWN: [&str; 11] = [
            "now",
            "seed",
            "trigger",
            "records",
            "event",
            "slots",
            "files",
            "answers",
            "connections",
            "stand_ins",
            "state",
        ];
        if let Some((name, _)) = given.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
            return Err(format!("A case has no part {name:?}; it knows {}.", KNOWN.join(", ")));
        }
        let mut read = Given {
            now_ms: now(given)?,
            seed: given
                .get("seed")
                .and_then(Value::as_number)
                .and_then(|it| it.to_i64())
                .unwrap_or(1)
                .unsigned_abs(),
            trigger: given.get("trigger").and_then(Value::as_text).map(str::to_owned),
            records: records(given)?,
            slots: Record::empty(),
            files: files(given, folder)?,
            answers: answers(given)?,
            connections: HashMap::new(),
            stand_ins: HashMap::new(),
            state: Vec::new(),
        };
        read.fill_slots(given, flow)?;
        for (node, values) in object(given, "stand_ins")?.iter() {
            let list = values.as_list().ok_or(format!("\"stand_ins\" needs a list of values for {node}."))?;
            let values: Result<Vec<Value>, Problem> = list.iter().map(unmarked).collect();
            read.stand_ins.insert(node.to_string(), values?);
        }
        for (node, values) in object(given, "state")?.iter() {
            let kept = values.as_record().ok_or(format!("\"state\" needs an object for {node}."))?;
            read.state
                .extend(kept.iter().map(|(key, value)| (node.to_string(), key.to_string(), value.clone())));
        }
        Ok(read)
    }

    fn fill_slots(&mut self, given: &Record, flow: &Flow) -> Result<(), Problem> {
        let (slots, connections) = (object(given, "slots")?, object(given, "connections")?);
        if let Some((name, _)) =
            slots.iter().chain(connections.iter()).find(|(name, _)| !flow.slots.contains_key(*name))
        {
            return Err(format!("The case fills a slot {name}, but the flow has none of that name."));
        }
        let mut filled = Vec::with_capacity(flow.slots.len());
        for (name, slot) in &flow.slots {
            let own = match &slot.fill {
                Fill::Connection(kind) => {
                    let said = connections.get(name).and_then(Value::as_record).cloned();
                    self.connections.insert(name.to_string(), connection(name, kind, said));
                    Value::from(name.as_str())
                }
                Fill::Folder(_) | Fill::Flow(_) => Value::from(name.as_str()),
                Fill::Number(number) => {
                    let number = number.as_ref().map(|it| serde_json::Value::Number(it.clone()));
                    number.map_or(Value::Null, |it| json::from_serde(&it))
                }
                Fill::Text(text) => text.as_deref().map_or(Value::Null, Value::from),
                Fill::Bool(flag) => flag.map_or(Value::Null, Value::from),
            };
            let said = slots.get(name).map(unmarked).transpose()?;
            filled.push((name.clone(), said.unwrap_or(own)));
        }
        self.slots = Record::of(filled);
        Ok(())
    }
}

fn object(given: &Record, name: &str) -> Result<Record, Problem> {
    match given.get(name) {
        None => Ok(Record::empty()),
        Some(Value::Record(record)) => Ok(record.clone()),
        Some(_) => Err(format!("{name:?} of a case is an object in braces.")),
    }
}

fn now(given: &Record) -> Result<i64, Problem> {
    match given.get("now") {
        None => Ok(CASE_NOW_MS),
        Some(value) => {
            let moment = value.as_text().and_then(model::DateTime::parse);
            moment
                .map(|it| it.to_unix_ms())
                .ok_or_else(|| "\"now\" of a case is a moment such as 2026-01-05T09:00:00Z.".into())
        }
    }
}

fn records(given: &Record) -> Result<Vec<Record>, Problem> {
    let as_record = |value: &Value, wrong: &str| match unmarked(value)? {
        Value::Record(record) => Ok(record),
        _ => Err(wrong.to_owned()),
    };
    match (given.get("event"), given.get("records")) {
        (Some(_), Some(_)) => Err("A case gives either \"event\" or \"records\", not both.".into()),
        (Some(event), None) => Ok(vec![as_record(event, "\"event\" of a case is one record.")?]),
        (None, Some(records)) => {
            let wrong = "\"records\" of a case is a list of records.";
            let list = records.as_list().ok_or(wrong)?;
            list.iter().map(|it| as_record(it, wrong)).collect()
        }
        (None, None) => Ok(vec![Record::empty()]),
    }
}

fn files(given: &Record, folder: Option<&Path>) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let mut files = BTreeMap::new();
    let mut total = 0;
    for (path, value) in object(given, "files")?.iter() {
        let bytes = match value {
            Value::Text(text) => text.as_bytes().to_vec(),
            Value::Record(how) => match (how.get("base64"), how.get("data")) {
                (Some(Value::Text(text)), None) => BASE64_STANDARD
                    .decode(text.as_bytes())
                    .map_err(|e| format!("The file {path} is not base64: {e}."))?,
                (None, Some(Value::Text(name))) => bundled(name, folder)?,
                _ => {
                    return Err(format!(
                        "The file {path} is given as text, as {{\"base64\"}} or as {{\"data\": name}}."
                    ));
                }
            },
            _ => {
                return Err(format!(
                    "The file {path} is given as text, as {{\"base64\"}} or as {{\"data\": name}}."
                ));
            }
        };
        total += bytes.len();
        if total > MOST_BYTES {
            return Err("The files of the case have more than 64 MiB together.".into());
        }
        files.insert(path.to_string(), bytes);
    }
    Ok(files)
}

pub(super) fn bundled(name: &str, folder: Option<&Path>) -> Result<Vec<u8>, Problem> {
    let folder = folder
        .ok_or_else(|| format!("The case wants the bundled file {name}, but the flow has no folder."))?;
    let below = Path::new(name);
    if !below.components().all(|it| matches!(it, Component::Normal(_))) {
        return Err(format!("The bundled file {name} must lie in the flow's folder data."));
    }
    let path = folder.join("data").join(below);
    let size =
        std::fs::metadata(&path).map_err(|e| format!("The bundled file {name} cannot be read: {e}."))?.len();
    if size > MOST_BYTES as u64 {
        return Err(format!("The bundled file {name} has more than 64 MiB."));
    }
    std::fs::read(&path).map_err(|e| format!("The bundled file {name} cannot be read: {e}."))
}

fn answers(given: &Record) -> Result<Vec<(String, String, HttpAnswer)>, Problem> {
    let Some(list) = given.get("answers") else { return Ok(Vec::new()) };
    let wrong = "\"answers\" of a case is a list of {method, url, status, headers, body}.";
    let mut answers = Vec::new();
    for value in list.as_list().ok_or(wrong)? {
        let answer = value.as_record().ok_or(wrong)?;
        let url = answer.get("url").and_then(Value::as_text).ok_or(wrong)?.to_owned();
        let method = answer.get("method").and_then(Value::as_text).unwrap_or("GET").to_owned();
        let status =
            answer.get("status").and_then(Value::as_number).and_then(|it| it.to_i64()).unwrap_or(200);
        let mut headers: Vec<(String, String)> = answer
            .get("headers")
            .and_then(Value::as_record)
            .map(|it| it.iter().map(|(name, value)| (name.to_lowercase(), value.to_plain())).collect())
            .unwrap_or_default();
        let body = match answer.get("body") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Text(text)) => text.as_bytes().to_vec(),
            Some(other) => {
                if !headers.iter().any(|(name, _)| name == "content-type") {
                    headers.push(("content-type".into(), "application/json".into()));
                }
                let mut text = Vec::new();
                json::write(other, &mut text);
                text
            }
        };
        let status = u16::try_from(status).map_err(|_| wrong)?;
        answers.push((method, url.clone(), HttpAnswer { status, headers, body: body.into(), url }));
    }
    Ok(answers)
}

/// A connection of a case; one that says nothing of a web service has an address named after its slot.
fn connection(slot: &str, kind: &str, said: Option<Record>) -> GivenConnection {
    let said = said.unwrap_or_else(Record::empty);
    let secrets = said.get("secrets").and_then(Value::as_record);
    let secrets: HashMap<String, String> = secrets
        .map(|it| it.iter().map(|(name, value)| (name.to_string(), value.to_plain())).collect())
        .unwrap_or_default();
    let own = (kind == "http").then(|| ("address".into(), Value::from(format!("https://{slot}.test"))));
    let mut settings: Vec<(model::Text, Value)> =
        own.into_iter().filter(|_| said.get("address").is_none()).collect();
    settings.extend(
        said.iter().filter(|(name, _)| *name != "secrets").map(|(name, value)| (name.clone(), value.clone())),
    );
    GivenConnection { kind: kind.to_owned(), settings: Record::of(settings), secrets }
}
