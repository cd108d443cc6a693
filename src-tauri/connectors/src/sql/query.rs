//! `sql.query`: reads rows of a database, streamed.

use formula::FieldSet;
use schemars::JsonSchema;
use sdk::source::{Cursor, Page, Replay};
use sdk::{
    Category, Code, ConfigError, Cx, Need, Node, NodeError, Ports, Record, Source, Template, Value,
    async_trait,
};
use serde::{Deserialize, Serialize};

use super::settings::no_database;
use super::{pg, sqlite};

const STATE: &str = "last";

/// A column whose last value is remembered, so that the next run reads only what is new.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remember {
    /// The column. The statement must be ordered by it.
    pub column: String,
    /// The value in the first run.
    pub first: Template,
}

/// Reads rows of a database. Each record that comes in runs the statement once; its rows come out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The statement. Values are not written into it: they stand as `$1`, `$2`, ... and come from the list below.
    #[schemars(extend("x-widget" = "sql"))]
    pub sql: String,
    /// The values for `$1`, `$2`, ...
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Template>,
    /// Reads only what is new: the last value of a column is remembered from run to run and is the parameter after the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<Remember>,
    /// Seconds to wait for the next rows; 60 when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u32>,
}

impl Node for Query {
    const KIND: &'static str = "sql.query";
    const TITLE: &'static str = "Read from a database";
    const CATEGORY: Category = Category::Databases;
    const WORDS: &'static [&'static str] =
        &["SQL", "select", "Postgres", "PostgreSQL", "SQLite", "table", "rows"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Each record runs the statement once.").output("out", "The rows.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.sql.trim().is_empty() {
            problems.push(ConfigError::new(
                "/sql",
                "Write a statement, such as SELECT * FROM orders WHERE id = $1.",
            ));
        }
        if self.sql.contains("{{") {
            problems.push(ConfigError::new(
                "/sql",
                "Values are not written into the statement. Write $1 there and put the value into the parameters.",
            ));
        }
        if self.timeout_s.is_some_and(|it| !(1..=86_400).contains(&it)) {
            problems.push(ConfigError::new("/timeout_s", "The wait must be from 1 to 86400 seconds."));
        }
        if self.remember.as_ref().is_some_and(|it| it.column.trim().is_empty()) {
            problems.push(ConfigError::new("/remember/column", "Write the name of the column."));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Connection { kind: "sql".into() }]
    }
}

/// Rows of a database, by the batch.
#[async_trait]
pub(super) trait Rows: Send {
    /// The next rows, at most a batch; none at the end.
    async fn next(&mut self) -> Result<Option<Vec<Record>>, NodeError>;
}

#[async_trait]
impl Source for Query {
    fn replay(&self) -> Replay {
        Replay::Recorded
    }

    async fn open(
        &self,
        opening: &Record,
        _wanted: &FieldSet,
        cx: &dyn Cx,
    ) -> Result<Box<dyn Cursor>, NodeError> {
        let mut parameters: Vec<Value> = Vec::with_capacity(self.parameters.len() + 1);
        for template in &self.parameters {
            parameters.push(template.value(opening, cx.roots())?);
        }
        if let Some(remember) = &self.remember {
            parameters.push(match cx.state(STATE).await? {
                Some(last) => last,
                None => remember.first.value(opening, cx.roots())?,
            });
        }
        let connection = cx.connection()?;
        let wait_s = self.timeout_s.unwrap_or(60);
        let rows: Box<dyn Rows> = match connection.kind() {
            "postgres" => Box::new(pg::query(connection.clone(), cx, &self.sql, parameters, wait_s).await?),
            "sqlite" => Box::new(sqlite::query(connection.as_ref(), &self.sql, parameters, wait_s)?),
            _ => return Err(no_database(connection.as_ref())),
        };
        Ok(Box::new(Reading {
            rows,
            remember: self.remember.as_ref().map(|it| it.column.clone()),
            is_ordered: self.sql.to_ascii_lowercase().contains("order by"),
            given: 0,
        }))
    }
}

struct Reading {
    rows: Box<dyn Rows>,
    remember: Option<String>,
    is_ordered: bool,
    given: i64,
}

#[async_trait]
impl Cursor for Reading {
    async fn next(&mut self, cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        let Some(records) = self.rows.next().await? else { return Ok(None) };
        if let (Some(column), Some(last)) = (&self.remember, records.last()) {
            let value = last.get(column).ok_or_else(|| {
                NodeError::new(Code::Config, format!("The rows have no column {column} to remember."))
            })?;
            if !value.is_null() {
                cx.keep_state(STATE, value.clone());
            }
        }
        self.given += records.len() as i64;
        Ok(Some(Page { records, failed: Vec::new(), next: Value::from(self.given) }))
    }

    async fn seek(&mut self, next: &Value, _cx: &dyn Cx) -> Result<(), NodeError> {
        let target = next.as_number().and_then(|it| it.to_i64()).unwrap_or_default();
        if !self.is_ordered {
            return Err(NodeError::new(
                Code::Unavailable,
                "The reading was interrupted and the rows have no fixed order, so it cannot go on where it was. \
                 Add ORDER BY to the statement, or start the run again.",
            ));
        }
        while self.given < target {
            let Some(records) = self.rows.next().await? else { break };
            self.given += records.len() as i64;
        }
        if self.given == target {
            return Ok(());
        }
        Err(NodeError::new(
            Code::Unavailable,
            "The reading was interrupted and the rows have changed since, so it cannot go on where it was. Start the run again.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_written_into_the_statement_is_refused() {
        let spec = sdk::Spec::source::<Query>();
        let problems = spec.parse(&json!({"sql": "SELECT * FROM x WHERE id = {{ id }}"})).unwrap().problems;
        assert!(problems[0].sentence.contains("$1"));
        assert_eq!(spec.parse(&json!({"sql": " "})).unwrap().problems.len(), 1);
        assert!(spec.parse(&json!({"sql": "SELECT 1", "parameters": ["= id"]})).unwrap().problems.is_empty());
    }
}
