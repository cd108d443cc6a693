//! Which fields of a record something reads.

use std::collections::BTreeSet;

use model::Text;

/// The fields at the top of a record that something reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSet {
    /// All of them, or it cannot be told.
    All,
    /// These.
    Only(BTreeSet<Text>),
}

impl FieldSet {
    /// All fields.
    pub fn all() -> FieldSet {
        FieldSet::All
    }

    /// Whether a field is among them.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            FieldSet::All => true,
            FieldSet::Only(names) => names.contains(name),
        }
    }
}
