//! One hop of a call: the checked request, and where a redirect leads.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use sdk::{Code, HttpCall, NodeError};

/// Headers that a redirect to another place may carry: none that could hold a secret.
const OPEN_HEADERS: [&str; 5] =
    ["accept", "accept-encoding", "accept-language", "content-type", "user-agent"];
/// Headers that belong to the connection and its framing, never to a flow.
const OWN_HEADERS: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "proxy-authorization"];

/// What is sent in one hop.
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: bytes::Bytes,
}

impl Hop {
    /// The first hop of a call.
    ///
    /// # Errors
    /// What cannot be sent: a method, address or header that is none.
    pub(super) fn first(call: &HttpCall) -> Result<Hop, NodeError> {
        let method = Method::from_bytes(call.method.as_bytes()).ok().filter(|it| *it != Method::CONNECT);
        let method =
            method.ok_or_else(|| input(format!("{:?} is not an HTTP method.", shown(&call.method))))?;
        let url = Url::parse(&call.url)
            .map_err(|e| input(format!("{:?} is not a full web address: {e}.", shown(&call.url))))?;
        let mut headers = HeaderMap::with_capacity(call.headers.len() + 2);
        for (name, value) in &call.headers {
            let key = HeaderName::from_bytes(name.trim().as_bytes())
                .map_err(|_| input(format!("{:?} is not the name of a header.", shown(name))))?;
            if OWN_HEADERS.contains(&key.as_str()) {
                return Err(input(format!("The header {key} cannot be set by a flow.")));
            }
            let value = HeaderValue::from_bytes(value.trim().as_bytes())
                .map_err(|_| input(format!("The header {key} holds a line break or a control character.")))?;
            headers.append(key, value);
        }
        let ours = [("accept-encoding", "gzip"), ("accept", "*/*"), ("user-agent", "Arna")];
        for (name, value) in ours {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        Ok(Hop { method, url: checked(url)?, headers, body: call.body.clone() })
    }

    /// Whether repeating the request can change nothing on the other side.
    pub(super) fn is_safe(&self) -> bool {
        self.method.is_safe()
    }

    /// Host and port, for sentences.
    pub(super) fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.into(),
        }
    }

    /// The hop that a redirect asks for. To another place it takes along no header that may hold a secret.
    ///
    /// # Errors
    /// The place is none, or a body would go to somebody it was not meant for.
    pub(super) fn next(mut self, status: u16, location: &str) -> Result<Hop, NodeError> {
        let from = self.place();
        let refused = |why: &str| NodeError::new(Code::Refused, format!("{from} redirects {why}."));
        let to = self.url.join(location).map_err(|_| refused("to something that is no address"))?;
        if !matches!(to.scheme(), "http" | "https") {
            return Err(refused("to something that is not a web address"));
        }
        let to = checked(to).map_err(|_| refused("to an address that cannot be called"))?;
        let is_same = to.origin() == self.url.origin();
        let drops_body = status == 303 || (status <= 302 && self.method == Method::POST);
        if drops_body && self.method != Method::HEAD {
            self.method = Method::GET;
            self.body = bytes::Bytes::new();
            self.headers.remove("content-type");
            self.headers.remove("idempotency-key");
        }
        if !is_same {
            if !self.body.is_empty() {
                return Err(refused("to another host, and what is sent is not meant for that host"));
            }
            let kept: HeaderMap = self
                .headers
                .iter()
                .filter(|(name, _)| OPEN_HEADERS.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            self.headers = kept;
        }
        self.url = to;
        Ok(self)
    }
}

fn checked(url: Url) -> Result<Url, NodeError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(input(format!("Only http and https addresses can be called, not {}.", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(input("The address holds a sign-in. Put user and password into a connection.".into()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(input("The address names no host.".into()));
    }
    Ok(url)
}

/// The beginning of a text without its query, which may hold a key.
fn shown(text: &str) -> String {
    text.split('?').next().unwrap_or_default().chars().take(80).collect()
}

fn input(sentence: String) -> NodeError {
    NodeError::new(Code::Input, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, url: &str) -> HttpCall {
        let headers = [("Authorization", "Bearer s3cret"), ("X-Api-Key", "s3cret"), ("Accept", "text/csv")];
        HttpCall {
            method: method.into(),
            url: url.into(),
            headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
            body: if method == "GET" { "".into() } else { "{}".into() },
            ..HttpCall::default()
        }
    }

    fn next(method: &str, status: u16, location: &str) -> Result<Hop, NodeError> {
        Hop::first(&call(method, "https://a.test/one")).unwrap().next(status, location)
    }

    #[test]
    fn secrets_stay_with_the_host_they_were_meant_for() {
        for location in ["https://b.test/", "http://a.test/", "https://a.test:8443/", "//b.test/x"] {
            let hop = next("GET", 302, location).unwrap();
            assert!(hop.headers.get("authorization").is_none(), "{location}");
            assert!(hop.headers.get("x-api-key").is_none(), "{location}");
            assert_eq!(hop.headers["accept"], "text/csv");
        }
        let hop = next("GET", 302, "/two").unwrap();
        assert_eq!(hop.headers["authorization"], "Bearer s3cret");
        assert_eq!(hop.url.as_str(), "https://a.test/two");
    }

    #[test]
    fn a_body_is_not_sent_on_to_another_host() {
        assert_eq!(next("POST", 307, "https://b.test/").err().unwrap().code, Code::Refused);
        let hop = next("POST", 303, "https://b.test/").unwrap();
        assert_eq!((hop.method, hop.body.len()), (Method::GET, 0));
        let hop = next("POST", 308, "/two").unwrap();
        assert_eq!((hop.method, hop.body.len()), (Method::POST, 2));
    }

    #[test]
    fn other_schemes_are_refused_at_the_start_and_on_the_way() {
        for location in [
            "file:///etc/passwd",
            "ftp://a.test/",
            "javascript:1",
            "data:text/plain,x",
            "https://u:p@a.test/",
        ] {
            assert_eq!(next("GET", 302, location).err().unwrap().code, Code::Refused, "{location}");
            assert_eq!(Hop::first(&call("GET", location)).err().unwrap().code, Code::Input, "{location}");
        }
    }

    #[test]
    fn what_cannot_be_a_request_is_refused_with_a_sentence() {
        let mut bad = call("GET", "https://a.test/");
        bad.headers.push(("X-Note".into(), "a\r\nEvil: 1".into()));
        assert!(Hop::first(&bad).err().unwrap().sentence.contains("line break"));
        bad.headers = vec![("Host".into(), "other.test".into())];
        assert!(Hop::first(&bad).err().unwrap().sentence.contains("host"));
        assert_eq!(Hop::first(&call("CONNECT", "https://a.test/")).err().unwrap().code, Code::Input);
        assert_eq!(Hop::first(&call("G T", "https://a.test/")).err().unwrap().code, Code::Input);
        assert_eq!(Hop::first(&call("GET", "/orders?key=s3cret")).err().unwrap().code, Code::Input);
    }
}
