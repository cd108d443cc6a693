//! Durations: of days and smaller, and of months and years. The two never mix.

use std::fmt;

use super::{DAY_SECONDS, NANOS, digits};
use crate::number::{Number, Rounding};

/// A duration of days, hours, minutes and seconds, to the nanosecond. 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaysDuration {
    /// Rounded towards negative infinity.
    seconds: i64,
    /// Nanoseconds above `seconds`: 0 to 999,999,999.
    nanos: u32,
}

impl DaysDuration {
    /// No time at all.
    pub const ZERO: DaysDuration = DaysDuration { seconds: 0, nanos: 0 };

    /// So many seconds.
    pub fn of_seconds(seconds: i64) -> DaysDuration {
        DaysDuration { seconds, nanos: 0 }
    }

    /// So many nanoseconds; none past about 292 billion years.
    pub fn from_nanos(nanos: i128) -> Option<DaysDuration> {
        let seconds = i64::try_from(nanos.div_euclid(i128::from(NANOS))).ok()?;
        Some(DaysDuration { seconds, nanos: nanos.rem_euclid(i128::from(NANOS)) as u32 })
    }

    /// The length in nanoseconds.
    pub fn nanos(self) -> i128 {
        i128::from(self.seconds) * i128::from(NANOS) + i128::from(self.nanos)
    }

    /// Reads `P1DT2H3M4.5S`, with a minus in front for durations into the past.
    pub fn parse(text: &str) -> Option<DaysDuration> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let mut rest = rest.strip_prefix('P')?;
        let mut total: i128 = 0;
        let mut any = false;
        if let Some((days, after)) = digits(rest, 1, 18)
            && let Some(after) = after.strip_prefix('D')
        {
            total += i128::from(days) * i128::from(DAY_SECONDS * NANOS);
            (rest, any) = (after, true);
        }
        if let Some(mut time) = rest.strip_prefix('T') {
            let mut part = false;
            for (unit, seconds) in [('H', 3_600), ('M', 60)] {
                if let Some((count, after)) = digits(time, 1, 18)
                    && let Some(after) = after.strip_prefix(unit)
                {
                    total += i128::from(count) * i128::from(seconds * NANOS);
                    (time, part) = (after, true);
                }
            }
            if let Some((count, after)) = digits(time, 1, 18) {
                total += i128::from(count) * i128::from(NANOS);
                let after = match after.strip_prefix('.') {
                    Some(after) => {
                        let length = after.bytes().take_while(u8::is_ascii_digit).count();
                        let (fraction, after) = after.split_at(length);
                        total += format!("{fraction:0<9.9}").parse::<i128>().ok()?;
                        after
                    }
                    None => after,
                };
                (time, part) = (after.strip_prefix('S')?, true);
            }
            if !part {
                return None;
            }
            (rest, any) = (time, true);
        }
        if !any || !rest.is_empty() {
            return None;
        }
        DaysDuration::from_nanos(if negative { -total } else { total })
    }

    /// Whole days; negative for a negative duration.
    pub fn days(self) -> i64 {
        (self.nanos() / i128::from(DAY_SECONDS * NANOS)) as i64
    }

    /// Hours beyond whole days.
    pub fn hours(self) -> i64 {
        (self.nanos() / i128::from(3_600 * NANOS) % 24) as i64
    }

    /// Minutes beyond whole hours.
    pub fn minutes(self) -> i64 {
        (self.nanos() / i128::from(60 * NANOS) % 60) as i64
    }

    /// Seconds beyond whole minutes, without the fraction.
    pub fn seconds(self) -> i64 {
        (self.nanos() / i128::from(NANOS) % 60) as i64
    }

    /// The length in whole seconds, towards zero.
    pub fn total_seconds(self) -> i64 {
        (self.nanos() / i128::from(NANOS)) as i64
    }

    /// The length in seconds with its fraction.
    pub fn in_seconds(self) -> Number {
        let part = Number::from_parts(i64::from(self.nanos), 9);
        Number::from(self.seconds).checked_add(&part).unwrap_or_default()
    }

    /// So many seconds, to the nanosecond; none past the range.
    pub fn of_number(seconds: &Number) -> Option<DaysDuration> {
        let whole = seconds.floor();
        let rest = seconds.checked_sub(&whole)?.checked_mul(&Number::from(NANOS))?;
        let nanos = rest.round(0, Rounding::HalfEven)?.to_i64()?;
        DaysDuration::from_nanos(i128::from(whole.to_i64()?) * i128::from(NANOS) + i128::from(nanos))
    }

    /// Sum; none past the range.
    pub fn checked_add(self, other: DaysDuration) -> Option<DaysDuration> {
        DaysDuration::from_nanos(self.nanos() + other.nanos())
    }

    /// The other direction.
    #[expect(
        clippy::should_implement_trait,
        reason = "reads like the other operations, which can fail and have names too"
    )]
    pub fn neg(self) -> DaysDuration {
        DaysDuration::from_nanos(-self.nanos()).unwrap_or(DaysDuration { seconds: i64::MAX, nanos: 0 })
    }
}

impl fmt::Display for DaysDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.nanos().unsigned_abs();
        if size == 0 {
            return f.write_str("PT0S");
        }
        let sign = if self.seconds < 0 { "-" } else { "" };
        let (seconds, nanos) = (size / NANOS as u128, size % NANOS as u128);
        write!(f, "{sign}P")?;
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if rest == 0 && nanos == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        for (count, unit) in [(rest / 3_600, 'H'), (rest / 60 % 60, 'M')] {
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        match (rest % 60, nanos) {
            (0, 0) => Ok(()),
            (seconds, 0) => write!(f, "{seconds}S"),
            (seconds, nanos) => write!(f, "{seconds}.{}S", format!("{nanos:09}").trim_end_matches('0')),
        }
    }
}

/// A duration of years and months. 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthsDuration(i64);

impl MonthsDuration {
    /// So many months.
    pub fn new(months: i64) -> MonthsDuration {
        MonthsDuration(months)
    }

    /// The length in months.
    pub fn months(self) -> i64 {
        self.0
    }

    /// Reads `P1Y2M`, with a minus in front for durations into the past.
    pub fn parse(text: &str) -> Option<MonthsDuration> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let mut rest = rest.strip_prefix('P')?;
        let mut total: i64 = 0;
        let mut any = false;
        for (unit, months) in [('Y', 12), ('M', 1)] {
            if let Some((count, after)) = digits(rest, 1, 18)
                && let Some(after) = after.strip_prefix(unit)
            {
                total = total.checked_add(count.checked_mul(months)?)?;
                (rest, any) = (after, true);
            }
        }
        if !any || !rest.is_empty() {
            return None;
        }
        Some(MonthsDuration(if negative { -total } else { total }))
    }

    /// Sum; none past the range.
    pub fn checked_add(self, other: MonthsDuration) -> Option<MonthsDuration> {
        self.0.checked_add(other.0).map(MonthsDuration)
    }

    /// The other direction.
    #[expect(
        clippy::should_implement_trait,
        reason = "reads like the other operations, which can fail and have names too"
    )]
    pub fn neg(self) -> MonthsDuration {
        MonthsDuration(self.0.saturating_neg())
    }
}

impl fmt::Display for MonthsDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        match (size / 12, size % 12) {
            (0, months) => write!(f, "{sign}P{months}M"),
            (years, 0) => write!(f, "{sign}P{years}Y"),
            (years, months) => write!(f, "{sign}P{years}Y{months}M"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_come_back_normalised() {
        for (text, want) in [
            ("P1D", "P1D"),
            ("PT24H", "P1D"),
            ("PT1000M0.999999999S", "PT16H40M0.999999999S"),
            ("PT0.S", "PT0S"),
            ("-PT1H2M", "-PT1H2M"),
            ("P0D", "PT0S"),
            ("-PT0.5S", "-PT0.5S"),
        ] {
            assert_eq!(DaysDuration::parse(text).map(|d| d.to_string()).as_deref(), Some(want), "{text}");
        }
        for (text, want) in [("P26M", "P2Y2M"), ("P0Y", "P0M"), ("-P100M", "-P8Y4M")] {
            assert_eq!(MonthsDuration::parse(text).map(|d| d.to_string()).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "P", "P0", "1D", "P1H", "P1S", "PT", "P1DT", "P1Y2D", "P1M1Y"] {
            assert_eq!(DaysDuration::parse(text), None, "{text}");
            assert_eq!(MonthsDuration::parse(text), None, "{text}");
        }
    }
}
