//! Where a page is, what it names as the one after it, and how both stand in the journal.

use sdk::{Code, HttpAnswer, NodeError, Record, Value};

use crate::http::pick::pick;

/// Where a page is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Place {
    /// Pages before this one.
    pub(super) page: u32,
    /// Records before this page.
    pub(super) offset: u64,
    /// The mark or address that fetches it.
    pub(super) mark: Option<Value>,
}

impl Place {
    /// The place for the journal, with how many records of the page were given out and the newest value seen.
    pub(super) fn write(&self, given: usize, newest: Option<&Value>) -> Value {
        Value::Record(Record::of([
            ("page", Value::from(i64::from(self.page))),
            ("offset", Value::from(i64::try_from(self.offset).unwrap_or(i64::MAX))),
            ("mark", self.mark.clone().unwrap_or_default()),
            ("given", Value::from(i64::try_from(given).unwrap_or_default())),
            ("newest", newest.cloned().unwrap_or_default()),
        ]))
    }

    /// The place that a mark of the journal stands for, how many records of the page were given out, the newest value seen.
    pub(super) fn read(mark: &Value) -> (Option<Place>, usize, Option<Value>) {
        let field = |key: &str| mark.as_record().and_then(|it| it.get(key)).filter(|it| !it.is_null());
        let number = |key: &str| field(key).and_then(Value::as_number).and_then(|it| it.to_i64());
        let place = number("page").zip(number("offset")).map(|(page, offset)| Place {
            page: u32::try_from(page).unwrap_or_default(),
            offset: u64::try_from(offset).unwrap_or_default(),
            mark: field("mark").cloned(),
        });
        let given = number("given").and_then(|it| usize::try_from(it).ok()).unwrap_or_default();
        (place, given, field("newest").cloned())
    }
}

/// What an answer names as the next page; none when there is none.
pub(super) fn named(body: &Value, path: &[String]) -> Result<Option<Value>, NodeError> {
    match pick(body, path).as_deref() {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::Text(it)) if it.is_empty() => Ok(None),
        Some(it @ (Value::Text(_) | Value::Number(_))) => Ok(Some(it.clone())),
        Some(other) => Err(NodeError::new(
            Code::Damaged,
            format!(
                "The next page should be a text or a number in {}, but it is a {}.",
                path.join("."),
                other.type_name()
            ),
        )),
    }
}

/// The next address of a page, which may be given relative to the one that answered.
pub(super) fn absolute(url: &str, answer: &HttpAnswer) -> Result<String, NodeError> {
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
pub(super) fn link_next(answer: &HttpAnswer) -> Option<String> {
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
