//! Due times, pure: when a schedule is due, and what becomes of due times that passed while nobody looked.

use croner::Cron;
use croner::parser::CronParser;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use journal::DueOutcome;

/// A schedule that was understood.
#[derive(Clone)]
pub struct Schedule {
    form: Form,
}

#[derive(Clone)]
enum Form {
    /// Times of a zone's clock.
    Cron(Box<Clock>),
    /// Every so many milliseconds, counted from 1970 UTC, so that a restart changes nothing.
    Every(i64),
}

/// Times of a zone's clock. The pattern says which times of a clock are meant; what an hour that is left out or comes twice means is
/// decided here (Vixie's rules, as in the cron of Debian): fixed times come once, all others whenever the clock shows them.
#[derive(Clone)]
struct Clock {
    pattern: Cron,
    zone: TimeZone,
    /// Neither minute nor hour is a `*`.
    is_fixed: bool,
}

/// What becomes of due times that were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// One run for the latest; the earlier ones are merged into it.
    Latest,
    /// A run for each, oldest first, up to [`MOST_CATCH_UP`].
    All,
    /// None.
    Skip,
}

impl Missed {
    /// The policy of a name in a flow file.
    pub fn named(name: &str) -> Option<Missed> {
        match name {
            "latest" => Some(Missed::Latest),
            "all" => Some(Missed::All),
            "skip" => Some(Missed::Skip),
            _ => None,
        }
    }
}

/// With policy all, so many missed due times get a run.
pub const MOST_CATCH_UP: usize = 100;
/// A due time older than this gets no run any more, milliseconds.
pub const WINDOW_MS: i64 = 24 * 3_600_000;
/// A due time noticed within this time is on time, milliseconds.
const ON_TIME_MS: i64 = 90_000;
/// So many due times are looked at in one go; a schedule of seconds after a year off must not take the engine's whole day.
const MOST_LISTED: usize = 10_000;
/// The shortest interval, milliseconds.
const SHORTEST_MS: i64 = 1_000;

impl Schedule {
    /// Understands five cron fields (or `@daily` and its like) in a zone, or `@every` with a time such as `90s`, `7m`, `1h30m`.
    ///
    /// # Errors
    /// A sentence that says what is not understood.
    pub fn parse(text: &str, zone: &str) -> Result<Schedule, String> {
        if let Some(every) = text.trim().strip_prefix("@every") {
            let every_ms = span_ms(every.trim())
                .ok_or_else(|| format!("{every:?} is not a time like 90s, 7m or 1h30m"))?;
            if every_ms < SHORTEST_MS {
                return Err("An interval is at least one second".into());
            }
            return Ok(Schedule { form: Form::Every(every_ms) });
        }
        let zone = TimeZone::get(zone)
            .map_err(|_| format!("There is no time zone {zone:?}; use a name like Asia/Almaty"))?;
        let cron = CronParser::builder().build().parse(text.trim()).map_err(|e| {
            format!("{text:?} is not a schedule: {e}. Five fields are minute, hour, day, month, weekday")
        })?;
        let is_fixed = is_fixed(text.trim());
        Ok(Schedule { form: Form::Cron(Box::new(Clock { pattern: cron, zone, is_fixed })) })
    }

    /// The first due time after an instant, both milliseconds since 1970 UTC; none when there is none in sight.
    pub fn next_after(&self, after_ms: i64) -> Option<i64> {
        match &self.form {
            Form::Every(every_ms) => Some((after_ms.div_euclid(*every_ms) + 1) * every_ms),
            Form::Cron(clock) => {
                let after = Timestamp::from_millisecond(after_ms).ok()?;
                let due = if clock.is_fixed { clock.next_fixed(after)? } else { clock.next_shown(after)? };
                Some(due.as_millisecond())
            }
        }
    }

    /// Due times after one instant up to another, the latest ones when they are many.
    pub fn between(&self, after_ms: i64, until_ms: i64) -> Vec<i64> {
        let mut dues = std::collections::VecDeque::new();
        let mut at = after_ms;
        while let Some(due) = self.next_after(at).filter(|it| *it <= until_ms) {
            if dues.len() == MOST_LISTED {
                dues.pop_front();
            }
            dues.push_back(due);
            at = due;
        }
        dues.into()
    }

    /// The schedule in words, with the place whose clock it follows: an interval follows none.
    pub fn describe(&self) -> String {
        let every_ms = match &self.form {
            Form::Every(every_ms) => every_ms,
            Form::Cron(clock) => {
                // `Asia/Almaty` as `Almaty`
                let zone = clock.zone.iana_name().unwrap_or("UTC");
                let place = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
                return format!("{} {place}", clock.pattern.describe());
            }
        };
        let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
        let (unit_ms, unit) =
            units.into_iter().find(|(ms, _)| every_ms % ms == 0).unwrap_or((1_000, "second"));
        match every_ms / unit_ms {
            1 => format!("Every {unit}"),
            many => format!("Every {many} {unit}s"),
        }
    }
}

/// So many changes of a zone's clock are passed in search of a time that it shows.
const MOST_CHANGES: usize = 1_000;

impl Clock {
    /// The first time of a clock after another that fits the pattern, or that one itself. No zone is asked: as if no clock ever changed.
    fn fitting(&self, from: DateTime, or_itself: bool) -> Option<DateTime> {
        let from = from.to_zoned(TimeZone::UTC).ok()?;
        Some(self.pattern.find_next_occurrence(&from, or_itself).ok()?.datetime())
    }

    /// A fixed time comes once: at its first pass when there are two, and at the first instant after the gap when it is left out.
    fn next_fixed(&self, after: Timestamp) -> Option<Timestamp> {
        let mut shown = self.zone.to_datetime(after);
        loop {
            shown = self.fitting(shown, false)?;
            let due = match self.zone.to_ambiguous_timestamp(shown).offset() {
                AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                    offset.to_timestamp(shown).ok()?
                }
                AmbiguousOffset::Gap { before, after } => self.gap_end(shown, (before, after))?,
            };
            if due > after {
                return Some(due);
            }
        }
    }

    /// The instant at which a gap ends that leaves this time out.
    fn gap_end(&self, left_out: DateTime, (before, after): (Offset, Offset)) -> Option<Timestamp> {
        let earliest = after.to_timestamp(left_out).ok()?;
        let latest = before.to_timestamp(left_out).ok()?;
        let mut changes = self.zone.following(earliest).take_while(|it| it.timestamp() <= latest);
        changes.find(|it| it.offset() == after).map(|it| it.timestamp()).or(Some(latest))
    }

    /// The first instant at which the clock shows a time that fits, however often it shows it.
    fn next_shown(&self, after: Timestamp) -> Option<Timestamp> {
        let (mut from, mut or_itself) = (after, false);
        for _ in 0..MOST_CHANGES {
            let offset = self.zone.to_offset(from);
            let until = self.zone.following(from).next().map(|it| it.timestamp());
            let due = offset.to_timestamp(self.fitting(offset.to_datetime(from), or_itself)?).ok()?;
            match until {
                Some(until) if due >= until => (from, or_itself) = (until, true),
                _ => return Some(due),
            }
        }
        None
    }
}

/// Whether minute and hour are said by number.
fn is_fixed(text: &str) -> bool {
    if text.starts_with('@') {
        return !matches!(text, "@hourly" | "@minutely" | "@secondly");
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    // six fields begin with the seconds
    let time = if fields.len() > 5 { &fields[..3] } else { &fields[..fields.len().min(2)] };
    time.iter().all(|it| !it.contains(['*', '?']))
}

/// A time such as `90s`, `7m`, `1h30m`, `2d`, in milliseconds.
fn span_ms(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut digits = String::new();
    for char in text.chars().filter(|it| !it.is_whitespace()) {
        if char.is_ascii_digit() {
            digits.push(char);
            continue;
        }
        let unit: i64 = match char {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && total > 0).then_some(total)
}

/// The one outcome of each due time up to now. `dues` are those after the schedule's mark, oldest first.
pub fn outcomes(dues: &[i64], now_ms: i64, missed: Missed) -> Vec<(i64, DueOutcome)> {
    let Some((latest, earlier)) = dues.split_last() else { return Vec::new() };
    let is_on_time = now_ms - latest <= ON_TIME_MS;
    let passed: &[i64] = if is_on_time { earlier } else { dues };
    let in_window = |due: i64| now_ms - due <= WINDOW_MS;
    let mut list: Vec<(i64, DueOutcome)> = match missed {
        Missed::Skip => passed.iter().map(|due| (*due, DueOutcome::Skipped)).collect(),
        Missed::All => {
            let fit = passed.iter().filter(|it| in_window(**it)).count();
            let over = fit.saturating_sub(MOST_CATCH_UP) + (passed.len() - fit);
            let outcome = |at: usize| if at < over { DueOutcome::Missed } else { DueOutcome::Fired };
            passed.iter().enumerate().map(|(at, due)| (*due, outcome(at))).collect()
        }
        Missed::Latest => {
            // a due time that is on time stands for the missed ones before it; else the latest of them does
            let fires = if is_on_time { None } else { passed.last().copied().filter(|it| in_window(*it)) };
            passed
                .iter()
                .map(|due| match fires {
                    Some(fires) if fires == *due => (*due, DueOutcome::Fired),
                    _ if in_window(*due) => (*due, DueOutcome::Merged),
                    _ => (*due, DueOutcome::Missed),
                })
                .collect()
        }
    };
    if is_on_time {
        list.push((*latest, DueOutcome::Fired));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn next(cron: &str, zone: &str, after: &str) -> String {
        let due = Schedule::parse(cron, zone).unwrap().next_after(instant(after)).unwrap();
        Timestamp::from_millisecond(due).unwrap().to_string()
    }

    /// Instants computed by hand from the zone rules.
    #[test]
    fn clock_changes_fire_once_in_the_gap_and_once_in_the_overlap() {
        let table = [
            ("30 2 * * *", "Europe/Berlin", "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z"),
            ("30 2 * * *", "Europe/Berlin", "2027-10-31T00:00:00Z", "2027-10-31T00:30:00Z"),
            ("30 2 * * *", "Europe/Berlin", "2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"),
            ("30 2 * * *", "America/New_York", "2027-03-14T06:00:00Z", "2027-03-14T07:00:00Z"),
            ("30 1 * * *", "America/New_York", "2027-11-07T05:00:00Z", "2027-11-07T05:30:00Z"),
            ("30 1 * * *", "America/New_York", "2027-11-07T05:30:00Z", "2027-11-08T06:30:00Z"),
            ("0 9 * * MON-FRI", "Asia/Almaty", "2026-01-02T05:00:00Z", "2026-01-05T04:00:00Z"),
            ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ];
        for (cron, zone, after, expected) in table {
            assert_eq!(next(cron, zone, after), expected, "{cron} in {zone} after {after}");
        }
    }

    #[test]
    fn a_schedule_says_itself_in_words() {
        let said = |cron| Schedule::parse(cron, "Asia/Almaty").map(|it| it.describe()).unwrap_or_default();
        assert_eq!(said("@every 90s"), "Every 90 seconds");
        assert_eq!(said("@every 1h30m"), "Every 90 minutes");
        assert_eq!(said("@every 1h"), "Every hour");
        assert_eq!(said("@every 2d"), "Every 2 days");
        assert_eq!(said("30 9 * * *"), "At 09:30. Almaty");
    }

    #[test]
    fn intervals_follow_elapsed_time_through_clock_changes() {
        assert_eq!(next("@every 7m", "Europe/Berlin", "2027-03-28T00:55:00Z"), "2027-03-28T01:02:00Z");
        assert!(Schedule::parse("@every 10x", "UTC").is_err());
        assert!(Schedule::parse("61 * * * *", "UTC").is_err());
        assert!(Schedule::parse("0 9 * * *", "Asia/Atlantis").err().unwrap().contains("Asia/Atlantis"));
    }

    #[test]
    fn a_day_off_gives_every_due_time_one_outcome() {
        let hour = 3_600_000;
        let dues: Vec<i64> = (1..=30).map(|it| it * hour).collect();
        let now = 30 * hour + 600_000;
        let count = |list: &[(i64, DueOutcome)], outcome| list.iter().filter(|it| it.1 == outcome).count();
        let latest = outcomes(&dues, now, Missed::Latest);
        assert_eq!((count(&latest, DueOutcome::Fired), count(&latest, DueOutcome::Merged)), (1, 23));
        assert_eq!(count(&latest, DueOutcome::Missed), 6, "older than a day");
        assert_eq!(latest.last(), Some(&(30 * hour, DueOutcome::Fired)));
        let all = outcomes(&dues, now, Missed::All);
        assert_eq!((count(&all, DueOutcome::Fired), count(&all, DueOutcome::Missed)), (24, 6));
        let skip = outcomes(&dues, now, Missed::Skip);
        assert_eq!(count(&skip, DueOutcome::Skipped), 30);
        let on_time = outcomes(&dues, 30 * hour + 1_000, Missed::Skip);
        assert_eq!(on_time.last(), Some(&(30 * hour, DueOutcome::Fired)), "skip is about missed ones only");
        for list in [latest, all, skip] {
            assert_eq!(list.iter().map(|it| it.0).collect::<Vec<_>>(), dues, "each exactly once, in order");
        }
    }
}
