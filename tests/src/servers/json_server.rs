//! json-server: a REST store of others, which plays the ledger, the CRM and the warehouse.

use std::process::Command;

use super::http::installed;
use super::process::{Process, folder, free_port, program};

/// A store with the tables it was started with: `GET`, `POST`, `PUT` and `DELETE` below `/TABLE` and `/TABLE/ID`.
pub struct JsonServer {
    process: Process,
    /// Where it listens on loopback.
    pub port: u16,
}

impl JsonServer {
    /// Starts it with these tables.
    ///
    /// # Panics
    /// It is not installed or does not come up.
    pub fn start(tables: &serde_json::Value) -> JsonServer {
        let script = installed().join("node_modules/json-server/lib/cli/bin.js");
        let (folder, port) = (folder(), free_port());
        let store = folder.path().join("store.json");
        std::fs::write(&store, tables.to_string()).expect("the folder of a server is writable");
        let mut command = Command::new(program(&["node".into()], "nodejs"));
        command.arg(script).args(["--host", "127.0.0.1", "--port", &port.to_string()]).arg(&store);
        command.current_dir(folder.path());
        let mut process = Process::start(command, folder);
        process.wait_for(port, "json-server");
        JsonServer { process, port }
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How often a request such as `PUT /contacts/101` came, by the server's own log.
    pub fn count(&self, request: &str) -> usize {
        let log = std::fs::read_to_string(self.process.folder.path().join("output.log")).unwrap_or_default();
        log.lines().filter(|it| plain(it).starts_with(&format!("{request} "))).count()
    }

    /// A table as it is in the store now.
    ///
    /// # Panics
    /// The store cannot be read.
    pub fn table(&self, name: &str) -> Vec<serde_json::Value> {
        let store = std::fs::read(self.process.folder.path().join("store.json")).expect("the store is there");
        let store: serde_json::Value = serde_json::from_slice(&store).expect("the store is JSON");
        store[name].as_array().cloned().unwrap_or_default()
    }
}

/// A line without its colours.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, it| text + it.split_once('m').map_or("", |(_, rest)| rest))
}
