//! Bank statements: the text files that banks and accounting programs exchange.

use sdk::Spec;

pub mod read;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::source::<read::Read>()]
}
