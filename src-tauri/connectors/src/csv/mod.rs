//! CSV files: read by the row, written whole.

use sdk::Spec;

pub mod read;
pub mod rows;
pub mod write;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::source::<read::Read>(), Spec::action::<write::Write>()]
}
