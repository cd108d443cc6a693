//! Finds secrets that were typed into a flow, so that no file with one leaves this computer.

use model::document::Flow as Document;
use serde_json::Value as Json;

/// Names of fields, headers and query parameters whose value is a secret.
const NAMES: [&str; 14] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "client_secret",
    "token",
    "access_token",
    "api_key",
    "apikey",
    "x_api_key",
    "access_key",
    "private_key",
    "authorization",
    "passphrase",
];
/// How well-known keys begin, and how long they are at least.
const KEYS: [(&str, usize); 10] = [
    ("sk_live_", 20),
    ("sk_test_", 20),
    ("sk-", 24),
    ("ghp_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("AKIA", 20),
    ("AIza", 35),
];
/// A shorter value behind such a name is more likely the name of a field.
const SHORTEST: usize = 6;

/// A value that looks like a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where it stands in the document, as a JSON pointer.
    pub(crate) pointer: String,
    /// What it looks like, such as `a password in an address`.
    pub(crate) what: &'static str,
}

/// What looks like a secret in a flow, its samples and its cases.
pub(crate) fn secrets(document: &Document) -> Vec<Finding> {
    let mut found = Vec::new();
    let whole = serde_json::to_value(document).unwrap_or_default();
    for (name, value) in whole.as_object().into_iter().flatten() {
        let pointer = format!("/{name}");
        // field names in cases are those of the data, which may well speak of passwords; only what a value itself shows counts
        descend(value, &pointer, (None, name != "cases"), &mut found);
    }
    found
}

fn descend(value: &Json, pointer: &str, (name, by_name): (Option<&str>, bool), found: &mut Vec<Finding>) {
    match value {
        Json::String(text) => {
            let named = name.filter(|_| by_name).is_some_and(is_secret_name) && is_literal(text);
            let what = looks(text).or(named.then_some("a secret, by the name of its field"));
            found.extend(what.map(|what| Finding { pointer: pointer.to_owned(), what }));
        }
        Json::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                descend(item, &format!("{pointer}/{at}"), (name, by_name), found);
            }
        }
        Json::Object(fields) => {
            // a row of a table, such as a header: {"name": "X-Api-Key", "value": "..."}
            let row = fields.get("name").and_then(Json::as_str);
            for (key, value) in fields {
                let name = if key == "value" { row.unwrap_or(key.as_str()) } else { key.as_str() };
                let part = key.replace('~', "~0").replace('/', "~1");
                descend(value, &format!("{pointer}/{part}"), (Some(name), by_name), found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    NAMES.contains(&name.as_str())
}

/// Whether a text is meant as it stands: no formula, and not made of one.
fn is_literal(text: &str) -> bool {
    text.len() >= SHORTEST && !text.trim_start().starts_with('=') && !text.contains("{{")
}

fn looks(text: &str) -> Option<&'static str> {
    if has_private_key(text) {
        return Some("a private key");
    }
    let mut words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';')).peekable();
    while let Some(word) = words.next() {
        if ["Bearer", "Basic"].contains(&word)
            && words.peek().is_some_and(|it| it.len() >= 12 && !it.starts_with('{'))
        {
            return Some("a sign-in");
        }
        if KEYS.iter().any(|(begin, least)| word.starts_with(begin) && word.len() >= *least && is_key(word)) {
            return Some("a key");
        }
        if is_web_token(word) {
            return Some("a token");
        }
        if has_password(word) {
            return Some("a password in an address");
        }
        if has_secret_parameter(word) {
            return Some("a secret in an address");
        }
    }
    None
}

fn has_private_key(text: &str) -> bool {
    text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----")
}

fn is_key(word: &str) -> bool {
    word.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_' || it == b'-')
}

/// Three parts of base64 with dots between, as JSON web tokens have.
fn is_web_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.len() >= 60 && word.split('.').count() == 3
}

/// `scheme://user:password@host`.
pub(crate) fn has_password(word: &str) -> bool {
    let Some((_, rest)) = word.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, _)) = authority.rsplit_once('@') else { return false };
    user.split_once(':').is_some_and(|(_, password)| !password.is_empty() && !password.contains("{{"))
}

fn has_secret_parameter(word: &str) -> bool {
    let Some((_, query)) = word.split_once('?') else { return false };
    word.contains("://")
        && query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .any(|(name, value)| is_secret_name(name) && is_literal(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(config: Json) -> Vec<(String, &'static str)> {
        let text = serde_json::json!({
            "arna": 1, "name": "Any", "nodes": {"call": {"kind": "http.request", "config": config}},
        });
        let document = model::document::parse(&text.to_string()).expect("a flow");
        secrets(&document).into_iter().map(|it| (it.pointer, it.what)).collect()
    }

    #[test]
    fn what_looks_like_a_secret_is_named_with_its_place() {
        let header = serde_json::json!({"headers": [{"name": "X-Api-Key", "value": "k-12345678"}]});
        assert_eq!(
            found(header),
            [("/nodes/call/config/headers/0/value".to_owned(), "a secret, by the name of its field")]
        );
        for (value, what) in [
            ("https://shop:pa55word@api.example/orders", "a password in an address"),
            ("https://api.example/orders?api_key=0123456789", "a secret in an address"),
            ("Authorization: Bearer 0123456789abcdef", "a sign-in"),
            ("sk_live_0123456789abcdef0123", "a key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMII", "a private key"),
        ] {
            assert_eq!(
                found(serde_json::json!({"url": value})),
                [("/nodes/call/config/url".to_owned(), what)],
                "{value}"
            );
        }
    }

    #[test]
    fn formulas_slots_and_plain_words_are_no_secrets() {
        let config = serde_json::json!({
            "url": "https://api.example/users/{{ id }}?token={{ slots.page }}&page=2",
            "headers": [{"name": "Authorization", "value": "= \"Bearer \" + slots.word"}],
            "body": "= {password: record.password, token: token}",
            "key": "id",
        });
        assert!(found(config).is_empty());
    }
}
