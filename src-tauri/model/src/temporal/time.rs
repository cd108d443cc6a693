//! A time of day.

use std::fmt;

use super::{DAY_NANOS, NANOS, Zone, digits};

/// A time of day, to the nanosecond, with or without a zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Time {
    nanos: u64,
    zone: Option<Zone>,
}

impl Time {
    /// Midnight, local.
    pub const MIDNIGHT: Time = Time { nanos: 0, zone: None };

    /// The time so many nanoseconds into the day; none from 24 hours on.
    pub fn new(nanos: u64, zone: Option<Zone>) -> Option<Time> {
        (nanos < DAY_NANOS).then_some(Time { nanos, zone })
    }

    /// The time by clock; none when a part is out of range.
    pub fn of_clock(hour: i64, minute: i64, second: i64) -> Option<Time> {
        if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
            return None;
        }
        Some(Time { nanos: ((hour * 3_600 + minute * 60 + second) * NANOS) as u64, zone: None })
    }

    /// The same clock elsewhere.
    pub fn with_zone(&self, zone: Option<Zone>) -> Time {
        Time { nanos: self.nanos, zone }
    }

    /// Reads `10:30:00`, `10:30:00.5Z`, `10:30:00+05:00`, `10:30:00@Asia/Almaty`. `24:00:00` is `00:00:00`.
    pub fn parse(text: &str) -> Option<Time> {
        let (nanos, zone) = Time::parts(text.strip_prefix('T').unwrap_or(text))?;
        Time::new(nanos % DAY_NANOS, zone)
    }

    /// Nanoseconds of the day (up to and with 24:00:00) and the zone.
    pub(super) fn parts(text: &str) -> Option<(u64, Option<Zone>)> {
        let (hour, rest) = digits(text, 2, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
        let (second, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
        let (fraction, rest) = match rest.strip_prefix('.') {
            None => (0, rest),
            Some(rest) => {
                let length = rest.bytes().take_while(u8::is_ascii_digit).count();
                if length == 0 {
                    return None;
                }
                let (fraction, rest) = rest.split_at(length);
                // Past nanoseconds digits are cut.
                let nanos = format!("{fraction:0<9.9}").parse::<u64>().ok()?;
                (nanos, rest)
            }
        };
        let zone = if rest.is_empty() { None } else { Some(Zone::parse(rest)?) };
        let seconds = hour * 3_600 + minute * 60 + second;
        let nanos = (seconds * NANOS) as u64 + fraction;
        if minute > 59 || second > 59 || nanos > DAY_NANOS {
            return None;
        }
        Some((nanos, zone))
    }

    /// Nanoseconds since midnight.
    pub fn nanos(&self) -> u64 {
        self.nanos
    }

    /// The zone, if it has one.
    pub fn zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    /// 0 to 23.
    pub fn hour(&self) -> u8 {
        (self.nanos / 3_600_000_000_000) as u8
    }

    /// 0 to 59.
    pub fn minute(&self) -> u8 {
        (self.nanos / 60_000_000_000 % 60) as u8
    }

    /// 0 to 59, without the fraction.
    pub fn second(&self) -> u8 {
        (self.nanos / 1_000_000_000 % 60) as u8
    }

    /// Nanoseconds of the second.
    pub fn fraction(&self) -> u32 {
        (self.nanos % 1_000_000_000) as u32
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour(), self.minute(), self.second())?;
        if self.fraction() != 0 {
            let digits = format!("{:09}", self.fraction());
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        self.zone.as_ref().map_or(Ok(()), |zone| zone.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_written() {
        for text in [
            "01:02:03",
            "11:22:33.123456789",
            "23:59:00Z",
            "13:20:00+02:00",
            "11:59:45-02:45:55",
            "00:01:00@Europe/Paris",
        ] {
            assert_eq!(Time::parse(text).map(|t| t.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Time::parse("24:00:00"), Some(Time::MIDNIGHT));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "23:59:60",
            "24:00:01",
            "25:00:00",
            "7:00:00",
            "07:1:00",
            "07:01:2",
            "13:20:00@xyz/abc",
            "13:20:00+19:00",
            "13:20:00+5:00",
            "13:20:00+02:00@Europe/Paris",
            "7:20",
            "11:30:00T",
            "",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }
}
