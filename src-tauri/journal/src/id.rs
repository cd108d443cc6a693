//! Identities the journal hands out: 63-bit numbers that grow with time and are shown as 13 letters and digits.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Crockford's alphabet: no i, l, o, u, so that an id can be read over the telephone.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 13;

/// An identity kind the journal can hand out with [`crate::Journal::fresh`].
pub trait Identity: Copy {
    /// Wraps a number taken from the journal's sequence.
    fn from_number(number: i64) -> Self;
}

/// The text was not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an id: an id has 13 letters and digits, as in 01k9x2m4q7abc")]
pub struct NotAnId(String);

fn write_id(number: i64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0_u8; LENGTH];
    let mut rest = number.cast_unsigned();
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    out.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn read_id(text: &str) -> Result<i64, NotAnId> {
    let wrong = || NotAnId(text.chars().take(40).collect());
    if text.len() != LENGTH {
        return Err(wrong());
    }
    let mut number = 0_u64;
    for letter in text.bytes() {
        let letter = letter.to_ascii_lowercase();
        let digit = ALPHABET.iter().position(|known| *known == letter).ok_or_else(wrong)?;
        if number >> 59 != 0 {
            return Err(wrong());
        }
        number = (number << 5) | digit as u64;
    }
    i64::try_from(number).map_err(|_| wrong())
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl Identity for $name {
            fn from_number(number: i64) -> Self {
                Self(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_id(self.0, out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_id(self.0, out)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                read_id(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    };
}

identity! {
    /// One run of a flow.
    RunId
}
identity! {
    /// One event in the inbox.
    EventId
}
identity! {
    /// One failed record that waits for a person.
    LetterId
}
identity! {
    /// One question "was it sent?".
    QuestionId
}

/// The sequence all identities come from: the clock in the upper bits, a counter in the lower 20, never going back.
#[derive(Debug)]
pub(crate) struct Sequence {
    last: AtomicI64,
}

impl Sequence {
    /// Starts above everything ever handed out, even when the clock was set back meanwhile.
    pub(crate) fn above(highest: i64) -> Self {
        Self { last: AtomicI64::new(highest) }
    }

    pub(crate) fn next(&self, now_ms: i64) -> i64 {
        let floor = now_ms.clamp(0, i64::MAX >> 20) << 20;
        let step = |last: i64| Some(floor.max(last.saturating_add(1)));
        match self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(last) | Err(last) => floor.max(last.saturating_add(1)),
        }
    }

    pub(crate) fn last(&self) -> i64 {
        self.last.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_being_written_and_read() {
        for number in [0, 1, 31, 32, 1_763_829_000_000 << 20, i64::MAX] {
            let id = RunId(number);
            assert_eq!(id.to_string().len(), LENGTH);
            assert_eq!(id.to_string().parse::<RunId>(), Ok(id));
        }
        assert!("zzzzzzzzzzzzz".parse::<RunId>().is_err(), "more than 63 bits");
        assert!("short".parse::<RunId>().is_err());
        assert!("uuuuuuuuuuuuu".parse::<RunId>().is_err(), "u is not in the alphabet");
    }

    #[test]
    fn ids_grow_even_when_the_clock_goes_back() {
        let sequence = Sequence::above(5 << 20);
        let first = sequence.next(10);
        let second = sequence.next(3);
        assert_eq!(first, 10 << 20);
        assert_eq!(second, first + 1);
    }
}
