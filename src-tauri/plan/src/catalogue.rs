//! Which kinds of node there are.

use std::collections::BTreeMap;

use sdk::Spec;

/// Which kinds of node there are.
pub trait Catalogue: Sync {
    /// The declaration of a kind.
    fn spec(&self, kind: &str) -> Option<&Spec>;

    /// The names of all kinds, in order.
    fn kinds(&self) -> Vec<&str>;
}

/// A catalogue made of declarations.
#[derive(Clone, Default)]
pub struct Kinds(BTreeMap<&'static str, Spec>);

impl FromIterator<Spec> for Kinds {
    fn from_iter<T: IntoIterator<Item = Spec>>(specs: T) -> Self {
        Self(specs.into_iter().map(|spec| (spec.kind, spec)).collect())
    }
}

impl Kinds {
    /// All declarations, by the name of their kind.
    pub fn iter(&self) -> impl Iterator<Item = &Spec> {
        self.0.values()
    }
}

impl Catalogue for Kinds {
    fn spec(&self, kind: &str) -> Option<&Spec> {
        self.0.get(kind)
    }

    fn kinds(&self) -> Vec<&str> {
        self.0.keys().copied().collect()
    }
}
