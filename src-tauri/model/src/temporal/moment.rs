//! A day and a time together.

use std::cmp::Ordering;
use std::fmt;

use super::{DAY_NANOS, DAY_SECONDS, Date, DaysDuration, MonthsDuration, Time, Zone};

/// A day and a time of day, with or without a zone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DateTime {
    date: Date,
    time: Time,
}

impl DateTime {
    /// The moment of this day and time.
    pub fn new(date: Date, time: Time) -> DateTime {
        DateTime { date, time }
    }

    /// Reads `2026-11-22T10:30:00` with what [`Time::parse`] knows behind the `T`; a day alone is its midnight.
    pub fn parse(text: &str) -> Option<DateTime> {
        let (date, rest) = Date::prefix(text)?;
        if rest.is_empty() {
            return Some(DateTime { date, time: Time::MIDNIGHT });
        }
        let (nanos, zone) = Time::parts(rest.strip_prefix('T')?)?;
        let date = if nanos == DAY_NANOS { date.add_days(1)? } else { date };
        Some(DateTime { date, time: Time::new(nanos % DAY_NANOS, zone)? })
    }

    /// The day.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The time of day with its zone.
    pub fn time(&self) -> &Time {
        &self.time
    }

    /// The zone, if it has one.
    pub fn zone(&self) -> Option<&Zone> {
        self.time.zone()
    }

    /// Seconds east of UTC, if it has a zone.
    pub fn offset(&self) -> Option<i32> {
        self.zone()?.offset_at(self.date, self.time.nanos())
    }

    /// Nanoseconds since 1970 by the wall clock.
    fn wall(&self) -> i128 {
        i128::from(self.date.days()) * i128::from(DAY_NANOS) + i128::from(self.time.nanos())
    }

    /// Nanoseconds since 1970 UTC. A local moment counts as UTC: two local ones still compare right.
    pub fn instant(&self) -> i128 {
        self.wall() - i128::from(self.offset().unwrap_or(0)) * 1_000_000_000
    }

    /// The moment at an instant (nanoseconds since 1970 UTC) in a zone; none outside the calendar.
    pub fn from_instant(nanos: i128, zone: Option<Zone>) -> Option<DateTime> {
        let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
        let offset = match &zone {
            Some(zone) => zone.offset_at_instant(seconds)?,
            None => 0,
        };
        let wall = nanos + i128::from(offset) * 1_000_000_000;
        let date = Date::from_days(i64::try_from(wall.div_euclid(i128::from(DAY_NANOS))).ok()?)?;
        let time = Time::new(wall.rem_euclid(i128::from(DAY_NANOS)) as u64, zone)?;
        Some(DateTime { date, time })
    }

    /// The order of two moments; none between a local one and one with a zone.
    pub fn compare(&self, other: &DateTime) -> Option<Ordering> {
        (self.zone().is_some() == other.zone().is_some()).then(|| self.instant().cmp(&other.instant()))
    }

    /// So much later. In a named zone hours are real hours, across changes of the clock.
    pub fn add(&self, duration: DaysDuration) -> Option<DateTime> {
        DateTime::from_instant(self.instant().checked_add(duration.nanos())?, self.zone().cloned())
    }

    /// So many months later, on the same wall clock.
    pub fn add_months(&self, months: MonthsDuration) -> Option<DateTime> {
        Some(DateTime { date: self.date.add_months(months)?, time: self.time.clone() })
    }

    /// How long from `other` to `self`; none between a local moment and one with a zone.
    pub fn since(&self, other: &DateTime) -> Option<DaysDuration> {
        if self.zone().is_some() != other.zone().is_some() {
            return None;
        }
        DaysDuration::from_nanos(self.instant() - other.instant())
    }

    /// The same instant in another zone; a local moment is first taken as UTC.
    pub fn in_zone(&self, zone: Zone) -> Option<DateTime> {
        DateTime::from_instant(self.instant(), Some(zone))
    }

    /// Milliseconds since 1970 UTC, for clocks and journals.
    pub fn to_unix_ms(&self) -> i64 {
        i64::try_from(self.instant().div_euclid(1_000_000)).unwrap_or(i64::MAX)
    }

    /// The moment of a clock that counts milliseconds since 1970 UTC.
    pub fn from_unix_ms(ms: i64, zone: Zone) -> Option<DateTime> {
        DateTime::from_instant(i128::from(ms) * 1_000_000, Some(zone))
    }

    /// Whole seconds of the wall clock since 1970: what the standard compares where it ignores fractions.
    pub fn wall_seconds(&self) -> i64 {
        self.date.days() * DAY_SECONDS + (self.time.nanos() / 1_000_000_000) as i64
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date, self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        DateTime::parse(text).expect("a moment")
    }

    #[test]
    fn moments_compare_across_zones() {
        assert_eq!(
            at("2018-10-08T00:00:00+02:00").instant(),
            at("2018-10-08T00:00:00@Europe/Paris").instant()
        );
        assert_eq!(
            at("2018-02-08T00:00:00+01:00").instant(),
            at("2018-02-08T00:00:00@Europe/Paris").instant()
        );
        assert_eq!(at("2018-02-08T00:00:00").compare(&at("2018-02-08T00:00:00Z")), None);
    }

    #[test]
    fn adding_keeps_the_zone() {
        let hour = DaysDuration::parse("P1DT1H").expect("a duration");
        assert_eq!(
            at("2021-01-12T10:10:10@Australia/Melbourne").add(hour),
            Some(at("2021-01-13T11:10:10@Australia/Melbourne"))
        );
        assert_eq!(at("2021-01-01T24:00:00").to_string(), "2021-01-02T00:00:00");
    }

    #[test]
    fn the_last_years_of_the_calendar_have_zones_too() {
        let last = "999999999-12-31T23:59:59.999999999@Europe/Paris";
        assert_eq!(at(last).to_string(), last);
        assert_eq!(at(last).offset(), Some(3_600));
        assert_eq!(at(last).add(DaysDuration::from_nanos(1).expect("a duration")), None);
    }
}
