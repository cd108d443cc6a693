//! Runs as a list and one by one.

use bytes::Bytes;
use rusqlite::types::Value;
use rusqlite::{Row, params, params_from_iter};
use smol_str::SmolStr as Text;

use crate::error::Error;
use crate::facts::{At, DueOutcome, Failure, Hash, RunState};
use crate::id::{EventId, RunId};
use crate::reader::{Reader, at, maybe_text, text};

/// Which runs to list; every given part must fit.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only runs of this flow.
    pub flow: Option<Text>,
    /// Only runs in one of these states; empty: any.
    pub states: Vec<RunState>,
    /// Only runs started at or after this time.
    pub from_ms: Option<i64>,
    /// Only runs started before this time.
    pub until_ms: Option<i64>,
    /// Only runs with an indexed value that begins with this text, whatever its case.
    pub value: Option<Text>,
    /// Only runs older than this one: the last of the page before.
    pub before: Option<RunId>,
    /// At most so many, newest first; 0 means 100, and 1,000 is the limit.
    pub most: u32,
}

/// A run as a line in a list.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Its id.
    pub run: RunId,
    /// The flow's id.
    pub flow: Text,
    /// The version it ran.
    pub flow_hash: Hash,
    /// The trigger node.
    pub trigger: Text,
    /// The event that caused it.
    pub event: Option<EventId>,
    /// The record it continues or answers.
    pub parent: Option<At>,
    /// Where it stands.
    pub state: RunState,
    /// When it started.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Why it failed.
    pub error: Option<Failure>,
}

/// Everything kept of one run.
#[derive(Debug, Clone)]
pub struct RunDetail {
    /// The run.
    pub row: RunRow,
    /// Counts per wire and step, as the engine encodes them.
    pub counts: Bytes,
    /// Its answer.
    pub answer: Option<Bytes>,
    /// Samples: node, port, records.
    pub samples: Vec<(Text, Text, Bytes)>,
    /// Count snapshots in time: when, counts.
    pub snapshots: Vec<(i64, Bytes)>,
    /// Indexed values: field, value.
    pub values: Vec<(Text, Text)>,
    /// Runs that continue or replay records of this one.
    pub children: Vec<RunRow>,
    /// Records of it that wait.
    pub parked: u64,
    /// Failed records of it that are open.
    pub letters: u64,
}

/// One line of a schedule's ledger.
#[derive(Debug, Clone)]
pub struct DueRow {
    /// The schedule.
    pub schedule: Text,
    /// The due time.
    pub due_ms: i64,
    /// What happened.
    pub outcome: DueOutcome,
    /// The run that was started.
    pub run: Option<RunId>,
    /// When it was decided.
    pub at_ms: i64,
}

const ROW: &str = "SELECT run.id, run.flow, run.flow_hash, run.trigger_node, run.event, run.parent_run, run.parent_node, run.parent_batch, \
                   run.parent_ix, run.state, run.started_ms, run.ended_ms, run.error_code, run.error FROM run";

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let error = match maybe_text(row, 12)? {
        Some(code) => Some(Failure { code, message: row.get::<_, Option<String>>(13)?.unwrap_or_default() }),
        None => None,
    };
    Ok(RunRow {
        run: row.get(0)?,
        flow: text(row, 1)?,
        flow_hash: row.get(2)?,
        trigger: text(row, 3)?,
        event: row.get(4)?,
        parent: row.get::<_, Option<RunId>>(5)?.map(|_| at(row, 5)).transpose()?,
        state: row.get(9)?,
        started_ms: row.get(10)?,
        ended_ms: row.get(11)?,
        error,
    })
}

/// A business value as it is kept and looked for: whatever its case, and not longer than anybody types.
pub(crate) fn folded(value: &str) -> String {
    value.trim().to_lowercase().chars().take(200).collect()
}

/// The least text that no text beginning with `prefix` reaches.
fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

/// A run as one bar of a flow's strip.
#[derive(Debug, Clone)]
pub struct LastRun {
    /// The flow's id.
    pub flow: Text,
    /// The run.
    pub run: RunId,
    /// Where it stands.
    pub state: RunState,
    /// When it started.
    pub started_ms: i64,
    /// Counts per wire and step, as the engine encodes them.
    pub counts: Bytes,
}

impl Reader {
    /// The last runs of every flow that was not removed, `most` a flow, newest first.
    pub fn last_runs(&self, most: u32) -> Result<Vec<LastRun>, Error> {
        self.rows(
            "SELECT run.flow, run.id, run.state, run.started_ms, run.counts FROM flow CROSS JOIN run ON run.id IN \
             (SELECT id FROM run AS own WHERE own.flow = flow.id ORDER BY own.id DESC LIMIT ?1) \
             WHERE flow.removed = 0 ORDER BY run.id DESC",
            params![most],
            |row| {
                Ok(LastRun {
                    flow: text(row, 0)?,
                    run: row.get(1)?,
                    state: row.get(2)?,
                    started_ms: row.get(3)?,
                    counts: row.get::<_, Option<Vec<u8>>>(4)?.map(Bytes::from).unwrap_or_default(),
                })
            },
        )
    }

    /// Runs, newest first.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, Error> {
        let mut wheres: Vec<String> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        let mut add = |condition: &str, value: Value| {
            values.push(value);
            wheres.push(condition.replace('?', &format!("?{}", values.len())));
        };
        if let Some(flow) = &filter.flow {
            add("run.flow = ?", Value::Text(flow.to_string()));
        }
        if let Some(from) = filter.from_ms {
            add("run.started_ms >= ?", Value::Integer(from));
        }
        if let Some(until) = filter.until_ms {
            add("run.started_ms < ?", Value::Integer(until));
        }
        if let Some(before) = filter.before {
            add("run.id < ?", Value::Integer(before.0));
        }
        if let Some(prefix) = &filter.value {
            let prefix = folded(prefix);
            let after = after_prefix(&prefix);
            add("run.id IN (SELECT run FROM search WHERE value >= ?", Value::Text(prefix));
            add("value < ?)", Value::Text(after));
        }
        if !filter.states.is_empty() {
            let numbers: Vec<String> = filter.states.iter().map(|state| (*state as u8).to_string()).collect();
            wheres.push(format!("run.state IN ({})", numbers.join(", ")));
            // Said once more in the words of the partial indexes, which are only used when the condition is theirs.
            if filter.states.iter().all(|state| !state.has_ended()) {
                wheres.push("run.state < 10".to_owned());
            } else if filter.states.iter().all(|state| *state as u8 > RunState::Ok as u8) {
                wheres.push("run.state > 10".to_owned());
            }
        }
        let most = if filter.most == 0 { 100 } else { filter.most.min(1000) };
        let condition = if wheres.is_empty() { "1".to_owned() } else { wheres.join(" AND ") };
        let sql = format!("{ROW} WHERE {condition} ORDER BY run.id DESC LIMIT {most}");
        self.rows(&sql, params_from_iter(values), run_row)
    }

    /// One run with all that is kept of it.
    pub fn run(&self, run: RunId) -> Result<Option<RunDetail>, Error> {
        let Some(row) = self.row(&format!("{ROW} WHERE run.id = ?1"), params![run], run_row)? else {
            return Ok(None);
        };
        let kept = self.row("SELECT counts, answer FROM run WHERE id = ?1", params![run], |row| {
            Ok((row.get::<_, Option<Vec<u8>>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
        })?;
        let (counts, answer) = kept.unwrap_or_default();
        let count = |sql: &str| -> Result<u64, Error> {
            Ok(self.row(sql, params![run], |row| row.get::<_, i64>(0))?.unwrap_or(0).unsigned_abs())
        };
        Ok(Some(RunDetail {
            row,
            counts: counts.map(Bytes::from).unwrap_or_default(),
            answer: answer.map(|stored| self.open(&stored)).transpose()?,
            samples: self.rows(
                "SELECT node, port, records FROM sample WHERE run = ?1",
                params![run],
                |row| Ok((text(row, 0)?, text(row, 1)?, Bytes::from(row.get::<_, Vec<u8>>(2)?))),
            )?,
            snapshots: self.rows(
                "SELECT at_ms, snapshot FROM counts WHERE run = ?1 ORDER BY at_ms",
                params![run],
                |row| Ok((row.get(0)?, Bytes::from(row.get::<_, Vec<u8>>(1)?))),
            )?,
            values: self.rows(
                "SELECT field, value FROM search WHERE run = ?1 LIMIT 1000",
                params![run],
                |row| Ok((text(row, 0)?, text(row, 1)?)),
            )?,
            children: self.rows(
                &format!("{ROW} WHERE run.parent_run = ?1 ORDER BY run.id LIMIT 1000"),
                params![run],
                run_row,
            )?,
            parked: count("SELECT count(*) FROM parked WHERE run = ?1")?,
            letters: count("SELECT count(*) FROM letter WHERE run = ?1 AND resolution = 0")?,
        }))
    }

    /// The newest lines of a schedule's ledger before a time.
    pub fn ledger(&self, schedule: &str, before_ms: i64, most: u32) -> Result<Vec<DueRow>, Error> {
        self.rows(
            "SELECT schedule, due_ms, outcome, run, at_ms FROM due WHERE schedule = ?1 AND due_ms < ?2 ORDER BY due_ms DESC LIMIT ?3",
            params![schedule, before_ms, most],
            |row| {
                Ok(DueRow { schedule: text(row, 0)?, due_ms: row.get(1)?, outcome: row.get(2)?, run: row.get(3)?, at_ms: row.get(4)? })
            },
        )
    }

    /// The schedules whose names begin so, and which have decided anything.
    pub fn schedules(&self, beginning: &str) -> Result<Vec<Text>, Error> {
        self.rows(
            "SELECT id FROM schedule WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id",
            params![beginning],
            |row| text(row, 0),
        )
    }

    /// How many due times of a schedule since a time went by without any run that stands for them.
    pub fn passed_by(&self, schedule: &str, since_ms: i64) -> Result<u64, Error> {
        let found = self.row(
            "SELECT count(*) FROM due WHERE schedule = ?1 AND due_ms >= ?2 AND outcome IN (2, 3)",
            params![schedule, since_ms],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(found.unwrap_or_default().unsigned_abs())
    }
}
