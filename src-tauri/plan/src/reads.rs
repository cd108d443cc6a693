//! A set of fields that are read, or all of them.

use std::collections::BTreeSet;

/// Which fields are read; all stands for "cannot be known".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reads(Option<BTreeSet<String>>);

impl Default for Reads {
    fn default() -> Self {
        Self(Some(BTreeSet::new()))
    }
}

impl Reads {
    pub(crate) fn all() -> Self {
        Self(None)
    }

    pub(crate) fn only(names: impl IntoIterator<Item = String>) -> Self {
        Self(Some(names.into_iter().collect()))
    }

    /// The names; none when all are read.
    pub(crate) fn names(&self) -> Option<impl Iterator<Item = &str>> {
        Some(self.0.as_ref()?.iter().map(String::as_str))
    }

    pub(crate) fn add(&mut self, other: &Reads) {
        match (&mut self.0, &other.0) {
            (Some(own), Some(more)) => own.extend(more.iter().cloned()),
            (Some(_), None) => self.0 = None,
            (None, _) => {}
        }
    }
}
