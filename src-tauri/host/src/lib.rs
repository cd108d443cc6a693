//! The use cases of Arna behind one contract: what the editor, the command line and other machines may ask, and how it is answered.
//!
//! Transports carry the contract and add nothing to it. Running flows is the engine's; keeping them is the journal's.

pub mod contract;
pub mod datum;
pub mod vault;
