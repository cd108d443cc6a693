//! The flow document: what a flow file says, as types, and the way from text to types and back.
//!
//! Reading happens once, at the edge: [`parse`] takes text that may come from anybody, refuses what is too large,
//! too deep, doubled or unknown with a sentence that says where, and gives a [`Flow`] that the rest can trust in
//! its shape. Whether a flow makes sense (kinds, ports, formulas) is not asked here: that is the crate `plan`.

mod decode;
mod diagnostic;
mod diff;
mod fields;
mod flow;
mod hash;
mod load;
mod names;
mod notices;
mod parts;
mod print;
pub(crate) mod tree;

#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod tests;

pub use diagnostic::{Change, Diagnostic, Fix, Place, Severity, Span};
pub use diff::{Diff, FieldChange, NodeChange, diff};
pub use flow::{End, Flow, Node, NodeId, Wire};
pub use hash::{Hash, hash};
pub use load::{Loaded, load};
pub use names::{FORMULA_WORDS, ROOTS, closest, find_bidi, id_problem, quoted};
pub use notices::notices;
pub use parts::{Access, Case, Expect, Fill, Group, JsonText, Note, Overlap, Policy, Retry, RetryName, Slot};
pub use print::print;

/// A flow file larger than this is refused before it is read: 10 MiB.
pub const MAX_FILE_BYTES: usize = 10 << 20;
/// A flow may have this many nodes.
pub const MAX_NODES: usize = 5_000;
/// Lists and objects may stand in each other this deep.
pub const MAX_DEPTH: usize = 64;
/// One text in a flow file may be this long: 1 MiB.
pub const MAX_TEXT_BYTES: usize = 1 << 20;
/// A flow file may hold this many values in all, so that reading it stays cheap in memory.
pub const MAX_VALUES: usize = 1_000_000;
/// A flow may have this many wires.
pub const MAX_WIRES: usize = 20_000;

/// Reads the text of a flow file.
///
/// # Errors
/// Everything that is wrong with the text, at most a hundred findings, each with a place.
pub fn parse(text: &str) -> Result<Flow, Vec<Diagnostic>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    decode::flow(text)
}

/// The JSON schema of a flow file, which `$schema` in a file points at.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Flow).to_value()
}
