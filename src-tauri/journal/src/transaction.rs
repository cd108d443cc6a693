//! The parts of one write transaction, and what is read where it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rusqlite::Connection;
use tokio::sync::OwnedSemaphorePermit;

use crate::apply::{self, Applied};
use crate::change::Change;
use crate::error::{Code, Error};
use crate::facts::Hash;

/// Why a transaction did not happen.
pub(crate) enum Attempt {
    /// One list is at fault.
    List(Error),
    /// The disk, or the right to write.
    Group(Error),
}

fn sort_fault(error: Error) -> Attempt {
    match error.code {
        Code::Conflict | Code::KeyTaken | Code::Missing | Code::Invalid => Attempt::List(error),
        _ => Attempt::Group(error),
    }
}

pub(crate) fn begin(connection: &Connection) -> Result<(), Attempt> {
    apply::execute(connection, "BEGIN IMMEDIATE", []).map_err(Attempt::Group)
}

pub(crate) fn apply_all(
    connection: &Connection,
    lists: &[&[Change]],
    careful: bool,
) -> Result<Vec<Result<Applied, Error>>, Attempt> {
    let mut outcomes = Vec::with_capacity(lists.len());
    for list in lists {
        if !careful {
            outcomes.push(Ok(apply::list(connection, list).map_err(sort_fault)?));
            continue;
        }
        apply::execute(connection, "SAVEPOINT list", []).map_err(Attempt::Group)?;
        let outcome = match apply::list(connection, list).map_err(sort_fault) {
            Ok(applied) => Ok(applied),
            Err(Attempt::Group(error)) => return Err(Attempt::Group(error)),
            Err(Attempt::List(error)) => {
                apply::execute(connection, "ROLLBACK TO list", []).map_err(Attempt::Group)?;
                Err(error)
            }
        };
        apply::execute(connection, "RELEASE list", []).map_err(Attempt::Group)?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

pub(crate) fn apply_lazy(connection: &Connection, lazy: &[(Vec<Change>, OwnedSemaphorePermit)]) {
    for change in lazy.iter().flat_map(|(changes, _)| changes) {
        if let Err(error) = apply::list(connection, std::slice::from_ref(change)) {
            tracing::debug!(%error, "a sample was dropped");
        }
    }
}

/// A hash over the hash before and every payload of the group, so that a restored journal can prove where it ends.
pub(crate) fn chain(before: &Hash, seq: i64, lists: &[&[Change]]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before).update(&seq.to_be_bytes());
    for change in lists.iter().flat_map(|list| list.iter()) {
        if let Some(digest) = crate::payload::digest_of(change) {
            hasher.update(digest);
        }
    }
    *hasher.finalize().as_bytes()
}

pub(crate) fn fenced() -> Error {
    Error::new(
        Code::Fenced,
        "Another engine has taken over the data folder while this one slept. This one must not write any more; stop it.",
    )
}

/// The last row of the journal's history.
pub(crate) struct Tail {
    pub(crate) epoch: i64,
    pub(crate) seq: i64,
    pub(crate) chain: Hash,
}

pub(crate) fn read_tail(connection: &Connection) -> Result<Tail, Error> {
    Ok(connection.query_row("SELECT epoch, seq, chain FROM tail", [], |row| {
        Ok(Tail { epoch: row.get(0)?, seq: row.get(1)?, chain: row.get(2)? })
    })?)
}

/// Keeps count of the pages in the log.
pub(crate) fn watch_log(connection: &mut Connection, pages: &Arc<AtomicI32>) -> Result<(), Error> {
    let pages = Arc::clone(pages);
    connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, length: i32| {
        pages.store(length, Ordering::Relaxed);
        Ok(())
    }))?;
    Ok(())
}

/// Moves the log into the database.
pub(crate) fn checkpoint(connection: &Connection, mode: &str) -> Result<(), Error> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))?;
    Ok(())
}
