//! One node of the file, and the values of its config.

use super::{choice, small};
use crate::document::fields::{Fields, Findings, Path, report};
use crate::document::parts::{Policy, Retry, RetryName};
use crate::document::tree::{Entry, Kind, Tree};
use crate::document::{Node, ROOTS, quoted};

pub(super) fn node(findings: &Findings<'_>, path: Path, tree: &Tree) -> Option<Node> {
    let fields = Fields::open(findings, path, "A node", tree)?;
    let kind = fields.need_name("kind").unwrap_or_default();
    let version = fields.whole("version", 1, 10_000).unwrap_or(1);
    let (title, note) = (fields.name("title"), fields.text("note"));
    let disabled = fields.flag("disabled");
    let connection = fields.name("connection");
    let config = match fields.get("config") {
        Some(tree) if !matches!(tree.kind, Kind::Object(_)) => {
            fields.wrong("config", "an object in braces", tree);
            None
        }
        Some(tree) => json(findings, &fields.path().down("config"), tree),
        None => None,
    };
    let node = Node {
        version,
        title,
        note,
        disabled,
        connection,
        into: field_name(&fields, "into"),
        keep_as: field_name(&fields, "keep_as"),
        policy: policy(&fields).unwrap_or_default(),
        ..Node::new(kind, config.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new())))
    };
    fields.close();
    Some(node)
}

/// A field of a record that a node makes.
fn field_name(fields: &Fields<'_, '_>, name: &'static str) -> Option<String> {
    let text = fields.name(name)?;
    if ROOTS.contains(&text.as_str()) {
        let tree = fields.get(name)?;
        fields.refuse(
            name,
            tree,
            format!("{} is a word that formulas keep for themselves; choose another name.", quoted(&text)),
        );
        return None;
    }
    Some(text)
}

fn policy(fields: &Fields<'_, '_>) -> Option<Policy> {
    let tree = fields.get("policy")?;
    let fields = Fields::open(fields.findings(), fields.path().down("policy"), "A policy", tree)?;
    let policy = Policy {
        retry: retry(&fields),
        timeout_s: fields.whole("timeout_s", 1, 86_400),
        in_flight: small(fields.whole("in_flight", 1, 64)),
    };
    fields.close();
    Some(policy)
}

fn retry(fields: &Fields<'_, '_>) -> Option<Retry> {
    const NAMES: [(&str, RetryName); 3] =
        [("never", RetryName::Never), ("quick", RetryName::Quick), ("patient", RetryName::Patient)];
    let tree = fields.get("retry")?;
    match &tree.kind {
        Kind::Text(text) => {
            let found = NAMES.iter().find(|(name, _)| name == text).map(|(_, retry)| Retry::Named(*retry));
            if found.is_none() {
                fields.refuse("retry", tree, choice(text, &["never", "quick", "patient"]));
            }
            found
        }
        Kind::Object(_) => {
            let inner = Fields::open(fields.findings(), fields.path().down("retry"), "A retry", tree)?;
            inner.need("times");
            inner.need("every_s");
            let (times, every_s) = (small(inner.whole("times", 1, 100)), inner.whole("every_s", 1, 86_400));
            inner.close();
            Some(Retry::Every { times: times?, every_s: every_s? })
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) => {
            fields.wrong("retry", "\"never\", \"quick\", \"patient\" or {\"times\", \"every_s\"}", tree);
            None
        }
    }
}

/// A value of a config. Numbers that would be changed by keeping them are refused.
fn json(findings: &Findings<'_>, path: &Path, tree: &Tree) -> Option<serde_json::Value> {
    use serde_json::Value;
    Some(match &tree.kind {
        Kind::Null => Value::Null,
        Kind::Bool(flag) => Value::Bool(*flag),
        Kind::Number(text) => Value::Number(number(findings, path, tree.at, text)?),
        Kind::Text(text) => Value::String(text.clone()),
        Kind::List(list) => {
            let item = |(index, tree): (usize, &Tree)| json(findings, &path.down(&index.to_string()), tree);
            Value::Array(list.iter().enumerate().map(item).collect::<Option<_>>()?)
        }
        Kind::Object(entries) => {
            let entry = |entry: &Entry| {
                Some((entry.name.clone(), json(findings, &path.down(&entry.name), &entry.value)?))
            };
            Value::Object(entries.iter().map(entry).collect::<Option<_>>()?)
        }
    })
}

pub(super) fn number(
    findings: &Findings<'_>,
    path: &Path,
    at: usize,
    text: &str,
) -> Option<serde_json::Number> {
    // serde_json's own reader of fractions is off by one bit now and then; the standard library's is not.
    let fraction = || text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    let whole = || text.parse::<u64>().map(Into::into).or_else(|_| text.parse::<i64>().map(Into::into)).ok();
    let parsed: Option<serde_json::Number> = whole().or_else(fraction);
    let kept = parsed.filter(|number| digits(&number.to_string()) == digits(text));
    if kept.is_none() {
        let shown = quoted(text);
        let sentence = format!(
            "The number {shown} has more digits than are kept here exactly; write it as a formula: \"= {text}\"."
        );
        report(findings, path, at, ("document.number", sentence));
    }
    kept
}

/// Sign, digits without zeros at the ends, and the power of ten: equal for equal decimals.
fn digits(text: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().unwrap_or(i64::MAX / 2)),
        None => (text, 0),
    };
    let negative = mantissa.starts_with('-');
    let (whole, fraction) =
        mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa.trim_start_matches('-'), ""));
    let all = format!("{whole}{fraction}");
    let shown = all.trim_start_matches('0');
    let kept = shown.trim_end_matches('0');
    if kept.is_empty() {
        return (false, String::new(), 0);
    }
    let power = exponent - i64::try_from(fraction.len()).unwrap_or(0)
        + i64::try_from(shown.len() - kept.len()).unwrap_or(0);
    (negative, kept.to_owned(), power)
}
