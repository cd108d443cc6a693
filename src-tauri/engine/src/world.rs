//! The real world of a node in a run: grants on every door, secrets only at the call.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use formula::Roots;
use journal::Change;
use model::{Record, Text, Value, codec};
use sdk::{Behaviour, Code, Connection, Cx, Folder, HttpAnswer, HttpCall, Level, NodeError};

use crate::authority::Authority;
use crate::clock::Clock;
use crate::durable::{Journaled, storage};
use crate::exec::{Run, Worlds, seed_of};
use crate::folder::Files;
use crate::limits::{Gate, Limits};
use crate::net::{Allowed, HttpClient, Tls};
use crate::pace::Rate;

/// Calls another flow; the engine implements it.
#[async_trait]
pub(crate) trait Caller: Send + Sync {
    /// Runs a flow with records and waits for its end records.
    async fn call(
        &self,
        flow: &str,
        records: Vec<Record>,
        parent: (&Run, &str),
    ) -> Result<Vec<Record>, NodeError>;
}

/// What all worlds of one flow share.
pub(crate) struct Land {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) http: Arc<HttpClient>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) flow: Text,
    pub(crate) caller: Option<Weak<dyn Caller>>,
}

/// The worlds of one run.
pub(crate) struct RunWorlds {
    pub(crate) land: Arc<Land>,
    /// None for runs that keep nothing.
    pub(crate) journaled: Option<Arc<Journaled>>,
}

impl Worlds for RunWorlds {
    fn cx(&self, run: &Arc<Run>, node: usize) -> Arc<dyn Cx> {
        Arc::new(World::new(self.land.clone(), self.journaled.clone(), run.clone(), node))
    }

    fn clock(&self) -> &dyn Clock {
        self.land.clock.as_ref()
    }

    fn permit(&self, run: &Run, node: usize) -> Arc<Gate> {
        let it = &run.program.nodes[node];
        match it.connection.as_deref().and_then(|slot| self.land.authority.connection(slot)) {
            Some(connection) => {
                let gate = self.land.limits.gate(connection.name());
                gate.set_rate(rate_of(connection.as_ref()));
                gate
            }
            None if it.kind.starts_with("http.") => {
                self.land.limits.gate(&format!("{}/{}", self.land.flow, it.id))
            }
            None => self.land.limits.local(),
        }
    }
}

/// The world of one node.
pub(crate) struct World {
    land: Arc<Land>,
    journaled: Option<Arc<Journaled>>,
    run: Arc<Run>,
    node: usize,
    hosts: Allowed,
    files: Files,
    roots: Roots,
    tls: Mutex<Option<Arc<Tls>>>,
    /// Of its connection.
    gate: Option<Arc<Gate>>,
}

/// How often a connection may be called, by its settings.
fn rate_of(connection: &dyn Connection) -> Option<Rate> {
    Rate::parse(connection.rate()?)
}

impl World {
    pub(crate) fn new(
        land: Arc<Land>,
        journaled: Option<Arc<Journaled>>,
        run: Arc<Run>,
        node: usize,
    ) -> World {
        let it = &run.program.nodes[node];
        let hosts = land.authority.hosts(&it.id, it.connection.as_deref());
        let files = Files::new(land.authority.folders(&it.id));
        let roots = run.roots.seeded(seed_of(run.seed, (&it.id, 0, 0)));
        let gate =
            it.connection.as_deref().and_then(|slot| land.authority.connection(slot)).map(|connection| {
                let gate = land.limits.gate(connection.name());
                gate.set_rate(rate_of(connection.as_ref()));
                gate
            });
        World { land, journaled, node, hosts, files, roots, run, tls: Mutex::default(), gate }
    }

    fn scope(&self) -> Text {
        Text::from(format!("{}/{}", self.land.flow, self.run.program.nodes[self.node].id))
    }

    fn tls(&self) -> Result<Arc<Tls>, NodeError> {
        let mut kept = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tls) = &*kept {
            return Ok(tls.clone());
        }
        let tls = match self.has_connection() {
            true => Arc::new(Tls::of(self.connection()?.as_ref())?),
            false => Arc::new(Tls::default()),
        };
        *kept = Some(tls.clone());
        Ok(tls)
    }
}

#[async_trait]
impl Cx for World {
    fn now_ms(&self) -> i64 {
        self.land.clock.now_ms()
    }

    fn roots(&self) -> &Roots {
        &self.roots
    }

    fn connection(&self) -> Result<Arc<dyn Connection>, NodeError> {
        let Some(slot) = &self.run.program.nodes[self.node].connection else {
            return Err(NodeError::new(
                Code::Config,
                "This step needs a connection; choose one in the inspector.",
            ));
        };
        self.land.authority.connection(slot).ok_or_else(|| {
            NodeError::new(
                Code::Denied,
                format!("The slot {slot} has no connection yet. Choose one for this flow."),
            )
        })
    }

    fn has_connection(&self) -> bool {
        self.run.program.nodes[self.node].connection.is_some()
    }

    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, NodeError> {
        // an action waited at the gate before it began; a source asks page by page
        if let (Behaviour::Source(_), Some(gate)) = (&self.run.program.nodes[self.node].behaviour, &self.gate)
        {
            gate.pace(self).await?;
        }
        let tls = self.tls()?;
        self.land.http.send(call, &tls, &self.hosts).await
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr, NodeError> {
        self.land.http.dialer().resolve(host, port, &self.hosts).await
    }

    fn folder(&self) -> &dyn Folder {
        &self.files
    }

    async fn state(&self, key: &str) -> Result<Option<Value>, NodeError> {
        let Some(journaled) = &self.journaled else { return Ok(None) };
        let bytes = journaled.journal.read(|it| it.state(&self.scope(), key)).map_err(|e| storage(&e))?;
        let damaged =
            |e| NodeError::new(Code::Damaged, format!("The kept value {key} cannot be read.")).because(e);
        bytes.map(|it| codec::decode(&it).map_err(damaged)).transpose()
    }

    fn keep_state(&self, key: &str, value: Value) {
        let Some(journaled) = &self.journaled else { return };
        let (scope, key) = (self.scope(), Text::from(key));
        if matches!(self.run.program.nodes[self.node].behaviour, Behaviour::Source(_)) {
            journaled.mark(scope, key, value);
        } else {
            let value = Some(Bytes::from(codec::encode(&value)));
            journaled.add_change(self.node, Change::State { scope, key, value });
        }
    }

    async fn unseen(&self, keys: &[String], owner: &str) -> Result<Vec<bool>, NodeError> {
        let Some(journaled) = &self.journaled else { return Ok(vec![true; keys.len()]) };
        let scope = self.scope();
        let now = self.now_ms();
        let mut first = std::collections::HashSet::new();
        let mut unseen = Vec::with_capacity(keys.len());
        for key in keys {
            let known = journaled.journal.read(|it| it.dedupe_owner(&scope, key)).map_err(|e| storage(&e))?;
            // the owner is remembered as text in the run's own state, so that a repeated step finds its keys new again
            let is_own =
                known.as_ref().is_some_and(|it| it.run == journaled.run && it.node == owner_node(owner));
            let is_new = first.insert(key.as_str()) && (known.is_none() || is_own);
            if is_new && known.is_none() {
                let at = journal::At { run: journaled.run, node: owner_node(owner), batch: 0, index: 0 };
                let key = journal::DedupeKey {
                    scope: scope.clone(),
                    key: Text::from(key.as_str()),
                    owner: at,
                    at_ms: now,
                };
                journaled.add_change(self.node, Change::DedupeKey(key));
            }
            unseen.push(is_new);
        }
        Ok(unseen)
    }

    async fn call_flow(&self, slot: &str, records: Vec<Record>, key: &str) -> Result<Vec<Record>, NodeError> {
        let Some(crate::authority::Filled::Flow(flow)) = self.land.authority.slots.get(slot) else {
            return Err(NodeError::new(
                Code::Denied,
                format!("The slot {slot} names no flow yet. Choose one."),
            ));
        };
        let caller = self.land.caller.as_ref().and_then(Weak::upgrade);
        let Some(caller) = caller else {
            return Err(NodeError::new(Code::Cancelled, "The engine is stopping."));
        };
        // one key a run and step: the same call of another run is another call
        let key = format!("{}/{}/{key}", self.run.id, self.run.program.nodes[self.node].id);
        caller.call(flow, records, (&self.run, &key)).await
    }

    async fn sleep(&self, time: Duration) -> Result<(), NodeError> {
        tokio::select! {
            biased;
            () = self.run.cancel.cancelled() => self.run.check(),
            () = self.land.clock.sleep(time) => Ok(()),
        }
    }

    fn is_cancelled(&self) -> bool {
        self.run.cancel.is_cancelled()
    }

    fn log(&self, level: Level, text: &str) {
        let run = self.run.id.as_str();
        let node = self.run.program.nodes[self.node].id.as_str();
        match level {
            Level::Debug => tracing::debug!(run, node, text, "node"),
            Level::Info => tracing::info!(run, node, text, "node"),
            Level::Warn => tracing::warn!(run, node, text, "node"),
        }
    }
}

fn owner_node(owner: &str) -> Text {
    Text::from(owner)
}
