//! Time zones read by ourselves from the bundled database (RFC 9636), so that due times are judged by another way than the one under test.

/// A zone: when which offset begins.
pub struct Zone {
    /// Seconds since 1970 UTC, and the offset east of UTC from then on, seconds.
    changes: Vec<(i64, i32)>,
    first: i32,
}

fn number(bytes: &[u8], at: usize) -> usize {
    usize::try_from(i32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))).expect("a count")
}

impl Zone {
    /// A zone from its file: the changes written in it, and those its rule gives up to the end of a year.
    ///
    /// # Panics
    /// When the file is not as the RFC says.
    pub fn read(file: &[u8], until_year: i64) -> Zone {
        assert_eq!(&file[..4], b"TZif");
        // the first block has times of 32 bits and is skipped
        let sizes = |at: usize| [0, 1, 2, 3, 4, 5].map(|it| number(file, at + 20 + 4 * it));
        let [utc, standard, leaps, times, types, letters] = sizes(0);
        let second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc;
        let [utc, standard, leaps, times, types, letters] = sizes(second);
        let at = second + 44;
        let types_at = at + times * 9;
        let offset = |kind: usize| {
            let at = types_at + kind * 6;
            i32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"))
        };
        let mut changes: Vec<(i64, i32)> = (0..times)
            .map(|it| {
                let from = at + it * 8;
                let when = i64::from_be_bytes(file[from..from + 8].try_into().expect("eight bytes"));
                (when, offset(usize::from(file[at + times * 8 + it])))
            })
            .collect();
        let rule_at = types_at + types * 6 + letters + leaps * 12 + standard + utc;
        let rule = std::str::from_utf8(&file[rule_at..]).expect("a rule").trim();
        let last = changes.last().map_or(i64::MIN, |it| it.0);
        changes.extend(Rule::read(rule).changes(2019, until_year).into_iter().filter(|it| it.0 > last));
        let first = if types > 0 { offset(0) } else { 0 };
        changes.dedup_by_key(|it| it.0);
        Zone { changes, first }
    }

    /// The offset at an instant (seconds since 1970 UTC), in seconds.
    pub fn offset(&self, at: i64) -> i32 {
        match self.changes.partition_point(|it| it.0 <= at) {
            0 => self.first,
            count => self.changes[count - 1].1,
        }
    }

    /// Instants between two others at which the offset changes, with the offsets before and after.
    pub fn changes_between(&self, from: i64, to: i64) -> Vec<(i64, i32, i32)> {
        let inside = self.changes.iter().filter(|it| from <= it.0 && it.0 < to);
        let all = inside.map(|(at, after)| (*at, self.offset(at - 1), *after));
        all.filter(|(_, before, after)| before != after).collect()
    }
}

/// A POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct Rule {
    standard: i32,
    summer: Option<(i32, Turn, Turn)>,
}

/// The n-th weekday of a month (5: the last), and seconds after its midnight; or a day of the year.
#[derive(Clone, Copy)]
enum Turn {
    Weekday {
        month: i64,
        week: i64,
        day: i64,
        time: i64,
    },
    /// Counted from 1, without 29 February.
    Julian {
        day: i64,
        time: i64,
    },
    /// Counted from 0.
    Day {
        day: i64,
        time: i64,
    },
}

fn name(text: &str) -> &str {
    match text.strip_prefix('<') {
        Some(rest) => rest.split_once('>').map_or("", |it| it.1),
        None => text.trim_start_matches(|it: char| it.is_ascii_alphabetic()),
    }
}

/// Hours, minutes and seconds with a sign; what is left after them.
fn time(text: &str) -> (i64, &str) {
    let end =
        text.find(|it: char| !(it.is_ascii_digit() || matches!(it, ':' | '+' | '-'))).unwrap_or(text.len());
    let (own, rest) = text.split_at(end);
    let sign = if own.starts_with('-') { -1 } else { 1 };
    let parts = own.trim_start_matches(['+', '-']).split(':').map(|it| it.parse::<i64>().expect("a number"));
    let seconds = parts.zip([3_600, 60, 1]).map(|(part, unit)| part * unit).sum::<i64>();
    (sign * seconds, rest)
}

impl Turn {
    fn read(text: &str) -> Turn {
        let (day, at) = text.split_once('/').unwrap_or((text, "2"));
        let time = time(at).0;
        if let Some(day) = day.strip_prefix('J') {
            return Turn::Julian { day: day.parse().expect("a day"), time };
        }
        match day.strip_prefix('M') {
            Some(parts) => {
                let mut parts = parts.split('.').map(|it| it.parse::<i64>().expect("a number"));
                let mut next = || parts.next().expect("month, week and day");
                Turn::Weekday { month: next(), week: next(), day: next(), time }
            }
            None => Turn::Day { day: day.parse().expect("a day"), time },
        }
    }

    /// Seconds since 1970 of the zone's own clock.
    fn in_year(self, year: i64) -> i64 {
        let (day, time) = match self {
            Turn::Weekday { month, week, day, time } => {
                let first = days(year, month, 1);
                // 1 January 1970 was a Thursday, 4
                let weekday = (first + 4).rem_euclid(7);
                let mut at = first + (day - weekday).rem_euclid(7) + 7 * (week - 1);
                let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
                while at >= next {
                    at -= 7;
                }
                (at, time)
            }
            Turn::Julian { day, time } => {
                let is_leap = days(year, 3, 1) - days(year, 2, 28) == 2;
                (days(year, 1, 1) + day - 1 + i64::from(is_leap && day > 59), time)
            }
            Turn::Day { day, time } => (days(year, 1, 1) + day, time),
        };
        day * 86_400 + time
    }
}

impl Rule {
    fn read(text: &str) -> Rule {
        let (west, rest) = time(name(text));
        let standard = i32::try_from(-west).expect("an offset");
        if rest.is_empty() {
            return Rule { standard, summer: None };
        }
        let (own, turns) = rest.split_once(',').expect("when summer begins");
        let own = name(own);
        let summer =
            if own.is_empty() { standard + 3_600 } else { i32::try_from(-time(own).0).expect("an offset") };
        let (begins, ends) = turns.split_once(',').expect("when summer ends");
        Rule { standard, summer: Some((summer, Turn::read(begins), Turn::read(ends))) }
    }

    fn changes(&self, from_year: i64, until_year: i64) -> Vec<(i64, i32)> {
        let Some((summer, begins, ends)) = self.summer else { return Vec::new() };
        let mut changes = Vec::new();
        for year in from_year..=until_year {
            changes.push((begins.in_year(year) - i64::from(self.standard), summer));
            changes.push((ends.in_year(year) - i64::from(summer), self.standard));
        }
        changes.sort_unstable();
        changes
    }
}

/// Days since 1970 of a date of the Gregorian calendar.
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month, day and weekday (0: Sunday) of days since 1970.
pub fn date(days: i64) -> (i64, i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day, (days + 4).rem_euclid(7))
}
