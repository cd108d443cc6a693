//! Noticing that the machine slept, or that somebody set its clock: what was waited for by the time of day is looked at at once, and
//! connections from before are not trusted.

use std::time::{Duration, Instant};

use crate::engine::Engine;

/// How often the two clocks are compared.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Smaller differences are a clock that is being kept right.
const JUMP_MS: i64 = 5_000;

/// The time of day at a moment of the clock that never jumps. On Linux and macOS that clock stands still while the machine sleeps.
pub struct Moment {
    at: Instant,
    now_ms: i64,
}

impl Engine {
    /// This moment, to be compared with a later one.
    pub fn moment(&self) -> Moment {
        Moment { at: Instant::now(), now_ms: self.0.clock.now_ms() }
    }

    /// Compares the clocks every two seconds, for ever.
    pub async fn keep_time(&self) {
        let mut before = self.moment();
        loop {
            self.0.clock.sleep(LOOK_EVERY).await;
            before = self.look_at_time(&before);
        }
    }

    /// Looks whether the time of day jumped since a moment; then all that waits for a time looks at the clock. Gives this moment.
    pub fn look_at_time(&self, before: &Moment) -> Moment {
        let now = self.moment();
        let passed_ms = i64::try_from(now.at.duration_since(before.at).as_millis()).unwrap_or(i64::MAX);
        let jumped_ms = now.now_ms.saturating_sub(before.now_ms).saturating_sub(passed_ms);
        if jumped_ms.abs() > JUMP_MS {
            tracing::info!(jumped_ms, "the machine slept, or its clock was set");
            // the other side of a connection that slept is mostly gone, and does not say so
            self.0.http.forget();
            self.look_now();
        }
        now
    }
}
