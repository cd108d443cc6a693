//! JSON files: lists streamed element by element, lines one by one.

use sdk::Spec;

pub mod read;
pub mod scan;
pub mod write;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::source::<read::Read>(), Spec::action::<write::Write>()]
}
