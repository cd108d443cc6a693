//! What a flow may touch: filled slots and grants, outside the file, given by the person.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use model::{Record, Text, Value};
use sdk::Connection;

use crate::net::Allowed;

/// What a slot was filled with.
#[derive(Clone)]
pub enum Filled {
    /// A connection of the person.
    Connection(Arc<dyn Connection>),
    /// A folder, and whether files in it may be read and written.
    Folder {
        /// Absolute.
        path: PathBuf,
        /// Reading.
        reads: bool,
        /// Writing, moving, deleting.
        writes: bool,
    },
    /// A number, text or boolean.
    Plain(Value),
    /// Another flow, by its id.
    Flow(String),
}

/// A folder a node may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderGrant {
    /// Absolute.
    pub path: PathBuf,
    /// Reading.
    pub reads: bool,
    /// Writing, moving, deleting.
    pub writes: bool,
}

/// The authority of one flow.
#[derive(Clone, Default)]
pub struct Authority {
    /// Slots by name.
    pub slots: HashMap<String, Filled>,
    /// (node id, resource) pairs: `host:api.shop.kz`, `host:*`, `local`, `folder:/path:read`, `folder:*:read`, `hook:path`,
    /// `schedule`. `folder:*` is every folder that some node of the flow may use, never one more.
    pub grants: HashSet<(String, String)>,
}

impl Authority {
    /// Whether a node was given a resource; a grant to the node `*` holds for all nodes.
    pub fn has(&self, node: &str, resource: &str) -> bool {
        let given = |it: &str| self.grants.contains(&(it.to_owned(), resource.to_owned()));
        given(node) || given("*")
    }

    fn resources<'a>(&'a self, node: &'a str, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.grants
            .iter()
            .filter(move |(it, _)| it == node || it == "*")
            .filter_map(move |(_, it)| it.strip_prefix(kind))
    }

    /// The connection in a slot.
    pub fn connection(&self, slot: &str) -> Option<Arc<dyn Connection>> {
        match self.slots.get(slot) {
            Some(Filled::Connection(connection)) => Some(connection.clone()),
            Some(Filled::Folder { .. } | Filled::Plain(_) | Filled::Flow(_)) | None => None,
        }
    }

    /// Hosts a node may reach: those granted to it, and the address of its connection.
    pub fn hosts(&self, node: &str, slot: Option<&str>) -> Allowed {
        let mut hosts: Vec<String> = self.resources(node, "host:").map(str::to_owned).collect();
        let mut is_local_allowed = self.has(node, "local");
        if let Some(connection) = slot.and_then(|it| self.connection(it)) {
            hosts.extend(hosts_of(connection.settings()));
            // the person entered this address: it may be on this machine
            is_local_allowed = true;
        }
        Allowed { hosts, is_local_allowed }
    }

    /// Folders a node may use.
    pub fn folders(&self, node: &str) -> Vec<FolderGrant> {
        let mut folders: Vec<FolderGrant> = self
            .slots
            .values()
            .filter_map(|it| match it {
                Filled::Folder { path, reads, writes } => {
                    Some(FolderGrant { path: path.clone(), reads: *reads, writes: *writes })
                }
                Filled::Connection(_) | Filled::Plain(_) | Filled::Flow(_) => None,
            })
            .collect();
        folders.extend(self.resources(node, "folder:").filter_map(folder));
        for mode in self.resources(node, "folder:*:") {
            let given = self.grants.iter().filter_map(|(_, it)| folder(it.strip_prefix("folder:")?));
            folders.extend(given.map(|it| FolderGrant { writes: it.writes && mode != "read", ..it }));
        }
        // the most exact grant decides
        folders.sort_by_key(|it| std::cmp::Reverse(it.path.as_os_str().len()));
        folders
    }

    /// The values of slots as formulas see them: folders as their path, connections as their name.
    pub fn slot_record(&self) -> Record {
        let mut names: Vec<&String> = self.slots.keys().collect();
        names.sort();
        Record::of(names.into_iter().map(|name| {
            let value = match &self.slots[name] {
                Filled::Plain(value) => value.clone(),
                Filled::Folder { path, .. } => Value::from(path.to_string_lossy().into_owned()),
                Filled::Connection(connection) => Value::from(connection.name()),
                Filled::Flow(flow) => Value::from(flow.as_str()),
            };
            (Text::from(name.as_str()), value)
        }))
    }
}

/// The folder a grant names; none for `*`.
fn folder(grant: &str) -> Option<FolderGrant> {
    let (path, mode) = grant.rsplit_once(':')?;
    (path != "*").then(|| FolderGrant { path: path.into(), reads: mode != "write", writes: mode != "read" })
}

/// The hosts named by a connection's settings: `address` as a URL or host, or `host` and `port`, and `token_url`.
fn hosts_of(settings: &Record) -> Vec<String> {
    let mut hosts = Vec::new();
    let port = settings.get("port").map(Value::to_plain).filter(|it| !it.is_empty());
    for field in ["address", "base_url", "url", "host", "token_url"] {
        let Some(text) = settings.get(field).and_then(Value::as_text) else { continue };
        match reqwest::Url::parse(text) {
            Ok(url) if url.has_host() => {
                if let (Some(host), Some(port)) =
                    (url.host_str(), url.port_or_known_default().or(known_port(url.scheme())))
                {
                    hosts.push(format!("{host}:{port}"));
                }
            }
            _ => match &port {
                Some(port) if field == "host" => hosts.push(format!("{text}:{port}")),
                _ => hosts.push(text.to_owned()),
            },
        }
    }
    hosts
}

fn known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "postgres" | "postgresql" => Some(5432),
        "amqp" => Some(5672),
        "amqps" => Some(5671),
        _ => None,
    }
}
