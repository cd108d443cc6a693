//! Flows, slots, grants, connections and settings.

use bytes::Bytes;
use rusqlite::{Row, params};
use smol_str::SmolStr as Text;

use crate::error::Error;
use crate::facts::{ConnectionRow, Grant, Hash};
use crate::reader::{Reader, text};

/// A flow and its newest version.
#[derive(Debug, Clone)]
pub struct FlowRow {
    /// Its id.
    pub flow: Text,
    /// The newest version's number.
    pub version: u32,
    /// The newest version's hash.
    pub hash: Hash,
    /// Whether its triggers listen.
    pub armed: bool,
    /// When the newest version was saved.
    pub saved_ms: i64,
}

/// A version of a flow.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Its number.
    pub version: u32,
    /// Its hash.
    pub hash: Hash,
    /// When it was saved.
    pub saved_ms: i64,
}

const FLOW: &str = "SELECT flow.id, flow.version, flow_version.hash, flow.armed, flow_version.saved_ms FROM flow \
                    JOIN flow_version ON flow_version.flow = flow.id AND flow_version.version = flow.version WHERE removed = 0";

fn flow_row(row: &Row<'_>) -> rusqlite::Result<FlowRow> {
    Ok(FlowRow {
        flow: text(row, 0)?,
        version: row.get(1)?,
        hash: row.get(2)?,
        armed: row.get(3)?,
        saved_ms: row.get(4)?,
    })
}

impl Reader {
    /// The flows that were not removed.
    pub fn flows(&self) -> Result<Vec<FlowRow>, Error> {
        self.rows(&format!("{FLOW} ORDER BY flow.id"), [], flow_row)
    }

    /// One flow, unless it was removed.
    pub fn flow(&self, flow: &str) -> Result<Option<FlowRow>, Error> {
        self.row(&format!("{FLOW} AND flow.id = ?1"), params![flow], flow_row)
    }

    /// The versions of a flow, newest first.
    pub fn versions(&self, flow: &str) -> Result<Vec<VersionRow>, Error> {
        self.rows(
            "SELECT version, hash, saved_ms FROM flow_version WHERE flow = ?1 ORDER BY version DESC",
            params![flow],
            |row| Ok(VersionRow { version: row.get(0)?, hash: row.get(1)?, saved_ms: row.get(2)? }),
        )
    }

    /// The text of one version.
    pub fn flow_text(&self, flow: &str, version: u32) -> Result<Option<Bytes>, Error> {
        self.row(
            "SELECT text FROM flow_version WHERE flow = ?1 AND version = ?2",
            params![flow, version],
            |row| row.get::<_, Vec<u8>>(0).map(Bytes::from),
        )
    }

    /// The text of the version a run is pinned to: the newest one of that flow with this hash.
    pub fn flow_by_hash(&self, flow: &str, hash: &Hash) -> Result<Option<Bytes>, Error> {
        self.row(
            "SELECT text FROM flow_version WHERE hash = ?1 AND flow = ?2 ORDER BY version DESC LIMIT 1",
            params![hash, flow],
            |row| row.get::<_, Vec<u8>>(0).map(Bytes::from),
        )
    }

    /// The filled slots of a flow: name, value.
    pub fn slots(&self, flow: &str) -> Result<Vec<(Text, String)>, Error> {
        self.rows("SELECT slot, value FROM slot WHERE flow = ?1", params![flow], |row| {
            Ok((text(row, 0)?, row.get(1)?))
        })
    }

    /// The grants of a flow.
    pub fn grants(&self, flow: &str) -> Result<Vec<Grant>, Error> {
        self.rows("SELECT flow, node, resource FROM granted WHERE flow = ?1", params![flow], |row| {
            Ok(Grant { flow: text(row, 0)?, node: text(row, 1)?, resource: text(row, 2)? })
        })
    }

    /// Every connection, secrets sealed.
    pub fn connections(&self) -> Result<Vec<ConnectionRow>, Error> {
        self.rows("SELECT id, kind, config, secret, changed_ms FROM connection ORDER BY id", [], |row| {
            Ok(ConnectionRow {
                id: text(row, 0)?,
                kind: text(row, 1)?,
                config: row.get(2)?,
                secret: row.get::<_, Option<Vec<u8>>>(3)?.map(Bytes::from),
                changed_ms: row.get(4)?,
            })
        })
    }

    /// One setting.
    pub fn setting(&self, key: &str) -> Result<Option<Bytes>, Error> {
        self.row("SELECT value FROM setting WHERE key = ?1", params![key], |row| {
            row.get::<_, Vec<u8>>(0).map(Bytes::from)
        })
    }

    /// The pinned records of a flow: node, port, records.
    pub fn pins(&self, flow: &str) -> Result<Vec<(Text, Text, Bytes)>, Error> {
        self.rows("SELECT node, port, records FROM pin WHERE flow = ?1", params![flow], |row| {
            Ok((text(row, 0)?, text(row, 1)?, Bytes::from(row.get::<_, Vec<u8>>(2)?)))
        })
    }
}
