//! `.field` and `[filter]`.

use std::sync::Arc;

use model::{DaysDuration, Number, Value};

use super::{Got, describe, eval, get};
use crate::ast::Span;
use crate::cx::Cx;
use crate::error::FaultKind;
use crate::node::{Code, Field, Node};
use crate::special::{self, Range};
use crate::suggest;

pub(super) fn path(value: &Node, field: &Field, span: Span, cx: &mut Cx<'_>) -> Value {
    let from = get(value, cx);
    if let Value::Record(record) = &*from {
        return match field.of(record) {
            Some(value) => value.clone(),
            None => missing(field, record.shape().keys(), span, cx),
        };
    }
    of_value(&from, field, span, cx)
}

#[cold]
fn missing(field: &Field, keys: &[model::Text], span: Span, cx: &mut Cx<'_>) -> Value {
    let suggestion = suggest::field(&field.name, keys);
    cx.fault_of(FaultKind::Name, span, || {
        let mut message = format!("The record has no field {}.", field.name);
        if let Some(suggestion) = suggestion {
            message.push(' ');
            message.push_str(&suggestion);
        }
        message
    })
}

fn of_value(from: &Value, field: &Field, span: Span, cx: &mut Cx<'_>) -> Value {
    match from {
        Value::Null => Value::Null,
        Value::Record(record) => field.of(record).cloned().unwrap_or_default(),
        Value::List(items) => {
            cx.work(items.len(), span);
            if !cx.spend(32 * items.len(), span) {
                return Value::Null;
            }
            Value::list(items.iter().map(|item| of_value(item, field, span, cx)).collect())
        }
        other => match property(other, &field.name) {
            Some(value) => value,
            None => cx.fault_of(FaultKind::Name, span, || {
                format!("There is no .{} of {}.", field.name, describe(other))
            }),
        },
    }
}

/// A property of a date, time, duration or range; none where the type has no such property.
pub(crate) fn property(value: &Value, name: &str) -> Option<Value> {
    let number = |number: i64| Some(Value::Number(Number::from(number)));
    let offset = |seconds: Option<i32>| {
        Some(seconds.map_or(Value::Null, |seconds| {
            Value::Days(Arc::new(DaysDuration::of_seconds(i64::from(seconds))))
        }))
    };
    let zone = |name: Option<&str>| Some(name.map_or(Value::Null, Value::from));
    match (value, name) {
        (Value::Date(date), "year") => number(i64::from(date.year())),
        (Value::Date(date), "month") => number(i64::from(date.month())),
        (Value::Date(date), "day") => number(i64::from(date.day())),
        (Value::Date(date), "weekday") => number(i64::from(date.weekday())),
        (Value::DateTime(at), "year" | "month" | "day" | "weekday") => {
            property(&Value::Date(at.date()), name)
        }
        (Value::DateTime(at), "time offset") => offset(at.offset()),
        (Value::DateTime(at), _) => property(&Value::Time(Arc::new(at.time().clone())), name),
        (Value::Time(time), "hour") => number(i64::from(time.hour())),
        (Value::Time(time), "minute") => number(i64::from(time.minute())),
        (Value::Time(time), "second") => number(i64::from(time.second())),
        (Value::Time(time), "time offset") => {
            let seconds =
                time.zone().and_then(|zone| zone.offset_at(model::Date::from_days(0)?, time.nanos()));
            offset(seconds)
        }
        (Value::Time(time), "timezone") => zone(time.zone().and_then(|zone| zone.name())),
        (Value::Days(days), "days") => number(days.days()),
        (Value::Days(days), "hours") => number(days.hours()),
        (Value::Days(days), "minutes") => number(days.minutes()),
        (Value::Days(days), "seconds") => number(days.seconds()),
        (Value::Months(months), "years") => number(months.months() / 12),
        (Value::Months(months), "months") => number(months.months() % 12),
        (Value::Special(_), _) => {
            let range = special::of::<Range>(value)?;
            match name {
                "start" => Some(range.low.clone().unwrap_or_default()),
                "end" => Some(range.high.clone().unwrap_or_default()),
                "start included" => Some(Value::Bool(range.low_in)),
                "end included" => Some(Value::Bool(range.high_in)),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn filter(value: &Node, test: &Node, slot: usize, cx: &mut Cx<'_>) -> Value {
    let from = get(value, cx);
    let one;
    let items: &[Value] = match &*from {
        Value::List(items) => items,
        Value::Null => &[],
        other => {
            one = [other.clone()];
            &one
        }
    };
    if let Code::Const(Value::Number(number)) = &test.code {
        return index(items, number);
    }
    debug_assert_eq!(slot, cx.locals.len());
    cx.locals.push(Value::Null);
    let mut kept = Vec::new();
    let mut result = None;
    for (at, item) in items.iter().enumerate() {
        if !cx.step(test.span) {
            break;
        }
        if let Some(place) = cx.locals.get_mut(slot) {
            *place = item.clone();
        }
        match &*held(test, cx) {
            Value::Bool(true) => {
                cx.spend(32, test.span);
                kept.push(item.clone());
            }
            Value::Bool(false) => {}
            Value::Number(number) if at == 0 => {
                result = Some(index(items, number));
                break;
            }
            other => {
                let (what, null) = (describe(other), other.is_null());
                cx.fault(test.span, || format!("The filter is neither true nor false but {what}."));
                if !null {
                    result = Some(Value::Null);
                    break;
                }
            }
        }
    }
    cx.locals.truncate(slot);
    if items.is_empty() && from.is_null() {
        return Value::list(Vec::new());
    }
    result.unwrap_or_else(|| Value::list(kept))
}

/// The value of a filter's test.
fn held<'n, 'c: 'n>(test: &'n Node, cx: &mut Cx<'c>) -> Got<'n> {
    Got::Own(eval(test, cx))
}

/// The item at a place that counts from 1, or from the end below 0.
fn index(items: &[Value], at: &Number) -> Value {
    let Some(at) = at.to_i64() else { return Value::Null };
    let place = if at > 0 {
        usize::try_from(at - 1).ok()
    } else {
        usize::try_from(at.unsigned_abs())
            .ok()
            .and_then(|back| items.len().checked_sub(back))
            .filter(|_| at < 0)
    };
    place.and_then(|place| items.get(place)).cloned().unwrap_or_default()
}
