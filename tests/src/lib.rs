//! Test support shared by the test targets of this crate.

pub mod arna;
pub mod failpoints;
pub mod once;
pub mod rude;
pub mod servers;
pub mod siege;
pub mod sink;
pub mod zones;
