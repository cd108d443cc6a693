//! Every node kind: one folder a connector.

pub mod http;
pub mod rabbitmq;
pub mod sql;
