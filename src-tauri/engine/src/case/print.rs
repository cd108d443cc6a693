//! JSON for people: what fits stands on one line, numbers keep their digits.

use model::{Value, json};

const WIDTH: usize = 120;

/// A value as JSON with line breaks where a line would grow too long; ends with a line break.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn compact(value: &Value) -> String {
    let mut text = Vec::new();
    json::write(value, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn write(value: &Value, indent: usize, out: &mut String) {
    let line = spaced(value);
    let is_nested = matches!(value, Value::List(_) | Value::Record(_));
    if !is_nested || (indent > 0 && indent + line.chars().count() <= WIDTH) {
        out.push_str(&line);
        return;
    }
    let pad = " ".repeat(indent + 2);
    match value {
        Value::List(list) => {
            out.push_str("[\n");
            for (at, it) in list.iter().enumerate() {
                out.push_str(&pad);
                write(it, indent + 2, out);
                out.push_str(if at + 1 < list.len() { ",\n" } else { "\n" });
            }
            out.push_str(&" ".repeat(indent));
            out.push(']');
        }
        Value::Record(record) => {
            out.push_str("{\n");
            let count = record.shape().len();
            for (at, (key, it)) in record.iter().enumerate() {
                out.push_str(&pad);
                out.push_str(&compact(&Value::Text(key.clone())));
                out.push_str(": ");
                write(it, indent + 2, out);
                out.push_str(if at + 1 < count { ",\n" } else { "\n" });
            }
            out.push_str(&" ".repeat(indent));
            out.push('}');
        }
        _ => out.push_str(&line),
    }
}

/// A value on one line, with spaces.
fn spaced(value: &Value) -> String {
    match value {
        Value::List(list) => {
            let inner: Vec<String> = list.iter().map(spaced).collect();
            format!("[{}]", inner.join(", "))
        }
        Value::Record(record) => {
            let inner: Vec<String> = record
                .iter()
                .map(|(key, it)| format!("{}: {}", compact(&Value::Text(key.clone())), spaced(it)))
                .collect();
            if inner.is_empty() { "{}".into() } else { format!("{{ {} }}", inner.join(", ")) }
        }
        other => compact(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_records_stand_on_one_line_and_numbers_keep_their_digits() {
        let value =
            json::parse(br#"{"ends":{"out":[{"a":12345678901234567890.05,"b":"x"}]},"state":"ok"}"#).unwrap();
        assert_eq!(
            pretty(&value),
            "{\n  \"ends\": { \"out\": [{ \"a\": 12345678901234567890.05, \"b\": \"x\" }] },\n  \"state\": \"ok\"\n}\n"
        );
        assert_eq!(json::parse(pretty(&value).as_bytes()).unwrap(), value);
    }
}
