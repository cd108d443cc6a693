//! Runs and what happens in them.

use rusqlite::{Connection, OptionalExtension, params};

use super::{execute, execute_counted, expect_one};
use crate::error::{Code, Error};
use crate::facts::{At, EndRun, Outcome, Park, RunState, StartRun};
use crate::id::RunId;

pub(super) fn start(connection: &Connection, start: &StartRun, end: Option<&EndRun>) -> Result<(), Error> {
    let state = end.map_or(start.state, |end| end.state);
    let parent = start.parent.as_ref();
    execute(
        connection,
        "INSERT INTO run (id, flow, flow_hash, trigger_node, event, order_key, parent_run, parent_node, parent_batch, parent_ix, seed, \
         started_ms, state, ended_ms, counts, answer, error_code, error) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        params![
            start.run,
            start.flow.as_str(),
            start.flow_hash,
            start.trigger.as_str(),
            start.event,
            start.order_key.as_deref(),
            parent.map(|at| at.run),
            parent.map(|at| at.node.as_str()),
            parent.map(|at| at.batch.cast_signed()),
            parent.map(|at| at.index),
            start.seed.cast_signed(),
            start.started_ms,
            state as u8,
            end.map(|end| end.ended_ms),
            end.map(|end| &end.counts[..]),
            end.and_then(|end| end.answer.as_deref()),
            end.and_then(|end| end.error.as_ref()).map(|error| error.code.as_str()),
            end.and_then(|end| end.error.as_ref()).map(|error| error.message.as_str()),
        ],
    )
}

pub(super) fn set_state(connection: &Connection, run: RunId, state: RunState) -> Result<(), Error> {
    if state.has_ended() {
        return Err(Error::new(
            Code::Invalid,
            format!("Run {run} can only end with its counts and answer, not by its state alone."),
        ));
    }
    let touched = execute_counted(
        connection,
        "UPDATE run SET state = ?2, ended_ms = NULL, error_code = NULL, error = NULL, \
         boot_attempts = CASE state WHEN 14 THEN 0 ELSE boot_attempts END WHERE id = ?1 AND (state < 10 OR state = 14)",
        params![run, state as u8],
    )?;
    expect_one(touched, || not_open(run))
}

pub(super) fn end(connection: &Connection, end: &EndRun) -> Result<(), Error> {
    if !end.state.has_ended() {
        return Err(Error::new(
            Code::Invalid,
            format!("Run {} cannot end in a state that goes on.", end.run),
        ));
    }
    let touched = execute_counted(
        connection,
        "UPDATE run SET state = ?2, ended_ms = ?3, counts = ?4, answer = ?5, error_code = ?6, error = ?7, boot_attempts = 0 \
         WHERE id = ?1 AND state < 10",
        params![
            end.run,
            end.state as u8,
            end.ended_ms,
            &end.counts[..],
            end.answer.as_deref(),
            end.error.as_ref().map(|error| error.code.as_str()),
            end.error.as_ref().map(|error| error.message.as_str()),
        ],
    )?;
    expect_one(touched, || not_open(end.run))?;
    // A quarantined run can be taken up again, so it keeps what it had.
    if end.state != RunState::Quarantined {
        execute(connection, "DELETE FROM result WHERE run = ?1", params![end.run])?;
    }
    Ok(())
}

pub(super) fn rest(connection: &Connection, end: &EndRun) -> Result<(), Error> {
    let run = end.run;
    let touched = execute_counted(
        connection,
        "UPDATE run SET state = 2, counts = ?2, answer = ?3, boot_attempts = 0 WHERE id = ?1 AND state < 10",
        params![run, &end.counts[..], end.answer.as_deref()],
    )?;
    expect_one(touched, || not_open(run))?;
    execute(connection, "DELETE FROM result WHERE run = ?1", params![run])?;
    // its records may have gone on before it came to rest
    settle(connection, run, end.ended_ms)
}

/// A run rests because of its own records; the run whose record it continues may rest because of it, and so on.
const MOST_CONTINUED: usize = 1_000;

pub(super) fn settle(connection: &Connection, run: RunId, at_ms: i64) -> Result<(), Error> {
    let mut run = run;
    for _ in 0..MOST_CONTINUED {
        // a record that failed for good, or a child that did not end well, makes it partial
        let touched = execute_counted(
            connection,
            "UPDATE run SET ended_ms = ?2, state = CASE WHEN EXISTS (SELECT 1 FROM letter WHERE letter.run = ?1) \
             OR EXISTS (SELECT 1 FROM run AS child WHERE child.parent_run = ?1 AND child.state > 10) THEN 11 ELSE 10 END \
             WHERE id = ?1 AND state = 2 AND NOT EXISTS (SELECT 1 FROM parked WHERE parked.run = ?1) \
             AND NOT EXISTS (SELECT 1 FROM run AS child WHERE child.parent_run = ?1 AND child.state < 10)",
            params![run, at_ms],
        )?;
        if touched == 0 {
            return Ok(());
        }
        let parent: Option<Option<RunId>> = connection
            .prepare_cached("SELECT parent_run FROM run WHERE id = ?1")?
            .query_row(params![run], |row| row.get(0))
            .optional()?;
        match parent.flatten() {
            Some(parent) => run = parent,
            None => return Ok(()),
        }
    }
    Ok(())
}

fn not_open(run: RunId) -> String {
    format!("Run {run} is not open: it has ended, or does not exist.")
}

pub(super) fn intent(connection: &Connection, at: &At, key: &str) -> Result<(), Error> {
    // Again for the same effect is a further attempt with the same key, which is fine while it has no result.
    let touched = execute_counted(
        connection,
        "INSERT INTO result (run, node, batch, ix, outcome, key) VALUES (?1, ?2, ?3, ?4, 0, ?5) \
         ON CONFLICT DO UPDATE SET key = excluded.key WHERE outcome = 0",
        params![at.run, at.node.as_str(), at.batch.cast_signed(), at.index, key],
    )?;
    if touched == 1 { Ok(()) } else { Err(second(at)) }
}

pub(super) fn result(
    connection: &Connection,
    at: &At,
    outcome: Outcome,
    payload: &[u8],
) -> Result<(), Error> {
    let place = (at.run, at.node.as_str(), at.batch.cast_signed(), at.index);
    let touched = execute_counted(
        connection,
        "INSERT INTO result (run, node, batch, ix, outcome, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT DO UPDATE SET outcome = excluded.outcome, payload = excluded.payload WHERE outcome = 0",
        params![place.0, place.1, place.2, place.3, outcome as u8, payload],
    )?;
    if touched == 1 {
        return Ok(());
    }
    let stored: Option<(Outcome, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT outcome, payload FROM result WHERE run = ?1 AND node = ?2 AND batch = ?3 AND ix = ?4",
        )?
        .query_row(place, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if stored.is_some_and(|(first, bytes)| first == outcome && bytes == payload) {
        Ok(())
    } else {
        Err(second(at))
    }
}

fn second(at: &At) -> Error {
    Error::new(
        Code::Conflict,
        format!(
            "Record {} of batch {} at node \"{}\" of run {} already has another result; a finished step is never done twice.",
            at.index, at.batch, at.node, at.run
        ),
    )
}

pub(super) fn park(connection: &Connection, park: &Park) -> Result<(), Error> {
    let at = &park.at;
    execute(
        connection,
        "INSERT INTO parked (run, node, batch, ix, due_ms, attempt, connection, order_key, payload) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET due_ms = excluded.due_ms, attempt = excluded.attempt, \
         connection = excluded.connection, order_key = excluded.order_key, payload = excluded.payload",
        params![
            at.run,
            at.node.as_str(),
            at.batch.cast_signed(),
            at.index,
            park.due_ms,
            park.attempt,
            park.connection.as_deref(),
            park.order_key.as_deref(),
            &park.payload[..]
        ],
    )
}
