//! Looking things up: connections that cannot write, and rows as types.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, Params, Row};

use crate::database;
use crate::error::Error;
use crate::payload::Blobs;

/// Idle reading connections that are kept.
const KEPT: usize = 4;

/// A look at the journal: one committed state, whatever is written meanwhile. Short, for it holds up the log.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    blobs: Blobs,
}

/// Idle readers.
#[derive(Debug)]
pub(crate) struct Readers {
    pub(crate) file: PathBuf,
    pub(crate) blobs: Blobs,
    pub(crate) idle: Mutex<Vec<Reader>>,
}

impl Readers {
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Reader) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => Reader { connection: database::open_reader(&self.file)?, blobs: self.blobs.clone() },
        };
        // One snapshot for all that is looked up; a reader that failed is not kept, which ends its snapshot too.
        reader.connection.prepare_cached("BEGIN")?.execute([])?;
        let found = look(&reader)?;
        reader.connection.prepare_cached("COMMIT")?.execute([])?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(reader);
        }
        Ok(found)
    }

    pub(crate) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Reader {
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<Result<Vec<T>, rusqlite::Error>>()?)
    }

    pub(crate) fn row<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        Ok(self.rows(sql, values, read)?.pop())
    }

    pub(crate) fn open(&self, stored: &[u8]) -> Result<Bytes, Error> {
        self.blobs.open(stored)
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// A text column as the crate's short text.
pub(crate) fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<smol_str::SmolStr> {
    Ok(smol_str::SmolStr::new(row.get_ref(column)?.as_str()?))
}

/// A text column that may be empty.
pub(crate) fn maybe_text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<smol_str::SmolStr>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.map(smol_str::SmolStr::new))
}

/// Four columns as a place.
pub(crate) fn at(row: &Row<'_>, column: usize) -> rusqlite::Result<crate::facts::At> {
    Ok(crate::facts::At {
        run: row.get(column)?,
        node: text(row, column + 1)?,
        batch: row.get::<_, i64>(column + 2)?.cast_unsigned(),
        index: row.get(column + 3)?,
    })
}
