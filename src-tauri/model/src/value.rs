//! One value: what a field of a record holds.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::number::Number;
use crate::record::Record;
use crate::temporal::{Date, DateTime, DaysDuration, MonthsDuration, Time};

/// Shared, immutable text. Up to 23 bytes stand inline, longer text is reference-counted: a clone never copies.
pub use smol_str::SmolStr as Text;

/// A value that only the formula language knows: a range, a function. It never leaves a formula as data.
pub trait Special: Any + fmt::Debug + Send + Sync {
    /// The concrete value, for the formula language to recognise its own.
    fn as_any(&self) -> &dyn Any;
}

/// What a field of a record holds. A clone is cheap: everything large is shared.
#[derive(Clone, Default)]
pub enum Value {
    /// Nothing: an absent field, an empty typed cell.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// An exact decimal.
    Number(Number),
    /// Unicode text.
    Text(Text),
    /// Values in order.
    List(Arc<Vec<Value>>),
    /// Named values: an object, a FEEL context.
    Record(Record),
    /// A calendar day.
    Date(Date),
    /// A time of day, with or without a zone.
    Time(Arc<Time>),
    /// A day and a time, with or without a zone.
    DateTime(Arc<DateTime>),
    /// A duration of days, hours, minutes and seconds.
    Days(Arc<DaysDuration>),
    /// A duration of years and months.
    Months(MonthsDuration),
    /// A value of the formula language itself (range, function).
    Special(Arc<dyn Special>),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Text>) -> Value {
        Value::Text(text.into())
    }

    /// A list value.
    pub fn list(values: Vec<Value>) -> Value {
        Value::List(Arc::new(values))
    }

    /// Whether this is null.
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, if this is one.
    #[inline]
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text.as_str()) } else { None }
    }

    /// The number, if this is one.
    #[inline]
    pub fn as_number(&self) -> Option<&Number> {
        if let Value::Number(number) = self { Some(number) } else { None }
    }

    /// The boolean, if this is one.
    #[inline]
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(bool) = self { Some(*bool) } else { None }
    }

    /// The list, if this is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(list) = self { Some(list) } else { None }
    }

    /// The record, if this is one.
    pub fn as_record(&self) -> Option<&Record> {
        if let Value::Record(record) = self { Some(record) } else { None }
    }

    /// The value's type in the words of the interface.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::Text(_) => "text",
            Value::List(_) => "list",
            Value::Record(_) => "record",
            Value::Date(_) => "date",
            Value::Time(_) => "time",
            Value::DateTime(_) => "date and time",
            Value::Days(_) => "duration",
            Value::Months(_) => "years and months",
            Value::Special(_) => "function or range",
        }
    }

    /// The value as a person would read it inside a text: text without quotes, null as nothing, the rest as JSON writes it.
    pub fn to_plain(&self) -> String {
        match self {
            Value::Text(text) => text.to_string(),
            Value::Null => String::new(),
            Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Record(_) | Value::Special(_) => {
                self.to_string()
            }
            Value::Date(it) => it.to_string(),
            Value::Time(it) => it.to_string(),
            Value::DateTime(it) => it.to_string(),
            Value::Days(it) => it.to_string(),
            Value::Months(it) => it.to_string(),
        }
    }

    /// About how many bytes of memory the value holds, for budgets; shared parts count in full.
    pub fn size_bytes(&self) -> usize {
        const INLINE: usize = size_of::<Value>();
        match self {
            Value::Text(text) if text.is_heap_allocated() => INLINE + text.len() + 16,
            Value::List(list) => INLINE + 16 + list.iter().map(Value::size_bytes).sum::<usize>(),
            Value::Record(record) => INLINE + record.size_bytes(),
            Value::Time(_) | Value::DateTime(_) | Value::Days(_) | Value::Special(_) => INLINE + 48,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Date(_)
            | Value::Months(_) => INLINE,
        }
    }
}

/// Equal as data: same type and same content. Numbers compare by value (1.0 is 1), records by keys in any order.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b) || a == b,
            (Value::Record(a), Value::Record(b)) => a == b,
            (Value::Date(a), Value::Date(b)) => a == b,
            (Value::Time(a), Value::Time(b)) => a == b,
            (Value::DateTime(a), Value::DateTime(b)) => a == b,
            (Value::Days(a), Value::Days(b)) => a == b,
            (Value::Months(a), Value::Months(b)) => a == b,
            (Value::Special(a), Value::Special(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// JSON text; temporal values as ISO 8601 strings, special values as their debug form in a string.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        crate::json::write(self, &mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl From<bool> for Value {
    fn from(it: bool) -> Value {
        Value::Bool(it)
    }
}

impl From<i64> for Value {
    fn from(it: i64) -> Value {
        Value::Number(Number::from(it))
    }
}

impl From<Number> for Value {
    fn from(it: Number) -> Value {
        Value::Number(it)
    }
}

impl From<&str> for Value {
    fn from(it: &str) -> Value {
        Value::Text(it.into())
    }
}

impl From<String> for Value {
    fn from(it: String) -> Value {
        Value::Text(it.into())
    }
}

impl From<Record> for Value {
    fn from(it: Record) -> Value {
        Value::Record(it)
    }
}

impl From<Vec<Value>> for Value {
    fn from(it: Vec<Value>) -> Value {
        Value::list(it)
    }
}

impl From<Text> for Value {
    fn from(it: Text) -> Value {
        Value::Text(it)
    }
}
