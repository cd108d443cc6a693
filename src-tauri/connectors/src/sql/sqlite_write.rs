//! Writes into SQLite.

use rusqlite::{Transaction, TransactionBehavior};
use sdk::{Code, Connection, NodeError, Value};

use super::settings::{SqliteSettings, of};
use super::sqlite::{bound, failed, open};
use super::statement::MARKERS;
use super::write::{Work, Written};

/// A row that owns its key, for the thread that writes.
struct Row {
    sql: String,
    values: Vec<Value>,
    key: String,
}

/// Writes rows in one transaction, each behind a savepoint: one that is refused fails alone.
///
/// # Errors
/// What concerns all rows: no such file, locked for too long.
pub(super) async fn write(connection: &dyn Connection, work: Work<'_>) -> Result<Written, NodeError> {
    let settings: SqliteSettings = of(connection)?;
    let markers = format!(
        "CREATE TABLE IF NOT EXISTS {MARKERS} (key TEXT PRIMARY KEY, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) WITHOUT ROWID"
    );
    let exactly_once = work.exactly_once;
    let creates: Vec<String> = exactly_once.then_some(markers).into_iter().chain(work.creates).collect();
    let rows: Vec<Row> = work
        .rows
        .into_iter()
        .map(|it| Row { sql: it.statement.sql, values: it.values, key: it.key.to_owned() })
        .collect();
    let writing = tokio::task::spawn_blocking(move || write_all(&settings, &rows, (&creates, exactly_once)));
    writing.await.map_err(|e| {
        NodeError::new(Code::Internal, "Writing into the database ended unexpectedly.").because(e)
    })?
}

fn write_all(
    settings: &SqliteSettings,
    rows: &[Row],
    (creates, exactly_once): (&[String], bool),
) -> Result<Written, NodeError> {
    let mut database = open(settings)?;
    let transaction =
        database.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| failed(&e))?;
    for sql in creates {
        transaction.execute_batch(sql).map_err(|e| failed(&e))?;
    }
    let mut written = Vec::with_capacity(rows.len());
    for row in rows {
        transaction.execute_batch("SAVEPOINT one").map_err(|e| failed(&e))?;
        let result = one(&transaction, row, exactly_once);
        if result.is_err() {
            transaction.execute_batch("ROLLBACK TO one").map_err(|e| failed(&e))?;
        }
        transaction.execute_batch("RELEASE one").map_err(|e| failed(&e))?;
        written.push(result);
    }
    // A commit of SQLite either happened or did not: when it fails nothing is written.
    transaction.commit().map_err(|e| failed(&e))?;
    Ok(written)
}

fn one(transaction: &Transaction<'_>, row: &Row, exactly_once: bool) -> Result<u64, NodeError> {
    if exactly_once {
        let sql = format!("INSERT INTO {MARKERS} (key) VALUES (?1) ON CONFLICT DO NOTHING");
        let mut statement = transaction.prepare_cached(&sql).map_err(|e| failed(&e))?;
        if statement.execute([&row.key]).map_err(|e| failed(&e))? == 0 {
            return Ok(0);
        }
    }
    let mut statement = transaction.prepare_cached(&row.sql).map_err(|e| failed(&e))?;
    for (at, value) in row.values.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, bound(value)).map_err(|e| failed(&e))?;
    }
    statement.raw_execute().map(|it| it as u64).map_err(|e| failed(&e))
}
