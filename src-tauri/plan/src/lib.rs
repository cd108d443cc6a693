//! From a flow document and the catalogue of kinds to a plan that the engine runs, or to findings that a person can act on.
//!
//! Pure: nothing is opened, dialled or read. What a plan holds has been checked: every wire ends somewhere, every formula
//! compiles, nothing goes round in circles. A flow with errors has findings and no plan: it opens, but it cannot be armed.

mod authority;
mod catalogue;
mod compile;
mod fields;
mod formulas;
mod nodes;
mod places;
mod plan;
mod reads;
mod slots;
mod stages;
mod text;
mod whole;
mod wires;

pub use authority::{Item, Resource, authority, wider};
pub use catalogue::{Catalogue, Kinds};
pub use compile::{Checked, compile};
pub use model::document::{Change, Diagnostic, Fix, Severity, Span};
pub use plan::{Badge, Entry, Plan, Stage, Step, Wire};
