//! Real servers of others, started on free ports of this machine and stopped when they are dropped.
//!
//! A server that is not installed fails the test with a sentence that names its package.

mod http;
mod json_server;
mod live;
mod nginx;
mod postgres;
mod process;
mod rabbitmq;

pub use http::{Httpbin, Oidc};
pub use json_server::JsonServer;
pub use live::{Live, connection};
pub use nginx::Nginx;
pub use postgres::Postgres;
pub use process::free_port;
pub use rabbitmq::RabbitMq;
