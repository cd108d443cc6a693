//! Webhooks: a request from outside starts a flow, and a step of the flow answers it.

pub mod receive;
pub mod respond;
pub mod settings;
pub mod verify;

pub use receive::{AnswerMode, Receive};
pub use verify::Refused;

use sdk::Spec;

/// The kinds of this connector.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::trigger::<receive::Receive>(), Spec::action::<respond::Respond>()]
}
