//! The writer of JSON text.

use std::fmt;

use crate::record::Record;
use crate::value::Value;

/// Writes a value as compact JSON. Temporal values become ISO 8601 strings.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    use std::io::Write;
    // writing into a vector cannot fail
    let show = |out: &mut Vec<u8>, it: &dyn fmt::Display| {
        let _ok = write!(out, "\"{it}\"").is_ok();
    };
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            let _ok = write!(out, "{number}").is_ok();
        }
        Value::Text(text) => write_text(text, out),
        Value::List(list) => {
            out.push(b'[');
            for (at, value) in list.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(value, out);
            }
            out.push(b']');
        }
        Value::Record(record) => write_record(record, out),
        Value::Date(it) => show(out, it),
        Value::Time(it) => show(out, it),
        Value::DateTime(it) => show(out, it),
        Value::Days(it) => show(out, it),
        Value::Months(it) => show(out, it),
        Value::Special(it) => write_text(&format!("{it:?}"), out),
    }
}

/// Writes a record as a compact JSON object.
pub fn write_record(record: &Record, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (key, value)) in record.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(key, out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

/// Writes a text as a JSON string.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: Option<u8> = match byte {
            b'"' | b'\\' => Some(*byte),
            b'\n' => Some(b'n'),
            b'\r' => Some(b'r'),
            b'\t' => Some(b't'),
            0..=0x1f | 0x7f => None,
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        match escape {
            Some(letter) => out.extend_from_slice(&[b'\\', letter]),
            None => out.extend_from_slice(&[
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]),
        }
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
