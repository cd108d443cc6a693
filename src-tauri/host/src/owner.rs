//! What the owner of a machine does from the command line: take in flow files, fill their slots, run them.

use std::path::Path;
use std::sync::Arc;

use engine::exec::EndSink;
use engine::{Ended, Start};
use journal::{Change, ConnectionRow as StoredConnection, Grant};
use model::Record;
use model::document::{Diagnostic, Fill, Flow as Document};

use crate::app::{App, engine_refusal};
use crate::contract::{ConnectionSave, FlowArm, HeldEffect, Refusal, RefusalCode};
use crate::runs::trigger_of;
use crate::sharing::grant_texts;
use crate::shelf::{REHEARSAL, grant_text, missing};

/// Allows whatever a flow asks for.
const EVERYTHING: &str = "everything";

/// A flow file that is taken in by its owner.
pub struct Adopted<'a> {
    /// The id the flow has in the journal; the same file keeps the same id, so that a restart changes nothing.
    pub id: &'a str,
    /// The document.
    pub document: &'a Document,
    /// Slot names and what fills them: a path, a value, a connection's name or its address.
    pub sets: &'a [(String, String)],
    /// Resources that are allowed: `host:api.shop.kz`, `folder:/srv/in:read`, or `everything`.
    pub allow: &'a [String],
}

/// The id of the flow in a file: made from its place, so that it is the same at every start.
pub fn file_id(file: &Path) -> String {
    let place = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let hash = blake3::hash(place.to_string_lossy().as_bytes());
    format!("file-{}", &hash.to_hex()[..16])
}

/// What is wrong with a document.
pub fn check(document: &Document) -> Vec<Diagnostic> {
    let kinds: plan::Kinds = connectors::catalogue().into_iter().collect();
    plan::compile(document, &kinds).diagnostics
}

impl App {
    /// Takes in a flow file: saves it, fills its slots, allows what the owner allows.
    ///
    /// # Errors
    /// A slot that does not exist or a value that does not fit.
    pub async fn adopt(&self, adopted: &Adopted<'_>) -> Result<(), Refusal> {
        let Adopted { id, document, .. } = *adopted;
        self.save(id, document, None).await?;
        let mut changes = Vec::new();
        for (name, text) in adopted.sets {
            // several files may be taken in at once, each with slots of its own
            let Some(slot) = document.slots.get(name.as_str()) else { continue };
            let value = self.value(adopted.id, (name, &slot.fill), text).await?;
            changes.push(Change::Slot {
                flow: id.into(),
                slot: name.as_str().into(),
                value: Some(value.to_string()),
            });
        }
        let at_ms = self.clock.now_ms();
        for item in self.shelf.touches(document) {
            let Some(text) = grant_text(&item.resource) else { continue };
            let is_hook = text.starts_with("hook:");
            if !is_hook && !adopted.allow.iter().any(|it| it == EVERYTHING || *it == text) {
                continue;
            }
            for text in grant_texts(&item.resource).unwrap_or_default() {
                let grant =
                    Grant { flow: id.into(), node: item.node.clone(), resource: text.as_str().into() };
                changes.push(Change::Grant(grant, at_ms));
            }
        }
        if !changes.is_empty() {
            self.commit(changes).await?;
        }
        self.shelf.forget(id);
        Ok(())
    }

    async fn value(&self, id: &str, slot: (&str, &Fill), text: &str) -> Result<serde_json::Value, Refusal> {
        let (name, fill) = slot;
        let wrong = || {
            Refusal::new(RefusalCode::BadRequest, format!("--set {name}={text}: {} is needed.", fill.noun()))
                .at(name)
        };
        let value = match fill {
            Fill::Connection(system) => {
                let known = self.shelf.account(text).map_err(|e| engine_refusal(&e))?;
                let connection = match known {
                    Some(_) => text.to_owned(),
                    None => self.bare_connection(&format!("{id}.{name}"), (system, text)).await?,
                };
                serde_json::Value::from(connection)
            }
            Fill::Number(_) | Fill::Bool(_) => serde_json::from_str(text).map_err(|_| wrong())?,
            Fill::Flow(_) => serde_json::Value::from(self.flow_named(text).await?),
            Fill::Folder(_) | Fill::Text(_) => serde_json::Value::from(text),
        };
        self.fits(fill, &value)
    }

    /// A connection without secrets, from an address on the command line.
    async fn bare_connection(&self, name: &str, (system, address): (&str, &str)) -> Result<String, Refusal> {
        let field = if system == "sqlite" { "path" } else { "address" };
        if crate::scan::has_password(address) {
            // sealed like any other; a bare row would hold it in plain text
            let params = ConnectionSave {
                name: name.into(),
                kind: system.into(),
                config: serde_json::json!({field: address}),
                secrets: std::collections::BTreeMap::new(),
            };
            self.connections_save(params).await?;
            return Ok(name.to_owned());
        }
        let row = StoredConnection {
            id: name.into(),
            kind: system.into(),
            config: serde_json::json!({field: address}).to_string(),
            secret: None,
            changed_ms: self.clock.now_ms(),
        };
        self.commit(vec![Change::Connection(row)]).await?;
        self.shelf.forget_account(name);
        Ok(name.to_owned())
    }

    /// The id of a flow, by id or name.
    pub(crate) async fn flow_named(&self, wanted: &str) -> Result<String, Refusal> {
        for row in self.flow_rows().await? {
            let is_meant = row.flow == wanted
                || self.stored(&row.flow).await.is_ok_and(|it| it.document.is_ok_and(|it| it.name == wanted));
            if is_meant {
                return Ok(row.flow.to_string());
            }
        }
        Err(Refusal::new(RefusalCode::NotFound, format!("There is no flow {wanted}.")))
    }

    /// Makes a flow that was taken in live.
    ///
    /// # Errors
    /// It has errors, or something must be filled or allowed first.
    pub async fn arm_adopted(&self, id: &str) -> Result<(), Refusal> {
        // who names the file at the start has decided; `arna test` is there for who has not
        let arm = FlowArm { flow: id.into(), armed: true, accept_differences: true };
        self.flow_arm(arm).await.map(drop)
    }

    /// Runs a flow that was taken in, to its end. End records go to the sink.
    ///
    /// # Errors
    /// It cannot be started. A run that failed is no error.
    pub async fn run_adopted(
        &self,
        adopted: &Adopted<'_>,
        (trigger, records): (Option<&str>, Vec<Record>),
        ends: Arc<dyn EndSink>,
    ) -> Result<Ended, Refusal> {
        let Adopted { id, document, .. } = *adopted;
        let given = self.shelf.given(id).map_err(|e| engine_refusal(&e))?;
        if let Some(refusal) = missing(document, &self.shelf.touches(document), &given) {
            return Err(refusal);
        }
        let live = self.shelf.ready(id, document).map_err(|e| engine_refusal(&e))?;
        let trigger = trigger_of(&live.program, trigger)?;
        let mut start = Start::new(&trigger, records);
        start.ends = Some(ends);
        self.engine.run(live, start).await.map_err(|e| engine_refusal(&e))
    }

    /// Runs a flow with every outgoing effect held, and gives what was held.
    ///
    /// # Errors
    /// As [`App::run_adopted`].
    pub async fn rehearse_adopted(
        &self,
        adopted: &Adopted<'_>,
        (trigger, records): (Option<&str>, Vec<Record>),
    ) -> Result<(Ended, Vec<HeldEffect>), Refusal> {
        let id = format!("{}{REHEARSAL}", adopted.id);
        self.save(&id, adopted.document, None).await?;
        let live = self.shelf.ready(&id, adopted.document).map_err(|e| engine_refusal(&e))?;
        let trigger = trigger_of(&live.program, trigger)?;
        let ended =
            self.engine.run(live, Start::new(&trigger, records)).await.map_err(|e| engine_refusal(&e))?;
        let held = self.shelf.held().of(&ended.run);
        Ok((ended, held))
    }
}
