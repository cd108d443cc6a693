//! What waits for a person, and keys that outlive runs.

use rusqlite::{Connection, params};

use super::{execute, execute_counted};
use crate::error::{Code, Error};
use crate::facts::{DeadLetter, DedupeKey, Question};

pub(super) fn letter(connection: &Connection, letter: &DeadLetter) -> Result<(), Error> {
    let at = &letter.at;
    execute(
        connection,
        "INSERT INTO letter (id, run, node, batch, ix, flow, flow_hash, code, message, attempts, failed_ms, inputs) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            letter.letter,
            at.run,
            at.node.as_str(),
            at.batch.cast_signed(),
            at.index,
            letter.flow.as_str(),
            letter.flow_hash,
            letter.error.code.as_str(),
            letter.error.message,
            letter.attempts,
            letter.failed_ms,
            &letter.inputs[..]
        ],
    )
}

pub(super) fn question(connection: &Connection, question: &Question) -> Result<(), Error> {
    let at = &question.at;
    execute(
        connection,
        "INSERT INTO question (id, run, node, batch, ix, flow, key, asked_ms, sentence, payload) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            question.question,
            at.run,
            at.node.as_str(),
            at.batch.cast_signed(),
            at.index,
            question.flow.as_str(),
            question.key.as_str(),
            question.asked_ms,
            question.sentence,
            &question.payload[..]
        ],
    )
}

pub(super) fn dedupe(connection: &Connection, new: &DedupeKey) -> Result<(), Error> {
    let owner = &new.owner;
    // Writing the time again for the same owner counts as touched, another owner's row does not.
    let touched = execute_counted(
        connection,
        "INSERT INTO dedupe (scope, key, run, node, batch, ix, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT DO UPDATE SET at_ms = at_ms \
         WHERE run = excluded.run AND node = excluded.node AND batch = excluded.batch AND ix = excluded.ix",
        params![
            new.scope.as_str(),
            new.key.as_str(),
            owner.run,
            owner.node.as_str(),
            owner.batch.cast_signed(),
            owner.index,
            new.at_ms
        ],
    )?;
    if touched == 1 {
        return Ok(());
    }
    Err(Error::new(
        Code::KeyTaken,
        format!("The key \"{}\" of {} was written by another record meanwhile.", new.key, new.scope),
    ))
}
