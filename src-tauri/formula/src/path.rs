//! Paths of JSONPath (RFC 9535). jsonpath-rust reads them; they run over values here, so that numbers compare
//! exactly, nodes come in the order of the standard, and what is not well typed is refused.

mod run;
mod typed;

use std::fmt;
use std::sync::Arc;

use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use model::Value;

/// Bytes of one path.
const MAX_TEXT: usize = 16 * 1024;
/// Brackets and filters inside one another: the reader tries several ways at each, so that time doubles with it.
const MAX_NESTING: usize = 12;

/// A path, ready to run. A clone shares it.
#[derive(Clone)]
pub struct Path(Arc<Inner>);

struct Inner {
    text: Box<str>,
    query: JpQuery,
}

/// A path that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// What is wrong, as a sentence.
    pub message: String,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PathError {}

impl Path {
    /// Reads a path such as `$.orders[?@.total > 10].id`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Path, PathError> {
        let fail = |message: String| PathError { message };
        if text.len() > MAX_TEXT {
            return Err(fail("The path is longer than 16 KiB.".into()));
        }
        if nesting(text) > MAX_NESTING {
            return Err(fail(format!("The path has more than {MAX_NESTING} brackets inside one another.")));
        }
        let query = parse_json_path(text).map_err(|error| {
            let reason = error.to_string();
            let line = reason.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            fail(format!("The path {text} cannot be read: {}.", line.trim_start_matches("= ")))
        })?;
        typed::check(&query).map_err(fail)?;
        Ok(Path(Arc::new(Inner { text: text.into(), query })))
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Every value it selects, in order.
    pub fn all(&self, value: &Value) -> Vec<Value> {
        run::select(&self.0.query, value).into_iter().cloned().collect()
    }

    /// The first value it selects.
    pub fn first(&self, value: &Value) -> Option<Value> {
        run::select(&self.0.query, value).first().map(|value| (*value).clone())
    }

    /// Whether it selects at most one value, whatever the data.
    pub fn is_single(&self) -> bool {
        self.0.query.segments.iter().all(|segment| {
            matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_)))
                || matches!(segment, Segment::Selectors(many) if matches!(many.as_slice(), [Selector::Name(_) | Selector::Index(_)]))
        })
    }

    /// The fields it goes through from the top, up to the first step that is no name: for what a node reads.
    pub fn fields(&self) -> Vec<&str> {
        let names = self.0.query.segments.iter().map_while(|segment| match segment {
            Segment::Selector(Selector::Name(name)) => Some(name.as_str()),
            _ => None,
        });
        names.collect()
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&self.text()).finish()
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.text() == other.text()
    }
}

/// The value or values at a path: one value where the path can only mean one, else a list.
///
/// # Errors
///
/// The path cannot be read.
pub fn pick(value: &Value, path: &str) -> Result<Value, PathError> {
    let path = Path::parse(path)?;
    Ok(if path.is_single() { path.first(value).unwrap_or_default() } else { Value::list(path.all(value)) })
}

/// How deep brackets are nested, outside of quotes.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut quote, mut escaped) = (0_usize, 0, None, false);
    for c in text.chars() {
        match (quote, c) {
            (Some(_), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), c) if c == open && !escaped => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '(') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = false;
    }
    deepest
}
