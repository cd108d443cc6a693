//! Connections as nodes see them: settings in the open, secrets unsealed at the call.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use journal::ConnectionRow;
use model::{Record, Value, json};
use sdk::{Code, Connection, NodeError, cx::Kept};

use crate::vault::Vault;

/// Sealed secrets by their names, as the journal's column holds them.
pub(crate) type Sealed = BTreeMap<String, String>;

/// A connection of the person.
pub(crate) struct Account {
    name: String,
    kind: String,
    settings: Record,
    rate: Option<String>,
    sealed: Sealed,
    vault: Arc<Vault>,
    kept: Drawer,
}

impl Account {
    /// A stored connection.
    pub(crate) fn stored(row: &ConnectionRow, vault: Arc<Vault>) -> Account {
        Account {
            name: row.id.to_string(),
            kind: row.kind.to_string(),
            settings: own_settings(&row.config),
            rate: rate(&row.config),
            sealed: sealed(row),
            vault,
            kept: Drawer::default(),
        }
    }
}

/// The settings of a stored connection. What cannot be read is no setting.
pub(crate) fn settings(config: &str) -> Record {
    match json::parse(config.as_bytes()) {
        Ok(Value::Record(record)) => record,
        Ok(_) | Err(_) => Record::empty(),
    }
}

/// The settings that are the driver's; how often it is called is the engine's.
fn own_settings(config: &str) -> Record {
    let all = settings(config);
    let own = all.iter().filter(|(name, _)| name.as_str() != RATE);
    Record::of(own.map(|(name, value)| (name.as_str(), value.clone())))
}

/// How often a stored connection may be called, as its settings say it.
pub(crate) fn rate(config: &str) -> Option<String> {
    let all = settings(config);
    all.get(RATE).and_then(Value::as_text).map(str::to_owned)
}

/// The setting that says how often a connection may be called.
const RATE: &str = "rate";

/// The sealed secrets of a stored connection.
pub(crate) fn sealed(row: &ConnectionRow) -> Sealed {
    row.secret.as_ref().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}

impl Connection for Account {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &str {
        &self.kind
    }

    fn settings(&self) -> &Record {
        &self.settings
    }

    fn rate(&self) -> Option<&str> {
        self.rate.as_deref()
    }

    fn secret(&self, field: &str) -> Result<String, NodeError> {
        let missing =
            || NodeError::new(Code::Auth, format!("The connection {} has no {field}. Enter it.", self.name));
        let sealed = self.sealed.get(field).ok_or_else(missing)?;
        self.vault.unseal((&self.name, field), sealed).map_err(|e| NodeError::new(Code::Auth, e.to_string()))
    }

    fn kept(&self) -> &dyn Kept {
        &self.kept
    }
}

/// What drivers keep between calls: pools and tokens.
#[derive(Default)]
struct Drawer(Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>);

impl Kept for Drawer {
    fn get(&self, name: &str) -> Option<Arc<dyn Any + Send + Sync>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, name: &str, it: Arc<dyn Any + Send + Sync>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), it);
    }
}
