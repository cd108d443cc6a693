//! The one door to the network. Every connector dials through here, so that a flow reaches what it was granted and nothing else.
//!
//! A name is resolved once, the policy is asked about the addresses found, and only those addresses are connected to. Each hop
//! of a redirect goes through the same door again.

pub mod address;
mod body;
pub mod client;
pub mod dialer;
mod failure;
mod hop;
pub mod policy;
mod tls;

pub use client::HttpClient;
pub use dialer::{Dialer, Lookup};
pub use policy::{Allowed, Policy};
pub use tls::Tls;

#[cfg(test)]
mod tests;
