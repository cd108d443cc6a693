//! What waits and goes on: over a real journal, across restarts, on a clock that the test sets.

#[path = "../common/mod.rs"]
mod common;

mod alerts;
mod awake;
mod bounds;
mod crowd;
mod decisions;
mod expects;
mod order;
mod overlap;
mod rate;
mod restarts;
mod stand;
mod waits;
