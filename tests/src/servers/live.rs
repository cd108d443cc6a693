//! A world whose network is real: everything else is the world of the cases.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::net::{Allowed, Dialer, HttpClient, Tls};
use sdk::testing::{FakeConnection, World};
use sdk::{Connection, Cx, Folder, HttpAnswer, HttpCall, Level, NodeError, Record, Roots, Value};

/// A world with a real network.
pub struct Live {
    /// What is not network.
    pub world: World,
    http: HttpClient,
    policy: Allowed,
}

impl Live {
    /// A world without a connection.
    pub fn bare() -> Live {
        let http = HttpClient::new(Arc::new(Dialer::default()));
        Live { world: World::default(), http, policy: Allowed::everything() }
    }

    /// A world whose nodes use this connection.
    pub fn with(connection: FakeConnection) -> Live {
        let mut live = Live::bare();
        live.world.connection = Some(Arc::new(connection));
        live
    }
}

/// A connection from its settings and secrets.
pub fn connection(kind: &str, settings: &serde_json::Value, secrets: &[(&str, &str)]) -> FakeConnection {
    let settings = model::json::from_serde(settings).as_record().cloned();
    let secrets: HashMap<_, _> = secrets.iter().map(|(name, it)| ((*name).into(), (*it).into())).collect();
    FakeConnection { kind: kind.into(), settings, secrets, ..FakeConnection::default() }
}

#[async_trait]
impl Cx for Live {
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        since.as_millis() as i64
    }

    fn roots(&self) -> &Roots {
        self.world.roots()
    }

    fn connection(&self) -> Result<Arc<dyn Connection>, NodeError> {
        self.world.connection()
    }

    fn has_connection(&self) -> bool {
        self.world.has_connection()
    }

    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, NodeError> {
        let tls = match &self.world.connection {
            Some(connection) => Tls::of(connection.as_ref())?,
            None => Tls::default(),
        };
        self.http.send(call, &tls, &self.policy).await
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr, NodeError> {
        self.http.dialer().resolve(host, port, &self.policy).await
    }

    fn folder(&self) -> &dyn Folder {
        &self.world
    }

    async fn state(&self, key: &str) -> Result<Option<Value>, NodeError> {
        self.world.state(key).await
    }

    fn keep_state(&self, key: &str, value: Value) {
        self.world.keep_state(key, value);
    }

    async fn unseen(&self, keys: &[String], owner: &str) -> Result<Vec<bool>, NodeError> {
        self.world.unseen(keys, owner).await
    }

    async fn call_flow(&self, slot: &str, records: Vec<Record>, key: &str) -> Result<Vec<Record>, NodeError> {
        self.world.call_flow(slot, records, key).await
    }

    async fn sleep(&self, time: Duration) -> Result<(), NodeError> {
        tokio::time::sleep(time).await;
        Ok(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn log(&self, level: Level, text: &str) {
        self.world.log(level, text);
    }
}
