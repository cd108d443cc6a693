//! Numbers about the journal as a whole.

use smol_str::SmolStr as Text;

use crate::error::Error;
use crate::facts::RunState;
use crate::reader::{Reader, text};

/// How much there is of what.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// Runs by flow and state.
    pub runs: Vec<(Text, RunState, u64)>,
    /// Open failed records.
    pub letters: u64,
    /// Open questions.
    pub questions: u64,
    /// Records that wait outside memory.
    pub parked: u64,
    /// Events in the inbox.
    pub events: u64,
    /// Size of the database file in bytes, without the log and large payloads.
    pub bytes: u64,
    /// Transactions since the journal was made.
    pub transactions: u64,
}

impl Reader {
    /// Counts what there is.
    pub fn stats(&self) -> Result<Stats, Error> {
        let number = |sql: &str| -> Result<u64, Error> {
            Ok(self
                .connection()
                .prepare_cached(sql)?
                .query_row([], |row| row.get::<_, i64>(0))?
                .unsigned_abs())
        };
        Ok(Stats {
            runs: self.rows("SELECT flow, state, count(*) FROM run GROUP BY flow, state", [], |row| {
                Ok((text(row, 0)?, row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs()))
            })?,
            letters: number("SELECT count(*) FROM letter WHERE resolution = 0")?,
            questions: number("SELECT count(*) FROM question WHERE verdict = 0")?,
            parked: number("SELECT count(*) FROM parked")?,
            events: number("SELECT count(*) FROM event")?,
            bytes: number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")?,
            transactions: number("SELECT seq FROM tail")?,
        })
    }
}
