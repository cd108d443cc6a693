//! Equality and order as the standard has them: between different types there is no answer.

use std::cmp::Ordering;

use model::{Time, Value};

use super::arith::{midnight_utc, time_instant};
use super::{describe, get, label};
use crate::ast::{Op, Span};
use crate::cx::Cx;
use crate::node::Node;
use crate::special::{self, Range};

pub(super) fn compare_nodes(op: Op, left: &Node, right: &Node, span: Span, cx: &mut Cx<'_>) -> Value {
    let a = get(left, cx);
    let b = get(right, cx);
    // Long values are work to compare.
    match (&*a, &*b) {
        (Value::List(_) | Value::Record(_), Value::List(_) | Value::Record(_)) => {
            cx.work(a.size_bytes().min(b.size_bytes()) / 32, span);
        }
        (Value::Text(x), Value::Text(y)) if x.len() > 1_024 => cx.work(x.len().min(y.len()) / 256, span),
        _ => {}
    }
    match apply(op, &a, &b) {
        Some(bool) => Value::Bool(bool),
        None => cx.fault(span, || {
            if !matches!(op, Op::Eq | Op::Ne) {
                for (node, value, side) in [(left, &a, true), (right, &b, false)] {
                    if value.is_null() {
                        return format!(
                            "{} is empty (null), so {} has no answer.",
                            label(node, op, side),
                            op.sign()
                        );
                    }
                }
            }
            format!(
                "{} does not compare {} with {}: they are of different types.",
                op.sign(),
                describe(&a),
                describe(&b)
            )
        }),
    }
}

/// The comparison; none when the two do not go together.
#[inline]
pub(crate) fn apply(op: Op, a: &Value, b: &Value) -> Option<bool> {
    match op {
        Op::Eq => equal(a, b),
        Op::Ne => equal(a, b).map(|same| !same),
        Op::Lt => order(a, b).map(Ordering::is_lt),
        Op::Le => order(a, b).map(Ordering::is_le),
        Op::Gt => order(a, b).map(Ordering::is_gt),
        Op::Ge => order(a, b).map(Ordering::is_ge),
        _ => None,
    }
}

/// The order of two values of one type that has an order.
pub(crate) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => Some(x.cmp(y)),
        (Value::Text(x), Value::Text(y)) => Some(x.cmp(y)),
        (Value::Date(x), Value::Date(y)) => Some(x.cmp(y)),
        (Value::DateTime(x), Value::DateTime(y)) => x.compare(y),
        (Value::DateTime(x), Value::Date(y)) => x.compare(&midnight_utc(*y)),
        (Value::Date(x), Value::DateTime(y)) => midnight_utc(*x).compare(y),
        (Value::Time(x), Value::Time(y)) => {
            if x.zone().is_some() != y.zone().is_some() {
                return None;
            }
            Some(time_instant(x)?.cmp(&time_instant(y)?))
        }
        (Value::Days(x), Value::Days(y)) => Some(x.cmp(y)),
        (Value::Months(x), Value::Months(y)) => Some(x.cmp(y)),
        _ => None,
    }
}

/// Whether two values have one type.
pub(crate) fn same_kind(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// Equality; none between different types.
pub(crate) fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Null, Value::Null) => Some(true),
        (Value::Null, _) | (_, Value::Null) => Some(false),
        (Value::Number(x), Value::Number(y)) => Some(x == y),
        (Value::Text(x), Value::Text(y)) => Some(x == y),
        (Value::Bool(x), Value::Bool(y)) => Some(x == y),
        (Value::Date(x), Value::Date(y)) => Some(x == y),
        // The standard compares seconds; what is below them is ignored.
        (Value::DateTime(x), Value::DateTime(y)) => Some(
            x.zone().is_some() == y.zone().is_some()
                && x.instant().div_euclid(1_000_000_000) == y.instant().div_euclid(1_000_000_000),
        ),
        (Value::Time(x), Value::Time(y)) => Some(equal_times(x, y)),
        (Value::Days(x), Value::Days(y)) => Some(x == y),
        (Value::Months(x), Value::Months(y)) => Some(x == y),
        (Value::List(x), Value::List(y)) => {
            if x.len() != y.len() {
                return Some(false);
            }
            all(x.iter().zip(y.iter()).map(|(x, y)| equal(x, y)))
        }
        (Value::Record(x), Value::Record(y)) => {
            if x.shape().len() != y.shape().len() {
                return Some(false);
            }
            all(x.iter().map(|(key, value)| y.get(key).map_or(Some(false), |other| equal(value, other))))
        }
        (Value::Special(_), Value::Special(_)) => {
            let (x, y) = (special::of::<Range>(a)?, special::of::<Range>(b)?);
            Some(equal_ranges(x, y))
        }
        // A list of one equals its item, as filters of one result are used.
        _ => None,
    }
}

fn all(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

fn equal_times(x: &Time, y: &Time) -> bool {
    if x.zone().is_some() != y.zone().is_some() {
        return false;
    }
    match (time_instant(x), time_instant(y)) {
        (Some(x), Some(y)) => x.div_euclid(1_000_000_000) == y.div_euclid(1_000_000_000),
        _ => x == y,
    }
}

fn equal_ranges(x: &Range, y: &Range) -> bool {
    let ends = |x: &Option<Value>, y: &Option<Value>| match (x, y) {
        (None, None) => true,
        (Some(x), Some(y)) => equal(x, y) == Some(true),
        _ => false,
    };
    x.low_in == y.low_in
        && x.high_in == y.high_in
        && x.test == y.test
        && ends(&x.low, &y.low)
        && ends(&x.high, &y.high)
}

/// Whether a range holds a value; none when the two do not go together.
pub(crate) fn includes(range: &Range, value: &Value) -> Option<bool> {
    if range.test.is_none() && (range.low.is_none() || range.high.is_none()) {
        return None;
    }
    if range.test == Some(Op::Ne) {
        return range.low.as_ref().and_then(|low| equal(value, low)).map(|same| !same);
    }
    let low = match &range.low {
        Some(low) => {
            let order = order(value, low)?;
            order.is_gt() || (range.low_in && order.is_eq())
        }
        None => true,
    };
    let high = match &range.high {
        Some(high) => {
            let order = order(value, high)?;
            order.is_lt() || (range.high_in && order.is_eq())
        }
        None => true,
    };
    Some(low && high)
}

pub(super) fn between(value: &Node, low: &Node, high: &Node, span: Span, cx: &mut Cx<'_>) -> Value {
    let (value, low, high) = (get(value, cx), get(low, cx), get(high, cx));
    match (apply(Op::Ge, &value, &low), apply(Op::Le, &value, &high)) {
        (Some(a), Some(b)) => Value::Bool(a && b),
        _ => cx.fault(span, || {
            format!(
                "between has no answer for {}, {} and {}.",
                describe(&value),
                describe(&low),
                describe(&high)
            )
        }),
    }
}
