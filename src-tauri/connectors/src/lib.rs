//! Every node kind: one folder a connector.

pub mod connections;
pub mod http;
pub mod rabbitmq;
pub mod schedule;
pub mod sql;
pub mod webhook;
