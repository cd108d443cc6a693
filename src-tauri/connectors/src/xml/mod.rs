//! XML files: one element is one record, streamed.

use sdk::Spec;

pub mod read;
pub mod tree;
pub mod write;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::source::<read::Read>(), Spec::action::<write::Write>()]
}
