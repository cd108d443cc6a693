//! Turning changes into rows, inside the transaction that the writer has open.

mod flows;
mod people;
mod runs;

use rusqlite::{Connection, OptionalExtension, params};

use crate::change::Change;
use crate::error::{Code, Error};
use crate::facts::{Accept, Audit, Due, RunState};
use crate::failpoint;
use crate::id::{EventId, RunId};
use crate::queries::runs::folded;

/// What one list did.
#[derive(Debug)]
pub(crate) enum Applied {
    /// Every change is in the transaction.
    All,
    /// A gate was stored before; nothing of the list is in the transaction, except that earlier gates of the list may be.
    Duplicate(Found),
}

/// What a stored gate points at.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) event: Option<EventId>,
    pub(crate) run: Option<RunId>,
    pub(crate) state: Option<RunState>,
    pub(crate) answer: Option<Vec<u8>>,
}

/// Applies a list. On an error the transaction holds a part of it, and the caller rolls back.
pub(crate) fn list(connection: &Connection, changes: &[Change]) -> Result<Applied, Error> {
    for change in changes {
        failpoint::reach("statement");
        let stored_before = match change {
            Change::Accept(new) => accept(connection, new)?,
            Change::Due(new) => due(connection, new)?,
            other => {
                one(connection, other)?;
                None
            }
        };
        if let Some(found) = stored_before {
            return Ok(Applied::Duplicate(found));
        }
    }
    Ok(Applied::All)
}

/// Checks the order of gates before anything is sent to the writer.
pub(crate) fn check_gates(changes: &[Change]) -> Result<(), Error> {
    let is_gate = |change: &Change| matches!(change, Change::Accept(_) | Change::Due(_));
    // an event without a key is never a duplicate, so it may follow the due time that caused it
    let is_due_with_event =
        matches!(changes, [Change::Due(_), Change::Accept(event), ..] if event.dedupe_key.is_none());
    let rest = if is_due_with_event { &changes[2..] } else { changes.get(1..).unwrap_or_default() };
    if rest.iter().any(is_gate) {
        return Err(Error::new(
            Code::Invalid,
            "A list of changes may hold one event or one due time (with an event that has no key), and it must come first: the rest depends on it being new.",
        ));
    }
    Ok(())
}

fn accept(connection: &Connection, new: &Accept) -> Result<Option<Found>, Error> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO event (id, source, dedupe_key, received_ms, run, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (source, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING",
        )?
        .execute(params![
            new.event,
            new.source.as_str(),
            new.dedupe_key.as_deref(),
            new.received_ms,
            new.run,
            &new.payload[..]
        ])?;
    if inserted == 1 {
        return Ok(None);
    }
    let found = connection
        .prepare_cached(
            "SELECT event.id, event.run, run.state, run.answer FROM event LEFT JOIN run ON run.id = event.run \
             WHERE event.source = ?1 AND event.dedupe_key = ?2",
        )?
        .query_row(params![new.source.as_str(), new.dedupe_key.as_deref()], found)?;
    Ok(Some(found))
}

fn due(connection: &Connection, new: &Due) -> Result<Option<Found>, Error> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO due (schedule, due_ms, outcome, run, at_ms) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![new.schedule.as_str(), new.due_ms, new.outcome as u8, new.run, new.at_ms])?;
    if inserted == 1 {
        return Ok(None);
    }
    let found = connection
        .prepare_cached(
            "SELECT NULL, due.run, run.state, run.answer FROM due LEFT JOIN run ON run.id = due.run \
             WHERE due.schedule = ?1 AND due.due_ms = ?2",
        )?
        .query_row(params![new.schedule.as_str(), new.due_ms], found)?;
    Ok(Some(found))
}

fn found(row: &rusqlite::Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found { event: row.get(0)?, run: row.get(1)?, state: row.get(2)?, answer: row.get(3)? })
}

fn one(connection: &Connection, change: &Change) -> Result<(), Error> {
    match change {
        Change::Accept(_) | Change::Due(_) => Ok(()),
        Change::Passed(new) => due(connection, new).map(drop),
        Change::ScheduleMark { schedule, due_ms } => execute(
            connection,
            "INSERT INTO schedule (id, mark_ms) VALUES (?1, ?2) \
             ON CONFLICT (id) DO UPDATE SET mark_ms = excluded.mark_ms WHERE excluded.mark_ms > mark_ms",
            params![schedule.as_str(), due_ms],
        ),
        Change::StartRun(start) => runs::start(connection, start, None),
        Change::WholeRun(whole) => runs::start(connection, &whole.0, Some(&whole.1)),
        Change::SetState { run, state } => runs::set_state(connection, *run, *state),
        Change::Dispatch { run } => execute(
            connection,
            "UPDATE run SET boot_attempts = boot_attempts + 1 WHERE id = ?1 AND state < 10",
            params![run],
        ),
        Change::Progress { run } => execute(
            connection,
            "UPDATE run SET boot_attempts = 0 WHERE id = ?1 AND boot_attempts <> 0",
            params![run],
        ),
        Change::EndRun(end) => runs::end(connection, end),
        Change::Rest(end) => runs::rest(connection, end),
        Change::Settle { run, at_ms } => runs::settle(connection, *run, *at_ms),
        Change::Intent { at, key } => runs::intent(connection, at, key),
        Change::Result { at, outcome, payload } => runs::result(connection, at, *outcome, payload),
        Change::Park(park) => runs::park(connection, park),
        Change::Unpark { at } => execute(
            connection,
            "DELETE FROM parked WHERE run = ?1 AND node = ?2 AND batch = ?3 AND ix = ?4",
            params![at.run, at.node.as_str(), at.batch.cast_signed(), at.index],
        ),
        Change::DeadLetter(letter) => people::letter(connection, letter),
        Change::Resolve { letter, resolution, run, note, at_ms } => expect_one(
            execute_counted(
                connection,
                "UPDATE letter SET resolution = ?2, retry_run = ?3, note = ?4, resolved_ms = ?5 WHERE id = ?1 AND resolution = 0",
                params![letter, *resolution as u8, run, note, at_ms],
            )?,
            || {
                format!(
                    "The failed record {letter} is not open: it was dealt with before, or does not exist."
                )
            },
        ),
        Change::Question(question) => people::question(connection, question),
        Change::Answer { question, verdict, by, at_ms } => expect_one(
            execute_counted(
                connection,
                "UPDATE question SET verdict = ?2, answered_by = ?3, answered_ms = ?4 WHERE id = ?1 AND verdict = 0",
                params![question, *verdict as u8, by.as_str(), at_ms],
            )?,
            || format!("The question {question} is not open: it was answered before, or does not exist."),
        ),
        Change::DedupeKey(key) => people::dedupe(connection, key),
        Change::Sample { run, node, port, records } => execute(
            connection,
            "INSERT INTO sample (run, node, port, records) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (run, node, port) DO UPDATE SET records = excluded.records",
            params![run, node.as_str(), port.as_str(), &records[..]],
        ),
        Change::Counts { run, at_ms, snapshot } => execute(
            connection,
            "INSERT INTO counts (run, at_ms, snapshot) SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM counts WHERE run = ?1) < 200 \
             ON CONFLICT (run, at_ms) DO UPDATE SET snapshot = excluded.snapshot",
            params![run, at_ms, &snapshot[..]],
        ),
        Change::Index { run, field, value } => execute(
            connection,
            "INSERT INTO search (field, value, run) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![field.as_str(), folded(value), run],
        ),
        Change::Audit(line) => audit(connection, line),
        other => flows::one(connection, other),
    }
}

fn audit(connection: &Connection, line: &Audit) -> Result<(), Error> {
    let last: Option<(i64, [u8; 32])> = connection
        .prepare_cached("SELECT seq, chain FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (seq, before) = last.unwrap_or((0, [0; 32]));
    execute(
        connection,
        "INSERT INTO audit (seq, at_ms, actor, action, subject, detail, chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            seq + 1,
            line.at_ms,
            line.actor.as_str(),
            line.action.as_str(),
            line.subject.as_str(),
            line.detail,
            audit_link(&before, line)
        ],
    )
}

/// The hash of an audit line: over the line before and every field with its length, so that nothing can be moved between fields.
pub(crate) fn audit_link(before: &[u8; 32], line: &Audit) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before).update(&line.at_ms.to_be_bytes());
    for field in [line.actor.as_str(), line.action.as_str(), line.subject.as_str(), line.detail.as_str()] {
        hasher.update(&(field.len() as u64).to_be_bytes()).update(field.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

pub(crate) fn execute(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<(), Error> {
    execute_counted(connection, sql, values).map(|_| ())
}

pub(crate) fn execute_counted(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<usize, Error> {
    Ok(connection.prepare_cached(sql)?.execute(values)?)
}

/// A change must touch exactly the row it names.
fn expect_one(touched: usize, sentence: impl FnOnce() -> String) -> Result<(), Error> {
    if touched == 1 { Ok(()) } else { Err(Error::new(Code::Missing, sentence())) }
}
