//! RabbitMQ (AMQP 0-9-1): messages out with confirms, messages in with acknowledgement after the commit.

pub mod consume;
mod encrypted;
mod link;
pub mod publish;
pub mod settings;

use sdk::Spec;

/// The kinds of this connector.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::action::<publish::Publish>(), Spec::trigger::<consume::Consume>()]
}
