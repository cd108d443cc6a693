//! A zone: an offset from UTC or an IANA name.

use std::fmt;

use jiff::civil;
use jiff::tz::TimeZone;
use smol_str::SmolStr;

use super::{Date, digits};

/// Largest offset from UTC, in seconds.
const MAX_OFFSET: i32 = 18 * 3_600;

/// Where a time of day holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Seconds east of UTC.
    Offset(i32),
    /// An IANA name, such as `Asia/Almaty`. Only names that exist are stored.
    Named(SmolStr),
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone::Offset(0);

    /// The zone at this offset; none past 18 hours.
    pub fn offset(seconds: i64) -> Option<Zone> {
        let seconds = i32::try_from(seconds).ok()?;
        (seconds.abs() <= MAX_OFFSET).then_some(Zone::Offset(seconds))
    }

    /// The zone of this IANA name, if there is one.
    pub fn named(name: &str) -> Option<Zone> {
        lookup(name).map(|_| Zone::Named(name.into()))
    }

    /// Reads `Z`, `+05:00`, `-02:30:15` or `@Asia/Almaty`.
    pub fn parse(text: &str) -> Option<Zone> {
        if text == "Z" || text == "z" {
            return Some(Zone::UTC);
        }
        if let Some(name) = text.strip_prefix('@') {
            return Zone::named(name);
        }
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let (hours, rest) = digits(&text[1..], 2, 2)?;
        let (minutes, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
        let seconds = if rest.is_empty() {
            0
        } else {
            let (seconds, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
            if !rest.is_empty() {
                return None;
            }
            seconds
        };
        if minutes > 59 || seconds > 59 {
            return None;
        }
        Zone::offset(sign * (hours * 3_600 + minutes * 60 + seconds))
    }

    /// Seconds east of UTC on the wall clock of this day; none for a name without its rules.
    pub fn offset_at(&self, date: Date, nanos: u64) -> Option<i32> {
        match self {
            Zone::Offset(seconds) => Some(*seconds),
            Zone::Named(name) => {
                let zone = lookup(name)?;
                let at = civil_at(date, nanos)?;
                Some(zone.to_ambiguous_timestamp(at).compatible().map_or_else(
                    |_| zone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds(),
                    |stamp| zone.to_offset(stamp).seconds(),
                ))
            }
        }
    }

    /// Seconds east of UTC at an instant, given as seconds since 1970 UTC.
    pub fn offset_at_instant(&self, seconds: i64) -> Option<i32> {
        match self {
            Zone::Offset(offset) => Some(*offset),
            Zone::Named(name) => {
                let zone = lookup(name)?;
                // Outside the years jiff knows the rules of its last cycle go on.
                let cycle = 146_097 * 86_400;
                let inside = if (-377_000_000_000..=253_000_000_000).contains(&seconds) {
                    seconds
                } else {
                    seconds.rem_euclid(cycle) + 10 * cycle
                };
                let stamp = jiff::Timestamp::from_second(inside).ok()?;
                Some(zone.to_offset(stamp).seconds())
            }
        }
    }

    /// The name, for a named zone.
    pub fn name(&self) -> Option<&str> {
        if let Zone::Named(name) = self { Some(name) } else { None }
    }
}

fn lookup(name: &str) -> Option<TimeZone> {
    if name == "Z" || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    TimeZone::get(name).ok()
}

/// The wall clock for jiff; years it does not know are moved by whole cycles of 400 years.
fn civil_at(date: Date, nanos: u64) -> Option<civil::DateTime> {
    let year = if (-9_000..=9_000).contains(&date.year()) {
        date.year()
    } else {
        date.year().rem_euclid(400) + 8_000
    };
    let day = civil::Date::new(i16::try_from(year).ok()?, date.month() as i8, date.day() as i8).ok()?;
    let seconds = nanos / 1_000_000_000;
    let time = civil::Time::new(
        (seconds / 3_600) as i8,
        (seconds / 60 % 60) as i8,
        (seconds % 60) as i8,
        (nanos % 1_000_000_000) as i32,
    );
    Some(day.to_datetime(time.ok()?))
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Offset(0) => f.write_str("Z"),
            Zone::Offset(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let size = seconds.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", size / 3_600, size / 60 % 60)?;
                if size % 60 == 0 { Ok(()) } else { write!(f, ":{:02}", size % 60) }
            }
            Zone::Named(name) => write!(f, "@{name}"),
        }
    }
}
