//! Enums as the numbers that are stored.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

use crate::facts::{DueOutcome, Outcome, Resolution, RunState, Verdict};

macro_rules! stored {
    ($name:ident: $($variant:ident),+) => {
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let number = i64::column_result(value)?;
                $(if number == $name::$variant as i64 {
                    return Ok($name::$variant);
                })+
                Err(FromSqlError::OutOfRange(number))
            }
        }
    };
}

stored!(RunState: Queued, Running, Waiting, Ok, Partial, Failed, Cancelled, Quarantined, Skipped);
stored!(Outcome: Finished, Failed, Parked);
stored!(DueOutcome: Fired, Skipped, Missed, Merged);
stored!(Resolution: Retried, Edited, Discarded);
stored!(Verdict: Sent, NotSent, GiveUp);
