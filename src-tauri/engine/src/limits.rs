//! What holds calls back: how many at once to one connection, its breaker, a pause it asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sdk::{Code, Cx, NodeError, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::decide::Breaker;
use crate::pace::{Pace, Rate};

/// Calls in flight to one connection.
const CONNECTION_CALLS: usize = 8;
/// Calls in flight in all.
const ALL_CALLS: usize = 64;
/// A caller waits this long for an open breaker before its record is parked.
const LONGEST_WAIT_MS: u64 = 2_000;

/// The gate of one connection.
pub struct Gate {
    calls: Arc<Semaphore>,
    all: Arc<Semaphore>,
    state: Mutex<GateState>,
    has_breaker: bool,
}

#[derive(Default)]
struct GateState {
    breaker: Breaker,
    not_before_ms: i64,
    /// The pause that was asked for, milliseconds.
    asked_pause_ms: i64,
    last_use_ms: Option<i64>,
    last_error: Option<NodeError>,
    rate: Option<Rate>,
    pace: Pace,
}

/// How the other side of a gate has answered since the engine started.
#[derive(Clone, Debug)]
pub struct Answering {
    /// When a call ended last, milliseconds since 1970 UTC.
    pub last_use_ms: i64,
    /// What kept the last call from being answered; none when it was.
    pub last_error: Option<NodeError>,
    /// When the next call is tried, where the breaker holds calls back.
    pub held_until_ms: Option<i64>,
    /// When the next call may go out by the connection's own rate, where calls wait for it.
    pub paced_until_ms: Option<i64>,
}

/// A place at a gate, free again when dropped.
pub struct Permit {
    gate: Arc<Gate>,
    is_told: bool,
    places: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

impl Gate {
    fn new(all: &Arc<Semaphore>, calls: usize, has_breaker: bool) -> Arc<Gate> {
        Arc::new(Gate {
            calls: Arc::new(Semaphore::new(calls)),
            all: all.clone(),
            state: Mutex::default(),
            has_breaker,
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many calls in so much time, from now on.
    pub fn set_rate(&self, rate: Option<Rate>) {
        self.state().rate = rate;
    }

    /// Waits until the connection's rate allows one more call. Who stops waiting has used up its turn.
    ///
    /// # Errors
    /// The run was cancelled.
    pub async fn pace(&self, cx: &dyn Cx) -> Result<(), NodeError> {
        let wait_ms = {
            let mut state = self.state();
            match state.rate {
                Some(rate) => state.pace.take(rate, cx.now_ms()),
                None => 0,
            }
        };
        match wait_ms {
            0 => Ok(()),
            some => cx.sleep(Duration::from_millis(some)).await,
        }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// The breaker is open (busy, with the time to wait): no attempt was made. Or the run was cancelled.
    pub async fn enter(self: &Arc<Gate>, cx: &dyn Cx) -> Result<Permit, NodeError> {
        let gone = |_| NodeError::new(Code::Cancelled, "The engine is stopping.");
        self.pace(cx).await?;
        loop {
            let now = cx.now_ms();
            let wait = {
                let mut state = self.state();
                // no longer than was asked for, also when the clock was set back meanwhile
                state.not_before_ms = state.not_before_ms.min(now.saturating_add(state.asked_pause_ms));
                if state.not_before_ms > now {
                    Err((state.not_before_ms - now) as u64)
                } else if self.has_breaker {
                    state.breaker.may_call(now)
                } else {
                    Ok(())
                }
            };
            match wait {
                Ok(()) => break,
                Err(wait_ms) if wait_ms <= LONGEST_WAIT_MS => {
                    cx.sleep(Duration::from_millis(wait_ms.max(10))).await?
                }
                Err(wait_ms) => {
                    let sentence = "The other side does not answer or asked for a pause; calls to it wait.";
                    return Err(NodeError::new(Code::Busy, sentence).retry_after_ms(wait_ms));
                }
            }
        }
        // from here on it may be the probe of an open breaker, which must not be forgotten when the caller goes away
        let mut permit = Permit { gate: self.clone(), is_told: false, places: None };
        let place = self.calls.clone().acquire_owned().await.map_err(gone)?;
        let all = self.all.clone().acquire_owned().await.map_err(gone)?;
        permit.places = Some((place, all));
        Ok(permit)
    }

    /// How the other side has answered; none when nobody called yet.
    pub fn answering(&self, now_ms: i64) -> Option<Answering> {
        let state = self.state();
        Some(Answering {
            last_use_ms: state.last_use_ms?,
            last_error: state.last_error.clone(),
            held_until_ms: state.breaker.open_until_ms(),
            paced_until_ms: state.rate.and_then(|it| state.pace.next_ms(it, now_ms)),
        })
    }

    /// Whether calls are held back by the breaker.
    pub fn is_open(&self) -> bool {
        self.state().breaker.is_open()
    }
}

impl Permit {
    /// Tells the gate how the call went.
    pub fn done(mut self, result: &Result<Value, NodeError>, now_ms: i64) {
        self.is_told = true;
        let mut state = self.gate.state();
        state.last_use_ms = Some(now_ms);
        // only what speaks of the other side, or of the account there; a record that did not fit says nothing of either
        state.last_error = match result {
            Err(error)
                if matches!(error.code, Code::Unavailable | Code::Timeout | Code::Busy | Code::Auth) =>
            {
                Some(error.clone())
            }
            Ok(_) | Err(_) => None,
        };
        match result {
            Ok(_) => state.breaker.succeeded(now_ms),
            Err(error) => match error.code {
                Code::Unavailable | Code::Timeout => state.breaker.failed(now_ms),
                Code::Busy => {
                    let pause = error.retry_after_ms.unwrap_or(0).min(crate::decide::RETRY_AFTER_CAP_MS);
                    state.not_before_ms = state.not_before_ms.max(now_ms + pause as i64);
                    state.asked_pause_ms = state.not_before_ms - now_ms;
                    // whoever asks for a pause is alive
                    state.breaker.succeeded(now_ms);
                }
                // any other answer shows that the other side is alive
                Code::Config
                | Code::Input
                | Code::Formula
                | Code::Auth
                | Code::Denied
                | Code::NotFound
                | Code::Refused
                | Code::Ambiguous
                | Code::Limit
                | Code::Damaged
                | Code::Cancelled
                | Code::Internal => state.breaker.succeeded(now_ms),
            },
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_told {
            self.gate.state().breaker.abandoned();
        }
    }
}

/// The gates of all connections, shared by all runs.
pub struct Limits {
    all: Arc<Semaphore>,
    local: Arc<Gate>,
    gates: Mutex<HashMap<String, Arc<Gate>>>,
}

impl Default for Limits {
    fn default() -> Limits {
        let all = Arc::new(Semaphore::new(ALL_CALLS));
        Limits {
            local: Gate::new(&Arc::new(Semaphore::new(4_096)), 4_096, false),
            all,
            gates: Mutex::default(),
        }
    }
}

impl Limits {
    /// The gate of steps that call nobody outside.
    pub fn local(&self) -> Arc<Gate> {
        self.local.clone()
    }

    /// How a connection has answered; none when nobody called it yet.
    pub fn answering(&self, name: &str, now_ms: i64) -> Option<Answering> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner).get(name)?.answering(now_ms)
    }

    /// The systems that do not answer: calls to them wait.
    pub fn silent(&self) -> Vec<String> {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.iter().filter(|(_, gate)| gate.is_open()).map(|(name, _)| name.clone()).collect()
    }

    /// The gate of a connection, or of a host that is called without one.
    pub fn gate(&self, name: &str) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        match gates.get(name) {
            Some(gate) => gate.clone(),
            None => {
                let gate = Gate::new(&self.all, CONNECTION_CALLS, true);
                gates.insert(name.into(), gate.clone());
                gate
            }
        }
    }
}
