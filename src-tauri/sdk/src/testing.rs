//! A world for tests: fixed clock, files in memory, scripted answers of the network, a log of what was asked.
//!
//! The cases beside flows run in it too, so it is part of the product, not of one crate's tests.

use std::any::Any;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io::{Cursor, Seek, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::cx::{Connection, Cx, Entry, Folder, HttpAnswer, HttpCall, Kept, Level, Reading, Replace};
use crate::error::{Code, NodeError};
use crate::transform::Sink;
use formula::Roots;
use model::{Record, Value};

/// 2026-01-05 09:00:00 UTC, a Monday: the time of every case that names none.
pub const CASE_NOW_MS: i64 = 1_767_603_600_000;

type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The fake world.
pub struct World {
    /// What the clock shows.
    pub now_ms: i64,
    /// For formulas.
    pub roots: Roots,
    /// Files by path.
    pub files: Files,
    /// Answers by `METHOD url`, given out in order; the last one of a key is given again.
    pub answers: Mutex<HashMap<String, VecDeque<HttpAnswer>>>,
    /// Requests made, in order.
    pub calls: Mutex<Vec<HttpCall>>,
    /// Log lines, in order.
    pub lines: Mutex<Vec<String>>,
    /// The connection of every node.
    pub connection: Option<Arc<FakeConnection>>,
    /// Values kept across runs.
    pub kept_state: Mutex<HashMap<String, Value>>,
    seen: Mutex<HashMap<String, String>>,
}

impl Default for World {
    fn default() -> World {
        World {
            now_ms: CASE_NOW_MS,
            roots: Roots::default(),
            files: Files::default(),
            answers: Mutex::default(),
            calls: Mutex::default(),
            lines: Mutex::default(),
            connection: None,
            kept_state: Mutex::default(),
            seen: Mutex::default(),
        }
    }
}

impl World {
    /// Adds a file.
    #[must_use]
    pub fn with_file(self, path: &str, bytes: impl Into<Vec<u8>>) -> World {
        lock(&self.files).insert(path.into(), bytes.into());
        self
    }

    /// Adds an answer of the network.
    #[must_use]
    pub fn with_answer(self, method: &str, url: &str, answer: HttpAnswer) -> World {
        lock(&self.answers).entry(format!("{method} {url}")).or_default().push_back(answer);
        self
    }

    /// The bytes of a file, none when it is not there.
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        lock(&self.files).get(path).cloned()
    }
}

/// A connection whose settings and secrets are given.
#[derive(Default)]
pub struct FakeConnection {
    /// http, postgres, ...
    pub kind: String,
    /// Settings.
    pub settings: Option<Record>,
    /// Secrets by field.
    pub secrets: HashMap<String, String>,
    /// How often it may be called.
    pub rate: Option<String>,
    /// What drivers keep.
    pub keep: KeptMap,
}

/// Keeps things in a map.
#[derive(Default)]
pub struct KeptMap(Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>);

impl Kept for KeptMap {
    fn get(&self, name: &str) -> Option<Arc<dyn Any + Send + Sync>> {
        lock(&self.0).get(name).cloned()
    }

    fn put(&self, name: &str, it: Arc<dyn Any + Send + Sync>) {
        lock(&self.0).insert(name.into(), it);
    }
}

impl Connection for FakeConnection {
    fn name(&self) -> &str {
        "test"
    }

    fn kind(&self) -> &str {
        &self.kind
    }

    fn settings(&self) -> &Record {
        static EMPTY: std::sync::OnceLock<Record> = std::sync::OnceLock::new();
        self.settings.as_ref().unwrap_or_else(|| EMPTY.get_or_init(Record::empty))
    }

    fn rate(&self) -> Option<&str> {
        self.rate.as_deref()
    }

    fn secret(&self, field: &str) -> Result<String, NodeError> {
        self.secrets
            .get(field)
            .cloned()
            .ok_or_else(|| NodeError::new(Code::Auth, format!("The connection test has no secret {field}.")))
    }

    fn kept(&self) -> &dyn Kept {
        &self.keep
    }
}

struct MemoryFile {
    files: Files,
    path: String,
    bytes: Cursor<Vec<u8>>,
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for MemoryFile {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.bytes.seek(to)
    }
}

impl Replace for MemoryFile {
    fn commit(self: Box<Self>) -> Result<(), NodeError> {
        let MemoryFile { files, path, bytes } = *self;
        lock(&files).insert(path, bytes.into_inner());
        Ok(())
    }
}

fn absent(path: &str) -> NodeError {
    NodeError::new(Code::NotFound, format!("There is no file {path}."))
}

impl Folder for World {
    fn read(&self, path: &str) -> Result<Box<dyn Reading>, NodeError> {
        let bytes = self.file(path).ok_or_else(|| absent(path))?;
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn replace(&self, path: &str) -> Result<Box<dyn Replace>, NodeError> {
        Ok(Box::new(MemoryFile { files: self.files.clone(), path: path.into(), bytes: Cursor::default() }))
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<(), NodeError> {
        lock(&self.files).entry(path.into()).or_default().extend_from_slice(bytes);
        Ok(())
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, NodeError> {
        let prefix =
            if path.is_empty() || path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
        Ok(lock(&self.files)
            .iter()
            .filter_map(|(it, bytes)| {
                let name = it.strip_prefix(&prefix)?;
                (!name.contains('/')).then(|| Entry {
                    path: it.clone(),
                    name: name.into(),
                    size_bytes: bytes.len() as u64,
                    modified_ms: self.now_ms,
                    is_folder: false,
                })
            })
            .collect())
    }

    fn entry(&self, path: &str) -> Result<Option<Entry>, NodeError> {
        Ok(self.file(path).map(|bytes| Entry {
            path: path.into(),
            name: path.rsplit('/').next().unwrap_or(path).into(),
            size_bytes: bytes.len() as u64,
            modified_ms: self.now_ms,
            is_folder: false,
        }))
    }

    fn rename(&self, from: &str, to: &str, overwrite: bool) -> Result<(), NodeError> {
        self.copy(from, to, overwrite)?;
        lock(&self.files).remove(from);
        Ok(())
    }

    fn copy(&self, from: &str, to: &str, overwrite: bool) -> Result<(), NodeError> {
        let bytes = self.file(from).ok_or_else(|| absent(from))?;
        if !overwrite && self.file(to).is_some() {
            return Err(NodeError::new(Code::Refused, format!("There is a file {to} already.")));
        }
        lock(&self.files).insert(to.into(), bytes);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<bool, NodeError> {
        Ok(lock(&self.files).remove(path).is_some())
    }
}

#[async_trait]
impl Cx for World {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn roots(&self) -> &Roots {
        &self.roots
    }

    fn connection(&self) -> Result<Arc<dyn Connection>, NodeError> {
        let it = self.connection.clone();
        it.map(|it| it as Arc<dyn Connection>)
            .ok_or_else(|| NodeError::new(Code::Config, "This step needs a connection; choose one."))
    }

    fn has_connection(&self) -> bool {
        self.connection.is_some()
    }

    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, NodeError> {
        let key = format!("{} {}", call.method, call.url);
        lock(&self.calls).push(call);
        let mut answers = lock(&self.answers);
        let queue = answers
            .get_mut(&key)
            .ok_or_else(|| NodeError::new(Code::Unavailable, format!("The case has no answer for {key}.")))?;
        let answer = if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() };
        answer.ok_or_else(|| NodeError::new(Code::Unavailable, format!("The case has no answer for {key}.")))
    }

    async fn resolve(&self, host: &str, _port: u16) -> Result<SocketAddr, NodeError> {
        Err(NodeError::new(Code::Denied, format!("A case does not reach {host}.")))
    }

    fn folder(&self) -> &dyn Folder {
        self
    }

    async fn state(&self, key: &str) -> Result<Option<Value>, NodeError> {
        Ok(lock(&self.kept_state).get(key).cloned())
    }

    fn keep_state(&self, key: &str, value: Value) {
        lock(&self.kept_state).insert(key.into(), value);
    }

    async fn unseen(&self, keys: &[String], owner: &str) -> Result<Vec<bool>, NodeError> {
        let mut seen = lock(&self.seen);
        let mut here = HashSet::new();
        Ok(keys
            .iter()
            .map(|key| {
                let first = seen.entry(key.clone()).or_insert_with(|| owner.into());
                first == owner && here.insert(key.clone())
            })
            .collect())
    }

    async fn call_flow(
        &self,
        slot: &str,
        _records: Vec<Record>,
        _key: &str,
    ) -> Result<Vec<Record>, NodeError> {
        Err(NodeError::new(Code::Config, format!("The slot {slot} names no flow in this case.")))
    }

    async fn sleep(&self, _time: Duration) -> Result<(), NodeError> {
        Ok(())
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn log(&self, _level: Level, text: &str) {
        lock(&self.lines).push(text.into());
    }
}

/// A sink that keeps all it is given, by port; for tests of one transform.
pub struct Collected {
    /// Records by output port.
    pub ports: Vec<Vec<Record>>,
    /// Failed records.
    pub failed: Vec<(Record, NodeError)>,
    /// The share a step gets before it must spill.
    pub share_bytes: usize,
}

impl Collected {
    /// For so many output ports.
    pub fn new(ports: usize) -> Collected {
        Collected { ports: vec![Vec::new(); ports], failed: Vec::new(), share_bytes: 24 << 20 }
    }
}

impl Sink for Collected {
    fn push(&mut self, port: usize, records: Vec<Record>) -> Result<(), NodeError> {
        self.ports[port].extend(records);
        Ok(())
    }

    fn fail(&mut self, record: Record, error: NodeError) -> Result<(), NodeError> {
        self.failed.push((record, error));
        Ok(())
    }

    fn spill(&mut self) -> Result<std::fs::File, NodeError> {
        tempfile::tempfile()
            .map_err(|e| NodeError::new(Code::Limit, "No temporary file could be made.").because(e))
    }

    fn share_bytes(&self) -> usize {
        self.share_bytes
    }
}
