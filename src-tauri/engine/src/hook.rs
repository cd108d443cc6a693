//! Webhooks: from a request to a stored event, and from the run back to an answer.
//!
//! The listener (sockets, limits before parsing) is the host's; here is what a hook means. A request is answered 2xx only after its
//! event was committed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connectors::webhook::{AnswerMode, Receive, Refused};
use model::{Record, Shape, Text, Value, codec, json};
use sdk::{Code, NodeError};

use crate::begin::Begun;
use crate::clock::within;
use crate::decide::EndState;
use crate::engine::{Ended, Engine, Start, stopping};
use crate::live::Live;

/// A sender that waits for the result gets it within this time, else the number of the run.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A request to a hook, its body read within the limits.
#[derive(Clone, Debug, Default)]
pub struct HookRequest {
    /// GET, POST, ...
    pub method: String,
    /// Below `/hooks/`.
    pub path: String,
    /// After the question mark, decoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Bytes,
}

impl HookRequest {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookAnswer {
    /// The status code.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HookAnswer {
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> HookAnswer {
        let mut bytes = Vec::with_capacity(256);
        json::write(body, &mut bytes);
        HookAnswer { status, headers: vec![("content-type".into(), "application/json".into())], body: bytes }
    }

    /// A refusal in words.
    pub fn refusal(status: u16, code: &str, sentence: &str) -> HookAnswer {
        let body = Record::of([("code", Value::from(code)), ("message", Value::from(sentence))]);
        HookAnswer::json(status, &Value::Record(body))
    }
}

/// An armed hook.
pub(crate) struct Hook {
    live: Arc<Live>,
    node: Text,
    config: Receive,
    shape: Arc<Shape>,
}

impl Hook {
    pub(crate) fn new(live: Arc<Live>, node: &Text, config: &serde_json::Value) -> Result<Hook, NodeError> {
        let wrong = |e: &dyn std::fmt::Display| NodeError::new(Code::Config, format!("{node}: {e}."));
        let config: Receive = serde_json::from_value(config.clone()).map_err(|e| wrong(&e))?;
        let shape = Shape::new(["body", "query", "headers", "method"].map(Text::from));
        Ok(Hook { live, node: node.clone(), config, shape })
    }

    pub(crate) fn path(&self) -> &str {
        self.config.path()
    }

    fn event(&self, request: &HookRequest) -> Result<Record, HookAnswer> {
        let texts = |pairs: &[(String, String)]| {
            Value::Record(Record::of(
                pairs.iter().map(|(name, value)| (name.as_str(), Value::from(value.as_str()))),
            ))
        };
        let values = vec![
            body_value(request)?,
            texts(&request.query),
            texts(&request.headers),
            Value::from(request.method.as_str()),
        ];
        Ok(Record::new(self.shape.clone(), values))
    }
}

/// The body by its declared type: exactly one parser, or 415.
fn body_value(request: &HookRequest) -> Result<Value, HookAnswer> {
    if request.body.is_empty() {
        return Ok(Value::Null);
    }
    let declared = request.header("content-type").unwrap_or("application/json");
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = || {
        std::str::from_utf8(&request.body)
            .map_err(|_| HookAnswer::refusal(400, "input", "The body is not UTF-8."))
    };
    match essence.as_str() {
        it if it == "application/json" || it.ends_with("+json") => json::parse(&request.body)
            .map_err(|e| HookAnswer::refusal(400, "input", &format!("The body is not JSON: {e}."))),
        "application/x-www-form-urlencoded" => {
            // the same rules as the query of an address (WHATWG URL, section 5.1)
            let url = format!("form:?{}", text()?);
            let url = reqwest::Url::parse(&url)
                .map_err(|_| HookAnswer::refusal(400, "input", "The form cannot be read."))?;
            Ok(Value::Record(Record::of(
                url.query_pairs().map(|(name, value)| (Text::from(name), Value::from(&*value))),
            )))
        }
        it if it.starts_with("text/") || it == "application/xml" || it.ends_with("+xml") => {
            Ok(Value::from(text()?))
        }
        _ => Err(HookAnswer::refusal(
            415,
            "input",
            &format!("Bodies of type {essence} are not taken. Send JSON, a form, text or XML."),
        )),
    }
}

/// Headers by which senders name an event, in the order in which they count.
const KEYS: [&str; 3] = ["idempotency-key", "webhook-id", "x-github-delivery"];

impl Engine {
    /// Whether a path is armed, and how many bytes its body may have: asked before the body is read.
    pub fn hook_limit(&self, path: &str) -> Option<usize> {
        let hooks = self.0.hooks.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        hooks.get(path).map(|it| it.config.most_bytes())
    }

    /// Answers a request to a hook.
    pub async fn hook(&self, request: HookRequest) -> HookAnswer {
        let hook = {
            let hooks = self.0.hooks.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            hooks.get(&request.path).cloned()
        };
        let Some(hook) = hook else { return HookAnswer::refusal(404, "not_found", "There is nothing here.") };
        match self.answer(&hook, request).await {
            Ok(answer) | Err(answer) => answer,
        }
    }

    async fn answer(&self, hook: &Hook, request: HookRequest) -> Result<HookAnswer, HookAnswer> {
        if !hook.config.takes_method(&request.method) {
            return Err(HookAnswer::refusal(405, "input", "This hook does not take this method."));
        }
        let slot =
            hook.live.program.node(&hook.node).and_then(|it| hook.live.program.nodes[it].connection.clone());
        let connection = slot.and_then(|it| hook.live.authority.connection(&it));
        let checked =
            hook.config.verify(&request.headers, &request.body, connection.as_deref(), self.0.clock.now_ms());
        let signed_id = checked.map_err(|refused| match refused {
            Refused::Unsigned(why) => HookAnswer::refusal(401, "auth", &why),
            Refused::NotReady(why) => HookAnswer::refusal(503, "config", &why),
        })?;
        let key = KEYS.iter().find_map(|it| request.header(it)).map(str::to_owned).or(signed_id);
        let event = hook.event(&request)?;
        if self.0.is_disk_full() {
            return Err(not_stored(&disk_full()));
        }
        let is_awaited = hook.config.answer() == AnswerMode::Result;
        let start = Start { dedupe_key: key, is_awaited, ..Start::new(&hook.node, vec![event]) };
        let begun =
            self.0.clone().begin(hook.live.clone(), start).await.map_err(|error| not_stored(&error))?;
        match (begun, hook.config.answer()) {
            (Begun::Ended(ended), AnswerMode::Accepted) => Ok(accepted(&ended.run)),
            (Begun::Running { run, .. }, AnswerMode::Accepted) => Ok(accepted(&run)),
            (Begun::Ended(ended), AnswerMode::Result) => Ok(result(*ended)),
            (Begun::Running { run, ended, .. }, AnswerMode::Result) => {
                match within(self.0.clock.as_ref(), ANSWER_WITHIN, ended).await {
                    Some(Ok(ended)) => Ok(result(ended)),
                    Some(Err(_)) => Err(not_stored(&stopping())),
                    None => Ok(accepted(&run)),
                }
            }
        }
    }
}

/// So little disk is left that nothing new is accepted.
pub(crate) fn disk_full() -> NodeError {
    NodeError::new(Code::Busy, "The disk is nearly full, so nothing new is accepted. Send it again later.")
        .retry_after_ms(60_000)
}

/// The event was not stored: the sender must try again.
fn not_stored(error: &NodeError) -> HookAnswer {
    let status = match error.code {
        Code::Formula | Code::Input => 400,
        _ => 503,
    };
    let mut answer = HookAnswer::refusal(status, error.code.name(), &error.sentence);
    if status == 503 {
        let after_s = error.retry_after_ms.map_or(5, |it| it.div_ceil(1_000));
        answer.headers.push(("retry-after".into(), after_s.to_string()));
    }
    answer
}

fn accepted(run: &str) -> HookAnswer {
    HookAnswer::json(202, &Value::Record(Record::of([("run", Value::from(run))])))
}

fn result(ended: Ended) -> HookAnswer {
    if let Some(answer) = &ended.answer {
        return given(answer);
    }
    match ended.state {
        EndState::Ok => {}
        // parked records continue later; the sender need not send again
        EndState::Partial | EndState::Waiting if ended.ends.is_empty() => return accepted(&ended.run),
        EndState::Partial | EndState::Waiting => {}
        EndState::Skipped => {
            let sentence =
                ended.error.as_ref().map_or("It was left out.", |(_, error)| error.sentence.as_str());
            let mut body = vec![("run", Value::from(ended.run.as_str())), ("code", Value::from("skipped"))];
            body.push(("message", Value::from(sentence)));
            return HookAnswer::json(409, &Value::Record(Record::of(body)));
        }
        EndState::Failed | EndState::Cancelled | EndState::Quarantined => {
            let code = ended.error.as_ref().map_or("failed", |(_, error)| error.code.name());
            let body = Record::of([("run", Value::from(ended.run.as_str())), ("code", Value::from(code))]);
            return HookAnswer::json(500, &Value::Record(body));
        }
    }
    of_records(&ended.ends)
}

fn of_records(records: &[Record]) -> HookAnswer {
    match records {
        [] => HookAnswer { status: 204, headers: Vec::new(), body: Vec::new() },
        [one] => {
            let mut body = Vec::with_capacity(512);
            json::write_record(one, &mut body);
            HookAnswer {
                status: 200,
                headers: vec![("content-type".into(), "application/json".into())],
                body,
            }
        }
        many => HookAnswer::json(200, &Value::list(many.iter().cloned().map(Value::Record).collect())),
    }
}

/// The answer a respond step gave: status, headers, body; or end records kept for a repeated request.
fn given(answer: &Value) -> HookAnswer {
    let Some(record) = answer.as_record() else { return HookAnswer::json(200, answer) };
    if let Some(ends) = record.get(ENDS).and_then(Value::as_list) {
        let records: Vec<Record> = ends.iter().filter_map(|it| it.as_record().cloned()).collect();
        return of_records(&records);
    }
    let status = record.get("status").and_then(Value::as_number).and_then(|it| it.to_i64());
    let status =
        status.and_then(|it| u16::try_from(it).ok()).filter(|it| (100..=599).contains(it)).unwrap_or(200);
    let mut headers: Vec<(String, String)> = match record.get("headers").and_then(Value::as_record) {
        Some(headers) => {
            headers.iter().map(|(name, value)| (name.to_lowercase(), value.to_plain())).collect()
        }
        None => Vec::new(),
    };
    let body = match record.get("body") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Text(text)) => text.as_bytes().to_vec(),
        Some(other) => {
            if !headers.iter().any(|(name, _)| name == "content-type") {
                headers.push(("content-type".into(), "application/json".into()));
            }
            let mut bytes = Vec::new();
            json::write(other, &mut bytes);
            bytes
        }
    };
    HookAnswer { status, headers, body }
}

/// The field under which end records are kept as an answer.
const ENDS: &str = "$ends";
/// Answers larger than this are not kept for repeated requests.
const MOST_KEPT_BYTES: usize = 256 << 10;

/// What is stored of a run's end for a request that comes again with the same key, or a call that is repeated.
pub(crate) fn stored_answer(ended: &Ended) -> Option<Bytes> {
    let answer = match &ended.answer {
        Some(answer) => answer.clone(),
        None if ended.ends.is_empty() => return None,
        None => {
            let ends = ended.ends.iter().cloned().map(Value::Record).collect();
            Value::Record(Record::of([(ENDS, Value::list(ends))]))
        }
    };
    let bytes = codec::encode(&answer);
    (bytes.len() <= MOST_KEPT_BYTES).then(|| Bytes::from(bytes))
}

/// End records that an earlier run kept.
pub(crate) fn kept_ends(answer: Option<&Value>) -> Vec<Record> {
    let ends = answer.and_then(Value::as_record).and_then(|it| it.get(ENDS)).and_then(Value::as_list);
    ends.map(|it| it.iter().filter_map(|it| it.as_record().cloned()).collect()).unwrap_or_default()
}
