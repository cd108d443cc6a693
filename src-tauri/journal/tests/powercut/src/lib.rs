//! A disk in memory under SQLite that loses power: only for tests.
//!
//! Files live under folders called machines. When a machine's power is cut, a file holds what was synced, plus each 512-byte sector
//! written since with a chance, in any combination: lost, torn and reordered writes.

mod disk;
mod shim;

pub use disk::{cut_after, fail_sync_after, has_power, operations, restore};
pub use shim::install;
