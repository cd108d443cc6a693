//! Text files of any code page: by the line or whole.

use sdk::Spec;

pub mod lines;
pub mod read;
pub mod write;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::source::<read::Read>(), Spec::action::<write::Write>()]
}
