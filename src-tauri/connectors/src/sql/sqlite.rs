//! SQLite: opens a file of its own for each node, reads in a thread of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::{MAX_BATCH_RECORDS, Number};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, Value as Sql, ValueRef};
use rusqlite::{ErrorCode, InterruptHandle, OpenFlags, Statement};
use sdk::{Code, Connection, NodeError, Record, Shape, Text, Value, async_trait};
use tokio::sync::mpsc;

use super::query::Rows;
use super::settings::{SqliteSettings, of};

/// The file of a connection that names a folder.
const FILE: &str = "data.db";
const LOCK_TIME: Duration = Duration::from_secs(5);

/// Opens the file of a connection.
///
/// # Errors
/// There is no such file, or it is no database.
pub(super) fn open(settings: &SqliteSettings) -> Result<rusqlite::Connection, NodeError> {
    let mut path = Path::new(&settings.path).to_owned();
    let is_folder = path.is_dir();
    if is_folder {
        path.push(FILE);
    }
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags |= if settings.is_read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    };
    if (settings.creates || is_folder) && !settings.is_read_only {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    } else if !path.is_file() {
        return Err(NodeError::new(Code::NotFound, format!("There is no database file {}.", settings.path)));
    }
    let connection = rusqlite::Connection::open_with_flags(&path, flags).map_err(|e| {
        NodeError::new(Code::Unavailable, format!("The file {} cannot be opened.", settings.path)).because(e)
    })?;
    let prepared = connection
        .busy_timeout(LOCK_TIME)
        // A statement reaches this file and no other one.
        .and_then(|()| connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0))
        .and_then(|_| connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF"));
    prepared.map_err(|e| failed(&e))?;
    Ok(connection)
}

/// What SQLite reports, in words and with a code.
pub(super) fn failed(error: &rusqlite::Error) -> NodeError {
    let said = match error {
        rusqlite::Error::SqliteFailure(_, Some(said)) => said.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    let code = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Code::Unavailable,
        Some(ErrorCode::ConstraintViolation | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            Code::Refused
        }
        Some(ErrorCode::TypeMismatch | ErrorCode::TooBig) => Code::Input,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Code::Damaged,
        Some(
            ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory,
        ) => Code::Unavailable,
        Some(ErrorCode::OperationInterrupted) => Code::Timeout,
        _ => Code::Config,
    };
    NodeError::new(code, format!("The database says: {}.", said.trim_end_matches('.')))
}

/// A value as SQLite takes it. A decimal that a double holds exactly goes as one, any other as text, which keeps its digits.
pub(super) fn bound(value: &Value) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(match value {
        Value::Null => Sql::Null,
        Value::Bool(it) => Sql::Integer(i64::from(*it)),
        Value::Number(it) => match it.to_i64() {
            Some(whole) => Sql::Integer(whole),
            None if Number::from_f64(it.to_f64()).as_ref() == Some(it) => Sql::Real(it.to_f64()),
            None => Sql::Text(it.to_string()),
        },
        other => Sql::Text(other.to_plain()),
    })
}

/// Binds `$1`, `?1` and plain `?` alike by their number.
fn bind(statement: &mut Statement<'_>, parameters: &[Value]) -> Result<(), NodeError> {
    let wanted = statement.parameter_count();
    let mut plain = 0;
    let mut most = 0;
    for at in 1..=wanted {
        let number = match statement.parameter_name(at) {
            None => {
                plain += 1;
                plain
            }
            Some(name) => name.get(1..).and_then(|it| it.parse::<usize>().ok()).ok_or_else(|| {
                NodeError::new(
                    Code::Config,
                    format!("The statement has a parameter {name}; write $1, $2, ... instead."),
                )
            })?,
        };
        most = most.max(number);
        let value = number.checked_sub(1).and_then(|it| parameters.get(it)).ok_or_else(|| {
            NodeError::new(
                Code::Config,
                format!("The statement has a parameter ${number}, but {} are given.", parameters.len()),
            )
        })?;
        statement.raw_bind_parameter(at, bound(value)).map_err(|e| failed(&e))?;
    }
    if most < parameters.len() {
        return Err(NodeError::new(
            Code::Config,
            format!("{} parameters are given, but the statement uses {most}.", parameters.len()),
        ));
    }
    Ok(())
}

/// A cell as a value.
fn read(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(it) => Value::from(it),
        ValueRef::Real(it) => Number::from_f64(it).map_or(Value::Null, Value::Number),
        ValueRef::Text(it) => Value::from(String::from_utf8_lossy(it).as_ref()),
        ValueRef::Blob(it) => Value::from(BASE64_STANDARD.encode(it)),
    }
}

type Sent = Result<Vec<Record>, NodeError>;

/// Rows that a thread reads ahead, two batches at most.
pub(super) struct SqliteRows {
    batches: mpsc::Receiver<Sent>,
    interrupt: Arc<InterruptHandle>,
    wait: Duration,
}

impl Drop for SqliteRows {
    fn drop(&mut self) {
        // A statement that nobody waits for any more stops at once.
        self.interrupt.interrupt();
    }
}

/// Runs a statement.
pub(super) fn query(
    connection: &dyn Connection,
    sql: &str,
    parameters: Vec<Value>,
    wait_s: u32,
) -> Result<SqliteRows, NodeError> {
    let database = open(&of::<SqliteSettings>(connection)?)?;
    let interrupt = Arc::new(database.get_interrupt_handle());
    let (sender, batches) = mpsc::channel(2);
    let sql = sql.to_owned();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read_all(&database, &sql, &parameters, &sender) {
            // Nobody listens any more when the run has ended.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Ok(SqliteRows { batches, interrupt, wait: Duration::from_secs(wait_s.into()) })
}

fn read_all(
    database: &rusqlite::Connection,
    sql: &str,
    parameters: &[Value],
    sender: &mpsc::Sender<Sent>,
) -> Result<(), NodeError> {
    let mut statement = database.prepare(sql).map_err(|e| failed(&e))?;
    bind(&mut statement, parameters)?;
    let shape = Shape::new(super::statement::unique(statement.column_names()).into_iter().map(Text::from));
    let width = shape.len();
    let mut rows = statement.raw_query();
    let mut batch = Vec::new();
    while let Some(row) = rows.next().map_err(|e| failed(&e))? {
        let mut values = Vec::with_capacity(width);
        for at in 0..width {
            values.push(read(row.get_ref(at).map_err(|e| failed(&e))?));
        }
        batch.push(Record::new(shape.clone(), values));
        if batch.len() == MAX_BATCH_RECORDS && sender.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
            return Ok(());
        }
    }
    if !batch.is_empty() {
        let _ = sender.blocking_send(Ok(batch));
    }
    Ok(())
}

#[async_trait]
impl Rows for SqliteRows {
    async fn next(&mut self) -> Result<Option<Vec<Record>>, NodeError> {
        match tokio::time::timeout(self.wait, self.batches.recv()).await {
            Ok(batch) => batch.transpose(),
            Err(_) => Err(NodeError::new(
                Code::Timeout,
                format!("The database gave no rows within {} seconds.", self.wait.as_secs()),
            )),
        }
    }
}
