//! Connections: accounts at systems. Secrets go in and never come out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Failure;

/// The answer to `connections.list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Connections {
    /// By name.
    pub connections: Vec<ConnectionRow>,
}

/// A connection in the list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionRow {
    /// Its name, unique.
    pub name: String,
    /// `http`, `postgres`, `sqlite`, `rabbitmq`.
    pub kind: String,
    /// Address, limits and defaults; no secrets.
    pub config: serde_json::Value,
    /// Names of the secrets it holds.
    pub secrets: Vec<String>,
    /// How its system has answered lately.
    pub health: ConnectionHealth,
    /// How often it may be called, as its settings say it: `10/s`, `600/min`, `100/h`; left out when nothing is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// When the next call may go out, where calls wait for the rate now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paced_until_ms: Option<i64>,
    /// When it was used last since the engine started; null when it was not.
    pub last_use_ms: Option<i64>,
    /// Flows that use it.
    pub used_by: Vec<ConnectionUser>,
}

/// A flow that uses a connection, and what of it stops when the system behind the connection does not answer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionUser {
    /// The flow's id.
    pub flow: String,
    /// Its name.
    pub name: String,
    /// Whether its triggers are live.
    pub armed: bool,
    /// Titles of the steps that get no records then, in the flow's order.
    pub stops: Vec<String>,
    /// Titles of those that get only a part of theirs.
    pub suffers: Vec<String>,
}

/// How the system behind a connection answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum ConnectionHealth {
    /// Not used yet.
    Unknown {},
    /// It answers.
    Good {},
    /// The last call was not answered as it should be; calls still go there.
    Poor {
        /// What it said last.
        error: Failure,
    },
    /// It failed so often that calls wait.
    Open {
        /// When it is tried again.
        retry_ms: i64,
        /// What it said last.
        error: Failure,
    },
}

/// Parameters of `connections.save`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionSave {
    /// Its name.
    pub name: String,
    /// `http`, `postgres`, `sqlite`, `rabbitmq`.
    pub kind: String,
    /// Address, limits and defaults.
    pub config: serde_json::Value,
    /// Secrets to set; those not named stay, null removes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, Option<String>>,
}

/// A connection by its name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionName {
    /// The name.
    pub name: String,
}

/// The answer to `connections.test`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionTested {
    /// Whether the system answered.
    pub ok: bool,
    /// What it said, in words.
    pub sentence: String,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}
