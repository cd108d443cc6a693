//! Decisions, pure: what follows a failed attempt, when a system is left alone, whether a run is stopped, how it ended.
//!
//! No clock, no dice, no I/O: time and chance are arguments, so that a simulation can drive every branch.

use sdk::{Code, Effect};

/// How often and when a failed call is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts inside the run, the first included.
    pub attempts: u32,
    /// Pause before the second attempt, milliseconds; doubles with each further one.
    pub first_ms: u64,
    /// The longest pause.
    pub cap_ms: u64,
    /// Whether the record is parked for slow retries afterwards.
    pub is_slow_after: bool,
}

impl Retry {
    /// Five attempts, 1 s doubling up to 60 s, then slow retries for 72 hours.
    pub const PATIENT: Retry = Retry { attempts: 5, first_ms: 1_000, cap_ms: 60_000, is_slow_after: true };
    /// Three attempts within a second, then the record fails.
    pub const QUICK: Retry = Retry { attempts: 3, first_ms: 200, cap_ms: 1_000, is_slow_after: false };
    /// One attempt.
    pub const NEVER: Retry = Retry { attempts: 1, first_ms: 0, cap_ms: 0, is_slow_after: false };

    /// The policy of a name in a flow file.
    pub fn named(name: &str) -> Option<Retry> {
        match name {
            "patient" => Some(Retry::PATIENT),
            "quick" => Some(Retry::QUICK),
            "never" => Some(Retry::NEVER),
            _ => None,
        }
    }
}

/// Pauses between slow retries; the last one repeats until [`SLOW_LIMIT_MS`] have passed.
const SLOW_MS: [u64; 9] =
    [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000];
/// After so long a record is given up.
pub const SLOW_LIMIT_MS: u64 = 72 * 3_600_000;
/// A pause asked for by the other side is obeyed up to this.
pub const RETRY_AFTER_CAP_MS: u64 = 24 * 3_600_000;
/// A pause asked for by the other side that is longer than this leaves memory.
const HOLD_MS: u64 = 60_000;

/// A failed attempt.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// What kind of failure.
    pub code: Code,
    /// The pause the other side asked for.
    pub retry_after_ms: Option<u64>,
    /// What may happen when the call is repeated.
    pub effect: Effect,
    /// Attempts made so far, this one included, inside the run.
    pub attempt: u32,
    /// Slow attempts made so far.
    pub slow: u32,
    /// Milliseconds since the record was first parked.
    pub parked_for_ms: u64,
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again after so many milliseconds, inside the run.
    Retry(u64),
    /// Leave memory and try again after so many milliseconds.
    Park(u64),
    /// Give the record up.
    Fail,
    /// Nobody knows whether it took effect: ask a person.
    Ask,
}

/// What follows a failed attempt. `dice` is in 0..1 and spreads the pause over its whole length (full jitter).
pub fn after_failure(failure: &Failure, retry: &Retry, dice: f64) -> Next {
    let may_have_happened = matches!(failure.code, Code::Ambiguous | Code::Timeout);
    if may_have_happened && failure.effect == Effect::Ambiguous {
        return Next::Ask;
    }
    if !failure.code.is_transient() && failure.code != Code::Ambiguous {
        return Next::Fail;
    }
    let asked = failure.retry_after_ms.map(|it| it.min(RETRY_AFTER_CAP_MS));
    if failure.slow == 0 && failure.attempt < retry.attempts {
        let wait = match asked {
            Some(asked) => asked,
            None => {
                let doubled = retry.first_ms.saturating_mul(1u64 << (failure.attempt.clamp(1, 32) - 1));
                (doubled.min(retry.cap_ms) as f64 * dice) as u64
            }
        };
        if wait <= HOLD_MS || !retry.is_slow_after {
            return Next::Retry(wait);
        }
        return Next::Park(wait);
    }
    if !retry.is_slow_after || failure.parked_for_ms >= SLOW_LIMIT_MS {
        return Next::Fail;
    }
    let pause = SLOW_MS[(failure.slow as usize).min(SLOW_MS.len() - 1)];
    Next::Park(asked.unwrap_or(0).max(pause + (pause as f64 * 0.1 * dice) as u64))
}

/// A run stops once more than one record in a hundred failed, counted from this many records.
pub const STOP_FROM_RECORDS: u64 = 1_000;
/// A run stops at this many failed records in any case.
pub const STOP_AT_FAILED: u64 = 1_000;

/// Whether so many failures among so many records stop the run.
pub fn is_stopped(records: u64, failed: u64) -> bool {
    failed > STOP_AT_FAILED || (records >= STOP_FROM_RECORDS && failed.saturating_mul(100) > records)
}

/// How a run ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EndState {
    /// All records went through.
    Ok,
    /// Some records failed or were parked; the others went through.
    Partial,
    /// Nothing failed, and some records wait for their time; the run ends with the last of them.
    Waiting,
    /// The run was stopped by a failure.
    Failed,
    /// A person cancelled it.
    Cancelled,
    /// It took the engine down three times and is held back.
    Quarantined,
    /// It never began: the flow's rule for events that come while others run left it out.
    Skipped,
}

impl EndState {
    /// The state's name in the journal.
    pub fn name(self) -> &'static str {
        match self {
            EndState::Ok => "ok",
            EndState::Partial => "partial",
            EndState::Waiting => "waiting",
            EndState::Failed => "failed",
            EndState::Cancelled => "cancelled",
            EndState::Quarantined => "quarantined",
            EndState::Skipped => "skipped",
        }
    }
}

/// The circuit breaker of one connection: after repeated failures it is left alone for a while.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    in_a_row: u32,
    calls: u32,
    failures: u32,
    window_from_ms: i64,
    open_until_ms: Option<i64>,
    pause_ms: i64,
    is_probing: bool,
}

/// Failures in a row that open the breaker.
const OPEN_AT_ROW: u32 = 5;
/// Calls of a window from which half failing opens the breaker.
const OPEN_AT_CALLS: u32 = 10;
/// The window in which calls are counted, milliseconds.
const WINDOW_MS: i64 = 30_000;
/// The first pause of an open breaker, milliseconds.
const FIRST_PAUSE_MS: i64 = 10_000;
/// The longest pause.
const LONGEST_PAUSE_MS: i64 = 300_000;

impl Breaker {
    /// Whether a call may go out now; otherwise how long to wait, milliseconds. After a pause one call probes.
    pub fn may_call(&mut self, now_ms: i64) -> Result<(), u64> {
        // no longer than its pause, also when the clock was set back meanwhile
        let Some(until) = self.open_until_ms.map(|it| it.min(now_ms.saturating_add(self.pause_ms))) else {
            return Ok(());
        };
        self.open_until_ms = Some(until);
        if now_ms < until {
            return Err((until - now_ms) as u64);
        }
        if self.is_probing {
            return Err(FIRST_PAUSE_MS as u64);
        }
        self.is_probing = true;
        Ok(())
    }

    /// A call was answered, whatever the answer said.
    pub fn succeeded(&mut self, now_ms: i64) {
        if self.open_until_ms.is_some() {
            *self = Breaker { window_from_ms: now_ms, ..Breaker::default() };
        }
        self.count(now_ms);
        self.in_a_row = 0;
    }

    /// A call could not be made or got no usable answer.
    pub fn failed(&mut self, now_ms: i64) {
        self.count(now_ms);
        self.in_a_row += 1;
        self.failures += 1;
        let half_fail = self.calls >= OPEN_AT_CALLS && self.failures * 2 >= self.calls;
        if self.is_probing || self.in_a_row >= OPEN_AT_ROW || half_fail {
            self.pause_ms = (self.pause_ms * 2).clamp(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
            self.open_until_ms = Some(now_ms + self.pause_ms);
            self.is_probing = false;
            self.calls = 0;
            self.failures = 0;
        }
    }

    /// A call was given up before it was answered (its run was cancelled), so it says nothing; the next may probe in its place.
    pub fn abandoned(&mut self) {
        self.is_probing = false;
    }

    /// Whether calls are held back.
    pub fn is_open(&self) -> bool {
        self.open_until_ms.is_some()
    }

    /// When the next call is tried, where calls are held back.
    pub fn open_until_ms(&self) -> Option<i64> {
        self.open_until_ms
    }

    fn count(&mut self, now_ms: i64) {
        if now_ms - self.window_from_ms > WINDOW_MS {
            self.window_from_ms = now_ms;
            self.calls = 0;
            self.failures = 0;
        }
        self.calls += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: Code, effect: Effect, attempt: u32) -> Failure {
        Failure { code, retry_after_ms: None, effect, attempt, slow: 0, parked_for_ms: 0 }
    }

    #[test]
    fn a_refused_call_is_never_repeated() {
        let it = failure(Code::Refused, Effect::Idempotent, 1);
        assert_eq!(after_failure(&it, &Retry::PATIENT, 0.5), Next::Fail);
    }

    #[test]
    fn a_cut_off_call_that_may_not_be_repeated_is_asked_about() {
        let it = failure(Code::Timeout, Effect::Ambiguous, 1);
        assert_eq!(after_failure(&it, &Retry::PATIENT, 0.5), Next::Ask);
        let keyed = failure(Code::Timeout, Effect::Idempotent, 1);
        assert_eq!(after_failure(&keyed, &Retry::PATIENT, 1.0), Next::Retry(1_000));
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_then_the_record_is_parked() {
        let waits: Vec<Next> = (1..=5)
            .map(|n| after_failure(&failure(Code::Unavailable, Effect::Read, n), &Retry::PATIENT, 1.0))
            .collect();
        assert_eq!(
            waits[..4],
            [Next::Retry(1_000), Next::Retry(2_000), Next::Retry(4_000), Next::Retry(8_000)]
        );
        assert_eq!(waits[4], Next::Park(5_500));
    }

    #[test]
    fn the_other_side_is_obeyed_but_not_for_ever() {
        let mut it = failure(Code::Busy, Effect::Read, 1);
        it.retry_after_ms = Some(7_000);
        assert_eq!(after_failure(&it, &Retry::PATIENT, 0.0), Next::Retry(7_000));
        it.retry_after_ms = Some(u64::MAX);
        assert_eq!(after_failure(&it, &Retry::PATIENT, 0.0), Next::Park(RETRY_AFTER_CAP_MS));
    }

    #[test]
    fn after_three_days_a_parked_record_is_given_up() {
        let mut it = failure(Code::Unavailable, Effect::Read, 5);
        it.slow = 14;
        it.parked_for_ms = SLOW_LIMIT_MS;
        assert_eq!(after_failure(&it, &Retry::PATIENT, 0.0), Next::Fail);
    }

    #[test]
    fn the_stop_rule_counts_from_a_thousand_records() {
        assert!(!is_stopped(999, 999));
        assert!(!is_stopped(1_000, 10));
        assert!(is_stopped(1_000, 11));
        assert!(is_stopped(1_000_000, 1_001));
    }

    #[test]
    fn a_breaker_opens_after_five_failures_probes_once_and_closes_on_success() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            assert_eq!(breaker.may_call(0), Ok(()));
            breaker.failed(0);
        }
        assert_eq!(breaker.may_call(1), Err(9_999));
        assert_eq!(breaker.may_call(10_000), Ok(()), "one probe goes out");
        assert!(breaker.may_call(10_000).is_err(), "only one");
        breaker.failed(10_001);
        assert_eq!(breaker.may_call(10_002), Err(19_999), "the pause doubles");
        assert_eq!(breaker.may_call(40_000), Ok(()));
        breaker.failed(40_000);
        assert_eq!(
            breaker.may_call(-3_600_000),
            Err(40_000),
            "a clock that is set back does not make the pause longer"
        );
        assert_eq!(breaker.may_call(10_000), Ok(()));
        breaker.abandoned();
        assert_eq!(breaker.may_call(10_000), Ok(()), "a probe that was given up makes room for another");
        breaker.succeeded(40_001);
        assert!(!breaker.is_open());
    }
}
