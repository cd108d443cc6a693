//! What a run is pinned to: a hash over everything in a flow that changes what it does.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Flow, print};

/// BLAKE3 of a flow's canonical text without what only people look at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct Hash(pub [u8; 32]);

/// The hash of a flow. Layout, titles, notes, groups and cases do not change it.
#[must_use]
pub fn hash(flow: &Flow) -> Hash {
    let mut bare = Flow {
        schema: None,
        layout: indexmap::IndexMap::new(),
        notes: Vec::new(),
        groups: Vec::new(),
        cases: indexmap::IndexMap::new(),
        ..flow.clone()
    };
    for node in bare.nodes.values_mut() {
        node.title = None;
        node.note = None;
    }
    Hash(*blake3::hash(print(&bare).as_bytes()).as_bytes())
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The text is not the hash of a flow.
#[derive(Debug, thiserror::Error)]
#[error("The hash of a flow is 64 hexadecimal digits.")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| NotAHash)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
