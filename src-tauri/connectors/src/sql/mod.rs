//! Databases: PostgreSQL and SQLite. Values are always bound, never written into a statement.

mod pg;
mod pg_read;
mod pg_tls;
mod pg_write;
pub mod query;
pub mod settings;
mod sqlite;
mod sqlite_write;
mod statement;
pub mod write;

use sdk::Spec;

/// The kinds of this connector.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::source::<query::Query>(), Spec::action::<write::Write>()]
}
