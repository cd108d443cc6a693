//! The connectors: one folder each, one line each in [`catalogue`].
//!
//! What several of them share stands beside: code pages, typed cells, keys and spilling. The engine is not here.

use std::collections::HashSet;
use std::sync::LazyLock;

use sdk::{ConfigError, Spec};

pub mod columns;
pub mod connections;
pub mod encoding;
pub mod failure;
pub mod keys;
pub mod opening;
pub mod paths;
pub mod picks;
#[cfg(test)]
mod registry;
pub mod spill;
#[cfg(test)]
mod testing;
mod tls;

pub mod bank;
pub mod csv;
pub mod file;
pub mod flow;
pub mod http;
pub mod json;
pub mod list;
pub mod rabbitmq;
pub mod schedule;
pub mod sql;
pub mod text;
pub mod webhook;
pub mod xlsx;
pub mod xml;

/// The kinds of all connectors, in a stable order.
pub fn catalogue() -> Vec<Spec> {
    let mut all = Vec::new();
    all.extend(bank::nodes());
    all.extend(csv::nodes());
    all.extend(file::nodes());
    all.extend(flow::nodes());
    all.extend(http::nodes());
    all.extend(json::nodes());
    all.extend(list::nodes());
    all.extend(rabbitmq::nodes());
    all.extend(schedule::nodes());
    all.extend(sql::nodes());
    all.extend(text::nodes());
    all.extend(webhook::nodes());
    all.extend(xlsx::nodes());
    all.extend(xml::nodes());
    all
}

static CATALOGUE: LazyLock<Vec<Spec>> = LazyLock::new(catalogue);

/// The catalogue entry of a kind.
pub fn find(kind: &str) -> Option<&'static Spec> {
    CATALOGUE.iter().find(|it| it.kind == kind)
}

/// The problems of names that must be there and differ.
fn unique_names<'a>(names: impl Iterator<Item = &'a str>, field: &str) -> Vec<ConfigError> {
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    for (at, name) in names.enumerate() {
        let field = if field.is_empty() { String::new() } else { format!("{field}/{at}/name") };
        if name.trim().is_empty() {
            problems.push(ConfigError::new(&field, "A name is missing."));
        } else if !seen.insert(name) {
            problems.push(ConfigError::new(&field, format!("The name {name} stands twice.")));
        }
    }
    problems
}
