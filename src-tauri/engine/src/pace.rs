//! How often a connection may be called: so many calls in a second, a minute or an hour, never more in any such span.
//!
//! The generic cell rate algorithm: one number says when the next call is due; a call that comes earlier waits. Pure, time comes in.

/// So many calls in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Microseconds between two calls, once the burst is used.
    every_us: i64,
    /// So many calls may come at once after a time of rest.
    burst: i64,
}

/// The most calls a rate may name.
const MOST_CALLS: u32 = 100_000;
/// From so many calls on a tenth of them may come at once.
const BURST_FROM: u32 = 20;

impl Rate {
    /// Reads `10/s`, `600/min`, `100/h`.
    pub fn parse(text: &str) -> Option<Rate> {
        let (calls, span) = text.split_once('/')?;
        let calls: u32 = calls.trim().parse().ok().filter(|it| (1..=MOST_CALLS).contains(it))?;
        let span_s: i64 = match span.trim() {
            "s" | "sec" | "second" => 1,
            "min" | "minute" => 60,
            "h" | "hour" => 3_600,
            _ => return None,
        };
        let burst = if calls < BURST_FROM { 1 } else { i64::from(calls / 10) };
        // the burst and what follows it evenly are together no more than the calls of one span
        let followed = i64::from(calls) - burst + 1;
        let span_us = span_s * 1_000_000;
        // rounded up: rather a little too slow than one call too many
        Some(Rate { every_us: (span_us + followed - 1) / followed, burst })
    }
}

/// Where the calls of one connection stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// When the burst is whole again, microseconds since 1970 UTC.
    whole_us: i64,
}

impl Pace {
    /// Takes the next call that is free. Gives how long to wait for it, milliseconds.
    pub fn take(&mut self, rate: Rate, now_ms: i64) -> u64 {
        let now_us = now_ms.saturating_mul(1_000);
        // a clock that was set back must not make everybody wait until it has come round again
        let longest = rate.every_us.saturating_mul(rate.burst);
        if self.whole_us.saturating_sub(now_us) > longest.saturating_add(LONGEST_LINE_US) {
            self.whole_us = now_us;
        }
        let whole_us = self.whole_us.max(now_us);
        let due_us = whole_us - rate.every_us * (rate.burst - 1);
        self.whole_us = whole_us.saturating_add(rate.every_us);
        u64::try_from(due_us.saturating_sub(now_us)).unwrap_or(0).div_ceil(1_000)
    }

    /// When a call that comes now would go out, milliseconds since 1970 UTC; none when at once.
    pub fn next_ms(&self, rate: Rate, now_ms: i64) -> Option<i64> {
        let due_us = self.whole_us.saturating_sub(rate.every_us * (rate.burst - 1));
        let due_ms = due_us.div_euclid(1_000);
        (due_ms > now_ms).then_some(due_ms)
    }
}

/// A line of calls longer than this comes from a clock that was set, microseconds: a week.
const LONGEST_LINE_US: i64 = 7 * 86_400 * 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_in_the_words_of_people_and_nothing_else() {
        for good in ["10/s", "600/min", "100/h", " 5 / minute "] {
            assert!(Rate::parse(good).is_some(), "{good}");
        }
        for bad in ["", "10", "0/s", "-1/s", "10/day", "1.5/s", "200000/s", "/s"] {
            assert_eq!(Rate::parse(bad), None, "{bad}");
        }
    }

    /// However calls come, no span of the rate's length holds more of them than it says.
    #[test]
    fn no_span_holds_more_calls_than_the_rate_says() {
        for (text, most, span_ms) in
            [("10/s", 10, 1_000), ("3/s", 3, 1_000), ("600/min", 600, 60_000), ("25/min", 25, 60_000)]
        {
            let rate = Rate::parse(text).unwrap();
            for seed in 1..20_u64 {
                let (mut pace, mut now, mut dice) = (Pace::default(), 1_000_000_i64, seed);
                let mut went = Vec::new();
                for _ in 0..3_000 {
                    // bursts with rests between them
                    dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    now += [0, 0, 0, 1, 7, 90, 4_000][(dice >> 33) as usize % 7];
                    went.push(now + pace.take(rate, now) as i64);
                }
                went.sort_unstable();
                for (at, first) in went.iter().enumerate() {
                    let count = went[at..].iter().take_while(|it| **it < first + span_ms).count();
                    assert!(count <= most, "{text}, seed {seed}: {count} calls within {span_ms} ms");
                }
            }
        }
    }

    #[test]
    fn after_a_rest_a_tenth_goes_out_at_once_and_the_rest_is_spread() {
        let rate = Rate::parse("600/min").unwrap();
        let mut pace = Pace::default();
        let waits: Vec<u64> = (0..62).map(|_| pace.take(rate, 5_000)).collect();
        assert!(waits[..60].iter().all(|it| *it == 0), "{waits:?}");
        assert!(waits[60] > 0 && waits[61] > waits[60], "{waits:?}");
        assert!(pace.next_ms(rate, 5_000).is_some_and(|it| it > 5_000));
        assert_eq!(pace.next_ms(rate, 200_000), None);
    }

    #[test]
    fn a_clock_that_is_set_back_by_a_year_holds_nobody_for_a_year() {
        let rate = Rate::parse("1/s").unwrap();
        let mut pace = Pace::default();
        let year_ms = 365 * 86_400_000;
        pace.take(rate, 10 + year_ms);
        assert_eq!(pace.take(rate, 10), 0);
    }
}
