//! A reading at work: fetches a page, gives its records out by the batch, finds the page after it.

use std::collections::HashSet;
use std::time::Duration;

use sdk::source::{Cursor, Page};
use sdk::{Code, Cx, Effect, HttpAnswer, NodeError, Record, Value, async_trait};

use super::place::{Place, absolute, link_next, named};
use super::{Next, PAGE, Pages, STATE};
use crate::http::address;
use crate::http::answer::{AnswerAs, Asked};
use crate::http::body::{self, BodyAs};
use crate::http::pick::pick;
use crate::http::send::{Draft, send};
use crate::keys::compare;

/// Tries of one page before the reading ends.
const MOST_TRIES: u32 = 5;
const MOST_WAIT_MS: u64 = 60_000;
const USUAL_PAGES: u32 = 10_000;

pub(super) struct Reading {
    node: Pages,
    opening: Record,
    /// Where in an answer the records are, and where the next page is named.
    records: Vec<String>,
    next_path: Vec<String>,
    /// What `page.since` says.
    since: Value,
    /// The page that is fetched next; none after the last one.
    at: Option<Place>,
    /// The page after the one at hand.
    pending: Option<Place>,
    /// Records of the page at hand that were not given out yet, in reverse order.
    held: Vec<Record>,
    /// Records of the page at hand that were given out.
    given: usize,
    /// The largest value seen of the field that is remembered.
    newest: Option<Value>,
    seen: HashSet<[u8; 16]>,
    last: Option<(u32, [u8; 32])>,
}

impl Reading {
    /// A reading before its first page, with the paths of records and next page, and with `page.since` and the first mark.
    pub(super) fn new(
        node: Pages,
        opening: Record,
        (records, next_path): (Vec<String>, Vec<String>),
        (since, mark): (Value, Option<Value>),
    ) -> Reading {
        let seen = mark.iter().map(short).collect();
        Reading {
            node,
            opening,
            records,
            next_path,
            since,
            at: Some(Place { mark, ..Place::default() }),
            pending: None,
            held: Vec::new(),
            given: 0,
            newest: None,
            seen,
            last: None,
        }
    }

    /// The number that the service counts a page by.
    fn number(&self, place: &Place) -> i64 {
        let first = if let Next::Page { first, .. } = &self.node.next { *first } else { 1 };
        first.saturating_add(i64::from(place.page))
    }

    /// The request for a place.
    fn draft(&self, place: &Place, cx: &dyn Cx) -> Result<Draft, NodeError> {
        let offset = i64::try_from(place.offset).unwrap_or(i64::MAX);
        let page = Record::of([
            ("number", Value::from(self.number(place))),
            ("offset", Value::from(offset)),
            ("mark", place.mark.clone().unwrap_or_default()),
            ("since", self.since.clone()),
        ]);
        let (record, roots) = (self.opening.with(PAGE, Value::Record(page)), cx.roots());
        let body = body::render(self.node.body.as_ref(), BodyAs::Auto, &record, roots)?;
        let mut draft = Draft {
            method: self.node.method.name(),
            url: address::render(&self.node.url, &record, roots)?,
            query: address::table(&self.node.query, &record, roots)?,
            headers: address::table(&self.node.headers, &record, roots)?,
            body: body.bytes,
            timeout_s: self.node.timeout_s,
            most_mib: self.node.most_mib,
        };
        if !body.content_type.is_empty() && !draft.has_header("content-type") {
            draft.headers.push(("content-type".into(), body.content_type));
        }
        if !draft.has_header("accept") {
            draft.headers.push(("accept".into(), "application/json".into()));
        }
        let parameter = self.node.next.parameter().filter(|it| !it.is_empty());
        let value = match (&self.node.next, &place.mark) {
            (Next::Page { .. }, _) => Some(self.number(place).to_string()),
            (Next::Offset { .. }, _) => Some(place.offset.to_string()),
            (Next::Cursor { .. }, mark) => mark.as_ref().map(Value::to_plain),
            (Next::Link | Next::NextUrl { .. }, Some(url)) => {
                // The address of the next page is whole: its parameters are its own.
                draft.url = url.to_plain();
                draft.query.clear();
                None
            }
            (Next::Link | Next::NextUrl { .. }, None) => None,
        };
        if let Some((name, value)) = parameter.zip(value) {
            draft.query.retain(|(it, _)| it != name);
            draft.query.push((name.into(), value));
        }
        Ok(draft)
    }

    /// Fetches a page, again after a pause while the service is busy or out of order.
    async fn fetch(&self, place: &Place, cx: &dyn Cx) -> Result<Option<(HttpAnswer, Value)>, NodeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut error = match self.fetch_once(place, cx).await {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            let wait_ms = error.retry_after_ms.unwrap_or(500 << tries);
            if !error.code.is_transient() || tries >= MOST_TRIES || wait_ms > MOST_WAIT_MS {
                error.sentence = format!("Page {}: {}", place.page + 1, error.sentence);
                return Err(error);
            }
            cx.sleep(Duration::from_millis(wait_ms)).await?;
        }
    }

    async fn fetch_once(&self, place: &Place, cx: &dyn Cx) -> Result<Option<(HttpAnswer, Value)>, NodeError> {
        let draft = self.draft(place, cx)?;
        let (method, url) = (draft.method, draft.url.clone());
        let answer = send(draft, Effect::Read, cx).await?;
        // Some services say 404 for a number beyond their last page.
        if answer.status == 404 && place.page > 0 && matches!(self.node.next, Next::Page { .. }) {
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
    fn rows(&self, place: &Place, body: &Value) -> Result<Vec<Record>, NodeError> {
        if body.is_null() {
            return Ok(Vec::new());
        }
        let found = pick(body, &self.records);
        let list = match found.as_deref() {
            Some(Value::List(list)) => list.iter(),
            Some(Value::Null) => [].iter(),
            Some(other) => {
                return Err(self.no_list(place, &format!("holds a {} there", other.type_name())));
            }
            None => return Err(self.no_list(place, "has nothing there")),
        };
        Ok(list
            .map(|it| match it {
                Value::Record(record) => record.clone(),
                other => Record::of([("value", other.clone())]),
            })
            .collect())
    }

    fn no_list(&self, place: &Place, what: &str) -> NodeError {
        let path = if self.records.is_empty() { "the whole answer".into() } else { self.records.join(".") };
        NodeError::new(
            Code::Damaged,
            format!(
                "Page {}: The records should be a list in {path}, but the answer {what}.",
                place.page + 1
            ),
        )
    }

    /// Where the page after this one is; none when this is the last.
    fn after(
        &mut self,
        place: &Place,
        rows: usize,
        (answer, body): (&HttpAnswer, &Value),
    ) -> Result<Option<Place>, NodeError> {
        let mark = match &self.node.next {
            Next::Page { .. } | Next::Offset { .. } => {
                if rows == 0 {
                    return Ok(None);
                }
                self.not_the_same_again(place, answer)?;
                None
            }
            Next::Cursor { .. } => match named(body, &self.next_path)? {
                // Without records a mark would only lead on to further empty pages.
                Some(mark) if rows > 0 => Some(mark),
                _ => return Ok(None),
            },
            Next::NextUrl { .. } => match named(body, &self.next_path)? {
                Some(url) => Some(Value::from(absolute(&url.to_plain(), answer)?)),
                None => return Ok(None),
            },
            Next::Link => match link_next(answer) {
                Some(url) => Some(Value::from(absolute(&url, answer)?)),
                None => return Ok(None),
            },
        };
        if mark.as_ref().is_some_and(|it| !self.seen.insert(short(it))) {
            return Err(NodeError::new(
                Code::Damaged,
                format!("Page {} leads back to a page that was read before.", place.page + 1),
            ));
        }
        let most_pages = self.node.most_pages.unwrap_or(USUAL_PAGES);
        if place.page + 1 >= most_pages {
            return Err(NodeError::new(
                Code::Limit,
                format!("There are more than {most_pages} pages. Raise the limit if that is right."),
            ));
        }
        Ok(Some(Place { page: place.page + 1, offset: place.offset + rows as u64, mark }))
    }

    /// A service that does not know the parameter sends its first page for ever.
    fn not_the_same_again(&mut self, place: &Place, answer: &HttpAnswer) -> Result<(), NodeError> {
        let hash = *blake3::hash(&answer.body).as_bytes();
        if self.last == Some((place.page.wrapping_sub(1), hash)) {
            return Err(NodeError::new(
                Code::Damaged,
                format!(
                    "Page {} is the same as page {}: the service does not seem to know the parameter for pages.",
                    place.page + 1,
                    place.page
                ),
            ));
        }
        self.last = Some((place.page, hash));
        Ok(())
    }

    /// Looks for larger values of the field that is remembered.
    fn note_newest(&mut self, rows: &[Record]) {
        let Some(remember) = &self.node.remember else { return };
        for value in rows.iter().filter_map(|it| it.get(&remember.field)).filter(|it| !it.is_null()) {
            if self.newest.as_ref().is_none_or(|it| compare(value, it).is_gt()) {
                self.newest = Some(value.clone());
            }
        }
    }

    /// Only a reading that came to its end moves on what is asked for next time: pages need not come in order.
    fn keep_newest(&self, cx: &dyn Cx) {
        if let Some(newest) = &self.newest
            && (self.since.is_null() || compare(newest, &self.since).is_gt())
        {
            cx.keep_state(STATE, newest.clone());
        }
    }

    fn mark(&self) -> Value {
        // After the last page there is still the newest value to keep.
        let place = self.at.as_ref().map(|it| it.write(self.given, self.newest.as_ref()));
        place.unwrap_or_else(|| {
            Value::Record(Record::of([("newest", self.newest.clone().unwrap_or_default())]))
        })
    }
}

fn short(mark: &Value) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(mark.to_plain().as_bytes()).as_bytes()[..16]);
    short
}

#[async_trait]
impl Cursor for Reading {
    async fn next(&mut self, cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        if self.held.is_empty() {
            let fetched = match self.at.clone() {
                Some(place) => self.fetch(&place, cx).await?.map(|it| (place, it)),
                None => None,
            };
            let Some((place, (answer, body))) = fetched else {
                self.at = None;
                self.keep_newest(cx);
                return Ok(None);
            };
            let mut rows = self.rows(&place, &body)?;
            self.note_newest(&rows);
            let after = self.after(&place, rows.len(), (&answer, &body))?;
            // After a restart the page is fetched again, and what was given out of it is left out.
            rows.drain(..self.given.min(rows.len()));
            rows.reverse();
            self.held = rows;
            if self.held.is_empty() {
                self.at = after;
                self.given = 0;
                if self.at.is_none() {
                    self.keep_newest(cx);
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
        self.held.clear();
        (self.at, self.given, self.newest) = Place::read(next);
        Ok(())
    }
}
