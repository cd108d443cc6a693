//! The program is killed again and again while events come in: what it acknowledged is never lost, what it repeats carries the same
//! key. `ARNA_KILLS` says how often (50 unless set).

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arna_tests::arna::{Server, free_port};
use arna_tests::sink::Sink;

const SENDERS: usize = 8;
/// After the last start all that was acknowledged must arrive; the wait ends early when it has, and at this at the latest.
const SETTLE: Duration = Duration::from_secs(120);
const READY: Duration = Duration::from_secs(60);

const FLOW: &str = r#"{
  "arna": 1,
  "name": "Hand orders on",
  "nodes": {
    "order": { "kind": "webhook.receive", "config": { "path": "orders", "auth": { "by": "none" }, "answer": "accepted" } },
    "send": { "kind": "http.request", "connection": "sink",
              "config": { "method": "POST", "url": "/", "body": "= {orderId: body.id}", "again": "same_key" } }
  },
  "wires": [["order", "send"]],
  "slots": { "sink": { "connection": "http" } }
}
"#;

/// Posts one order. True when it was acknowledged.
fn post(port: u16, order: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let body = format!("{{\"id\":\"{order}\"}}");
        let length = body.len();
        write!(
            stream,
            "POST /hooks/orders HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(&answer[..10] == b"HTTP/1.1 2")
    };
    ask().unwrap_or(false)
}

#[derive(Default)]
struct Load {
    acknowledged: Mutex<Vec<String>>,
    sent: AtomicU64,
    is_over: AtomicBool,
}

impl Load {
    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    fn send(&self, port: u16) {
        while !self.is_over.load(Ordering::SeqCst) {
            let order = format!("order-{}", self.sent.fetch_add(1, Ordering::SeqCst));
            if post(port, &order) {
                self.acknowledged.lock().unwrap().push(order);
            }
            std::thread::sleep(Duration::from_millis(4));
        }
    }

    fn wait_for_more(&self, server: &mut Server, log: &std::path::Path) {
        let (before, started) = (self.count(), Instant::now());
        while self.count() == before {
            let story = || std::fs::read_to_string(log).unwrap_or_default();
            assert!(!server.has_ended(), "the program ended by itself:\n{}", story());
            assert!(started.elapsed() < READY, "the program never became ready:\n{}", story());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, from: u64, to: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from + self.0 % (to - from + 1)
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_repeats_carry_the_same_key_however_often_the_program_is_killed() {
    let kills: usize = std::env::var("ARNA_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(50);
    let folder = tempfile::tempdir().unwrap();
    let (flow, log, data) =
        (folder.path().join("orders.flow.json"), folder.path().join("log"), folder.path().join("data"));
    std::fs::write(&flow, FLOW).unwrap();
    let sink = Sink::start().unwrap();
    let port = free_port();
    let (hooks, slot) = (format!("127.0.0.1:{port}"), format!("sink={}", sink.url()));
    let start = || {
        let arguments = [
            "--data",
            data.to_str().unwrap(),
            "--hooks",
            &hooks,
            "--flow",
            flow.to_str().unwrap(),
            "--set",
            &slot,
        ];
        Server::start(&arguments, &log)
    };

    let load = Arc::new(Load::default());
    let mut server = start();
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let load = load.clone();
            std::thread::spawn(move || load.send(port))
        })
        .collect();
    let mut dice = Dice(0x5eed_0fa2_0a11);
    for _ in 0..kills {
        load.wait_for_more(&mut server, &log);
        std::thread::sleep(Duration::from_millis(dice.roll(5, 180)));
        server.kill();
        server = start();
    }
    load.wait_for_more(&mut server, &log);
    load.is_over.store(true, Ordering::SeqCst);
    for sender in senders {
        sender.join().unwrap();
    }

    let acknowledged: BTreeSet<String> = load.acknowledged.lock().unwrap().iter().cloned().collect();
    let settling = Instant::now();
    let lost = loop {
        let arrived = sink.by_order();
        let lost: Vec<String> =
            acknowledged.iter().filter(|it| !arrived.contains_key(*it)).cloned().collect();
        if lost.is_empty() || settling.elapsed() > SETTLE {
            break lost;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let arrived = sink.by_order();
    let repeated: Vec<_> = arrived.iter().filter(|(_, keys)| keys.len() > 1).collect();
    println!(
        "{kills} kills, {} acknowledged of {} sent, {} calls, {} lost, {} repeated",
        acknowledged.len(),
        load.sent.load(Ordering::SeqCst),
        sink.count(),
        lost.len(),
        repeated.len()
    );
    assert!(acknowledged.len() > kills, "the program took events between the kills");
    assert!(lost.is_empty(), "lost: {:?}", &lost[..lost.len().min(10)]);
    for (order, keys) in &arrived {
        let different: BTreeSet<_> = keys.iter().collect();
        assert!(different.len() == 1 && keys[0].is_some(), "{order} arrived with the keys {keys:?}");
    }
}
