//! The formula language: FEEL of DMN 1.5, evaluated directly over records, with faults that a person understands.
//!
//! [`Formula`] is one expression, [`Template`] a text with formulas in it, [`Path`] a JSONPath, [`Table`] a decision
//! table. Nothing here has a clock, files, network or randomness: the run supplies the time and a seed.

mod ast;
pub mod builtins;
mod compile;
mod complete;
mod cx;
pub mod docs;
mod error;
mod eval;
mod explain;
mod fields;
mod format;
mod formula;
mod lex;
pub mod lines;
mod node;
mod parse;
mod path;
mod reads;
mod special;
mod suggest;
mod table;
mod template;
mod types;

pub use ast::Span;
pub use complete::{Completion, Hover, Language, Proposal, Proposed, complete, hover};
pub use cx::{Given, MAX_BYTES, MAX_CALLS, MAX_STEPS, Roots, Scope};
pub use error::{Fault, FaultKind, FormulaError, pointed};
pub use explain::Explanation;
pub use fields::FieldSet;
pub use format::format;
pub use formula::{Formula, Outcome};
pub use path::{Path, PathError, pick};
pub use reads::Read;
pub use table::{Aggregation, HitPolicy, OutputText, Table, TableError, TableText};
pub use template::{Escape, MAX_OUTPUT, Template};
pub use types::Type;
