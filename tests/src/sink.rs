//! A downstream system that remembers what it really got: the judge of crash tests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A call that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The path without its slash.
    pub place: String,
    /// `orderId` of the body.
    pub order: String,
    /// The header `Idempotency-Key`; none when it was not sent.
    pub key: Option<String>,
}

/// An HTTP server on this machine that answers 200 to every POST and notes it before it answers. `GET /arrived/ORDER` says whether an
/// order came (200) or not (404). It lives as long as the process.
#[derive(Clone)]
pub struct Sink {
    address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Sink {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// No port is free.
    pub fn start() -> std::io::Result<Sink> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let sink = Sink { address: listener.local_addr()?, arrived: Arc::default() };
        let arrived = sink.arrived.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let arrived = arrived.clone();
                // a peer that was killed breaks its connection; that is what is being tested
                std::thread::spawn(move || drop(serve(stream, &arrived)));
            }
        });
        Ok(sink)
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many calls arrived.
    pub fn count(&self) -> usize {
        lock(&self.arrived).len()
    }

    /// How many calls of each order arrived, over all places.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for it in lock(&self.arrived).iter() {
            *counts.entry(it.order.clone()).or_default() += 1;
        }
        counts
    }

    /// Everything that arrived, in the order of arrival.
    pub fn arrived(&self) -> Vec<Arrived> {
        lock(&self.arrived).clone()
    }

    /// The keys of the calls that arrived at a place, by order, in the order of arrival.
    pub fn by_order(&self, place: &str) -> BTreeMap<String, Vec<Option<String>>> {
        let mut orders: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        for it in lock(&self.arrived).iter().filter(|it| it.place == place) {
            orders.entry(it.order.clone()).or_default().push(it.key.clone());
        }
        orders
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Asked {
    method: String,
    path: String,
    key: Option<String>,
    body: Vec<u8>,
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().trim_start_matches('/').to_owned();
    let (mut length, mut key) = (0, None);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 {
            return Ok(None);
        }
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "idempotency-key" => key = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Asked { method, path, key, body }))
}

fn serve(stream: TcpStream, arrived: &Mutex<Vec<Arrived>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(asked) = read(&mut reader)? {
        let is_there =
            if let ("GET", Some(order)) = (asked.method.as_str(), asked.path.strip_prefix("arrived/")) {
                lock(arrived).iter().any(|it| it.order == order)
            } else {
                let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
                let order =
                    body.get("orderId").and_then(|it| it.as_str()).unwrap_or("without an order").to_owned();
                // an answer that takes its time: a process that is killed is often waiting for one
                let thinks = order.bytes().map(u64::from).sum::<u64>() % 13;
                lock(arrived).push(Arrived { place: asked.path, order, key: asked.key });
                std::thread::sleep(Duration::from_millis(thinks));
                true
            };
        let status = if is_there { "200 OK" } else { "404 Not Found" };
        let answer = "content-type: application/json\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";
        stream.write_all(format!("HTTP/1.1 {status}\r\n{answer}").as_bytes())?;
    }
    Ok(())
}
