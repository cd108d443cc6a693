//! Builds the address of a call: template, base of the connection, query.

use std::collections::BTreeMap;

use formula::{Escape, Roots};
use sdk::{Code, Need, NodeError, Record, Template};

/// The address that a template gives for a record. Each part is escaped for its place; a part that opens the address may be a
/// whole beginning (`{{ slots.api }}/orders`) and stands as it is.
pub(super) fn render(template: &Template, record: &Record, roots: &Roots) -> Result<String, NodeError> {
    if template.text().trim_start().starts_with('=') {
        return Ok(template.value(record, roots)?.to_plain());
    }
    let text = template.render(record, roots, Escape::UrlPath)?;
    let lower = text.get(..12).unwrap_or(&text).to_ascii_lowercase();
    if !lower.starts_with("http%3a") && !lower.starts_with("https%3a") {
        return Ok(text);
    }
    let end = text.find(['/', '?']).unwrap_or(text.len());
    Ok(decode(&text[..end]) + &text[end..])
}

/// The full address of a call: a path goes below the connection's base, a full address must be of the same place.
///
/// # Errors
/// A path without a connection, or an address that the connection's sign-in is not meant for.
pub(super) fn join(base: Option<&str>, url: &str) -> Result<String, NodeError> {
    let is_full = is_full(url);
    let Some(base) = base else {
        if is_full {
            return Ok(url.into());
        }
        return Err(NodeError::new(
            Code::Config,
            "The address has no host. Choose a connection, or write the full address with https:// in front.",
        ));
    };
    if !is_full {
        if url.is_empty() {
            return Ok(base.into());
        }
        let slash = if url.starts_with('?') { "" } else { "/" };
        return Ok(format!("{}{slash}{}", base.trim_end_matches('/'), url.trim_start_matches('/')));
    }
    let (ours, theirs) = (origin(base), origin(url));
    if ours.is_none() || ours != theirs {
        return Err(NodeError::new(
            Code::Denied,
            format!(
                "The address leads to {}, but the connection's sign-in is meant for {base}.",
                theirs.unwrap_or_else(|| "no host".into())
            ),
        ));
    }
    Ok(url.into())
}

fn is_full(url: &str) -> bool {
    let start = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    start.starts_with("http://")
        || start.starts_with("https://")
        || url.contains("://") && !url.starts_with(['/', '?'])
}

/// Scheme, host and port of an address.
pub(super) fn origin(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    url.host_str()?;
    Some(url.origin().ascii_serialization())
}

/// Adds query parameters. A space becomes `%20`, never `+`, and characters that services read as they stand stay so.
pub(super) fn with_query(url: String, query: &[(String, String)]) -> String {
    let mut url = url;
    for (name, value) in query {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&encode(name, b"$,()':/;@!*"));
        url.push('=');
        url.push_str(&encode(value, b"$,()':/;@!*"));
    }
    url
}

/// Renders a table of templates; an entry whose formula gives null is left out.
pub(super) fn table(
    table: &BTreeMap<String, Template>,
    record: &Record,
    roots: &Roots,
) -> Result<Vec<(String, String)>, NodeError> {
    let mut pairs = Vec::with_capacity(table.len());
    for (name, template) in table {
        let value = template.value(record, roots)?;
        if !value.is_null() {
            pairs.push((name.clone(), value.to_plain()));
        }
    }
    Ok(pairs)
}

/// Percent-encodes all but letters, digits, `-._~` and these.
pub(super) fn encode(text: &str, also: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Undoes percent-encoding.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let coded = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match coded.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What an address template wants to touch.
pub(super) fn needs(template: &Template) -> Vec<Need> {
    let text = template.text().trim_start();
    if text.starts_with('=') || text.starts_with("{{") {
        return vec![Need::Host { host: String::new() }];
    }
    if !is_full(text) {
        return vec![Need::Connection { kind: "http".into() }];
    }
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = if host.contains("{{") { "" } else { host };
    vec![Need::Host { host: host.to_ascii_lowercase() }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_below_the_base_of_the_connection() {
        let base = Some("https://a.test/v1/");
        assert_eq!(join(base, "/orders").unwrap(), "https://a.test/v1/orders");
        assert_eq!(join(base, "orders?x=1").unwrap(), "https://a.test/v1/orders?x=1");
        assert_eq!(join(base, "").unwrap(), "https://a.test/v1/");
        assert_eq!(join(Some("http://a.test"), "?x=http://b.test").unwrap(), "http://a.test?x=http://b.test");
        assert_eq!(join(None, "/orders").unwrap_err().code, Code::Config);
    }

    #[test]
    fn a_sign_in_goes_only_where_it_is_meant_for() {
        let base = Some("https://a.test/v1");
        assert!(join(base, "https://a.test/v2/orders").is_ok());
        for url in [
            "https://b.test/",
            "http://a.test/",
            "https://a.test:444/",
            "https://a.test.evil.io/",
            "https://a.test@evil.io/",
            "ftp://a.test/",
        ] {
            assert_eq!(join(base, url).unwrap_err().code, Code::Denied, "{url}");
        }
    }

    #[test]
    fn a_space_in_a_query_is_never_a_plus() {
        let query = [("$filter".to_owned(), "Номер eq 'A/1' & x".to_owned())];
        let url = with_query("http://a.test/x".into(), &query);
        assert_eq!(url, "http://a.test/x?$filter=%D0%9D%D0%BE%D0%BC%D0%B5%D1%80%20eq%20'A/1'%20%26%20x");
        let url = with_query("http://a.test/x?a=1".into(), &[("b".into(), "1+1=2".into())]);
        assert_eq!(url, "http://a.test/x?a=1&b=1%2B1%3D2");
    }

    #[test]
    fn an_address_says_what_it_wants_to_touch() {
        let host = |text: &str| needs(&Template::parse(text).unwrap()).remove(0);
        assert_eq!(host("https://API.test:8443/x?y"), Need::Host { host: "api.test:8443".into() });
        assert_eq!(host("https://{{ name }}.test/x"), Need::Host { host: String::new() });
        assert_eq!(host("= url"), Need::Host { host: String::new() });
        assert_eq!(host("/orders/{{ id }}"), Need::Connection { kind: "http".into() });
    }
}
