//! What is known of an attempt: before it, and when it failed.

use model::Value;
use sdk::{Code, NodeError};

use super::memory::Outcome;

/// What is known of a place before anything is done there.
pub(super) enum Known {
    /// It is over.
    Settled(Outcome),
    /// So many calls were begun before.
    Open(u32),
}

/// An attempt that succeeded.
pub(super) enum Done {
    /// What was answered.
    Answer(Value),
    /// Nothing was called: so many milliseconds shall pass.
    Wait(u64),
}

/// An attempt that failed.
pub(super) struct Miss {
    /// Why.
    pub(super) error: NodeError,
    /// Whether anything was called: not when the gate was shut.
    pub(super) was_made: bool,
}

/// A wait that is longer leaves memory, milliseconds.
pub(super) const HOLD_MS: u64 = 5_000;

/// What is asked about a call of which only the beginning is known.
pub(super) fn cut_off() -> NodeError {
    NodeError::new(Code::Ambiguous, "The engine stopped during this call. Was it sent?")
}
