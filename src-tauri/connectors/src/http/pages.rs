//! `http.pages`: reads a list that a web service hands out page by page.

mod place;
mod reading;

use std::collections::BTreeMap;

use formula::FieldSet;
use schemars::JsonSchema;
use sdk::source::{Cursor, Replay};
use sdk::{
    Category, Code, ConfigError, Cx, Need, Node, NodeError, Ports, Record, Source, Template, async_trait,
};
use serde::{Deserialize, Serialize};

use super::address;
use super::pick::parts;
use super::request::{Method, limits};
use reading::Reading;

/// The name under which address, parameters, headers and body see the page that is asked for.
const PAGE: &str = "page";
/// Where the newest value seen is kept from run to run.
const STATE: &str = "newest";
/// More pages than this are not read, whatever the configuration says: each is remembered to notice a circle.
const MOST_PAGES: u32 = 1_000_000;

/// How to come from one page to the next.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Next {
    /// The pages are numbered.
    Page {
        /// The parameter for the number; empty when the address or the body holds it as `page.number`.
        #[serde(default)]
        parameter: String,
        /// The number of the first page.
        #[serde(default = "one")]
        first: i64,
    },
    /// A parameter says how many records to leave out.
    Offset {
        /// The parameter for the number of records to leave out; empty when the address or the body holds it as `page.offset`.
        #[serde(default)]
        parameter: String,
    },
    /// Each answer holds a mark that fetches the next page: a cursor, the next page's number, the last record's id.
    Cursor {
        /// The parameter for the mark; empty when the address or the body holds it as `page.mark`.
        #[serde(default)]
        parameter: String,
        /// Where in the answer the mark is, such as `meta.next_cursor` or `data[-1].id`.
        path: String,
        /// The mark of the first page; none is sent when empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<Template>,
    },
    /// Each answer has a `Link` header with `rel="next"`.
    Link,
    /// Each answer holds the address of the next page, in full or relative to its own.
    NextUrl {
        /// Where in the answer the address is, such as `@odata.nextLink`.
        path: String,
    },
}

fn one() -> i64 {
    1
}

impl Next {
    fn parameter(&self) -> Option<&str> {
        match self {
            Next::Page { parameter, .. } | Next::Offset { parameter } | Next::Cursor { parameter, .. } => {
                Some(parameter.trim())
            }
            Next::Link | Next::NextUrl { .. } => None,
        }
    }

    fn path(&self) -> Option<&str> {
        match self {
            Next::Cursor { path, .. } | Next::NextUrl { path } => Some(path),
            Next::Page { .. } | Next::Offset { .. } | Next::Link => None,
        }
    }
}

/// A field whose largest value is remembered, so that the next run asks only for what is newer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Newest {
    /// The field of the records, such as `updated_at`.
    pub field: String,
    /// What `page.since` is in the first run.
    pub first: Template,
}

/// Reads a list that a web service hands out page by page. It ends at an empty page, or when no next page is named. Address,
/// parameters, headers and body may say `page.number`, `page.offset`, `page.mark` and `page.since`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// GET, or POST for services that search by a body.
    #[serde(default)]
    pub method: Method,
    /// A path below the connection's address, or a full address without a connection.
    #[schemars(extend("x-names" = [PAGE]))]
    pub url: Template,
    /// Parameters after the `?`, by name; the size of a page is one of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-names" = [PAGE]))]
    pub query: BTreeMap<String, Template>,
    /// Headers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("x-names" = [PAGE]))]
    pub headers: BTreeMap<String, Template>,
    /// What is sent, with POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-names" = [PAGE]))]
    pub body: Option<Template>,
    /// Where in the answer the records are: `data.items`, `/data/items` or `$.data.items[*]`; empty when the answer is the list.
    #[serde(default)]
    pub records: String,
    /// How to come from one page to the next.
    pub next: Next,
    /// Reads only what is new: the largest value of a field is remembered from run to run and is `page.since` in the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<Newest>,
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

impl Pages {
    /// Whether anything that is sent says which page is meant.
    fn names_page(&self) -> bool {
        let templates = [Some(&self.url), self.body.as_ref()].into_iter().flatten();
        templates
            .chain(self.query.values())
            .chain(self.headers.values())
            .any(|it| it.compiled().fields().contains(PAGE))
    }
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
        if self.next.parameter().is_some_and(str::is_empty) && !self.names_page() {
            problems.push(ConfigError::new(
                "/next/parameter",
                "Write the name of the parameter, or {{ page.number }}, {{ page.offset }} or {{ page.mark }} into the address or the body.",
            ));
        }
        let path = self.next.path();
        if path.is_some_and(|it| it.trim().is_empty()) {
            problems.push(ConfigError::new("/next/path", "Write where the answer names the next page."));
        }
        for (field, path) in [("/records", Some(self.records.as_str())), ("/next/path", path)] {
            if let Some(Err(why)) = path.map(parts) {
                problems.push(ConfigError::new(field, format!("{why}.")));
            }
        }
        if self.remember.as_ref().is_some_and(|it| it.field.trim().is_empty()) {
            problems.push(ConfigError::new("/remember/field", "Write the name of the field."));
        }
        if self.remember.is_some() && !self.names_page() {
            problems.push(ConfigError::new(
                "/remember",
                "Write {{ page.since }} into the address, a parameter or the body, or the service does not know what is new.",
            ));
        }
        if self.most_pages.is_some_and(|it| !(1..=MOST_PAGES).contains(&it)) {
            problems.push(ConfigError::new("/most_pages", "The limit must be from 1 to 1000000 pages."));
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
        let records = parts(&self.records).map_err(bad)?;
        let next_path = self.next.path().map(parts).transpose().map_err(bad)?.unwrap_or_default();
        let since = match &self.remember {
            Some(it) => match cx.state(STATE).await? {
                Some(newest) => newest,
                None => it.first.value(opening, cx.roots())?,
            },
            None => sdk::Value::Null,
        };
        let first = match &self.next {
            Next::Cursor { first: Some(first), .. } => Some(first.value(opening, cx.roots())?),
            _ => None,
        };
        let first = first.filter(|it| !it.is_null());
        Ok(Box::new(Reading::new(self.clone(), opening.clone(), (records, next_path), (since, first))))
    }
}

#[cfg(test)]
#[path = "pages/tests.rs"]
mod tests;
