//! `sql.write`: adds, changes or deletes rows of a database, a batch in one transaction.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sdk::{
    Action, Call, Category, Code, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Record, Scope,
    Template, Value, async_trait,
};
use serde::{Deserialize, Serialize};

use super::settings::no_database;
use super::statement::{self, Mode, Statement};
use super::{pg_write, sqlite_write};

/// Writes records into a table. The records of a batch are written in one transaction; one that the database refuses fails alone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The table, with its schema where needed: `shop.orders`.
    pub table: String,
    /// What is done.
    #[serde(default)]
    pub mode: Mode,
    /// The columns and what goes into them, such as `total` = `= sum`. Empty takes all fields of the record by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Template>,
    /// The columns that tell rows apart: for upsert, update and delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// Exactly once: a table `arna_effects` in the same database remembers what was written, in the same transaction.
    #[serde(default)]
    pub exactly_once: bool,
    /// Whether a missing table is made, with the columns of the first records and the keys as its primary key.
    #[serde(default)]
    pub creates_table: bool,
}

impl Node for Write {
    const KIND: &'static str = "sql.write";
    const TITLE: &'static str = "Write to a database";
    const CATEGORY: Category = Category::Databases;
    const WORDS: &'static [&'static str] =
        &["SQL", "insert", "upsert", "update", "delete", "Postgres", "PostgreSQL", "SQLite", "table"];

    fn ports(&self) -> Ports {
        Ports::through()
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.table.trim().is_empty() || self.table.split('.').any(|it| it.trim().is_empty()) {
            problems.push(ConfigError::new(
                "/table",
                "Write the name of the table, such as orders or shop.orders.",
            ));
        }
        if self.mode != Mode::Insert && self.keys.is_empty() {
            problems.push(ConfigError::new("/keys", "Name the columns that tell rows apart, such as id."));
        }
        if self.creates_table && !matches!(self.mode, Mode::Insert | Mode::Upsert) {
            problems.push(ConfigError::new("/creates_table", "Only adding rows can make their table."));
        }
        if !self.columns.is_empty()
            && let Some(key) = self.keys.iter().find(|it| !self.columns.contains_key(*it))
        {
            problems.push(ConfigError::new("/keys", format!("The key {key} is not among the columns.")));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Connection { kind: "sql".into() }]
    }
}

/// One record, ready to be written.
pub(super) struct Row<'c> {
    pub(super) statement: Statement,
    pub(super) values: Vec<Value>,
    pub(super) key: &'c str,
}

/// What a database writes: rows in one transaction.
pub(super) struct Work<'c> {
    pub(super) rows: Vec<Row<'c>>,
    /// Whether markers make a repetition do nothing.
    pub(super) exactly_once: bool,
    pub(super) effect: Effect,
    /// The statement that makes the table when it is missing.
    pub(super) creates: Option<String>,
}

/// How many rows each record changed, in order; or why it did not.
pub(super) type Written = Vec<Result<u64, NodeError>>;

impl Write {
    fn row<'c>(&self, call: &Call<'c>, cx: &dyn Cx) -> Result<Row<'c>, NodeError> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        if self.columns.is_empty() {
            fields.extend(call.record.iter().map(|(name, it)| (name.to_string(), it.clone())));
        }
        for (name, template) in &self.columns {
            fields.push((name.clone(), template.value(call.record, cx.roots())?));
        }
        let columns: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
        let statement = statement::build(self.mode, &self.table, &columns, &self.keys)?;
        let bound = statement.columns.iter().filter_map(|name| fields.iter().find(|(it, _)| it == name));
        let values = bound.map(|(_, it)| it.clone()).collect();
        Ok(Row { statement, values, key: call.key })
    }
}

#[async_trait]
impl Action for Write {
    fn scope(&self) -> Scope {
        Scope::Chunk
    }

    fn effect(&self) -> Effect {
        match self.mode {
            _ if self.exactly_once => Effect::Transactional,
            Mode::Upsert | Mode::Update | Mode::Delete => Effect::Idempotent,
            Mode::Insert => Effect::Ambiguous,
        }
    }

    fn concurrency(&self) -> usize {
        // Batches that change the same rows would only wait for each other.
        1
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let internal = || NodeError::new(Code::Internal, "The record was not written.");
        self.run_chunk(&[call], cx).await.pop().unwrap_or_else(|| Err(internal()))
    }

    async fn run_chunk(&self, calls: &[Call<'_>], cx: &dyn Cx) -> Vec<Result<Value, NodeError>> {
        let mut answers: Vec<Option<Result<Value, NodeError>>> = Vec::with_capacity(calls.len());
        let mut rows = Vec::with_capacity(calls.len());
        for call in calls {
            match self.row(call, cx) {
                Ok(row) => {
                    rows.push(row);
                    answers.push(None);
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        let count = rows.len();
        let work = Work { rows, exactly_once: self.exactly_once, effect: self.effect(), creates: None };
        let written = match self.write(work, cx).await {
            Ok(written) => written,
            Err(error) => vec![Err(error); count],
        };
        let mut written = written.into_iter().map(|it| {
            let rows = i64::try_from(it?).unwrap_or(i64::MAX);
            Ok(Value::Record(Record::of([("rows", Value::from(rows))])))
        });
        let lost = || Err(NodeError::new(Code::Internal, "The record was not written."));
        answers.into_iter().map(|it| it.or_else(|| written.next()).unwrap_or_else(lost)).collect()
    }
}

impl Write {
    async fn write(&self, mut work: Work<'_>, cx: &dyn Cx) -> Result<Written, NodeError> {
        if work.rows.is_empty() {
            return Ok(Vec::new());
        }
        let connection = cx.connection()?;
        if self.creates_table {
            let rows = work.rows.iter().map(|it| (it.statement.columns.as_slice(), it.values.as_slice()));
            let is_postgres = connection.kind() == "postgres";
            work.creates = Some(statement::create(&self.table, rows, &self.keys, is_postgres));
        }
        match connection.kind() {
            "postgres" => pg_write::write(connection.as_ref(), cx, work).await,
            "sqlite" => sqlite_write::write(connection.as_ref(), work).await,
            _ => Err(no_database(connection.as_ref())),
        }
    }
}

/// The failure of a commit whose fate is not known.
pub(super) fn uncertain(mut error: NodeError, effect: Effect) -> NodeError {
    if effect == Effect::Ambiguous && error.code.is_transient() {
        error.code = Code::Ambiguous;
        error.sentence = "The connection broke off while the rows were being committed. Whether they are written is not known.".into();
    }
    error
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
