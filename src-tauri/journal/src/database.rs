//! Opening the database file: settings, version checks, and the schema.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::error::{Code, Error};

/// The schema version this program writes.
pub(crate) const SCHEMA: i64 = 1;
/// The oldest SQLite that has the write-ahead log right (a known reset bug is mended from here on).
const SQLITE_FLOOR: i32 = 3_051_003;
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 128;

/// Refuses to run on a database library older than the journal needs.
pub(crate) fn check_library() -> Result<(), Error> {
    let number = rusqlite::version_number();
    if number < SQLITE_FLOOR {
        return Err(Error::new(
            Code::OldLibrary,
            format!(
                "This program was built with SQLite {}, and the journal needs 3.51.3 or newer.",
                rusqlite::version()
            ),
        ));
    }
    Ok(())
}

/// Opens the one read-write connection, making the schema in a new file.
pub(crate) fn open_writer(file: &Path, durable: bool) -> Result<Connection, Error> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags).map_err(|error| unreadable(file, error))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let version = user_version(&connection).map_err(|error| unreadable(file, error))?;
    if version > SCHEMA {
        return Err(Error::new(
            Code::Newer,
            format!(
                "{} was written by a newer version of the program (journal version {version}; this program knows {SCHEMA}). \
                 Start the newer version, or choose another data folder.",
                file.display()
            ),
        ));
    }
    settings(&connection, durable).map_err(|error| unreadable(file, error))?;
    if version == 0 {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction
            .execute("INSERT INTO tail (one, epoch, seq, chain) VALUES (1, 0, 0, zeroblob(32))", [])?;
        transaction.pragma_update(None, "user_version", SCHEMA)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// Opens a connection that can only look.
pub(crate) fn open_reader(file: &Path) -> Result<Connection, Error> {
    // A read-only handle cannot make the shared memory file of the log, so the handle is read-write and SQLite refuses every write.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA query_only=ON; PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA wal_autocheckpoint=0; \
         PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY;",
    )?;
    Ok(connection)
}

fn user_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn settings(connection: &Connection, durable: bool) -> rusqlite::Result<()> {
    // Only takes effect in a file without tables, so it comes first.
    connection.execute_batch("PRAGMA auto_vacuum=INCREMENTAL;")?;
    let mode: Option<String> =
        connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0)).optional()?;
    if mode.as_deref() != Some("wal") {
        tracing::warn!(?mode, "the file system does not allow a write-ahead log");
    }
    let synchronous = if durable { "FULL" } else { "NORMAL" };
    connection.execute_batch(&format!(
        "PRAGMA synchronous={synchronous}; PRAGMA fullfsync=1; PRAGMA checkpoint_fullfsync=1; PRAGMA mmap_size=0; \
         PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON; PRAGMA journal_size_limit=67108864; \
         PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY;"
    ))
}

fn unreadable(file: &Path, error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Error::new(
            Code::ReadOnly,
            format!("The journal {} cannot be written. Allow this user to write there or choose another data folder.", file.display()),
        )
        .because(error),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::new(
            Code::Damaged,
            format!(
                "The journal {} is damaged and was not opened. Keep the data folder as it is and restore the newest backup into a new one.",
                file.display()
            ),
        )
        .because(error),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_the_promises_rest_on_are_in_force() -> Result<(), Box<dyn std::error::Error>> {
        check_library()?;
        let folder = tempfile::tempdir()?;
        let connection = open_writer(&folder.path().join("journal.db"), true)?;
        let number =
            |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
        assert_eq!(connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0))?, "wal");
        let wanted = [
            ("synchronous", 2),
            ("fullfsync", 1),
            ("checkpoint_fullfsync", 1),
            ("trusted_schema", 0),
            ("cell_size_check", 1),
            ("foreign_keys", 1),
            ("auto_vacuum", 2),
            ("journal_size_limit", 64 << 20),
            ("wal_autocheckpoint", 0),
            ("busy_timeout", 5000),
            ("user_version", SCHEMA),
        ];
        for (name, value) in wanted {
            assert_eq!(number(name)?, value, "{name}");
        }
        Ok(())
    }
}
