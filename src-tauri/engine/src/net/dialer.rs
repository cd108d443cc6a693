//! Resolves a host once, asks the policy about what was found, and hands out only those addresses.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sdk::{Code, NodeError};

use super::policy::Policy;

/// How long a name may take to resolve.
const LOOKUP_TIME: Duration = Duration::from_secs(5);
/// How long an answer is used again. Short: the policy is asked at every call all the same.
const KEEP_TIME: Duration = Duration::from_secs(5);
const MOST_NAMES: usize = 4_096;

/// Turns a name into addresses.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// The addresses of a host.
    ///
    /// # Errors
    /// The name is unknown, or nobody answered.
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The operating system's own resolver.
struct System;

#[async_trait]
impl Lookup for System {
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|it| it.ip()).collect())
    }
}

struct Known {
    ips: Arc<[IpAddr]>,
    since: Instant,
}

/// The dialer of one engine.
pub struct Dialer {
    lookup: Box<dyn Lookup>,
    known: Mutex<HashMap<String, Known>>,
    keep: Duration,
}

impl Default for Dialer {
    fn default() -> Dialer {
        Dialer { lookup: Box::new(System), known: Mutex::default(), keep: KEEP_TIME }
    }
}

impl Dialer {
    /// A dialer with a resolver of its own; answers are not kept.
    pub fn with_lookup(lookup: impl Lookup + 'static) -> Dialer {
        Dialer { lookup: Box::new(lookup), known: Mutex::default(), keep: Duration::ZERO }
    }

    /// The one address that a driver may connect to.
    ///
    /// # Errors
    /// Not granted, unknown host.
    pub async fn resolve(&self, host: &str, port: u16, policy: &dyn Policy) -> Result<SocketAddr, NodeError> {
        let found = self.addresses(host, port, policy).await?;
        // Drivers try a single address, and servers of an office listen on IPv4 far more often.
        let first = found.iter().find(|it| it.is_ipv4()).or(found.first());
        first.copied().ok_or_else(|| unknown(host))
    }

    /// All addresses of a host that may be connected to; at least one.
    ///
    /// # Errors
    /// Not granted, unknown host.
    pub async fn addresses(
        &self,
        host: &str,
        port: u16,
        policy: &dyn Policy,
    ) -> Result<Vec<SocketAddr>, NodeError> {
        let host = plain_host(host)?;
        policy.may_ask(&host, port)?;
        let ips: Arc<[IpAddr]> = match host.parse::<IpAddr>() {
            Ok(ip) => Arc::new([ip]),
            Err(_) => self.lookup(&host).await?,
        };
        let mut refusal = None;
        let mut open = Vec::with_capacity(ips.len());
        for ip in ips.iter() {
            match policy.may_dial(&host, port, *ip) {
                Ok(()) => open.push(SocketAddr::new(*ip, port)),
                Err(error) => refusal = Some(error),
            }
        }
        match refusal {
            Some(error) if open.is_empty() => Err(error),
            _ if open.is_empty() => Err(unknown(&host)),
            _ => Ok(open),
        }
    }

    async fn lookup(&self, host: &str) -> Result<Arc<[IpAddr]>, NodeError> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(host)
            && known.since.elapsed() < self.keep
        {
            return Ok(known.ips.clone());
        }
        let found = tokio::time::timeout(LOOKUP_TIME, self.lookup.lookup(host)).await;
        let ips: Arc<[IpAddr]> = match found {
            Ok(Ok(ips)) => ips.into(),
            Ok(Err(cause)) => return Err(unknown(host).because(cause)),
            Err(_) => {
                return Err(NodeError::new(
                    Code::Unavailable,
                    format!(
                        "The address of {host} was not found within {} seconds. Check the network.",
                        LOOKUP_TIME.as_secs()
                    ),
                ));
            }
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_NAMES {
            known.clear();
        }
        known.insert(host.into(), Known { ips: ips.clone(), since: Instant::now() });
        Ok(ips)
    }
}

/// A host as names are compared: lower case, without brackets and the dot at the end.
fn plain_host(host: &str) -> Result<String, NodeError> {
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "/@\\?#%".contains(c);
    if bare.is_empty() || bare.len() > 253 || bare.contains(is_odd) {
        let shown: String = host.chars().take(60).collect();
        return Err(NodeError::new(Code::Input, format!("{shown:?} is not the name of a host.")));
    }
    Ok(bare.to_ascii_lowercase())
}

fn unknown(host: &str) -> NodeError {
    NodeError::new(
        Code::Unavailable,
        format!("The host {host} is not known. Check its spelling and the network."),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::Allowed;
    use super::*;

    /// Gives each set of addresses in turn, the last one for ever.
    struct Script(Vec<Vec<&'static str>>, AtomicUsize);

    #[async_trait]
    impl Lookup for Script {
        async fn lookup(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
            let at = self.1.fetch_add(1, Ordering::Relaxed).min(self.0.len() - 1);
            Ok(self.0[at].iter().map(|it| it.parse().unwrap()).collect())
        }
    }

    fn script(answers: &[&[&'static str]]) -> Dialer {
        Dialer::with_lookup(Script(answers.iter().map(|it| it.to_vec()).collect(), AtomicUsize::new(0)))
    }

    fn internet() -> Allowed {
        Allowed { hosts: vec!["*".into()], is_local_allowed: false }
    }

    #[tokio::test]
    async fn hosts_that_lead_inside_are_refused_without_the_local_grant() {
        let table = [
            "127.0.0.1",
            "[::1]",
            "::1",
            "0.0.0.0",
            "169.254.169.254",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::a9fe:a9fe]",
            "10.1.2.3",
            "192.168.0.10",
            "localhost",
            "LOCALHOST.",
        ];
        for host in table {
            let error = Dialer::default().resolve(host, 80, &internet()).await.unwrap_err();
            assert!(matches!(error.code, Code::Denied | Code::Unavailable), "{host}: {error}");
        }
    }

    #[tokio::test]
    async fn numbers_that_the_system_reads_as_loopback_are_refused() {
        for host in ["2130706433", "0x7f000001", "017700000001", "127.1"] {
            let error = Dialer::default().resolve(host, 80, &internet()).await.unwrap_err();
            assert!(matches!(error.code, Code::Denied | Code::Unavailable), "{host}: {error}");
        }
    }

    #[tokio::test]
    async fn a_name_that_turns_from_public_to_private_is_refused_the_second_time() {
        let dialer = script(&[&["93.184.216.34"], &["127.0.0.1"]]);
        let first = dialer.resolve("rebind.test", 80, &internet()).await.unwrap();
        assert_eq!(first.to_string(), "93.184.216.34:80");
        let error = dialer.resolve("rebind.test", 80, &internet()).await.unwrap_err();
        assert_eq!(error.code, Code::Denied);
    }

    #[tokio::test]
    async fn of_mixed_addresses_only_the_public_ones_are_handed_out() {
        let dialer = script(&[&["10.0.0.1", "93.184.216.34", "::1"]]);
        let open = dialer.addresses("mixed.test", 443, &internet()).await.unwrap();
        assert_eq!(open, ["93.184.216.34:443".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_host_that_was_not_granted_is_not_even_asked_for() {
        let dialer = script(&[&["93.184.216.34"]]);
        let policy = Allowed { hosts: vec!["api.test".into()], is_local_allowed: true };
        let error = dialer.resolve("other.test", 443, &policy).await.unwrap_err();
        assert_eq!(error.code, Code::Denied);
        assert!(error.sentence.contains("other.test:443"), "{error}");
        dialer.resolve("API.test.", 443, &policy).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_host_name_is_refused_with_a_sentence() {
        for host in ["", "a b", "a/b", "user@host", "host\r\nX: y", "%31", &"a".repeat(300)] {
            let error = Dialer::default().resolve(host, 80, &Allowed::everything()).await.unwrap_err();
            assert_eq!(error.code, Code::Input, "{host}");
        }
    }
}
