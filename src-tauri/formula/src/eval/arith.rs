//! Sums, products and what the standard allows between days, times and durations.

use std::sync::Arc;

use model::temporal::DAY_SECONDS;
use model::{Date, DateTime, DaysDuration, MonthsDuration, Number, Time, Value};

use super::{describe, eval, get, label};
use crate::ast::{Op, Span};
use crate::cx::Cx;
use crate::node::Node;

pub(super) fn arith(op: Op, left: &Node, right: &Node, span: Span, cx: &mut Cx<'_>) -> Value {
    let a = get(left, cx);
    let b = get(right, cx);
    if let (Value::Number(x), Value::Number(y)) = (&*a, &*b) {
        let result = match op {
            Op::Add => x.checked_add(y),
            Op::Sub => x.checked_sub(y),
            Op::Mul => x.checked_mul(y),
            Op::Div => x.checked_div(y),
            _ => x.checked_pow(y),
        };
        return match result {
            Some(number) => Value::Number(number),
            None => cx.fault(span, || {
                if op == Op::Div && y.is_zero() {
                    "Division by zero.".into()
                } else {
                    format!("{x} {} {y} has no result that is a number.", op.sign())
                }
            }),
        };
    }
    if let (Op::Add, Value::Text(x), Value::Text(y)) = (op, &*a, &*b) {
        if !cx.spend(x.len() + y.len() + 24, span) {
            return Value::Null;
        }
        let mut text = String::with_capacity(x.len() + y.len());
        text.push_str(x);
        text.push_str(y);
        return text.into();
    }
    match temporal(op, &a, &b) {
        Some(value) => value,
        None => cx.fault(span, || misfit(op, (left, &a), (right, &b))),
    }
}

/// Why an operator has no result between these.
fn misfit(op: Op, (left, a): (&Node, &Value), (right, b): (&Node, &Value)) -> String {
    if a.is_null() {
        return format!("{} is empty (null), so {} has no result.", label(left, op, true), op.sign());
    }
    if b.is_null() {
        return format!("{} is empty (null), so {} has no result.", label(right, op, false), op.sign());
    }
    let advice = match (op, a, b) {
        (Op::Add, Value::Text(_), Value::Number(_)) | (Op::Add, Value::Number(_), Value::Text(_)) => {
            " Use string(..) to join a number to a text, number(..) to count with a text."
        }
        (_, Value::Text(_), _) | (_, _, Value::Text(_)) => " Use number(..) to read a number from a text.",
        _ => "",
    };
    format!("{} does not work between {} and {}.{advice}", op.sign(), describe(a), describe(b))
}

pub(super) fn negate(value: &Node, span: Span, cx: &mut Cx<'_>) -> Value {
    match eval(value, cx) {
        Value::Number(number) => Value::Number(number.neg()),
        Value::Days(days) => Value::Days(Arc::new(days.neg())),
        Value::Months(months) => Value::Months(months.neg()),
        other => cx.fault(span, || format!("A minus does not work before {}.", describe(&other))),
    }
}

fn temporal(op: Op, a: &Value, b: &Value) -> Option<Value> {
    match op {
        Op::Add => add(a, b).or_else(|| add(b, a)),
        Op::Sub => subtract(a, b),
        Op::Mul => multiply(a, b).or_else(|| multiply(b, a)),
        Op::Div => divide(a, b),
        _ => None,
    }
}

fn days_value(days: DaysDuration) -> Value {
    Value::Days(Arc::new(days))
}

/// A moment, time, date or duration, and a duration after it.
fn add(a: &Value, b: &Value) -> Option<Value> {
    match (a, b) {
        (Value::DateTime(at), Value::Days(days)) => at.add(**days).map(|at| Value::DateTime(Arc::new(at))),
        (Value::DateTime(at), Value::Months(months)) => {
            at.add_months(*months).map(|at| Value::DateTime(Arc::new(at)))
        }
        (Value::Date(date), Value::Days(days)) => add_to_date(*date, **days).map(Value::Date),
        (Value::Date(date), Value::Months(months)) => date.add_months(*months).map(Value::Date),
        (Value::Time(time), Value::Days(days)) => {
            add_to_time(time, **days).map(|time| Value::Time(Arc::new(time)))
        }
        (Value::Days(x), Value::Days(y)) => x.checked_add(**y).map(days_value),
        (Value::Months(x), Value::Months(y)) => x.checked_add(*y).map(Value::Months),
        _ => None,
    }
}

fn subtract(a: &Value, b: &Value) -> Option<Value> {
    match (a, b) {
        (_, Value::Days(days)) => add(a, &days_value(days.neg())),
        (_, Value::Months(months)) => add(a, &Value::Months(months.neg())),
        (Value::DateTime(x), Value::DateTime(y)) => x.since(y).map(days_value),
        (Value::Date(x), Value::Date(y)) => {
            Some(days_value(DaysDuration::of_seconds((x.days() - y.days()) * DAY_SECONDS)))
        }
        (Value::DateTime(x), Value::Date(y)) => x.since(&midnight_utc(*y)).map(days_value),
        (Value::Date(x), Value::DateTime(y)) => midnight_utc(*x).since(y).map(days_value),
        (Value::Time(x), Value::Time(y)) => time_since(x, y).map(days_value),
        _ => None,
    }
}

/// A day where a moment is needed is its midnight in UTC.
pub(crate) fn midnight_utc(date: Date) -> DateTime {
    DateTime::new(date, Time::MIDNIGHT.with_zone(Some(model::temporal::Zone::UTC)))
}

fn add_to_date(date: Date, days: DaysDuration) -> Option<Date> {
    midnight_utc(date).add(days).map(|at| at.date())
}

fn add_to_time(time: &Time, days: DaysDuration) -> Option<Time> {
    let day = i128::from(model::temporal::DAY_NANOS);
    let nanos = (i128::from(time.nanos()) + days.nanos()).rem_euclid(day);
    Time::new(nanos as u64, time.zone().cloned())
}

/// Nanoseconds of the day in UTC; a local time as it stands.
pub(crate) fn time_instant(time: &Time) -> Option<i128> {
    let offset = match time.zone() {
        Some(zone) => zone.offset_at(Date::from_days(0)?, time.nanos())?,
        None => 0,
    };
    Some(i128::from(time.nanos()) - i128::from(offset) * 1_000_000_000)
}

fn time_since(a: &Time, b: &Time) -> Option<DaysDuration> {
    if a.zone().is_some() != b.zone().is_some() {
        return None;
    }
    DaysDuration::from_nanos(time_instant(a)? - time_instant(b)?)
}

fn multiply(a: &Value, b: &Value) -> Option<Value> {
    let Value::Number(factor) = b else { return None };
    match a {
        Value::Days(days) => {
            days.in_seconds().checked_mul(factor).and_then(|s| DaysDuration::of_number(&s)).map(days_value)
        }
        Value::Months(months) => months_of(&Number::from(months.months()).checked_mul(factor)?),
        _ => None,
    }
}

fn divide(a: &Value, b: &Value) -> Option<Value> {
    match (a, b) {
        (Value::Days(days), Value::Number(by)) => {
            days.in_seconds().checked_div(by).and_then(|s| DaysDuration::of_number(&s)).map(days_value)
        }
        (Value::Months(months), Value::Number(by)) => {
            months_of(&Number::from(months.months()).checked_div(by)?)
        }
        (Value::Days(x), Value::Days(y)) => x.in_seconds().checked_div(&y.in_seconds()).map(Value::Number),
        (Value::Months(x), Value::Months(y)) => {
            Number::from(x.months()).checked_div(&Number::from(y.months())).map(Value::Number)
        }
        _ => None,
    }
}

fn months_of(months: &Number) -> Option<Value> {
    months.trunc().to_i64().map(|months| Value::Months(MonthsDuration::new(months)))
}
