//! Values as keys: one equality, one hash and one order for grouping, joining, sorting and recognising.

mod hashing;
mod table;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use sdk::{Formula, NodeError, Record, Roots, Value};

pub use table::KeyTable;

/// Equal values have one hash: 1.0 and 1, and records whatever the order of their fields.
fn hash<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Null => state.write_u8(0),
        Value::Bool(it) => it.hash(state),
        Value::Number(it) => it.hash(state),
        Value::Text(it) => state.write(it.as_bytes()),
        Value::List(it) => it.iter().for_each(|it| hash(it, state)),
        // equal records may have their fields in any order, so the order must not count
        Value::Record(it) => state.write_usize(it.shape().len()),
        Value::Date(it) => it.hash(state),
        Value::Time(it) => it.hash(state),
        Value::DateTime(it) => it.hash(state),
        Value::Days(it) => it.hash(state),
        Value::Months(it) => it.hash(state),
        Value::Special(_) => state.write_u8(9),
    }
}

/// The order of all values: numbers, texts, days, moments, times, durations, truth values, lists and records; null last.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_str().cmp(b.as_str()),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::DateTime(x), Value::DateTime(y)) => {
            x.compare(y).unwrap_or_else(|| x.wall_seconds().cmp(&y.wall_seconds())).then_with(|| plain(a, b))
        }
        (Value::Time(x), Value::Time(y)) => x.nanos().cmp(&y.nanos()).then_with(|| plain(a, b)),
        (Value::Days(a), Value::Days(b)) => a.cmp(b),
        (Value::Months(a), Value::Months(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)).then_with(|| plain(a, b)),
    }
}

fn plain(a: &Value, b: &Value) -> Ordering {
    if a.is_null() { Ordering::Equal } else { a.to_plain().cmp(&b.to_plain()) }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::Text(_) => 1,
        Value::Date(_) => 2,
        Value::DateTime(_) => 3,
        Value::Time(_) => 4,
        Value::Days(_) => 5,
        Value::Months(_) => 6,
        Value::Bool(_) => 7,
        Value::List(_) => 8,
        Value::Record(_) => 9,
        Value::Special(_) => 10,
        Value::Null => 11,
    }
}

/// The values of key formulas for a record.
///
/// # Errors
/// The first fault.
pub fn of(formulas: &[Formula], record: &Record, roots: &Roots) -> Result<Vec<Value>, NodeError> {
    formulas.iter().map(|it| it.value(record, roots)).collect()
}

/// A fingerprint of key values, the same in every run: 16 bytes stand for keys of any length.
pub fn fingerprint(values: &[Value]) -> [u8; 16] {
    let mut canonical = Vec::with_capacity(64);
    for value in values {
        write_canonical(value, &mut canonical);
        canonical.push(0);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(&canonical).as_bytes()[..16]);
    short
}

/// Equal values give equal bytes: numbers without trailing zeros, fields by name, each with the mark of its type.
fn write_canonical(value: &Value, out: &mut Vec<u8>) {
    out.push(rank(value));
    match value {
        Value::Record(record) => {
            let mut fields: Vec<_> = record.iter().collect();
            fields.sort_by(|a, b| a.0.cmp(b.0));
            for (key, value) in fields {
                model::json::write_text(key, out);
                write_canonical(value, out);
            }
        }
        Value::List(list) => {
            for value in list.iter() {
                write_canonical(value, out);
            }
            out.push(0xff);
        }
        Value::Number(number) => {
            let text = number.to_string();
            // 1.50 and 1.5 are one number
            let text = if text.contains('.') && !text.contains(['e', 'E']) {
                text.trim_end_matches('0').trim_end_matches('.')
            } else {
                &text
            };
            out.extend_from_slice(text.as_bytes());
        }
        other => out.extend_from_slice(other.to_plain().as_bytes()),
    }
    out.push(0xfe);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Value {
        Value::Number(model::Number::parse(text).unwrap())
    }

    #[test]
    fn equal_keys_have_one_fingerprint_and_others_have_another() {
        assert_eq!(fingerprint(&[number("1.50")]), fingerprint(&[number("1.5")]));
        assert_ne!(fingerprint(&[number("1")]), fingerprint(&[Value::text("1")]));
        assert_ne!(fingerprint(&["a".into(), "b".into()]), fingerprint(&["ab".into(), "".into()]));
        let one = Value::Record(Record::of([("a", number("1")), ("b", number("2"))]));
        let other = Value::Record(Record::of([("b", number("2")), ("a", number("1"))]));
        assert_eq!(fingerprint(&[one]), fingerprint(&[other]));
    }

    #[test]
    fn null_comes_after_everything() {
        assert_eq!(compare(&Value::Null, &number("1")), Ordering::Greater);
        assert_eq!(compare(&"b".into(), &"a".into()), Ordering::Greater);
        assert_eq!(compare(&number("10"), &number("9")), Ordering::Greater);
        assert_eq!(compare(&Value::Null, &Value::Null), Ordering::Equal);
    }
}
