//! Excel workbooks: read by the row, written by the row.

use sdk::Spec;

pub mod guard;
pub mod read;
pub mod write;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::source::<read::Read>(), Spec::action::<write::Write>()]
}
