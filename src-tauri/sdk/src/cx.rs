//! The world as nodes may see it: clock, network, files, connections, state, log. A node that goes round it fails a lint.

use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::NodeError;
use formula::Roots;
use model::{Record, Value};

/// How important a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For somebody who looks closely.
    Debug,
    /// Worth knowing.
    Info,
    /// Somebody should look.
    Warn,
}

/// A connection of the person: an account at a system. Secrets are read by name at the moment of the call.
pub trait Connection: Send + Sync {
    /// The connection's own name.
    fn name(&self) -> &str;

    /// http, postgres, sqlite, rabbitmq.
    fn kind(&self) -> &str;

    /// Settings that are no secrets: address, user, options.
    fn settings(&self) -> &Record;

    /// How often it may be called: `10/s`, `600/min`, `100/h`. The engine keeps to it; no setting of the driver's.
    fn rate(&self) -> Option<&str> {
        None
    }

    /// A secret by field name. Keep it no longer than the call.
    ///
    /// # Errors
    /// The connection has no such secret, or the vault is locked.
    fn secret(&self, field: &str) -> Result<String, NodeError>;

    /// Drivers keep pools and tokens here, one a connection; the key is the driver's own name.
    fn kept(&self) -> &dyn Kept;
}

/// A place for what a driver keeps between calls of one connection (pool, token).
#[async_trait]
pub trait Kept: Send + Sync {
    /// What is kept under a name.
    fn get(&self, name: &str) -> Option<Arc<dyn std::any::Any + Send + Sync>>;

    /// Keeps something under a name, replacing what was there.
    fn put(&self, name: &str, it: Arc<dyn std::any::Any + Send + Sync>);
}

/// An HTTP request. Through a connection the address is resolved against its base and its sign-in is added.
#[derive(Clone, Debug, Default)]
pub struct HttpCall {
    /// GET, POST, ...
    pub method: String,
    /// Absolute, or a path below the connection's base address.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body; empty sends none.
    pub body: Bytes,
    /// Whole call, from dialling to the last byte.
    pub timeout: Option<Duration>,
    /// At most so many bytes of the answer are read, after decompression; none takes 10 MiB.
    pub most_bytes: Option<usize>,
}

/// An HTTP answer, read to its end.
#[derive(Clone, Debug, Default)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Bytes,
    /// The address that answered in the end.
    pub url: String,
}

impl HttpAnswer {
    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// A file being read.
pub trait Reading: Read + Seek + Send {}
impl<T: Read + Seek + Send> Reading for T {}

/// A file being written beside its target. Dropped without commit it leaves nothing behind.
pub trait Replace: Write + Seek + Send {
    /// Puts the finished file in its place in one step and makes it durable.
    ///
    /// # Errors
    /// The target is as it was.
    fn commit(self: Box<Self>) -> Result<(), NodeError>;
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path to open it by.
    pub path: String,
    /// The last part of the path.
    pub name: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Last change, milliseconds since 1970 UTC.
    pub modified_ms: i64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Files, inside granted folders only. Links that lead out are not followed.
pub trait Folder: Send + Sync {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// Not granted, not there, not readable.
    fn read(&self, path: &str) -> Result<Box<dyn Reading>, NodeError>;

    /// Begins a new file that takes the target's place on commit.
    ///
    /// # Errors
    /// Not granted, read-only, disk full.
    fn replace(&self, path: &str) -> Result<Box<dyn Replace>, NodeError>;

    /// Appends to a file durably, creating it when absent.
    ///
    /// # Errors
    /// Not granted, read-only, disk full.
    fn append(&self, path: &str, bytes: &[u8]) -> Result<(), NodeError>;

    /// The entries of a folder, by name.
    ///
    /// # Errors
    /// Not granted, not there.
    fn list(&self, path: &str) -> Result<Vec<Entry>, NodeError>;

    /// One entry.
    ///
    /// # Errors
    /// Not granted; none when absent.
    fn entry(&self, path: &str) -> Result<Option<Entry>, NodeError>;

    /// Moves a file; parent folders are created.
    ///
    /// # Errors
    /// Not granted on either side, target there and `overwrite` false.
    fn rename(&self, from: &str, to: &str, overwrite: bool) -> Result<(), NodeError>;

    /// Copies a file; parent folders are created.
    ///
    /// # Errors
    /// As [`Folder::rename`].
    fn copy(&self, from: &str, to: &str, overwrite: bool) -> Result<(), NodeError>;

    /// Deletes a file. True when it was there.
    ///
    /// # Errors
    /// Not granted, in use.
    fn remove(&self, path: &str) -> Result<bool, NodeError>;
}

/// The world. Every call of a node goes through one of these, made for this run and this node.
#[async_trait]
pub trait Cx: Send + Sync {
    /// Wall clock, milliseconds since 1970 UTC. Not for results: those use the run's own `now()`.
    fn now_ms(&self) -> i64;

    /// `slots`, `run` and `event` for formulas.
    fn roots(&self) -> &Roots;

    /// The connection this node names.
    ///
    /// # Errors
    /// The node names none, its slot is not filled, or it is not granted.
    fn connection(&self) -> Result<Arc<dyn Connection>, NodeError>;

    /// Whether the node names a connection at all.
    fn has_connection(&self) -> bool;

    /// Sends an HTTP request through the one dialer. Adds no sign-in: that is the connector's work.
    ///
    /// # Errors
    /// Not granted, no connection, no answer in time, answer beyond its limit. An answer of any status is no error here.
    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, NodeError>;

    /// Resolves a host, checks the grant against the address found and returns that address: drivers connect to it and to
    /// nothing else.
    ///
    /// # Errors
    /// Not granted, unknown host.
    async fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr, NodeError>;

    /// Files of granted folders.
    fn folder(&self) -> &dyn Folder;

    /// A value this node keeps across runs.
    ///
    /// # Errors
    /// The journal cannot be read.
    async fn state(&self, key: &str) -> Result<Option<Value>, NodeError>;

    /// Keeps a value across runs. Of an action it commits together with the step's result; of a source it is a cursor and counts once
    /// the run has ended, so that a run that failed reads the same again.
    fn keep_state(&self, key: &str, value: Value);

    /// Of these keys, those this node has not seen before; they are remembered together with the step's result. `owner` names
    /// the place of the first key, so that a repeated step finds its own keys new again.
    ///
    /// # Errors
    /// The journal cannot be read.
    async fn unseen(&self, keys: &[String], owner: &str) -> Result<Vec<bool>, NodeError>;

    /// Calls another flow with records and waits for its end records.
    ///
    /// # Errors
    /// The slot is not filled, the called run failed, too deep.
    async fn call_flow(&self, slot: &str, records: Vec<Record>, key: &str) -> Result<Vec<Record>, NodeError>;

    /// Waits, in memory; ends early with an error when the run is cancelled.
    ///
    /// # Errors
    /// The run was cancelled.
    async fn sleep(&self, time: Duration) -> Result<(), NodeError>;

    /// Whether the run was cancelled: long loops stop.
    fn is_cancelled(&self) -> bool;

    /// Writes a line to the run's log. Secrets are redacted.
    fn log(&self, level: Level, text: &str);
}
