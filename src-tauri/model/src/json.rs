//! JSON text to values and back: numbers keep their digits, objects of a list share their shape.
//!
//! serde_json reads numbers through f64 unless it is told to break tagged enums, so values have this one reader of their own.

mod read;
mod write;

use std::fmt;

use crate::number::Number;
use crate::record::{Record, Shape};
use crate::value::{Text, Value};

pub use read::Reader;
pub use write::{write, write_record, write_text};

/// Objects and lists may stand this deep in each other.
pub const MAX_DEPTH: usize = 128;

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong, as a sentence without its place.
    pub message: String,
    /// Byte offset in the text.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

/// Reads one JSON value that fills the whole text.
///
/// # Errors
/// Text that is not JSON, an object with the same key twice, nesting beyond [`MAX_DEPTH`].
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let mut reader = Reader::new(text);
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

/// A value as serde_json's, for contract types. Numbers beyond its reach become text, so that no digit is lost.
pub fn to_serde(value: &Value) -> serde_json::Value {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            match serde_json::from_str::<serde_json::Number>(&text) {
                Ok(it) if it.to_string() == text => serde_json::Value::Number(it),
                _ => serde_json::Value::String(text),
            }
        }
        Value::Text(text) => serde_json::Value::String(text.to_string()),
        Value::List(list) => serde_json::Value::Array(list.iter().map(to_serde).collect()),
        Value::Record(record) => serde_json::Value::Object(
            record.iter().map(|(key, value)| (key.to_string(), to_serde(value))).collect(),
        ),
        Value::Null => serde_json::Value::Null,
        Value::Bool(it) => serde_json::Value::Bool(*it),
        Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Days(_) | Value::Months(_) => {
            serde_json::Value::String(value.to_plain())
        }
        Value::Special(it) => serde_json::Value::String(format!("{it:?}")),
    }
}

/// serde_json's value as ours, for configuration and contract types.
pub fn from_serde(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(it) => Value::Bool(*it),
        serde_json::Value::Number(it) => Number::parse(&it.to_string()).map_or(Value::Null, Value::Number),
        serde_json::Value::String(it) => Value::text(it.as_str()),
        serde_json::Value::Array(it) => Value::list(it.iter().map(from_serde).collect()),
        serde_json::Value::Object(it) => Value::Record(Record::new(
            Shape::new(it.keys().map(Text::from)),
            it.values().map(from_serde).collect(),
        )),
    }
}
