//! Forgetting what is old, in small steps between commits.

use rusqlite::{Connection, OptionalExtension, params};

use crate::ballast::disk;
use crate::error::Error;
use crate::handle::Journal;
use crate::open::set_meta;
use crate::payload::empty;
use crate::writer::Writer;

/// Most rows that one step removes, so that no commit waits long for it.
const STEP: usize = 500;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// What is kept for how long.
#[derive(Debug, Clone)]
pub struct Retention {
    /// Runs that ended well, milliseconds.
    pub success_ms: i64,
    /// Most runs that ended well.
    pub success_most: u32,
    /// Samples and count snapshots of ended runs, milliseconds.
    pub sample_ms: i64,
    /// Runs that ended otherwise, milliseconds.
    pub failure_ms: i64,
    /// Dedupe keys of events and of flows, milliseconds.
    pub dedupe_ms: i64,
    /// Lines of the schedules' ledger, milliseconds.
    pub ledger_ms: i64,
    /// Database and large payloads together, bytes; the oldest runs that ended well go first.
    pub budget_bytes: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            success_ms: 7 * DAY_MS,
            success_most: 10_000,
            sample_ms: 3 * DAY_MS,
            failure_ms: 30 * DAY_MS,
            dedupe_ms: 7 * DAY_MS,
            ledger_ms: 365 * DAY_MS,
            budget_bytes: 2 << 30,
        }
    }
}

/// What a pass removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Runs.
    pub runs: u64,
    /// Dedupe keys, events without a run, samples and ledger lines.
    pub rows: u64,
    /// Bytes of large payloads.
    pub payload_bytes: u64,
    /// The budget is still exceeded: what is left may not be removed.
    pub over_budget: bool,
}

impl Journal {
    /// Removes what `retention` no longer keeps. Commits go on between its steps. Blocks until the pass is through.
    pub fn tidy(&self, now_ms: i64, retention: &Retention) -> Result<Tidied, Error> {
        let mut tidied = Tidied::default();
        let highest = self.highest_id();
        // Ids never repeat even when the newest rows go.
        self.work(move |writer| {
            writer.step(|connection| set_meta(connection, "highest_id", highest).map(|()| 0))
        })?;
        let most = retention.success_most;
        let surplus = self.read(|reader| {
            reader.row(
                "SELECT id FROM run WHERE state = 10 ORDER BY id DESC LIMIT 1 OFFSET ?1",
                params![most],
                |row| row.get(0),
            )
        })?;
        let old = |age: i64| now_ms.saturating_sub(age);
        let id_before = |ms: i64| ms.clamp(0, i64::MAX >> 20) << 20;
        let successes = id_before(old(retention.success_ms)).max(surplus.map_or(0, |id: i64| id + 1));
        tidied.runs += self.drop_runs("state = 10", successes)?;
        // a run that was left out is no failure: it goes when the runs around it go
        tidied.runs += self.drop_runs("state = 15", successes)?;
        tidied.runs += self.drop_runs("state > 10 AND state < 15", id_before(old(retention.failure_ms)))?;
        for (sql, before) in [
            (
                "DELETE FROM sample WHERE rowid IN (SELECT rowid FROM sample WHERE run < ?1 LIMIT 500)",
                id_before(old(retention.sample_ms)),
            ),
            (
                "DELETE FROM counts WHERE (run, at_ms) IN (SELECT run, at_ms FROM counts WHERE run < ?1 LIMIT 500)",
                id_before(old(retention.sample_ms)),
            ),
            (
                "DELETE FROM dedupe WHERE (scope, key) IN (SELECT scope, key FROM dedupe WHERE at_ms < ?1 LIMIT 500)",
                old(retention.dedupe_ms),
            ),
            (
                "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE id < ?1 AND run IS NOT NULL \
                 AND NOT EXISTS (SELECT 1 FROM run WHERE run.id = event.run) LIMIT 500)",
                id_before(old(retention.dedupe_ms)),
            ),
            (
                "DELETE FROM due WHERE (schedule, due_ms) IN (SELECT schedule, due_ms FROM due WHERE at_ms < ?1 LIMIT 500)",
                old(retention.ledger_ms),
            ),
        ] {
            tidied.rows += self.steps(move |connection| Ok(connection.execute(sql, params![before])?))?;
        }
        tidied.payload_bytes += self.sweep()?;
        self.keep_budget(retention.budget_bytes, &mut tidied)?;
        self.shrink()?;
        self.reload_ballast()?;
        Ok(tidied)
    }

    /// Runs older than an id, except those that something open still names.
    fn drop_runs(&self, which: &'static str, before: i64) -> Result<u64, Error> {
        let mut dropped = 0;
        let mut after = -1;
        loop {
            let (runs, last) = self.work(move |writer| {
                let mut last = None;
                let runs = writer.step(|connection| {
                    let (runs, end) = drop_some(connection, which, (after, before))?;
                    last = end;
                    Ok(runs)
                })?;
                Ok((runs, last))
            })?;
            dropped += runs as u64;
            match last {
                Some(last) => after = last,
                None => return Ok(dropped),
            }
        }
    }

    fn steps(
        &self,
        step: impl Fn(&Connection) -> Result<usize, Error> + Clone + Send + 'static,
    ) -> Result<u64, Error> {
        let mut rows = 0;
        loop {
            let step = step.clone();
            let some = self.work(move |writer| writer.step(|connection| step(connection)))?;
            rows += some as u64;
            if some < STEP {
                return Ok(rows);
            }
        }
    }

    fn sweep(&self) -> Result<u64, Error> {
        let mut freed = 0;
        for folder in self.blobs().folders() {
            freed += self.work(move |writer| {
                let connection = writer.connection.as_ref().ok_or_else(Error::closed)?;
                writer.blobs.sweep(&folder, |hash| names_blob(connection, hash))
            })?;
        }
        Ok(freed)
    }

    fn keep_budget(&self, budget: u64, tidied: &mut Tidied) -> Result<(), Error> {
        loop {
            let rows: u64 = self.read(|reader| {
                let sql = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
                Ok(reader.row(sql, [], |row| row.get::<_, i64>(0))?.unwrap_or(0).unsigned_abs())
            })?;
            tidied.over_budget = rows + self.blobs().size() > budget;
            if !tidied.over_budget {
                return Ok(());
            }
            let some = self.work(|writer| {
                writer.step(|connection| {
                    let all = (-1, i64::MAX);
                    match drop_some(connection, "state = 15", all)?.0 {
                        0 => drop_some(connection, "state = 10", all).map(|some| some.0),
                        some => Ok(some),
                    }
                })
            })?;
            tidied.payload_bytes += self.sweep()?;
            tidied.runs += some as u64;
            if some == 0 {
                return Ok(());
            }
        }
    }

    /// Holds space back again once a full disk has room.
    fn reload_ballast(&self) -> Result<(), Error> {
        self.work(|writer| Ok(writer.ballast.clone()))?.load();
        Ok(())
    }

    /// Gives free pages back to the disk, a few at a time.
    fn shrink(&self) -> Result<(), Error> {
        loop {
            let left = self.work(|writer| {
                let connection = writer.connection.as_ref().ok_or_else(Error::closed)?;
                let free = |connection: &Connection| {
                    connection.query_row("PRAGMA freelist_count", [], |row| row.get::<_, i64>(0))
                };
                let before = free(connection)?;
                if before < 1000 {
                    return Ok(0);
                }
                connection.execute_batch("PRAGMA incremental_vacuum(500)")?;
                let after = free(connection)?;
                Ok(if after < before { after } else { 0 })
            })?;
            if left < 1000 {
                return Ok(());
            }
        }
    }
}

impl Journal {
    /// Bytes that can still be written on the disk of the data folder; None where the system does not tell.
    pub fn room(&self) -> Result<Option<u64>, Error> {
        Ok(self.disk()?.map(|(free, _)| free))
    }

    /// Bytes that can still be written on the disk of the data folder, and its whole size; None where the system does not tell.
    pub fn disk(&self) -> Result<Option<(u64, u64)>, Error> {
        disk(self.folder())
    }
}

impl Writer {
    /// One small transaction, fenced like every other.
    fn step(&mut self, change: impl FnOnce(&Connection) -> Result<usize, Error>) -> Result<usize, Error> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let epoch = self.epoch;
        let connection = self.connection.as_mut().ok_or_else(Error::closed)?;
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let stored: i64 = transaction.query_row("SELECT epoch FROM tail", [], |row| row.get(0))?;
        if stored != epoch {
            return Err(crate::transaction::fenced());
        }
        let rows = change(&transaction)?;
        transaction.commit()?;
        Ok(rows)
    }
}

/// Removes up to 500 runs between two ids. Returns how many went, and where to look next (None: through).
fn drop_some(
    connection: &Connection,
    which: &str,
    between: (i64, i64),
) -> Result<(usize, Option<i64>), Error> {
    let (after, before) = between;
    let sql = format!(
        "SELECT id, event FROM run WHERE {which} AND id > ?1 AND id < ?2 \
         AND NOT EXISTS (SELECT 1 FROM letter WHERE letter.run = run.id AND resolution = 0) \
         AND NOT EXISTS (SELECT 1 FROM question WHERE question.run = run.id AND verdict = 0) \
         AND NOT EXISTS (SELECT 1 FROM parked WHERE parked.run = run.id) ORDER BY id LIMIT {STEP}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let runs: Vec<(i64, Option<i64>)> = statement
        .query_map(params![after, before], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (run, event) in &runs {
        for sql in [
            "DELETE FROM sample WHERE run = ?1",
            "DELETE FROM counts WHERE run = ?1",
            "DELETE FROM search WHERE run = ?1",
            "DELETE FROM letter WHERE run = ?1",
            "DELETE FROM question WHERE run = ?1",
            "DELETE FROM result WHERE run = ?1",
            "DELETE FROM run WHERE id = ?1",
        ] {
            connection.prepare_cached(sql)?.execute(params![run])?;
        }
        if let Some(event) = event {
            // A keyed event stays as an empty row, so that a late repeat is still recognised; an event that several runs share stays.
            let own = params![event, run];
            connection
                .prepare_cached("DELETE FROM event WHERE id = ?1 AND run = ?2 AND dedupe_key IS NULL")?
                .execute(own)?;
            let emptied = params![event, run, empty()];
            connection
                .prepare_cached("UPDATE event SET payload = ?3 WHERE id = ?1 AND run = ?2")?
                .execute(emptied)?;
        }
    }
    let next = if runs.len() == STEP { runs.last().map(|(run, _)| *run) } else { None };
    Ok((runs.len(), next))
}

/// True when some row names this file.
fn names_blob(connection: &Connection, hash: &[u8; 32]) -> Result<bool, Error> {
    for (table, column) in [
        ("event", "payload"),
        ("run", "answer"),
        ("result", "payload"),
        ("parked", "payload"),
        ("letter", "inputs"),
        ("question", "payload"),
    ] {
        let sql = format!(
            "SELECT 1 FROM {table} WHERE substr({column}, 1, 1) = x'01' AND substr({column}, 2, 32) = ?1 LIMIT 1"
        );
        if connection.prepare_cached(&sql)?.query_row(params![&hash[..]], |_| Ok(())).optional()?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
