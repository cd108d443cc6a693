//! `http.pages`: reads a list that a web service hands out page by page.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use formula::FieldSet;
use schemars::JsonSchema;
use sdk::source::{Cursor, Page, Replay};
use sdk::{
    Category, Code, ConfigError, Cx, Effect, HttpAnswer, Need, Node, NodeError, Ports, Record, Source,
    Template, Value, async_trait,
};
use serde::{Deserialize, Serialize};

use super::address;
use super::answer::{AnswerAs, Asked};
use super::body::{self, BodyAs};
use super::pick::{parts, pick};
use super::request::{Method, limits};
use super::send::{Draft, send};

/// Tries of one page before the reading ends.
const MOST_TRIES: u32 = 5;
const MOST_WAIT_MS: u64 = 60_000;

/// How to come from one page to the next.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Next {
    /// The pages are numbered.
    Page {
        /// The parameter for the number.
        parameter: String,
        /// The number of the first page.
        #[serde(default = "one")]
        first: i64,
    },
    /// A parameter says how many records to leave out.
    Offset {
        /// The parameter for the number of records to leave out.
        parameter: String,
    },
    /// Each answer holds a mark that fetches the next page.
    Cursor {
        /// The parameter for the mark.
        parameter: String,
        /// Where in the answer the mark is, such as `meta.next_cursor`.
        path: String,
    },
    /// Each answer has a `Link` header with `rel="next"`.
    Link,
    /// Each answer holds the address of the next page.
    NextUrl {
        /// Where in the answer the address is, such as `@odata.nextLink`.
        path: String,
    },
}

fn one() -> i64 {
    1
}

/// Reads a list that a web service hands out page by page. It ends at an empty page, or when no next page is named.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// GET, or POST for services that search by a body.
    #[serde(default)]
    pub method: Method,
    /// A path below the connection's address, or a full address without a connection.
    pub url: Template,
    /// Parameters after the `?`, by name; the size of a page is one of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Template>,
    /// Headers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Template>,
    /// What is sent, with POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Template>,
    /// Where in the answer the records are: `data.items`, `/data/items` or `$.data.items[*]`; empty when the answer is the list.
    #[serde(default)]
    pub records: String,
    /// How to come from one page to the next.
    pub next: Next,
    /// At most so many pages are read; then the reading fails. 10000 when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_pages: Option<u32>,
    /// Seconds to wait for a page; 120 when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
    /// The largest page taken, in MiB; 10 when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_mib: Option<u32>,
}

impl Node for Pages {
    const KIND: &'static str = "http.pages";
    const TITLE: &'static str = "Read pages of a web service";
    const CATEGORY: Category = Category::Web;
    const WORDS: &'static [&'static str] =
        &["pagination", "list", "REST", "API", "cursor", "offset", "OData", "sync"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Each record starts one reading.")
            .output("out", "The records of all pages.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = limits(self.timeout_s, self.most_mib);
        if !matches!(self.method, Method::Get | Method::Post) {
            problems.push(ConfigError::new("/method", "Pages are read with GET or POST."));
        }
        let (parameter, path) = match &self.next {
            Next::Page { parameter, .. } | Next::Offset { parameter } => (Some(parameter), None),
            Next::Cursor { parameter, path } => (Some(parameter), Some(path)),
            Next::NextUrl { path } => (None, Some(path)),
            Next::Link => (None, None),
        };
        if parameter.is_some_and(|it| it.trim().is_empty()) {
            problems.push(ConfigError::new("/next/parameter", "Write the name of the parameter."));
        }
        if path.is_some_and(|it| it.trim().is_empty()) {
            problems.push(ConfigError::new("/next/path", "Write where the answer names the next page."));
        }
        for (field, path) in [("/records", Some(&self.records)), ("/next/path", path)] {
            if let Some(Err(why)) = path.map(|it| parts(it)) {
                problems.push(ConfigError::new(field, format!("{why}.")));
            }
        }
        if self.most_pages == Some(0) {
            problems.push(ConfigError::new("/most_pages", "At least one page must be read."));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        address::needs(&self.url)
    }
}

#[async_trait]
impl Source for Pages {
    fn replay(&self) -> Replay {
        Replay::Recorded
    }

    async fn open(
        &self,
        opening: &Record,
        _wanted: &FieldSet,
        cx: &dyn Cx,
    ) -> Result<Box<dyn Cursor>, NodeError> {
        let bad = |e: String| NodeError::new(Code::Config, format!("{e}."));
        let body = body::render(self.body.as_ref(), BodyAs::Auto, opening, cx.roots())?;
        let mut draft = Draft {
            method: self.method.name(),
            url: address::render(&self.url, opening, cx.roots())?,
            query: address::table(&self.query, opening, cx.roots())?,
            headers: address::table(&self.headers, opening, cx.roots())?,
            body: body.bytes,
            timeout_s: self.timeout_s,
            most_mib: self.most_mib,
        };
        if !body.content_type.is_empty() && !draft.has_header("content-type") {
            draft.headers.push(("content-type".into(), body.content_type));
        }
        if !draft.has_header("accept") {
            draft.headers.push(("accept".into(), "application/json".into()));
        }
        let next_path = match &self.next {
            Next::Cursor { path, .. } | Next::NextUrl { path } => parts(path).map_err(bad)?,
            Next::Page { .. } | Next::Offset { .. } | Next::Link => Vec::new(),
        };
        Ok(Box::new(Reading {
            records: parts(&self.records).map_err(bad)?,
            most_pages: self.most_pages.unwrap_or(10_000),
            next: self.next.clone(),
            next_path,
            draft,
            at: Some(Place::default()),
            pending: None,
            held: Vec::new(),
            given: 0,
            seen: HashSet::new(),
            last: None,
        }))
    }
}

/// Where a page is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Place {
    /// Pages before this one.
    page: u32,
    /// Records before this page.
    offset: u64,
    /// The mark or address that fetches it.
    mark: Option<String>,
}

struct Reading {
    draft: Draft,
    next: Next,
    next_path: Vec<String>,
    records: Vec<String>,
    most_pages: u32,
    /// The page that is fetched next; none after the last one.
    at: Option<Place>,
    /// The page after the one at hand.
    pending: Option<Place>,
    /// Records of the page at hand that were not given out yet, in reverse order.
    held: Vec<Record>,
    /// Records of the page at hand that were given out.
    given: usize,
    seen: HashSet<[u8; 16]>,
    last: Option<(Place, [u8; 32])>,
}

impl Reading {
    /// The draft of the request for a place.
    fn draft(&self, place: &Place) -> Draft {
        let mut draft = self.draft.clone();
        let mut set = |name: &str, value: String| {
            draft.query.retain(|(it, _)| it != name);
            draft.query.push((name.into(), value));
        };
        match (&self.next, &place.mark) {
            (Next::Page { parameter, first }, _) => {
                set(parameter, (first + i64::from(place.page)).to_string())
            }
            (Next::Offset { parameter }, _) => set(parameter, place.offset.to_string()),
            (Next::Cursor { parameter, .. }, Some(mark)) => set(parameter, mark.clone()),
            (Next::Link | Next::NextUrl { .. }, Some(url)) => {
                draft.url = url.clone();
                draft.query.clear();
            }
            (Next::Cursor { .. } | Next::Link | Next::NextUrl { .. }, None) => {}
        }
        draft
    }

    /// Fetches a page, again after a pause while the service is busy or out of order.
    async fn fetch(&self, place: &Place, cx: &dyn Cx) -> Result<Option<(HttpAnswer, Value)>, NodeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.fetch_once(place, cx).await {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            if !error.code.is_transient() || tries >= MOST_TRIES {
                let mut error = error;
                error.sentence = format!("Page {}: {}", place.page + 1, error.sentence);
                return Err(error);
            }
            let wait_ms = error.retry_after_ms.unwrap_or(500 << tries);
            if wait_ms > MOST_WAIT_MS {
                return Err(error);
            }
            cx.sleep(Duration::from_millis(wait_ms)).await?;
        }
    }

    async fn fetch_once(&self, place: &Place, cx: &dyn Cx) -> Result<Option<(HttpAnswer, Value)>, NodeError> {
        let draft = self.draft(place);
        let (method, url) = (draft.method, draft.url.clone());
        let answer = send(draft, Effect::Read, cx).await?;
        // Some services say 404 for a number beyond their last page.
        if answer.status == 404 && place.page > 0 && matches!(self.next, Next::Page { .. }) {
            return Ok(None);
        }
        let asked = Asked { method, url: &url, effect: Effect::Read, now_ms: cx.now_ms() };
        if let Some(error) = asked.refusal(&answer) {
            return Err(error);
        }
        let body = asked.body(&answer, AnswerAs::Json)?;
        Ok(Some((answer, body)))
    }

    /// The records of a page.
    fn rows(&self, body: &Value) -> Result<Vec<Record>, NodeError> {
        if body.is_null() {
            return Ok(Vec::new());
        }
        let found = pick(body, &self.records);
        let list = match found.as_deref() {
            Some(Value::List(list)) => list.iter(),
            Some(Value::Null) => [].iter(),
            Some(other) => {
                return Err(self.no_list(&format!("holds a {} there", other.type_name())));
            }
            None => return Err(self.no_list("has nothing there")),
        };
        Ok(list
            .map(|it| match it {
                Value::Record(record) => record.clone(),
                other => Record::of([("value", other.clone())]),
            })
            .collect())
    }

    fn no_list(&self, what: &str) -> NodeError {
        let path = if self.records.is_empty() { "the whole answer".into() } else { self.records.join(".") };
        NodeError::new(
            Code::Damaged,
            format!("The records should be a list in {path}, but the answer {what}."),
        )
    }

    /// Where the page after this one is; none when this is the last.
    fn after(
        &mut self,
        place: &Place,
        rows: usize,
        answer: &HttpAnswer,
        body: &Value,
    ) -> Result<Option<Place>, NodeError> {
        let mark = match &self.next {
            Next::Page { .. } | Next::Offset { .. } => {
                if rows == 0 {
                    return Ok(None);
                }
                // A service that does not know the parameter sends its first page for ever.
                let hash = *blake3::hash(&answer.body).as_bytes();
                if let Some((last, earlier)) = &self.last
                    && *earlier == hash
                    && last.page + 1 == place.page
                {
                    return Err(NodeError::new(
                        Code::Damaged,
                        format!(
                            "Page {} is the same as page {}: the service does not seem to know the parameter for pages.",
                            place.page + 1,
                            place.page
                        ),
                    ));
                }
                self.last = Some((place.clone(), hash));
                None
            }
            Next::Cursor { .. } => match self.named(body)? {
                // Without records a mark would only lead on to further empty pages.
                Some(mark) if rows > 0 => Some(mark),
                _ => return Ok(None),
            },
            Next::NextUrl { .. } => match self.named(body)? {
                Some(url) => Some(absolute(&url, answer)?),
                None => return Ok(None),
            },
            Next::Link => match link_next(answer) {
                Some(url) => Some(absolute(&url, answer)?),
                None => return Ok(None),
            },
        };
        if let Some(mark) = &mark {
            let mut short = [0; 16];
            short.copy_from_slice(&blake3::hash(mark.as_bytes()).as_bytes()[..16]);
            if !self.seen.insert(short) {
                return Err(NodeError::new(
                    Code::Damaged,
                    format!("Page {} leads back to a page that was read before.", place.page + 1),
                ));
            }
        }
        if place.page + 1 >= self.most_pages {
            return Err(NodeError::new(
                Code::Limit,
                format!("There are more than {} pages. Raise the limit if that is right.", self.most_pages),
            ));
        }
        Ok(Some(Place { page: place.page + 1, offset: place.offset + rows as u64, mark }))
    }

    /// Where reading goes on, for the journal.
    fn mark(&self) -> Value {
        let Some(place) = &self.at else { return Value::Null };
        Value::Record(Record::of([
            ("page", Value::from(i64::from(place.page))),
            ("offset", Value::from(i64::try_from(place.offset).unwrap_or(i64::MAX))),
            ("mark", place.mark.as_deref().map_or(Value::Null, Value::from)),
            ("given", Value::from(i64::try_from(self.given).unwrap_or_default())),
        ]))
    }

    /// What the answer names as the next page.
    fn named(&self, body: &Value) -> Result<Option<String>, NodeError> {
        match pick(body, &self.next_path).as_deref() {
            None | Some(Value::Null | Value::Bool(false)) => Ok(None),
            Some(it @ (Value::Text(_) | Value::Number(_))) => {
                Ok(Some(it.to_plain()).filter(|it| !it.is_empty()))
            }
            Some(other) => Err(NodeError::new(
                Code::Damaged,
                format!(
                    "The next page should be a text in {}, but it is a {}.",
                    self.next_path.join("."),
                    other.type_name()
                ),
            )),
        }
    }
}

/// The next address of a page, which may be given relative to the one that answered.
fn absolute(url: &str, answer: &HttpAnswer) -> Result<String, NodeError> {
    let wrong = || {
        let shown: String = url.split('?').next().unwrap_or_default().chars().take(80).collect();
        NodeError::new(
            Code::Damaged,
            format!("The answer names {shown:?} as its next page, which is no address."),
        )
    };
    if answer.url.is_empty() {
        return Ok(url.into());
    }
    let base = reqwest::Url::parse(&answer.url).map_err(|_| wrong())?;
    Ok(base.join(url).map_err(|_| wrong())?.to_string())
}

/// The address of `rel="next"` in a `Link` header.
fn link_next(answer: &HttpAnswer) -> Option<String> {
    let links = answer.headers.iter().filter(|(name, _)| name == "link").map(|(_, value)| value.as_str());
    for link in links {
        let mut rest = link;
        while let Some((url, after)) = rest.split_once('<').and_then(|(_, it)| it.split_once('>')) {
            let end = after.find('<').unwrap_or(after.len());
            let is_next = after[..end].split([';', ',']).any(|it| {
                let (name, value) = it.split_once('=').unwrap_or((it, ""));
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_whitespace()
                        .any(|it| it.eq_ignore_ascii_case("next"))
            });
            if is_next {
                return Some(url.to_owned());
            }
            rest = &after[end..];
        }
    }
    None
}

#[async_trait]
impl Cursor for Reading {
    async fn next(&mut self, cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        if self.held.is_empty() {
            let Some(place) = self.at.clone() else { return Ok(None) };
            let Some((answer, body)) = self.fetch(&place, cx).await? else {
                self.at = None;
                return Ok(None);
            };
            let mut rows = self.rows(&body)?;
            let after = self.after(&place, rows.len(), &answer, &body)?;
            // After a restart the page is fetched again, and what was given out of it is left out.
            rows.drain(..self.given.min(rows.len()));
            rows.reverse();
            self.held = rows;
            if self.held.is_empty() {
                self.at = after;
                self.given = 0;
                if self.at.is_none() {
                    return Ok(None);
                }
                return Ok(Some(Page { next: self.mark(), ..Page::default() }));
            }
            self.pending = after;
        }
        let count = self.held.len().min(model::MAX_BATCH_RECORDS);
        let records: Vec<Record> = self.held.drain(self.held.len() - count..).rev().collect();
        self.given += count;
        if self.held.is_empty() {
            self.at = self.pending.take();
            self.given = 0;
        }
        Ok(Some(Page { records, failed: Vec::new(), next: self.mark() }))
    }

    async fn seek(&mut self, next: &Value, _cx: &dyn Cx) -> Result<(), NodeError> {
        let field = |key: &str| next.as_record().and_then(|it| it.get(key));
        let number = |key: &str| field(key).and_then(Value::as_number).and_then(|it| it.to_i64());
        self.held.clear();
        self.at = match (number("page"), number("offset")) {
            (Some(page), Some(offset)) => Some(Place {
                page: u32::try_from(page).unwrap_or_default(),
                offset: u64::try_from(offset).unwrap_or_default(),
                mark: field("mark").and_then(Value::as_text).map(str::to_owned),
            }),
            _ => None,
        };
        self.given = number("given").and_then(|it| usize::try_from(it).ok()).unwrap_or_default();
        Ok(())
    }
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
