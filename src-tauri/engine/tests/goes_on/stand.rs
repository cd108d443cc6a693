//! An engine that can be cut off, a clock that is set by hand, and another side that answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arna_engine::{Authority, Clock, Filled, Live};
use journal::{RunId, RunState};
use model::{Record, json};
use sdk::testing::FakeConnection;

use crate::common::Bench;

/// A clock that stands still until it is set.
pub(crate) struct Hands(AtomicI64);

impl Hands {
    pub(crate) fn at(now_ms: i64) -> Arc<Hands> {
        Arc::new(Hands(AtomicI64::new(now_ms)))
    }

    pub(crate) fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Clock for Hands {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The journal's folder as a crash at this moment leaves it.
pub(crate) fn cut_off(from: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(from, folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if entry.file_name() != "engine.lock" {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Waits until something holds, a minute at most.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..12_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to this: {what}");
}

pub(crate) fn record(text: &str) -> Record {
    json::parse(text.as_bytes()).unwrap().as_record().unwrap().clone()
}

pub(crate) fn state(bench: &Bench, run: RunId) -> RunState {
    bench.journal.read(|it| it.resumable(run)).unwrap().unwrap().state
}

/// Goes on where an earlier engine stopped.
pub(crate) async fn go_on(bench: &mut Bench) {
    let open = std::mem::take(&mut bench.open);
    bench.engine.resume(open).await;
    bench.keep_parked();
}

/// How the other side answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Answers,
    /// Answers once more and is silent from then on.
    Once,
    /// Takes the request and never says anything.
    Silent,
    /// Says nothing until it is told to answer.
    Holds,
    /// 503.
    Busy,
    /// Hangs up.
    Gone,
}

/// Another side that notes what it got.
#[derive(Clone)]
pub(crate) struct Other {
    address: String,
    pub(crate) manner: Arc<Mutex<Manner>>,
    got: Arc<Mutex<Vec<(String, String)>>>,
}

impl Other {
    pub(crate) fn start(manner: Manner) -> Other {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let other = Other {
            address: format!("http://{}", listener.local_addr().unwrap()),
            manner: Arc::new(Mutex::new(manner)),
            got: Arc::default(),
        };
        let this = other.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let this = this.clone();
                std::thread::spawn(move || drop(this.serve(stream)));
            }
        });
        other
    }

    /// Keys and bodies that came, in order.
    pub(crate) fn got(&self) -> Vec<(String, String)> {
        self.got.lock().unwrap().clone()
    }

    pub(crate) fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn serve(&self, mut stream: std::net::TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        loop {
            let (mut length, mut key, mut line) = (0, String::new(), String::new());
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            loop {
                line.clear();
                reader.read_line(&mut line)?;
                let Some((name, value)) = line.trim_end().split_once(':') else { break };
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap_or(0),
                    "idempotency-key" => value.trim().clone_into(&mut key),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            self.got.lock().unwrap().push((key, String::from_utf8_lossy(&body).into_owned()));
            let mut manner = *self.manner.lock().unwrap();
            while manner == Manner::Holds {
                std::thread::sleep(Duration::from_millis(5));
                manner = *self.manner.lock().unwrap();
            }
            if manner == Manner::Once {
                self.set(Manner::Silent);
            }
            match manner {
                Manner::Answers | Manner::Once => stream.write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"ok\":true}",
                )?,
                Manner::Busy => stream.write_all(
                    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n",
                )?,
                Manner::Gone | Manner::Holds => return Ok(()),
                Manner::Silent => std::thread::sleep(Duration::from_secs(600)),
            }
        }
    }

    /// A flow whose slot `other` is this side.
    pub(crate) async fn flow(&self, bench: &Bench, id: &str, text: &str) -> Arc<Live> {
        self.flow_at_rate(bench, (id, text), "").await
    }

    /// The same, called no oftener than a rate says.
    pub(crate) async fn flow_at_rate(
        &self,
        bench: &Bench,
        (id, text): (&str, &str),
        rate: &str,
    ) -> Arc<Live> {
        let settings = Record::of([("address", sdk::Value::from(self.address.as_str()))]);
        let rate = Some(rate.to_owned()).filter(|it| !it.is_empty());
        let connection = FakeConnection {
            kind: "http".into(),
            settings: Some(settings),
            rate,
            ..FakeConnection::default()
        };
        let mut authority = Authority::default();
        authority.slots.insert("other".into(), Filled::Connection(Arc::new(connection)));
        bench.flow_with(id, text, authority).await
    }
}
