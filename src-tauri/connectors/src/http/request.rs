//! `http.request`: calls a web service once for each record.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use sdk::{
    Action, Call, Category, Code, ConfigError, Cx, Effect, Formula, Need, Node, NodeError, Ports, Record,
    Template, Value, async_trait,
};
use serde::{Deserialize, Serialize};

use super::address;
use super::answer::{AnswerAs, Asked};
use super::body::{self, BodyAs};
use super::send::{Draft, send};

/// Calls that were surely not sent are remembered up to this many, for `again: skip`.
const MOST_UNSENT: usize = 10_000;

/// What a call does on the other side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    #[default]
    Get,
    /// Creates or triggers something.
    Post,
    /// Puts something in its place.
    Put,
    /// Changes parts of something.
    Patch,
    /// Deletes something.
    Delete,
    /// Reads only the headers.
    Head,
    /// Asks what is allowed.
    Options,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
        }
    }
}

/// What to do when it is not known whether a POST or PATCH took effect (the line broke, the computer stopped, the service broke down
/// with a 500).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// Ask a person.
    #[default]
    Ask,
    /// Send it again: the service takes the same `Idempotency-Key` only once.
    SameKey,
    /// Look first whether it is there, and send it only if not.
    LookUp,
    /// Send it again: twice does no harm.
    Retry,
    /// Do not send it again.
    Skip,
}

/// How to look whether an earlier attempt took effect.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUp {
    /// The address to read, as `url` above.
    pub url: Template,
    /// A condition over `record` and `answer` (`status`, `headers`, `body`): true when it is there already.
    #[schemars(extend("x-names" = ["answer"]))]
    pub found: Formula,
}

/// Calls a web service once for each record. The answer goes into a field named after the node: `status`, `headers`, `body`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What the call does on the other side.
    #[serde(default)]
    pub method: Method,
    /// A path below the connection's address (`/orders/{{ id }}`), or a full address without a connection.
    pub url: Template,
    /// Parameters after the `?`, by name. One whose formula gives null is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Template>,
    /// Headers, by name. One whose formula gives null is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Template>,
    /// What is sent: a formula such as `= {number: id, sum: total}`, or a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Template>,
    /// The form in which it is sent.
    #[serde(default)]
    pub body_as: BodyAs,
    /// How the answer is read.
    #[serde(default)]
    pub answer: AnswerAs,
    /// Further headers of the answer to keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_headers: Vec<String>,
    /// Whether a refusal (404, 409, 422 and their like) is an answer instead of a failure.
    #[serde(default)]
    pub keep_refusals: bool,
    /// What to do when it is not known whether a POST or PATCH took effect.
    #[serde(default)]
    pub again: Again,
    /// How to look, for `again: look_up`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_up: Option<LookUp>,
    /// Seconds to wait for the whole answer; 120 when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
    /// The largest answer taken, in MiB; 10 when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_mib: Option<u32>,
    /// Keys of calls that were surely not sent, in this process.
    #[serde(skip)]
    unsent: Arc<Mutex<HashSet<String>>>,
}

impl Node for Request {
    const KIND: &'static str = "http.request";
    const TITLE: &'static str = "Call a web service";
    const CATEGORY: Category = Category::Web;
    const WORDS: &'static [&'static str] =
        &["REST", "API", "GET", "POST", "JSON", "call", "fetch", "webhook out"];

    fn ports(&self) -> Ports {
        Ports::through()
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = limits(self.timeout_s, self.most_mib);
        if self.url.text().trim().is_empty() {
            problems.push(ConfigError::new("/url", "Write the address to call, such as /orders."));
        }
        if self.again == Again::LookUp && self.look_up.is_none() {
            problems.push(ConfigError::new(
                "/look_up",
                "To look before sending again, write where to look and what to find.",
            ));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = address::needs(&self.url);
        for need in self.look_up.iter().flat_map(|it| address::needs(&it.url)) {
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
        needs
    }
}

/// Problems of limits that the kinds of this folder share.
pub(super) fn limits(timeout_s: Option<u32>, most_mib: Option<u32>) -> Vec<ConfigError> {
    let mut problems = Vec::new();
    if timeout_s.is_some_and(|it| !(1..=3_600).contains(&it)) {
        problems.push(ConfigError::new("/timeout_s", "The wait must be from 1 to 3600 seconds."));
    }
    if most_mib.is_some_and(|it| !(1..=1_024).contains(&it)) {
        problems.push(ConfigError::new("/most_mib", "The largest answer must be from 1 to 1024 MiB."));
    }
    problems
}

impl Request {
    fn is_write(&self) -> bool {
        matches!(self.method, Method::Post | Method::Patch)
    }

    fn draft(&self, call: &Call<'_>, cx: &dyn Cx) -> Result<Draft, NodeError> {
        let (record, roots) = (call.record, cx.roots());
        let body = body::render(self.body.as_ref(), self.body_as, record, roots)?;
        let mut draft = Draft {
            method: self.method.name(),
            url: address::render(&self.url, record, roots)?,
            query: address::table(&self.query, record, roots)?,
            headers: address::table(&self.headers, record, roots)?,
            body: body.bytes,
            timeout_s: self.timeout_s,
            most_mib: self.most_mib,
        };
        if !body.content_type.is_empty() && !draft.has_header("content-type") {
            draft.headers.push(("content-type".into(), body.content_type));
        }
        if matches!(self.answer, AnswerAs::Auto | AnswerAs::Json) && !draft.has_header("accept") {
            draft.headers.push(("accept".into(), "application/json, */*;q=0.5".into()));
        }
        if self.is_write() && !draft.has_header("idempotency-key") {
            draft.headers.push(("idempotency-key".into(), call.key.into()));
        }
        Ok(draft)
    }

    async fn look(&self, call: &Call<'_>, cx: &dyn Cx) -> Result<Option<Value>, NodeError> {
        let Some(look_up) = &self.look_up else { return Ok(None) };
        let draft = Draft {
            method: "GET",
            url: address::render(&look_up.url, call.record, cx.roots())?,
            headers: vec![("accept".into(), "application/json, */*;q=0.5".into())],
            timeout_s: self.timeout_s,
            most_mib: self.most_mib,
            ..Draft::default()
        };
        let url = draft.url.clone();
        let answer = send(draft, Effect::Read, cx).await?;
        let asked = Asked { method: "GET", url: &url, effect: Effect::Read, now_ms: cx.now_ms() };
        if let Some(error) = asked.refusal(&answer).filter(|it| it.code != Code::NotFound) {
            return Err(error);
        }
        let value = asked.value(&answer, AnswerAs::Auto, &self.keep_headers)?;
        let seen: Record = call.record.with("answer", value.clone());
        Ok(look_up.found.holds(&seen, cx.roots())?.then_some(value))
    }

    fn note(&self, key: &str, is_unsent: bool) {
        let mut unsent = self.unsent.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_unsent || unsent.len() >= MOST_UNSENT {
            unsent.remove(key);
        } else {
            unsent.insert(key.into());
        }
    }

    fn is_unsent(&self, key: &str) -> bool {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    async fn once(&self, call: &Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let draft = self.draft(call, cx)?;
        let url = draft.url.clone();
        // `skip` needs to know what is unclear; to the engine the class is still one that is not asked about.
        let effect =
            if self.again == Again::Skip && self.is_write() { Effect::Ambiguous } else { self.effect() };
        let answer = send(draft, effect, cx).await?;
        let asked = Asked { method: self.method.name(), url: &url, effect, now_ms: cx.now_ms() };
        match asked.refusal(&answer) {
            Some(error) if self.keep_refusals && matches!(error.code, Code::Refused | Code::NotFound) => {
                // A refusal is often written for people; it is kept as it can be read.
                let form =
                    if asked.body(&answer, self.answer).is_ok() { self.answer } else { AnswerAs::Text };
                asked.value(&answer, form, &self.keep_headers)
            }
            Some(error) => Err(error),
            None => asked.value(&answer, self.answer, &self.keep_headers),
        }
    }
}

fn skipped() -> Value {
    Value::Record(Record::of([
        ("status", Value::Null),
        ("skipped", Value::from(true)),
        ("body", Value::Null),
    ]))
}

#[async_trait]
impl Action for Request {
    fn effect(&self) -> Effect {
        match self.method {
            Method::Get | Method::Head | Method::Options => Effect::Read,
            Method::Put | Method::Delete => Effect::Idempotent,
            Method::Post | Method::Patch if self.again == Again::Ask => Effect::Ambiguous,
            Method::Post | Method::Patch => Effect::Idempotent,
        }
    }

    fn notes_beginning(&self) -> bool {
        self.effect() == Effect::Ambiguous
            || self.is_write() && matches!(self.again, Again::LookUp | Again::Skip)
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        if self.is_write() && call.is_repeat() {
            if self.again == Again::LookUp
                && let Some(found) = self.look(&call, cx).await?
            {
                return Ok(found);
            }
            if self.again == Again::Skip && !self.is_unsent(call.key) {
                return Ok(skipped());
            }
        }
        let result = self.once(&call, cx).await;
        if self.again != Again::Skip || !self.is_write() {
            return result;
        }
        match result {
            Err(error) if error.code == Code::Ambiguous => {
                self.note(call.key, false);
                Ok(skipped())
            }
            Err(error) => {
                self.note(call.key, true);
                Err(error)
            }
            Ok(value) => {
                self.note(call.key, false);
                Ok(value)
            }
        }
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
