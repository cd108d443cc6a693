//! What people and their screens ask.

pub(crate) mod flows;
pub(crate) mod people;
pub(crate) mod runs;
pub(crate) mod stats;
