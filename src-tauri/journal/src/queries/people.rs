//! What waits for a person: failed records and questions; and the audit trail.

use bytes::Bytes;
use rusqlite::{Row, params};
use smol_str::SmolStr as Text;

use crate::apply::audit_link;
use crate::error::{Code, Error};
use crate::facts::{At, Audit, Failure, Hash, Resolution, Verdict};
use crate::id::{LetterId, QuestionId, RunId};
use crate::reader::{Reader, at, maybe_text, text};

/// Failed records with one cause.
#[derive(Debug, Clone)]
pub struct LetterGroup {
    /// The flow's id.
    pub flow: Text,
    /// The node that failed.
    pub node: Text,
    /// The cause's code.
    pub code: Text,
    /// The newest sentence.
    pub message: String,
    /// How many are open.
    pub count: u64,
    /// When the first failed.
    pub first_ms: i64,
    /// When the last failed.
    pub last_ms: i64,
}

/// A failed record.
#[derive(Debug, Clone)]
pub struct LetterRow {
    /// Its id.
    pub letter: LetterId,
    /// Where it failed.
    pub at: At,
    /// The flow's id.
    pub flow: Text,
    /// The version that failed.
    pub flow_hash: Hash,
    /// Why.
    pub error: Failure,
    /// Attempts made.
    pub attempts: u32,
    /// When it gave up.
    pub failed_ms: i64,
    /// The frozen inputs.
    pub inputs: Bytes,
    /// What was done about it; None: open.
    pub resolution: Option<Resolution>,
    /// The run that tries it again.
    pub retry_run: Option<RunId>,
    /// Why, or who.
    pub note: Option<String>,
}

/// Which failed records to list.
#[derive(Debug, Clone, Default)]
pub struct LetterFilter {
    /// Only of this flow.
    pub flow: Option<Text>,
    /// Only of this node.
    pub node: Option<Text>,
    /// Only with this cause.
    pub code: Option<Text>,
    /// Only of this run.
    pub run: Option<RunId>,
    /// Also those that were dealt with.
    pub resolved_too: bool,
    /// Only after this one: the last of the page before.
    pub after: Option<LetterId>,
    /// At most so many, oldest first; 0 means 100, and 1,000 is the limit.
    pub most: u32,
}

/// A question with its answer, if it has one.
#[derive(Debug, Clone)]
pub struct QuestionRow {
    /// Its id.
    pub question: QuestionId,
    /// Which effect.
    pub at: At,
    /// The flow's id.
    pub flow: Text,
    /// The idempotency key that was sent.
    pub key: Text,
    /// When it was asked.
    pub asked_ms: i64,
    /// What is asked.
    pub sentence: String,
    /// What was sent.
    pub payload: Bytes,
    /// The answer.
    pub verdict: Option<Verdict>,
    /// Who gave it.
    pub answered_by: Option<Text>,
}

const LETTER: &str = "SELECT id, run, node, batch, ix, flow, flow_hash, code, message, attempts, failed_ms, inputs, resolution, retry_run, \
                      note FROM letter";
const QUESTION: &str = "SELECT id, run, node, batch, ix, flow, key, asked_ms, sentence, payload, verdict, answered_by FROM question";

fn letter_row(row: &Row<'_>) -> rusqlite::Result<(LetterRow, Vec<u8>)> {
    let found = LetterRow {
        letter: row.get(0)?,
        at: at(row, 1)?,
        flow: text(row, 5)?,
        flow_hash: row.get(6)?,
        error: Failure { code: text(row, 7)?, message: row.get(8)? },
        attempts: row.get(9)?,
        failed_ms: row.get(10)?,
        inputs: Bytes::new(),
        resolution: if row.get::<_, i64>(12)? == 0 { None } else { Some(row.get(12)?) },
        retry_run: row.get(13)?,
        note: row.get(14)?,
    };
    Ok((found, row.get(11)?))
}

fn question_row(row: &Row<'_>) -> rusqlite::Result<(QuestionRow, Vec<u8>)> {
    let found = QuestionRow {
        question: row.get(0)?,
        at: at(row, 1)?,
        flow: text(row, 5)?,
        key: text(row, 6)?,
        asked_ms: row.get(7)?,
        sentence: row.get(8)?,
        payload: Bytes::new(),
        verdict: if row.get::<_, i64>(10)? == 0 { None } else { Some(row.get(10)?) },
        answered_by: maybe_text(row, 11)?,
    };
    Ok((found, row.get(9)?))
}

impl Reader {
    /// Open failed records by cause, the most frequent first.
    pub fn letter_groups(&self) -> Result<Vec<LetterGroup>, Error> {
        self.rows(
            "SELECT grouped.flow, grouped.node, grouped.code, letter.message, grouped.many, grouped.first_ms, grouped.last_ms FROM \
             (SELECT flow, node, code, count(*) AS many, min(failed_ms) AS first_ms, max(failed_ms) AS last_ms, max(id) AS newest \
              FROM letter WHERE resolution = 0 GROUP BY flow, node, code) AS grouped \
             JOIN letter ON letter.id = grouped.newest ORDER BY grouped.many DESC, grouped.newest DESC LIMIT 1000",
            [],
            |row| {
                Ok(LetterGroup {
                    flow: text(row, 0)?,
                    node: text(row, 1)?,
                    code: text(row, 2)?,
                    message: row.get(3)?,
                    count: row.get::<_, i64>(4)?.unsigned_abs(),
                    first_ms: row.get(5)?,
                    last_ms: row.get(6)?,
                })
            },
        )
    }

    /// Failed records, oldest first.
    pub fn letters(&self, filter: &LetterFilter) -> Result<Vec<LetterRow>, Error> {
        let most = if filter.most == 0 { 100 } else { filter.most.min(1000) };
        let rows = self.rows(
            &format!(
                "{LETTER} WHERE (?1 IS NULL OR flow = ?1) AND (?2 IS NULL OR node = ?2) AND (?3 IS NULL OR code = ?3) \
                 AND (?4 IS NULL OR run = ?4) AND (?5 OR resolution = 0) AND id > ?6 ORDER BY id LIMIT ?7"
            ),
            params![
                filter.flow.as_deref(),
                filter.node.as_deref(),
                filter.code.as_deref(),
                filter.run,
                filter.resolved_too,
                filter.after.map_or(-1, |letter| letter.0),
                most
            ],
            letter_row,
        )?;
        rows.into_iter().map(|(row, stored)| Ok(LetterRow { inputs: self.open(&stored)?, ..row })).collect()
    }

    /// One failed record.
    pub fn letter(&self, letter: LetterId) -> Result<Option<LetterRow>, Error> {
        let Some((row, stored)) =
            self.row(&format!("{LETTER} WHERE id = ?1"), params![letter], letter_row)?
        else {
            return Ok(None);
        };
        Ok(Some(LetterRow { inputs: self.open(&stored)?, ..row }))
    }

    /// Open questions, oldest first, at most `most`.
    pub fn questions(&self, most: u32) -> Result<Vec<QuestionRow>, Error> {
        let rows = self.rows(
            &format!("{QUESTION} WHERE verdict = 0 ORDER BY id LIMIT ?1"),
            params![most],
            question_row,
        )?;
        rows.into_iter()
            .map(|(row, stored)| Ok(QuestionRow { payload: self.open(&stored)?, ..row }))
            .collect()
    }

    /// One question.
    pub fn question(&self, question: QuestionId) -> Result<Option<QuestionRow>, Error> {
        let Some((row, stored)) =
            self.row(&format!("{QUESTION} WHERE id = ?1"), params![question], question_row)?
        else {
            return Ok(None);
        };
        Ok(Some(QuestionRow { payload: self.open(&stored)?, ..row }))
    }

    /// The newest lines of the audit trail.
    pub fn audit(&self, most: u32) -> Result<Vec<Audit>, Error> {
        self.rows(
            "SELECT at_ms, actor, action, subject, detail FROM audit ORDER BY seq DESC LIMIT ?1",
            params![most],
            audit_row,
        )
    }

    /// Follows the hashes of the whole audit trail; fails at the first line that was changed. Returns the number of lines.
    pub fn check_audit(&self) -> Result<u64, Error> {
        let sql = "SELECT at_ms, actor, action, subject, detail, chain, seq FROM audit ORDER BY seq";
        let mut statement = self.connection().prepare_cached(sql)?;
        let mut lines = statement.query([])?;
        let (mut before, mut count) = ([0; 32], 0);
        while let Some(row) = lines.next()? {
            count += 1;
            let (line, chain, seq) = (audit_row(row)?, row.get::<_, [u8; 32]>(5)?, row.get::<_, i64>(6)?);
            if audit_link(&before, &line) != chain || seq.unsigned_abs() != count {
                let sentence = format!("Line {count} of the audit trail was changed or removed.");
                return Err(Error::new(Code::Damaged, sentence));
            }
            before = chain;
        }
        Ok(count)
    }
}

fn audit_row(row: &Row<'_>) -> rusqlite::Result<Audit> {
    Ok(Audit {
        at_ms: row.get(0)?,
        actor: text(row, 1)?,
        action: text(row, 2)?,
        subject: text(row, 3)?,
        detail: row.get(4)?,
    })
}
