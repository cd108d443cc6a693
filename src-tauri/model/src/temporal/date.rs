//! A calendar day.

use std::fmt;

use super::{MAX_YEAR, MonthsDuration, digits};

/// A day of the proleptic Gregorian calendar, with years up to nine digits. 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// The day, when there is such a day.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Date> {
        if year.abs() > i64::from(MAX_YEAR) || !(1..=12).contains(&month) || day < 1 {
            return None;
        }
        let (year, month) = (year as i32, month as u8);
        (day <= i64::from(month_length(year, month))).then_some(Date { year, month, day: day as u8 })
    }

    /// Reads `2026-02-28`; a year may have a minus and up to nine digits, without leading zeros past four.
    pub fn parse(text: &str) -> Option<Date> {
        let (date, rest) = Date::prefix(text)?;
        rest.is_empty().then_some(date)
    }

    /// A date at the start of the text, and what follows it.
    pub(super) fn prefix(text: &str) -> Option<(Date, &str)> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (year, rest) = digits(text, 4, 9)?;
        if text.len() - rest.len() > 4 && text.starts_with('0') {
            return None;
        }
        let (month, rest) = digits(rest.strip_prefix('-')?, 2, 2)?;
        let (day, rest) = digits(rest.strip_prefix('-')?, 2, 2)?;
        let date = Date::new(if negative { -year } else { year }, month, day)?;
        Some((date, rest))
    }

    /// The year; negative before our era.
    pub fn year(self) -> i32 {
        self.year
    }

    /// 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// Monday is 1, Sunday 7.
    pub fn weekday(self) -> u8 {
        (self.days().wrapping_add(3)).rem_euclid(7) as u8 + 1
    }

    /// 1 to 366.
    pub fn day_of_year(self) -> u16 {
        (self.days() - Date { year: self.year, month: 1, day: 1 }.days()) as u16 + 1
    }

    /// Week of the year by ISO 8601: 1 to 53.
    pub fn week_of_year(self) -> u8 {
        // The week belongs to the year that its Thursday is in.
        let thursday = self.days() + 4 - i64::from(self.weekday());
        let first = Date { year: civil(thursday).0 as i32, month: 1, day: 1 }.days();
        ((thursday - first) / 7) as u8 + 1
    }

    /// How many days this month has.
    pub fn month_length(self) -> u8 {
        month_length(self.year, self.month)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let month = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// The day this many days after 1970-01-01; none outside the years of [`MAX_YEAR`].
    pub fn from_days(days: i64) -> Option<Date> {
        if days.unsigned_abs() > 366_000_000_000 {
            return None;
        }
        let (year, month, day) = civil(days);
        Date::new(year, month, day)
    }

    /// The day this many days later.
    pub fn add_days(self, days: i64) -> Option<Date> {
        Date::from_days(self.days().checked_add(days)?)
    }

    /// The same day of the month so many months later, or the last day of that month where it is shorter.
    pub fn add_months(self, months: MonthsDuration) -> Option<Date> {
        let at = (i64::from(self.year) * 12 + i64::from(self.month) - 1).checked_add(months.months())?;
        let (year, month) = (at.div_euclid(12), at.rem_euclid(12) + 1);
        let length = month_length(i32::try_from(year).ok()?, month as u8);
        Date::new(year, month, i64::from(self.day.min(length)))
    }

    /// Whole years and months from `self` to `other`; negative when `other` is earlier.
    pub fn months_until(self, other: Date) -> MonthsDuration {
        let mut months = (i64::from(other.year) - i64::from(self.year)) * 12 + i64::from(other.month)
            - i64::from(self.month);
        if months > 0 && other.day < self.day {
            months -= 1;
        } else if months < 0 && other.day > self.day {
            months += 1;
        }
        MonthsDuration::new(months)
    }
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i32, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of a day number: Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}-{:02}-{:02}", self.year.unsigned_abs(), self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970_and_back() {
        for (text, days) in
            [("1970-01-01", 0), ("2000-03-01", 11_017), ("1969-12-31", -1), ("-0001-01-01", -719_893)]
        {
            let date = Date::parse(text).expect("a date");
            assert_eq!(date.days(), days, "{text}");
            assert_eq!(Date::from_days(days), Some(date));
        }
        for text in ["999999999-12-31", "-999999999-01-01"] {
            let date = Date::parse(text).expect("a date");
            assert_eq!(Date::from_days(date.days()), Some(date));
        }
    }

    #[test]
    fn calendar_questions_have_iso_answers() {
        let date = |text| Date::parse(text).expect("a date");
        assert_eq!(date("2018-12-10").weekday(), 1);
        assert_eq!(date("2020-12-31").day_of_year(), 366);
        assert_eq!(date("2005-01-01").week_of_year(), 53);
        assert_eq!(date("2012-12-31").week_of_year(), 1);
        assert_eq!(date("2024-01-31").add_months(MonthsDuration::new(1)), Some(date("2024-02-29")));
        assert_eq!(date("2024-01-31").months_until(date("2024-02-29")).months(), 0);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "2017-13-10",
            "2017-02-29",
            "998-12-31",
            "01211-12-31",
            "+2012-12-02",
            "2012-12-25T",
            "",
            "2012/12/25",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
