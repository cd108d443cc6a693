//! Every node kind: one folder a connector.

pub mod http;
pub mod schedule;
pub mod webhook;
