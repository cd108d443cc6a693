//! Test support shared by the test targets of this crate.

pub mod arna;
pub mod servers;
pub mod sink;
