//! What a flow may reach.

use std::net::IpAddr;

use sdk::{Code, NodeError};

use super::address::is_local;

/// The grants of a flow, as far as the network is concerned.
pub trait Policy: Send + Sync {
    /// Asked before a name is resolved: asking for a name already tells somebody that it was asked for.
    ///
    /// # Errors
    /// The flow has no grant for this host.
    fn may_ask(&self, host: &str, port: u16) -> Result<(), NodeError>;

    /// Asked about each address that would be connected to.
    ///
    /// # Errors
    /// The flow has no grant for this address.
    fn may_dial(&self, host: &str, port: u16, ip: IpAddr) -> Result<(), NodeError>;
}

/// A list of granted hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Hosts as `name`, `name:port`, `*.name` (names below it, at any depth) or `*`.
    pub hosts: Vec<String>,
    /// Whether addresses of this machine and of its own network may be reached.
    pub is_local_allowed: bool,
}

impl Allowed {
    /// Everything, this machine included: what the owner of the machine says by naming an address on the command line.
    pub fn everything() -> Allowed {
        Allowed { hosts: vec!["*".into()], is_local_allowed: true }
    }
}

impl Policy for Allowed {
    fn may_ask(&self, host: &str, port: u16) -> Result<(), NodeError> {
        if self.hosts.iter().any(|pattern| fits(pattern, host, port)) {
            return Ok(());
        }
        Err(NodeError::new(
            Code::Denied,
            format!("This flow may not reach {host}:{port}. Allow this host for the flow first."),
        ))
    }

    fn may_dial(&self, host: &str, port: u16, ip: IpAddr) -> Result<(), NodeError> {
        self.may_ask(host, port)?;
        if self.is_local_allowed || !is_local(ip) {
            return Ok(());
        }
        Err(NodeError::new(
            Code::Denied,
            format!(
                "{host} leads to {ip}, an address of this machine or its network. \
                 Allow the local network for this flow first."
            ),
        ))
    }
}

/// Whether a granted pattern covers a host and port.
pub fn fits(pattern: &str, host: &str, port: u16) -> bool {
    let pattern = pattern.trim().to_ascii_lowercase();
    if pattern == "*" {
        return true;
    }
    // A bare IPv6 address has colons of its own; its port needs brackets around the address.
    let (name, wanted) = if let Some(inner) = pattern.strip_prefix('[') {
        let (name, rest) = inner.split_once(']').unwrap_or((inner, ""));
        (name, rest.strip_prefix(':'))
    } else if pattern.matches(':').count() == 1 {
        let (name, port) = pattern.split_once(':').unwrap_or((&pattern, ""));
        (name, Some(port))
    } else {
        (pattern.as_str(), None)
    };
    if wanted.is_some_and(|it| it.parse() != Ok(port)) {
        return false;
    }
    match name.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => name == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_exactly_what_it_says() {
        let table = [
            ("api.shop.kz", "api.shop.kz", 443, true),
            ("API.Shop.kz", "api.shop.kz", 443, true),
            ("api.shop.kz", "evil.api.shop.kz", 443, false),
            ("api.shop.kz", "api.shop.kz.evil.io", 443, false),
            ("api.shop.kz:443", "api.shop.kz", 443, true),
            ("api.shop.kz:443", "api.shop.kz", 80, false),
            ("api.shop.kz:x", "api.shop.kz", 80, false),
            ("*.shop.kz", "a.b.shop.kz", 443, true),
            ("*.shop.kz", "shop.kz", 443, false),
            ("*.shop.kz", ".shop.kz", 443, false),
            ("*.shop.kz", "evilshop.kz", 443, false),
            ("::1", "::1", 80, true),
            ("[::1]:80", "::1", 80, true),
            ("[::1]:81", "::1", 80, false),
            ("*", "anything", 1, true),
            ("", "anything", 1, false),
        ];
        for (pattern, host, port, expected) in table {
            assert_eq!(fits(pattern, host, port), expected, "{pattern} on {host}:{port}");
        }
    }
}
