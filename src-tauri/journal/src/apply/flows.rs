//! Flows with their versions, slots and grants; connections and settings.

use rusqlite::{Connection, OptionalExtension, params};

use super::{execute, execute_counted, expect_one};
use crate::change::Change;
use crate::error::{Code, Error};
use crate::facts::{ConnectionRow, Hash};

pub(super) fn one(connection: &Connection, change: &Change) -> Result<(), Error> {
    match change {
        Change::State { scope, key, value: Some(value) } => execute(
            connection,
            "INSERT INTO state (scope, key, value) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = excluded.value",
            params![scope.as_str(), key.as_str(), &value[..]],
        ),
        Change::State { scope, key, value: None } => execute(
            connection,
            "DELETE FROM state WHERE scope = ?1 AND key = ?2",
            params![scope.as_str(), key.as_str()],
        ),
        Change::SaveFlow { flow, version, hash, text, at_ms } => {
            save(connection, flow, *version, hash)?;
            execute(
                connection,
                "INSERT INTO flow_version (flow, version, hash, saved_ms, text) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                params![flow.as_str(), version, hash, at_ms, &text[..]],
            )
        }
        Change::ArmFlow { flow, armed } => {
            let touched = execute_counted(
                connection,
                "UPDATE flow SET armed = ?2 WHERE id = ?1 AND removed = 0",
                params![flow.as_str(), armed],
            )?;
            expect_one(touched, || format!("There is no flow \"{flow}\"."))
        }
        Change::RemoveFlow { flow } => remove(connection, flow),
        Change::Slot { flow, slot, value: Some(value) } => execute(
            connection,
            "INSERT INTO slot (flow, slot, value) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = excluded.value",
            params![flow.as_str(), slot.as_str(), value],
        ),
        Change::Slot { flow, slot, value: None } => execute(
            connection,
            "DELETE FROM slot WHERE flow = ?1 AND slot = ?2",
            params![flow.as_str(), slot.as_str()],
        ),
        Change::Grant(grant, at_ms) => execute(
            connection,
            "INSERT INTO granted (flow, node, resource, at_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![grant.flow.as_str(), grant.node.as_str(), grant.resource.as_str(), at_ms],
        ),
        Change::Revoke(grant) => execute(
            connection,
            "DELETE FROM granted WHERE flow = ?1 AND node = ?2 AND resource = ?3",
            params![grant.flow.as_str(), grant.node.as_str(), grant.resource.as_str()],
        ),
        Change::Connection(row) => store_connection(connection, row),
        Change::RemoveConnection { id } => {
            execute(connection, "DELETE FROM connection WHERE id = ?1", params![id.as_str()])
        }
        Change::Setting { key, value: Some(value) } => execute(
            connection,
            "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
            params![key.as_str(), &value[..]],
        ),
        Change::Setting { key, value: None } => {
            execute(connection, "DELETE FROM setting WHERE key = ?1", params![key.as_str()])
        }
        Change::Pin { flow, node, port, records: Some(records) } => execute(
            connection,
            "INSERT INTO pin (flow, node, port, records) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET records = excluded.records",
            params![flow.as_str(), node.as_str(), port.as_str(), &records[..]],
        ),
        Change::Pin { flow, node, port, records: None } => execute(
            connection,
            "DELETE FROM pin WHERE flow = ?1 AND node = ?2 AND port = ?3",
            params![flow.as_str(), node.as_str(), port.as_str()],
        ),
        _ => Err(Error::new(Code::Invalid, "The journal does not know where to store this change.")),
    }
}

fn save(connection: &Connection, flow: &str, version: u32, hash: &Hash) -> Result<(), Error> {
    let stored: Option<Hash> = connection
        .prepare_cached("SELECT hash FROM flow_version WHERE flow = ?1 AND version = ?2")?
        .query_row(params![flow, version], |row| row.get(0))
        .optional()?;
    if stored.is_some_and(|stored| stored != *hash) {
        return Err(Error::new(
            Code::Conflict,
            format!(
                "Version {version} of flow \"{flow}\" is already stored with other content. Save it as the next version."
            ),
        ));
    }
    execute(
        connection,
        "INSERT INTO flow (id, version) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET version = excluded.version, removed = 0",
        params![flow, version],
    )
}

/// The row of the flow stays as long as history names it; everything that gives it power goes at once.
fn remove(connection: &Connection, flow: &str) -> Result<(), Error> {
    for sql in [
        "UPDATE flow SET removed = 1, armed = 0 WHERE id = ?1",
        "DELETE FROM slot WHERE flow = ?1",
        "DELETE FROM granted WHERE flow = ?1",
        "DELETE FROM pin WHERE flow = ?1",
    ] {
        execute(connection, sql, params![flow])?;
    }
    Ok(())
}

fn store_connection(connection: &Connection, row: &ConnectionRow) -> Result<(), Error> {
    execute(
        connection,
        "INSERT INTO connection (id, kind, config, secret, changed_ms) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET \
         kind = excluded.kind, config = excluded.config, secret = excluded.secret, changed_ms = excluded.changed_ms",
        params![row.id.as_str(), row.kind.as_str(), row.config, row.secret.as_deref(), row.changed_ms],
    )
}
