//! Test support shared by the test targets of this crate.

pub mod arna;
pub mod sink;
pub mod servers;
