//! A journal inside a simulation: time, turns and crashes come from outside; everything else, the database included, is the real thing.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// Where a commit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Nothing of it is stored yet.
    BeforeCommit,
    /// It is stored, and nobody was told.
    AfterCommit,
}

/// What decides in a simulation. The whole of it runs on one thread: a commit holds that thread instead of its task, so that the order of
/// what happens does not depend on how long a disk takes.
pub trait Simulation: Debug + Send + Sync {
    /// The time from which ids are made, milliseconds since 1970 UTC.
    fn now_ms(&self) -> i64;

    /// Passed by every commit. Others may have their turn meanwhile; a future that never ends is a crash at this point.
    fn pass(&self, point: Point) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
