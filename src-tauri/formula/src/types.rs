//! The types of the formula language, for `instance of`, parameters and signatures.

use std::fmt;
use std::sync::Arc;

use model::{DateTime, Text, Time, Value};

use crate::special::{self, Function, Range};

/// A type of the formula language.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Any value.
    Any,
    /// Only null.
    Null,
    /// A number.
    Number,
    /// A text.
    Text,
    /// True or false.
    Bool,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day and a time.
    DateTime,
    /// A duration of days, hours, minutes, seconds.
    Days,
    /// A duration of years and months.
    Months,
    /// A list of one type.
    List(Box<Type>),
    /// A record with at least these fields.
    Context(Vec<(Text, Type)>),
    /// A range of one type.
    Range(Box<Type>),
    /// A function: parameters and result.
    Function(Vec<Type>, Box<Type>),
}

impl Type {
    /// Whether the value is of this type. Null is of no type but `Null`; inside lists and records it fits everywhere.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Type::Any, value) => !value.is_null(),
            (Type::Null, value) => value.is_null(),
            (Type::Number, Value::Number(_))
            | (Type::Text, Value::Text(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Date, Value::Date(_))
            | (Type::Time, Value::Time(_))
            | (Type::DateTime, Value::DateTime(_))
            | (Type::Days, Value::Days(_))
            | (Type::Months, Value::Months(_)) => true,
            (Type::List(of), Value::List(items)) => items.iter().all(|item| of.holds_inside(item)),
            (Type::Context(fields), Value::Record(record)) => {
                fields.iter().all(|(name, of)| record.get(name).is_some_and(|value| of.holds_inside(value)))
            }
            (Type::Range(of), value) => special::of::<Range>(value).is_some_and(|range| {
                [&range.low, &range.high].into_iter().flatten().all(|end| of.holds_inside(end))
            }),
            (Type::Function(params, _), value) => {
                special::of::<Function>(value).is_some_and(|function| function.takes(params.len()))
            }
            _ => false,
        }
    }

    fn holds_inside(&self, value: &Value) -> bool {
        value.is_null() || *self == Type::Any || self.holds(value)
    }

    /// The value as this type, with the implicit conversions of the standard; none when it does not fit.
    pub(crate) fn coerce(&self, value: Value) -> Option<Value> {
        if value.is_null() || self.holds_inside(&value) {
            return Some(value);
        }
        if let (Type::DateTime, Value::Date(date)) = (self, &value) {
            let midnight = Time::MIDNIGHT.with_zone(Some(model::temporal::Zone::UTC));
            return Some(Value::DateTime(Arc::new(DateTime::new(*date, midnight))));
        }
        if let Value::List(items) = &value
            && let [item] = items.as_slice()
            && !matches!(self, Type::List(_))
        {
            return self.holds_inside(item).then(|| item.clone());
        }
        match self {
            Type::List(of) if !matches!(value, Value::List(_)) && of.holds_inside(&value) => {
                Some(Value::list(vec![value]))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("Any"),
            Type::Null => f.write_str("Null"),
            Type::Number => f.write_str("number"),
            Type::Text => f.write_str("string"),
            Type::Bool => f.write_str("boolean"),
            Type::Date => f.write_str("date"),
            Type::Time => f.write_str("time"),
            Type::DateTime => f.write_str("date and time"),
            Type::Days => f.write_str("days and time duration"),
            Type::Months => f.write_str("years and months duration"),
            Type::List(of) => write!(f, "list<{of}>"),
            Type::Range(of) => write!(f, "range<{of}>"),
            Type::Context(fields) => {
                f.write_str("context<")?;
                for (at, (name, of)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {of}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str(">")
            }
            Type::Function(params, result) => {
                f.write_str("function<")?;
                for (at, of) in params.iter().enumerate() {
                    write!(f, "{}{of}", if at == 0 { "" } else { ", " })?;
                }
                write!(f, "> -> {result}")
            }
        }
    }
}
