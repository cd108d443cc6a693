//! Time that passes only when nothing else can happen.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arna_engine::Clock;
use sdk::async_trait;

#[derive(Default)]
struct State {
    /// Since the simulation began, milliseconds. Never goes back.
    passed_ms: i64,
    /// The time of day at the beginning, and how the clock was set since.
    day_ms: i64,
    /// When it was set last, in the time since the beginning.
    set_at_ms: i64,
    timers: BTreeMap<(i64, u64), Option<Waker>>,
    next: u64,
}

/// The clock of a simulation.
#[derive(Default)]
pub(crate) struct SimClock(Mutex<State>);

impl SimClock {
    pub(crate) fn starting_at(day_ms: i64) -> SimClock {
        SimClock(Mutex::new(State { day_ms, ..State::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the simulation began.
    pub(crate) fn passed_ms(&self) -> i64 {
        self.state().passed_ms
    }

    /// Somebody sets the clock, forward or back.
    pub(crate) fn set_by(&self, ms: i64) {
        let mut state = self.state();
        state.day_ms += ms;
        state.set_at_ms = state.passed_ms;
    }

    /// Milliseconds since somebody set it.
    pub(crate) fn unset_ms(&self) -> i64 {
        let state = self.state();
        state.passed_ms - state.set_at_ms
    }

    /// The machine is off, or asleep, for a while.
    pub(crate) fn skip(&self, ms: i64) {
        self.state().passed_ms += ms;
    }

    /// Goes on to the next moment for which somebody waits. False when nobody does.
    pub(crate) fn advance(&self) -> bool {
        let mut state = self.state();
        let Some((&(due, _), _)) = state.timers.first_key_value() else { return false };
        state.passed_ms = state.passed_ms.max(due);
        let now = state.passed_ms;
        let wakers: Vec<Waker> =
            state.timers.range_mut(..=(now, u64::MAX)).filter_map(|it| it.1.take()).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        true
    }

    /// Waits so long.
    pub(crate) fn wait(&self, ms: i64) -> Wait<'_> {
        let mut state = self.state();
        let id = (state.passed_ms + ms.max(0), state.next);
        state.next += 1;
        state.timers.insert(id, None);
        drop(state);
        Wait { clock: self, id }
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now_ms(&self) -> i64 {
        let state = self.state();
        state.day_ms + state.passed_ms
    }

    async fn sleep(&self, time: Duration) {
        self.wait(i64::try_from(time.as_millis()).unwrap_or(i64::MAX >> 2)).await;
    }
}

/// A wait that has begun; dropped, it is forgotten.
pub(crate) struct Wait<'a> {
    clock: &'a SimClock,
    id: (i64, u64),
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if state.passed_ms >= self.id.0 {
            return Poll::Ready(());
        }
        state.timers.insert(self.id, Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.clock.state().timers.remove(&self.id);
    }
}
