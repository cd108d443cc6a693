//! Who may speak to the admin listener: token, host name, origin, content type.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, header};

use crate::contract::{Refusal, RefusalCode};

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// A new token: 256 random bits as text.
///
/// # Errors
/// The system gave no random numbers.
pub fn fresh_token() -> Result<String, Refusal> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|_| Refusal::new(RefusalCode::Internal, "The system gave no random numbers, so no token can be made."))?;
    Ok(crate::flows::hex(&bytes))
}

/// What the listener knows itself by.
pub(crate) struct Guard {
    token: String,
    hosts: Vec<String>,
}

impl Guard {
    /// A guard for a listener at an address.
    pub(crate) fn new(token: String, address: SocketAddr) -> Guard {
        let port = address.port();
        let mut hosts = vec![address.to_string()];
        // names of this very machine are as good as its address; a wildcard address is none that a browser sends
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            hosts.extend([format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")]);
        }
        Guard { token, hosts }
    }

    /// Whether the request was meant for this listener: against names rebound to this machine, and pages of others.
    pub(crate) fn check_place(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let refused = |sentence: &str| Err(Refusal::new(RefusalCode::Refused, sentence));
        let host = text(headers, header::HOST.as_str()).unwrap_or_default();
        if !self.hosts.iter().any(|it| it.eq_ignore_ascii_case(host)) {
            return refused("This address is not served here: open the one that was printed at the start.");
        }
        match text(headers, header::ORIGIN.as_str()) {
            None => Ok(()),
            Some(origin) => {
                let own = origin.strip_prefix("http://").unwrap_or_default();
                if self.hosts.iter().any(|it| it.eq_ignore_ascii_case(own)) {
                    Ok(())
                } else {
                    refused("Pages of other sites may not speak to Arna.")
                }
            }
        }
    }

    /// Whether the request may do something.
    pub(crate) fn check_command(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        self.check_place(headers)?;
        self.check_token(headers)?;
        let content = text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
        let essence = content.split(';').next().unwrap_or_default().trim();
        if method == Method::POST && !essence.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::new(RefusalCode::BadRequest, "A command is sent as application/json."));
        }
        Ok(())
    }

    /// Whether the sender has the token.
    pub(crate) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let given = text(headers, header::AUTHORIZATION.as_str()).and_then(|it| it.strip_prefix("Bearer "));
        if given.is_some_and(|given| is_same(given.trim().as_bytes(), self.token.as_bytes())) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::NotSignedIn,
            "The token is missing or wrong: open the whole address that was printed at the start.",
        ))
    }
}

/// Compares without telling by its time where the first difference is.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    // the same header twice: which one counts is a matter of taste, so none does
    if values.next().is_some() {
        return Some("");
    }
    Some(first.to_str().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new("secret".into(), "127.0.0.1:7421".parse().expect("an address"))
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    const GOOD: [(&str, &str); 3] =
        [("host", "127.0.0.1:7421"), ("authorization", "Bearer secret"), ("content-type", "application/json")];

    #[test]
    fn the_owner_with_the_token_is_let_in() {
        assert!(guard().check_command(&Method::POST, &headers(&GOOD)).is_ok());
        let own = [GOOD.as_slice(), &[("origin", "http://localhost:7421")]].concat();
        assert!(guard().check_command(&Method::POST, &headers(&own)).is_ok());
    }

    #[test]
    fn a_missing_wrong_or_doubled_token_is_not() {
        for extra in [&[][..], &[("authorization", "Bearer secreu")], &[("authorization", "secret")]] {
            let all = [&[GOOD[0], GOOD[2]], extra].concat();
            let refusal = guard().check_command(&Method::POST, &headers(&all)).expect_err("refused");
            assert_eq!(refusal.code, RefusalCode::NotSignedIn);
        }
        let mut twice = headers(&GOOD);
        twice.append("authorization", "Bearer secret".parse().expect("a value"));
        assert!(guard().check_command(&Method::POST, &twice).is_err());
    }

    #[test]
    fn a_rebound_name_and_a_page_of_another_site_are_refused_even_with_the_token() {
        let rebound = [("host", "evil.example:7421"), GOOD[1], GOOD[2]];
        assert!(guard().check_command(&Method::POST, &headers(&rebound)).is_err());
        for origin in ["http://evil.example", "null", "https://127.0.0.1:7421", "http://127.0.0.1:9999"] {
            let mut all = headers(&GOOD);
            all.insert("origin", origin.parse().expect("a value"));
            assert!(guard().check_command(&Method::POST, &all).is_err(), "{origin}");
        }
    }

    #[test]
    fn a_form_is_no_command() {
        let form = [GOOD[0], GOOD[1], ("content-type", "text/plain")];
        assert!(guard().check_command(&Method::POST, &headers(&form)).is_err());
    }
}
