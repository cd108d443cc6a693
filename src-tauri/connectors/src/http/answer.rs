//! What an answer means: a value, or a failure with the code that decides about retries.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use sdk::{Code, Effect, HttpAnswer, NodeError, Record, Value};
use serde::{Deserialize, Serialize};

/// Longest wait that a service may ask for.
const MOST_WAIT_MS: u64 = 24 * 3_600_000;
/// Headers that the answer keeps.
const KEPT_HEADERS: [&str; 10] = [
    "content-disposition",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "x-request-id",
    "x-total-count",
];

/// How the body of an answer is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerAs {
    /// By its content type: JSON as values, text as text, anything else as base64. A page for people (HTML) is a failure.
    #[default]
    Auto,
    /// JSON; anything else is a failure.
    Json,
    /// Text.
    Text,
    /// Bytes, as base64 text.
    Bytes,
}

/// Who was asked for what; the query, which may hold keys, is not part of it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) effect: Effect,
    pub(super) now_ms: i64,
}

impl Asked<'_> {
    fn named(&self) -> String {
        let url = self.url.split_once("://").map_or(self.url, |(_, rest)| rest);
        let shown: String = url.split(['?', '#']).next().unwrap_or_default().chars().take(100).collect();
        format!("{} {shown}", self.method)
    }

    /// The failure that a status stands for; none when it stands for success.
    pub(super) fn refusal(&self, answer: &HttpAnswer) -> Option<NodeError> {
        let code = match answer.status {
            200..300 => return None,
            401 | 403 | 407 => Code::Auth,
            404 | 410 => Code::NotFound,
            429 => Code::Busy,
            503 if answer.header("retry-after").is_some() => Code::Busy,
            // Turned away before it was worked on.
            425 | 503 => Code::Unavailable,
            // A service that breaks down at work may have done it all or a part; a gateway only lost sight of it. What may not be
            // repeated unasked is asked about.
            408 | 500 | 502 | 504 | 520..=527 if self.effect == Effect::Ambiguous => Code::Ambiguous,
            408 | 500 | 502 | 504 | 520..=527 => Code::Unavailable,
            _ => Code::Refused,
        };
        let said = said(answer);
        let mut sentence = format!("{} answered {}", self.named(), answer.status);
        sentence.push_str(&match (&said, code) {
            (Some(said), _) => format!(": {said}"),
            (None, Code::Auth) => ": it does not accept the sign-in. Check the connection.".into(),
            (None, Code::Busy) => ": it asks to slow down.".into(),
            (None, _) => ".".into(),
        });
        if code == Code::Ambiguous {
            let stop = if sentence.ends_with(['.', '!', '?']) { "" } else { "." };
            sentence.push_str(stop);
            sentence.push_str(" Whether it took effect is not known.");
        }
        let mut error = NodeError::new(code, sentence);
        if said.is_none() && !answer.body.is_empty() {
            error = error.because(start(answer));
        }
        if matches!(code, Code::Busy | Code::Unavailable)
            && let Some(wait_ms) = answer.header("retry-after").and_then(|it| retry_after_ms(it, self.now_ms))
        {
            error = error.retry_after_ms(wait_ms);
        }
        Some(error)
    }

    /// The body as a value.
    ///
    /// # Errors
    /// It is not what it should be.
    pub(super) fn body(&self, answer: &HttpAnswer, form: AnswerAs) -> Result<Value, NodeError> {
        let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_json = kind == "application/json" || kind.ends_with("+json") || kind == "text/json";
        match form {
            AnswerAs::Bytes => Ok(Value::from(BASE64_STANDARD.encode(&answer.body))),
            AnswerAs::Text => Ok(Value::from(self.text(answer)?)),
            _ if answer.body.iter().all(u8::is_ascii_whitespace) => Ok(Value::Null),
            AnswerAs::Json | AnswerAs::Auto if is_page(kind, &answer.body) => Err(NodeError::new(
                Code::Unavailable,
                format!(
                    "{} answered with a page for people (HTML) instead of data: a sign-in page, a proxy or a wrong address. \
                     If the page itself is wanted, read the answer as text.",
                    self.named()
                ),
            )),
            AnswerAs::Auto if !is_json => {
                if kind.starts_with("text/") || kind.ends_with("xml") {
                    return Ok(Value::from(self.text(answer)?));
                }
                Ok(Value::from(BASE64_STANDARD.encode(&answer.body)))
            }
            AnswerAs::Json | AnswerAs::Auto => {
                let bytes = answer.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&answer.body);
                model::json::parse(bytes).map_err(|e| {
                    NodeError::new(Code::Damaged, format!("The answer to {} is not JSON: {e}.", self.named()))
                        .because(start(answer))
                })
            }
        }
    }

    /// The body as text, in the code page it names.
    fn text(&self, answer: &HttpAnswer) -> Result<String, NodeError> {
        let kind = answer.header("content-type").unwrap_or_default();
        let label = kind.split(';').skip(1).find_map(|it| {
            let (name, value) = it.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        });
        let encoding = match label {
            Some(label) => encoding_rs::Encoding::for_label(label.as_bytes()).ok_or_else(|| {
                NodeError::new(
                    Code::Damaged,
                    format!("The answer to {} names an unknown code page.", self.named()),
                )
                .because(label)
            })?,
            None => encoding_rs::UTF_8,
        };
        Ok(encoding.decode(&answer.body).0.into_owned())
    }

    /// The value that goes into the record: status, headers worth keeping, body.
    pub(super) fn value(
        &self,
        answer: &HttpAnswer,
        form: AnswerAs,
        also: &[String],
    ) -> Result<Value, NodeError> {
        let mut headers = Vec::new();
        for (name, value) in &answer.headers {
            let is_kept = KEPT_HEADERS.contains(&name.as_str())
                || also.iter().any(|it| it.trim().eq_ignore_ascii_case(name));
            if is_kept {
                headers.push((name.as_str(), Value::from(value.as_str())));
            }
        }
        Ok(Value::Record(Record::of([
            ("status", Value::from(i64::from(answer.status))),
            ("headers", Value::Record(Record::of(headers))),
            ("body", self.body(answer, form)?),
        ])))
    }
}

fn is_page(kind: &str, body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    let start = &start[..start.len().min(15)];
    kind == "text/html"
        || start.to_ascii_lowercase().starts_with(b"<!doctype html")
        || start.to_ascii_lowercase().starts_with(b"<html")
}

/// The beginning of a body, for the log.
fn start(answer: &HttpAnswer) -> String {
    let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(800)]);
    text.chars().take(200).collect()
}

/// What a service says about its failure, where services usually say it.
fn said(answer: &HttpAnswer) -> Option<String> {
    let value = model::json::parse(&answer.body).ok()?;
    let paths = [
        "error_description",
        "error.message",
        "odata.error.message.value",
        "message",
        "detail",
        "title",
        "error",
        "errors.0.message",
        "errors.0.detail",
        "errors.0",
    ];
    let found = paths.iter().find_map(|path| inside(&value, path));
    let text: String = found?.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text.chars().take(200).collect()).filter(|it: &String| !it.is_empty())
}

fn inside(value: &Value, path: &str) -> Option<String> {
    if let Some(record) = value.as_record() {
        // A name may hold dots itself (`odata.error`).
        return record.iter().find_map(|(key, inner)| {
            let rest = path.strip_prefix(key.as_str())?;
            match rest.strip_prefix('.') {
                Some(rest) => inside(inner, rest),
                None if rest.is_empty() => inner.as_text().map(str::to_owned),
                None => None,
            }
        });
    }
    let (at, rest) = path.split_once('.').unwrap_or((path, ""));
    let inner = value.as_list()?.get(at.parse::<usize>().ok()?)?;
    if rest.is_empty() { inner.as_text().map(str::to_owned) } else { inside(inner, rest) }
}

/// The wait that `Retry-After` asks for: seconds or a date, a day at most. None when it is neither.
pub(super) fn retry_after_ms(text: &str, now_ms: i64) -> Option<u64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit()) {
        // A number too long to read asks for more than a day anyway.
        let seconds = text.parse::<u64>().unwrap_or(u64::MAX);
        return Some(seconds.saturating_mul(1_000).min(MOST_WAIT_MS));
    }
    let due = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let now = Duration::from_millis(u64::try_from(now_ms).ok()?);
    Some(u64::try_from(due.saturating_sub(now).as_millis()).unwrap_or(u64::MAX).min(MOST_WAIT_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(effect: Effect) -> Asked<'static> {
        Asked { method: "POST", url: "https://a.test/orders?key=s3cret", effect, now_ms: 784_111_770_000 }
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpAnswer {
        HttpAnswer {
            status,
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.to_owned().into(),
            url: String::new(),
        }
    }

    #[test]
    fn a_status_decides_about_retries_by_what_the_call_may_have_done() {
        let table = [
            (200, None, None),
            (204, None, None),
            (302, Some(Code::Refused), Some(Code::Refused)),
            (400, Some(Code::Refused), Some(Code::Refused)),
            (401, Some(Code::Auth), Some(Code::Auth)),
            (404, Some(Code::NotFound), Some(Code::NotFound)),
            (422, Some(Code::Refused), Some(Code::Refused)),
            (429, Some(Code::Busy), Some(Code::Busy)),
            (425, Some(Code::Unavailable), Some(Code::Unavailable)),
            (500, Some(Code::Unavailable), Some(Code::Ambiguous)),
            (501, Some(Code::Refused), Some(Code::Refused)),
            (502, Some(Code::Unavailable), Some(Code::Ambiguous)),
            (522, Some(Code::Unavailable), Some(Code::Ambiguous)),
            (503, Some(Code::Unavailable), Some(Code::Unavailable)),
            (504, Some(Code::Unavailable), Some(Code::Ambiguous)),
        ];
        for (status, idempotent, ambiguous) in table {
            let code = |effect| asked(effect).refusal(&answer(status, &[], "")).map(|it| it.code);
            assert_eq!(code(Effect::Idempotent), idempotent, "{status}");
            assert_eq!(code(Effect::Ambiguous), ambiguous, "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_absurd() {
        let now_ms = 784_111_770_000;
        let table = [
            ("120", Some(120_000)),
            ("0", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(MOST_WAIT_MS)),
            ("99999999999999999999999999", Some(MOST_WAIT_MS)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(retry_after_ms(text, now_ms), expected, "{text:?}");
        }
        let error = asked(Effect::Ambiguous).refusal(&answer(429, &[("retry-after", "7")], "")).unwrap();
        assert_eq!((error.code, error.retry_after_ms), (Code::Busy, Some(7_000)));
    }

    #[test]
    fn the_sentence_tells_what_the_service_said_and_never_the_query() {
        let bodies = [
            r#"{"error":{"message":"stock is empty"}}"#,
            r#"{"odata.error":{"code":"9","message":{"lang":"en","value":"stock is empty"}}}"#,
            r#"{"errors":[{"detail":"stock is empty"}]}"#,
        ];
        for body in bodies {
            let error = asked(Effect::Ambiguous).refusal(&answer(422, &[], body)).unwrap();
            assert_eq!(error.sentence, "POST a.test/orders answered 422: stock is empty");
        }
    }

    #[test]
    fn a_page_for_people_is_not_data_unless_text_was_asked_for() {
        let portal = answer(200, &[("content-type", "text/html")], "<!DOCTYPE html><p>Please pay");
        let bare = answer(200, &[("content-type", "application/json")], "\n<HTML><p>Please pay");
        for form in [AnswerAs::Auto, AnswerAs::Json] {
            assert_eq!(asked(Effect::Read).body(&portal, form).unwrap_err().code, Code::Unavailable);
            assert_eq!(asked(Effect::Read).body(&bare, form).unwrap_err().code, Code::Unavailable);
        }
        assert!(
            asked(Effect::Read).body(&portal, AnswerAs::Text).unwrap().as_text().unwrap().contains("pay")
        );
    }

    #[test]
    fn bodies_are_read_by_what_they_are() {
        let json = [("content-type", "application/problem+json; charset=utf-8")];
        let read = |headers: &[(&str, &str)], body: &str, form| {
            asked(Effect::Read).body(&answer(200, headers, body), form)
        };
        assert_eq!(
            read(&json, "\u{feff}{\"id\": 12345678901234567890}", AnswerAs::Auto).unwrap().to_string(),
            "{\"id\":12345678901234567890}"
        );
        assert_eq!(read(&json, " \n", AnswerAs::Json).unwrap(), Value::Null);
        assert_eq!(read(&json, "{\"id\": NaN}", AnswerAs::Auto).unwrap_err().code, Code::Damaged);
        assert_eq!(read(&[("content-type", "text/csv")], "a;b", AnswerAs::Auto).unwrap(), Value::from("a;b"));
        assert_eq!(
            read(&[("content-type", "image/png")], "hi", AnswerAs::Auto).unwrap(),
            Value::from("aGk=")
        );
        let bytes = HttpAnswer {
            body: bytes::Bytes::from_static(b"\xcf\xf0\xe8\xe2\xe5\xf2"),
            ..answer(200, &[("content-type", "text/plain; charset=\"windows-1251\"")], "")
        };
        assert_eq!(asked(Effect::Read).body(&bytes, AnswerAs::Auto).unwrap(), Value::from("Привет"));
        let deep = "[".repeat(100_000);
        assert_eq!(read(&json, &deep, AnswerAs::Auto).unwrap_err().code, Code::Damaged);
    }
}
