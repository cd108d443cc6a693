//! The worlds of a case: one made-up world, seen by each node with its own connection and its own memory.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use formula::{FieldSet, Roots};
use model::{Record, Value, json};
use plan::Catalogue;
use sdk::testing::{FakeConnection, World};
use sdk::{Behaviour, Code, Connection, Cx, Folder, HttpAnswer, HttpCall, Level, NodeError};

use super::given::Given;
use super::lock;
use crate::clock::{Clock, SystemClock};
use crate::exec::{Run, Worlds};
use crate::limits::{Gate, Limits};
use crate::program::Program;

/// Headers of a call that are the same in every case.
const USUAL_HEADERS: [&str; 4] = ["accept", "content-type", "idempotency-key", "user-agent"];

/// A call that a step made or, replaced by the case, would have made.
pub(super) enum Made {
    Http(HttpCall),
    Other(Record),
}

/// Calls by node, each node's in the order in which it made them.
pub(super) type Calls = Arc<Mutex<BTreeMap<usize, Vec<Made>>>>;

/// What all nodes of a case share.
struct Shared {
    world: World,
    /// How far sleeping moved the clock.
    slept_ms: AtomicI64,
    calls: Calls,
}

/// The worlds of a case.
pub(super) struct CaseWorlds {
    shared: Arc<Shared>,
    connections: HashMap<String, Arc<FakeConnection>>,
    limits: Limits,
}

impl CaseWorlds {
    pub(super) fn new(given: &Given, roots: &Roots, calls: Calls) -> CaseWorlds {
        let mut world = World::default();
        world.now_ms = given.now_ms;
        world.roots = roots.clone();
        for (path, bytes) in &given.files {
            world = world.with_file(path, bytes.clone());
        }
        for (method, url, answer) in &given.answers {
            world = world.with_answer(method, url, answer.clone());
        }
        for (node, key, value) in &given.state {
            lock(&world.kept_state).insert(format!("{node}/{key}"), value.clone());
        }
        let connections = given
            .connections
            .iter()
            .map(|(slot, it)| {
                let fake = FakeConnection {
                    kind: it.kind.clone(),
                    settings: Some(it.settings.clone()),
                    secrets: it.secrets.clone(),
                    ..FakeConnection::default()
                };
                (slot.clone(), Arc::new(fake))
            })
            .collect();
        let shared = Shared { world, slept_ms: AtomicI64::new(0), calls };
        CaseWorlds { shared: Arc::new(shared), connections, limits: Limits::default() }
    }

    /// The calls made, by node in the order of the flow, each node's in the order in which it made them.
    pub(super) fn calls(&self, program: &Program) -> Vec<Value> {
        let made = lock(&self.shared.calls);
        let shown = |(node, calls): (&usize, &Vec<Made>)| -> Vec<Value> {
            let id = program.nodes[*node].id.as_str();
            calls.iter().map(|it| shown(id, it)).collect()
        };
        made.iter().flat_map(shown).collect()
    }

    /// Files that are not as they were given: text as text, workbooks as rows, other bytes as base64, deleted ones as null.
    pub(super) async fn files(&self, given: &Given, catalogue: &dyn Catalogue) -> Vec<(String, Value)> {
        let now = lock(&self.shared.world.files).clone();
        let mut files = Vec::new();
        for (path, bytes) in &now {
            if given.files.get(path) != Some(bytes) {
                let content = match std::str::from_utf8(bytes) {
                    Ok(text) => Value::from(text),
                    Err(_) if path.ends_with(".xlsx") => self.rows(path, catalogue).await,
                    Err(_) => {
                        Value::Record(Record::of([("base64", Value::from(BASE64_STANDARD.encode(bytes)))]))
                    }
                };
                files.push((path.clone(), content));
            }
        }
        let gone = given.files.keys().filter(|it| !now.contains_key(*it));
        files.extend(gone.map(|path| (path.clone(), Value::Null)));
        files
    }

    /// The rows of a workbook: its bytes hold the time of day and say nothing to a reader.
    async fn rows(&self, path: &str, catalogue: &dyn Catalogue) -> Value {
        let rows = async {
            let config = serde_json::json!({ "path": path });
            let parsed = catalogue.spec("xlsx.read")?.parse(&config).ok()?;
            let Behaviour::Source(source) = parsed.behaviour else { return None };
            let mut cursor = source.open(&Record::empty(), &FieldSet::All, &self.shared.world).await.ok()?;
            let mut rows = Vec::new();
            while let Some(page) = cursor.next(&self.shared.world).await.ok()? {
                rows.extend(page.records.into_iter().map(Value::Record));
            }
            Some(Value::Record(Record::of([("rows", Value::list(rows))])))
        };
        rows.await.unwrap_or_else(|| Value::from("a workbook that cannot be read"))
    }

    /// Log lines, in order.
    pub(super) fn lines(&self) -> Vec<String> {
        lock(&self.shared.world.lines).clone()
    }

    /// Values kept across runs that are not as they were given, by `node/key`.
    pub(super) fn kept(&self, given: &Given) -> Vec<(String, Value)> {
        let before: HashMap<String, &Value> =
            given.state.iter().map(|(node, key, value)| (format!("{node}/{key}"), value)).collect();
        let now: BTreeMap<String, Value> = lock(&self.shared.world.kept_state).clone().into_iter().collect();
        now.into_iter().filter(|(key, value)| before.get(key).copied() != Some(value)).collect()
    }
}

fn shown(node: &str, made: &Made) -> Value {
    let node = ("node", Value::from(node));
    let call = match made {
        Made::Other(record) => {
            return Value::Record(Record::of([node, ("record", Value::Record(record.clone()))]));
        }
        Made::Http(call) => call,
    };
    let mut fields =
        vec![node, ("method", Value::from(call.method.as_str())), ("url", Value::from(call.url.as_str()))];
    let headers: Vec<(String, Value)> = call
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), Value::from(value.as_str())))
        .filter(|(name, _)| !USUAL_HEADERS.contains(&name.as_str()))
        .collect();
    if !headers.is_empty() {
        fields.push(("headers", Value::Record(Record::of(headers))));
    }
    if !call.body.is_empty() {
        let body = json::parse(&call.body).unwrap_or_else(|_| match std::str::from_utf8(&call.body) {
            Ok(text) => Value::from(text),
            Err(_) => Value::from(BASE64_STANDARD.encode(&call.body)),
        });
        fields.push(("body", body));
    }
    Value::Record(Record::of(fields))
}

impl Worlds for CaseWorlds {
    fn cx(&self, run: &Arc<Run>, node: usize) -> Arc<dyn Cx> {
        let it = &run.program.nodes[node];
        let connection = it.connection.as_deref().and_then(|slot| self.connections.get(slot)).cloned();
        Arc::new(NodeWorld { shared: self.shared.clone(), connection, node, id: it.id.to_string() })
    }

    fn clock(&self) -> &dyn Clock {
        &SystemClock
    }

    fn permit(&self, _: &Run, _: usize) -> Arc<Gate> {
        self.limits.local()
    }
}

/// The world as one node sees it.
struct NodeWorld {
    shared: Arc<Shared>,
    connection: Option<Arc<FakeConnection>>,
    node: usize,
    id: String,
}

impl NodeWorld {
    fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.id)
    }
}

#[async_trait]
impl Cx for NodeWorld {
    fn now_ms(&self) -> i64 {
        self.shared.world.now_ms + self.shared.slept_ms.load(Ordering::SeqCst)
    }

    fn roots(&self) -> &Roots {
        self.shared.world.roots()
    }

    fn connection(&self) -> Result<Arc<dyn Connection>, NodeError> {
        let it = self.connection.clone().map(|it| it as Arc<dyn Connection>);
        it.ok_or_else(|| {
            NodeError::new(Code::Config, "This step needs a connection; choose one in the inspector.")
        })
    }

    fn has_connection(&self) -> bool {
        self.connection.is_some()
    }

    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, NodeError> {
        lock(&self.shared.calls).entry(self.node).or_default().push(Made::Http(call.clone()));
        self.shared.world.http(call).await
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr, NodeError> {
        self.shared.world.resolve(host, port).await
    }

    fn folder(&self) -> &dyn Folder {
        &self.shared.world
    }

    async fn state(&self, key: &str) -> Result<Option<Value>, NodeError> {
        self.shared.world.state(&self.key(key)).await
    }

    fn keep_state(&self, key: &str, value: Value) {
        self.shared.world.keep_state(&self.key(key), value);
    }

    async fn unseen(&self, keys: &[String], owner: &str) -> Result<Vec<bool>, NodeError> {
        let keys: Vec<String> = keys.iter().map(|it| self.key(it)).collect();
        self.shared.world.unseen(&keys, owner).await
    }

    async fn call_flow(&self, slot: &str, records: Vec<Record>, key: &str) -> Result<Vec<Record>, NodeError> {
        self.shared.world.call_flow(slot, records, key).await
    }

    async fn sleep(&self, time: Duration) -> Result<(), NodeError> {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.shared.slept_ms.fetch_add(ms, Ordering::SeqCst);
        Ok(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn log(&self, level: Level, text: &str) {
        if level != Level::Debug {
            self.shared.world.log(level, text);
        }
    }
}
