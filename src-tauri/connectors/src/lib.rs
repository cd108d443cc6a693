//! Every node kind: one folder a connector.

pub mod http;
