//! The HTTP client: pooled connections, pinned to addresses that the policy allowed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, redirect};
use sdk::{Code, HttpAnswer, HttpCall, NodeError};

use super::address::is_local;
use super::body::{Body, too_large};
use super::failure::Place;
use super::hop::Hop;
use super::{Dialer, Policy, Tls};

const CONNECT_TIME: Duration = Duration::from_secs(5);
const FIRST_BYTE_TIME: Duration = Duration::from_secs(30);
const IDLE_TIME: Duration = Duration::from_secs(30);
const TOTAL_TIME: Duration = Duration::from_secs(120);
/// Many servers close a quiet connection after five seconds; a request must not meet that moment.
const POOL_TIME: Duration = Duration::from_secs(4);
const MOST_REDIRECTS: usize = 5;
const MOST_BYTES: usize = 10 << 20;
const MOST_HEADER_BYTES: usize = 64 << 10;
const MOST_CLIENTS: usize = 256;
const MOST_PINS: usize = 4_096;

/// The addresses that a client may connect to for a name: what the dialer allowed last. A name that is not here is not dialled.
#[derive(Default)]
struct Pins(Mutex<HashMap<String, Vec<SocketAddr>>>);

impl Pins {
    fn set(&self, host: &str, open: Vec<SocketAddr>) {
        let mut pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pins.get(host) == Some(&open) {
            return;
        }
        if pins.len() >= MOST_PINS {
            pins.clear();
        }
        pins.insert(host.into(), open);
    }
}

struct Pinned(Arc<Pins>);

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        let pins = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pins.get(name.as_str()).cloned();
        Box::pin(std::future::ready(match found {
            Some(open) => Ok(Box::new(open.into_iter()) as Addrs),
            None => Err("the name was not checked".into()),
        }))
    }
}

/// A reqwest client and what it may connect to.
struct Kept {
    client: Client,
    pins: Arc<Pins>,
}

/// One pool for each set of certificates, and apart for local and for public addresses: a connection to a local address is never
/// handed to a call whose name led to a public one.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct PoolKey {
    tls: Option<[u8; 32]>,
    is_local: bool,
}

/// Sends HTTP calls through the dialer.
pub struct HttpClient {
    dialer: Arc<Dialer>,
    pools: Mutex<HashMap<PoolKey, Arc<Kept>>>,
}

impl HttpClient {
    /// A client that dials through this dialer.
    pub fn new(dialer: Arc<Dialer>) -> HttpClient {
        HttpClient { dialer, pools: Mutex::default() }
    }

    /// The dialer, for drivers that are not HTTP.
    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Lets go of all open connections: the next calls open new ones. Calls under way keep theirs.
    pub fn forget(&self) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Sends a call and reads the answer to its end. Redirects are followed, five at most; each hop asks the policy again.
    ///
    /// # Errors
    /// [`Code::Denied`] without a grant, [`Code::Unavailable`] when nothing was sent, [`Code::Ambiguous`] when a request that is
    /// not safe to repeat was cut off, [`Code::Limit`] for an answer beyond its limits. Any status is an answer, not an error.
    pub async fn send(
        &self,
        call: HttpCall,
        tls: &Tls,
        policy: &dyn Policy,
    ) -> Result<HttpAnswer, NodeError> {
        let hop = Hop::first(&call)?;
        let total = call.timeout.unwrap_or(TOTAL_TIME);
        let (at, is_safe) = (hop.place(), hop.is_safe());
        let limits = Limits {
            // Who allows a call more time than usual waits for a slow answer, not only for a long one.
            first_byte: FIRST_BYTE_TIME.max(call.timeout.unwrap_or_default()).min(total),
            most_bytes: call.most_bytes.unwrap_or(MOST_BYTES),
        };
        let place = Place { at: &at, is_safe };
        tokio::time::timeout(total, self.follow(hop, &limits, tls, policy))
            .await
            .unwrap_or_else(|_| Err(place.silent(total.as_secs(), "complete answer")))
    }

    async fn follow(
        &self,
        first: Hop,
        limits: &Limits,
        tls: &Tls,
        policy: &dyn Policy,
    ) -> Result<HttpAnswer, NodeError> {
        let mut hop = first;
        for _ in 0..=MOST_REDIRECTS {
            let kept = self.checked_pool(&hop, tls, policy).await?;
            let response = send_hop(&kept.client, &hop, limits).await?;
            let status = response.status().as_u16();
            let location = response.headers().get("location").and_then(|it| it.to_str().ok());
            match location.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308)) {
                Some(location) => {
                    let location = location.to_owned();
                    drop(response);
                    hop = hop.next(status, &location)?;
                }
                None => return read(response, &hop, limits).await,
            }
        }
        Err(NodeError::new(
            Code::Refused,
            format!(
                "{} redirects more than {MOST_REDIRECTS} times; the last hop was not followed.",
                hop.place()
            ),
        ))
    }

    /// The pool for this hop, after the policy allowed the addresses it would connect to.
    async fn checked_pool(&self, hop: &Hop, tls: &Tls, policy: &dyn Policy) -> Result<Arc<Kept>, NodeError> {
        let host = hop.url.host_str().unwrap_or_default();
        let port = hop.url.port_or_known_default().unwrap_or(80);
        let mut open = self.dialer.addresses(host, port, policy).await?;
        // A name that leads both inside and outside stays with what comes first.
        let is_local = open.first().is_some_and(|it| is_local(it.ip()));
        open.retain(|it| super::address::is_local(it.ip()) == is_local);
        let kept = self.pool(tls, is_local)?;
        kept.pins.set(host, open);
        Ok(kept)
    }

    fn pool(&self, tls: &Tls, is_local: bool) -> Result<Arc<Kept>, NodeError> {
        let key = PoolKey { tls: (*tls != Tls::default()).then(|| fingerprint(tls)), is_local };
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = pools.get(&key) {
            return Ok(kept.clone());
        }
        let pins = Arc::new(Pins::default());
        let kept = Arc::new(Kept { client: build(tls, &pins)?, pins });
        if pools.len() >= MOST_CLIENTS {
            pools.clear();
        }
        pools.insert(key, kept.clone());
        Ok(kept)
    }
}

struct Limits {
    first_byte: Duration,
    most_bytes: usize,
}

fn fingerprint(tls: &Tls) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in [&tls.ca_pem, &tls.identity_pem] {
        hasher.update(part.as_deref().unwrap_or_default().as_bytes());
        hasher.update(&[0]);
    }
    *hasher.finalize().as_bytes()
}

fn build(tls: &Tls, pins: &Arc<Pins>) -> Result<Client, NodeError> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Somebody may have installed one already; that one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let authorities = tls.authorities()?;
    let identity = tls.identity()?;
    let base = || {
        let builder = Client::builder()
            .dns_resolver(Pinned(pins.clone()))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIME)
            .pool_idle_timeout(POOL_TIME)
            .pool_max_idle_per_host(128)
            .tcp_nodelay(true)
            .referer(false);
        match &identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        }
    };
    base()
        .tls_certs_merge(authorities.clone())
        .build()
        // A machine without any authority still reaches http addresses and those its connections vouch for.
        .or_else(|_| base().tls_certs_only(authorities).build())
        .map_err(|e| {
            NodeError::new(Code::Config, "The certificates of the connection cannot be used.").because(e)
        })
}

async fn send_hop(client: &Client, hop: &Hop, limits: &Limits) -> Result<Response, NodeError> {
    let at = hop.place();
    let place = Place { at: &at, is_safe: hop.is_safe() };
    let mut request = reqwest::Request::new(hop.method.clone(), hop.url.clone());
    *request.headers_mut() = hop.headers.clone();
    if !hop.body.is_empty() || matches!(hop.method.as_str(), "POST" | "PUT" | "PATCH") {
        *request.body_mut() = Some(hop.body.clone().into());
    }
    match tokio::time::timeout(limits.first_byte, client.execute(request)).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(place.failed(error)),
        Err(_) => Err(place.silent(limits.first_byte.as_secs(), "answer")),
    }
}

async fn read(mut response: Response, hop: &Hop, limits: &Limits) -> Result<HttpAnswer, NodeError> {
    let at = hop.place();
    let place = Place { at: &at, is_safe: hop.is_safe() };
    let mut header_bytes = 0;
    let headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| {
            header_bytes += name.as_str().len() + value.len();
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    if header_bytes > MOST_HEADER_BYTES {
        let sentence =
            format!("The headers of the answer of {at} are larger than {} KiB.", MOST_HEADER_BYTES >> 10);
        return Err(NodeError::new(Code::Limit, sentence));
    }
    let mut answer = HttpAnswer {
        status: response.status().as_u16(),
        headers,
        body: bytes::Bytes::new(),
        url: hop.url.to_string(),
    };
    let encoding = answer.header("content-encoding");
    let is_packed = encoding.is_some();
    if !is_packed
        && response.content_length().is_some_and(|it| it > limits.most_bytes as u64)
        && hop.method != "HEAD"
    {
        return Err(too_large(limits.most_bytes));
    }
    let mut body = Body::new(encoding, limits.most_bytes)?;
    loop {
        match tokio::time::timeout(IDLE_TIME, response.chunk()).await {
            Ok(Ok(Some(piece))) => body.add(&piece)?,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(place.failed(error)),
            Err(_) => return Err(place.silent(IDLE_TIME.as_secs(), "more of its answer")),
        }
    }
    answer.body = body.end()?;
    if is_packed {
        answer.headers.retain(|(name, _)| name != "content-encoding" && name != "content-length");
    }
    Ok(answer)
}
