//! The world of a node, for one place: what chance gives there is the same at every attempt, and another at every other place.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use formula::Roots;
use model::{Record, Value};
use sdk::{Connection, Cx, Folder, HttpAnswer, HttpCall, Level, NodeError};

/// The world of a node with the seed of one place.
pub(super) struct Placed<'a> {
    cx: &'a dyn Cx,
    roots: Roots,
}

impl<'a> Placed<'a> {
    pub(super) fn new(cx: &'a dyn Cx, seed: u64) -> Placed<'a> {
        Placed { cx, roots: cx.roots().seeded(seed) }
    }
}

#[async_trait]
impl Cx for Placed<'_> {
    fn now_ms(&self) -> i64 {
        self.cx.now_ms()
    }

    fn roots(&self) -> &Roots {
        &self.roots
    }

    fn connection(&self) -> Result<Arc<dyn Connection>, NodeError> {
        self.cx.connection()
    }

    fn has_connection(&self) -> bool {
        self.cx.has_connection()
    }

    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, NodeError> {
        self.cx.http(call).await
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr, NodeError> {
        self.cx.resolve(host, port).await
    }

    fn folder(&self) -> &dyn Folder {
        self.cx.folder()
    }

    async fn state(&self, key: &str) -> Result<Option<Value>, NodeError> {
        self.cx.state(key).await
    }

    fn keep_state(&self, key: &str, value: Value) {
        self.cx.keep_state(key, value);
    }

    async fn unseen(&self, keys: &[String], owner: &str) -> Result<Vec<bool>, NodeError> {
        self.cx.unseen(keys, owner).await
    }

    async fn call_flow(&self, slot: &str, records: Vec<Record>, key: &str) -> Result<Vec<Record>, NodeError> {
        self.cx.call_flow(slot, records, key).await
    }

    async fn sleep(&self, time: Duration) -> Result<(), NodeError> {
        self.cx.sleep(time).await
    }

    fn is_cancelled(&self) -> bool {
        self.cx.is_cancelled()
    }

    fn log(&self, level: Level, text: &str) {
        self.cx.log(level, text);
    }
}
