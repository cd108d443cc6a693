//! What the window needs beside flows and runs: health, the catalogue of kinds, settings, schedules in words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the engine stands, in numbers and in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// The program's version.
    pub version: String,
    /// Since when it runs.
    pub started_ms: i64,
    /// Events accepted and not begun.
    pub queue: u64,
    /// Runs at work.
    pub running: u32,
    /// Free space where the journal lies, bytes; null where the system does not tell.
    pub disk_free_bytes: Option<u64>,
    /// Space the journal takes, bytes, without large payloads.
    pub disk_used_bytes: u64,
    /// Space the journal may take before its oldest runs are removed, bytes.
    pub disk_budget_bytes: u64,
    /// Memory the engine takes now, bytes; null where the system does not tell.
    pub memory_bytes: Option<u64>,
    /// Flows whose triggers are live.
    pub armed: u32,
    /// When the clock starts a flow next; null when none waits for the clock.
    pub next_fire_ms: Option<i64>,
    /// Connections whose calls are held back because their system does not answer.
    pub held_connections: Vec<String>,
    /// Failed records that wait for a person.
    pub failed: u64,
    /// Questions that wait for a person.
    pub questions: u64,
    /// What is wrong, in words; empty when all is well.
    pub troubles: Vec<String>,
    /// Where secrets are locked up: `keychain`, `passphrase` or `key file`.
    pub vault: String,
    /// The address of the webhook listener, such as `http://127.0.0.1:7420`; null when there is none.
    pub hooks: Option<String>,
    /// Whether a person holds all triggers back.
    pub paused: bool,
}

/// Parameters of `engine.pause`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnginePause {
    /// Whether triggers are held back; runs at work go on to their end.
    pub paused: bool,
}

/// Every node kind there is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Catalogue {
    /// In palette order.
    pub kinds: Vec<KindRow>,
}

/// A node kind.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KindRow {
    /// `<connector>.<verb or noun>`.
    pub kind: String,
    /// The name in the palette.
    pub title: String,
    /// What it does, one or two sentences.
    pub help: String,
    /// The shelf: `starts`, `files`, `records`, `control`, `web`, `databases`, `queues`.
    pub category: String,
    /// `trigger`, `source`, `transform` or `action`.
    pub contract: String,
    /// The version of the configuration's shape.
    pub version: u32,
    /// Inputs with a configuration of defaults; `flow.check` tells them for a real one.
    pub inputs: Vec<PortRow>,
    /// Outputs with a configuration of defaults.
    pub outputs: Vec<PortRow>,
    /// JSON schema of the configuration. `x-widget` names the widget of a field, `x-group` its group, `x-advanced` folds it away.
    pub schema: serde_json::Value,
    /// Other words people search by.
    pub words: Vec<String>,
    /// The id of its glyph in `icons.svg`.
    pub icon: String,
    /// The connection kind it needs, where it needs one.
    pub connection: Option<String>,
}

/// A port of a kind.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PortRow {
    /// The name in wires.
    pub name: String,
    /// What arrives or leaves here.
    pub help: String,
}

/// What the person has chosen for this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `en`, `ru` or `kk`; empty follows the system.
    pub language: String,
    /// `light`, `dark` or `system`.
    pub theme: String,
    /// The zone of new flows; empty follows the system.
    pub zone: String,
    /// Days that runs which failed are kept, 1 to 3650; those that ended well at most seven of them.
    pub keep_days: u32,
    /// Space the journal may take before its oldest runs are removed, GiB, 1 to 1000.
    pub budget_gib: u32,
    /// Whether failures and silence raise a desktop notice.
    pub notices: bool,
    /// What the editor remembers for itself (panel widths, last flow); not read by the engine. 64 KiB at most.
    pub editor: serde_json::Value,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            language: String::new(),
            theme: "system".into(),
            zone: String::new(),
            keep_days: 30,
            budget_gib: 2,
            notices: true,
            editor: serde_json::Value::Null,
        }
    }
}

/// Parameters of `schedule.next`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleNext {
    /// A cron expression of five fields.
    pub cron: String,
    /// A zone, such as `Asia/Almaty`.
    pub zone: String,
}

/// The answer to `schedule.next`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleTimes {
    /// The expression in words.
    pub words: String,
    /// The next five times.
    pub next: Vec<ScheduleTime>,
}

/// A time a schedule fires.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleTime {
    /// When.
    pub at_ms: i64,
    /// The same on the zone's clock, `2026-01-05T09:00:00+05:00`.
    pub local: String,
}

/// Parameters of `places.list`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacesList {
    /// The path of a folder; left out, the home of whoever runs the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// What lies in a folder of the engine's machine, to choose from; hidden names are left out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Places {
    /// The whole path of the folder.
    pub folder: String,
    /// The path of the folder it lies in; null at the top.
    pub parent: Option<String>,
    /// Folders in it, by name.
    pub folders: Vec<Place>,
    /// Files in it, by name.
    pub files: Vec<Place>,
    /// Whether there is more than is listed.
    pub is_cut: bool,
}

/// A folder or file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its whole path.
    pub path: String,
}
