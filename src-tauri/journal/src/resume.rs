//! What the engine reads to go on after a start, and while it runs.

use bytes::Bytes;
use rusqlite::{Row, params};
use smol_str::SmolStr as Text;

use crate::error::Error;
use crate::facts::{At, Hash, Outcome, RunState};
use crate::id::{EventId, RunId};
use crate::reader::{Reader, at, maybe_text, text};

/// A run that has not ended.
#[derive(Debug, Clone)]
pub struct OpenRun {
    /// Its id.
    pub run: RunId,
    /// The flow's id.
    pub flow: Text,
    /// The version it is pinned to.
    pub flow_hash: Hash,
    /// The trigger node it started at.
    pub trigger: Text,
    /// The event that caused it.
    pub event: Option<EventId>,
    /// Its order key.
    pub order_key: Option<Text>,
    /// The record it continues or answers.
    pub parent: Option<At>,
    /// Seed of its random numbers.
    pub seed: u64,
    /// When it started.
    pub started_ms: i64,
    /// Where it stands.
    pub state: RunState,
    /// Crashes since it last made progress; at 3 it is to be quarantined.
    pub boot_attempts: u32,
}

/// An event as it was accepted.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Its id.
    pub event: EventId,
    /// Who sent it.
    pub source: Text,
    /// The sender's key.
    pub dedupe_key: Option<Text>,
    /// When it arrived.
    pub received_ms: i64,
    /// The run that was started with it.
    pub run: Option<RunId>,
    /// The encoded event.
    pub payload: Bytes,
}

/// An intent or a result of a run.
#[derive(Debug, Clone)]
pub struct StoredResult {
    /// Which record.
    pub at: At,
    /// How it left; None: the effect was about to be tried and nothing more is known.
    pub outcome: Option<Outcome>,
    /// The idempotency key of an intent.
    pub key: Option<Text>,
    /// What follows from it; empty for an intent.
    pub payload: Bytes,
}

/// A record that waits outside memory.
#[derive(Debug, Clone)]
pub struct StoredPark {
    /// Where it left its run.
    pub at: At,
    /// When it is due.
    pub due_ms: i64,
    /// Attempts made so far.
    pub attempt: u32,
    /// The connection it waits for.
    pub connection: Option<Text>,
    /// Its order key.
    pub order_key: Option<Text>,
    /// The frozen input.
    pub payload: Bytes,
}

const OPEN: &str = "SELECT id, flow, flow_hash, trigger_node, event, order_key, parent_run, parent_node, parent_batch, parent_ix, \
                    seed, started_ms, state, boot_attempts FROM run";

fn open_run(row: &Row<'_>) -> rusqlite::Result<OpenRun> {
    Ok(OpenRun {
        run: row.get(0)?,
        flow: text(row, 1)?,
        flow_hash: row.get(2)?,
        trigger: text(row, 3)?,
        event: row.get(4)?,
        order_key: maybe_text(row, 5)?,
        parent: row.get::<_, Option<RunId>>(6)?.map(|_| at(row, 6)).transpose()?,
        seed: row.get::<_, i64>(10)?.cast_unsigned(),
        started_ms: row.get(11)?,
        state: row.get(12)?,
        boot_attempts: row.get(13)?,
    })
}

impl Reader {
    /// The runs of a flow that have not ended, only those with an order key where one is given; in the order of arrival, at most `most`.
    pub fn open_of(&self, flow: &str, key: Option<&str>, most: u32) -> Result<Vec<OpenRun>, Error> {
        match key {
            Some(key) => self.rows(
                &format!("{OPEN} WHERE flow = ?1 AND order_key = ?2 AND state < 10 ORDER BY id LIMIT ?3"),
                params![flow, key, most],
                open_run,
            ),
            None => self.rows(
                &format!("{OPEN} INDEXED BY run_open WHERE flow = ?1 AND state < 10 ORDER BY id LIMIT ?2"),
                params![flow, most],
                open_run,
            ),
        }
    }

    /// Whether an event with this key came from this source before.
    pub fn has_event(&self, source: &str, key: &str) -> Result<bool, Error> {
        let found = self.row(
            "SELECT 1 FROM event WHERE source = ?1 AND dedupe_key = ?2",
            params![source, key],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Every run that has not ended, in the order of starting.
    pub fn open_runs(&self) -> Result<Vec<OpenRun>, Error> {
        // Named, because the planner may prefer to walk through a million ended runs in order.
        self.rows(&format!("{OPEN} INDEXED BY run_open WHERE state < 10 ORDER BY id"), [], open_run)
    }

    /// One run in the form the engine resumes it from, ended or not.
    pub fn resumable(&self, run: RunId) -> Result<Option<OpenRun>, Error> {
        self.row(&format!("{OPEN} WHERE id = ?1"), params![run], open_run)
    }

    /// One event.
    pub fn event(&self, event: EventId) -> Result<Option<StoredEvent>, Error> {
        let found = self.row(
            "SELECT source, dedupe_key, received_ms, run, payload FROM event WHERE id = ?1",
            params![event],
            |row| {
                Ok((text(row, 0)?, maybe_text(row, 1)?, row.get(2)?, row.get(3)?, row.get::<_, Vec<u8>>(4)?))
            },
        )?;
        let Some((source, dedupe_key, received_ms, run, stored)) = found else { return Ok(None) };
        Ok(Some(StoredEvent { event, source, dedupe_key, received_ms, run, payload: self.open(&stored)? }))
    }

    /// The intents and results of a run, in the order node, batch, index.
    pub fn results(&self, run: RunId) -> Result<Vec<StoredResult>, Error> {
        let rows = self.rows(
            "SELECT run, node, batch, ix, outcome, key, payload FROM result WHERE run = ?1 ORDER BY node, batch, ix",
            params![run],
            |row| {
                let outcome = if row.get::<_, i64>(4)? == 0 { None } else { Some(row.get(4)?) };
                Ok((at(row, 0)?, outcome, maybe_text(row, 5)?, row.get::<_, Option<Vec<u8>>>(6)?))
            },
        )?;
        rows.into_iter()
            .map(|(at, outcome, key, stored)| {
                let payload = stored.map(|stored| self.open(&stored)).transpose()?.unwrap_or_default();
                Ok(StoredResult { at, outcome, key, payload })
            })
            .collect()
    }

    /// When the next parked record is due.
    pub fn next_due(&self) -> Result<Option<i64>, Error> {
        let earliest = self.row("SELECT min(due_ms) FROM parked", [], |row| row.get::<_, Option<i64>>(0))?;
        Ok(earliest.flatten())
    }

    /// Parked records due at or before `now_ms`, earliest first, at most `most`.
    pub fn parked_due(&self, now_ms: i64, most: u32) -> Result<Vec<StoredPark>, Error> {
        self.parked(
            "WHERE due_ms <= ?1 ORDER BY due_ms, run, node, batch, ix LIMIT ?2",
            params![now_ms, most],
        )
    }

    /// The parked records of one run.
    pub fn parked_of(&self, run: RunId) -> Result<Vec<StoredPark>, Error> {
        self.parked("WHERE run = ?1 ORDER BY node, batch, ix", params![run])
    }

    fn parked(&self, which: &str, values: impl rusqlite::Params) -> Result<Vec<StoredPark>, Error> {
        let sql = format!(
            "SELECT run, node, batch, ix, due_ms, attempt, connection, order_key, payload FROM parked {which}"
        );
        let rows = self.rows(&sql, values, |row| {
            let park = StoredPark {
                at: at(row, 0)?,
                due_ms: row.get(4)?,
                attempt: row.get(5)?,
                connection: maybe_text(row, 6)?,
                order_key: maybe_text(row, 7)?,
                payload: Bytes::new(),
            };
            Ok((park, row.get::<_, Vec<u8>>(8)?))
        })?;
        rows.into_iter()
            .map(|(park, stored)| Ok(StoredPark { payload: self.open(&stored)?, ..park }))
            .collect()
    }

    /// Whether a parked record of a flow holds back this order key.
    pub fn is_key_parked(&self, flow: &str, key: &str) -> Result<bool, Error> {
        let found = self.row(
            "SELECT 1 FROM parked JOIN run ON run.id = parked.run WHERE parked.order_key = ?1 AND run.flow = ?2 LIMIT 1",
            params![key, flow],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Runs of a flow that wait for their turn behind an order key, in the order of arrival, at most `most`.
    pub fn queued(&self, flow: &str, key: &str, most: u32) -> Result<Vec<OpenRun>, Error> {
        self.rows(
            &format!(
                "{OPEN} WHERE flow = ?1 AND order_key = ?2 AND state = 0 AND state < 10 ORDER BY id LIMIT ?3"
            ),
            params![flow, key, most],
            open_run,
        )
    }

    /// How many runs of a flow wait for their turn.
    pub fn queued_count(&self, flow: &str) -> Result<u64, Error> {
        let count = self.row(
            "SELECT count(*) FROM run WHERE flow = ?1 AND order_key IS NOT NULL AND state = 0 AND state < 10",
            params![flow],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// Who wrote a dedupe key first.
    pub fn dedupe_owner(&self, scope: &str, key: &str) -> Result<Option<At>, Error> {
        self.row(
            "SELECT run, node, batch, ix FROM dedupe WHERE scope = ?1 AND key = ?2",
            params![scope, key],
            |row| at(row, 0),
        )
    }

    /// A cursor or counter that outlives runs.
    pub fn state(&self, scope: &str, key: &str) -> Result<Option<Bytes>, Error> {
        self.row("SELECT value FROM state WHERE scope = ?1 AND key = ?2", params![scope, key], |row| {
            row.get::<_, Vec<u8>>(0).map(Bytes::from)
        })
    }

    /// The due time up to which a schedule is decided.
    pub fn schedule_mark(&self, schedule: &str) -> Result<Option<i64>, Error> {
        self.row("SELECT mark_ms FROM schedule WHERE id = ?1", params![schedule], |row| row.get(0))
    }
}
