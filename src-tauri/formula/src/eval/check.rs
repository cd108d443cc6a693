//! Unary tests: `in` and the cells of decision tables.

use model::Value;

use super::compare::{apply, equal, includes};
use super::eval;
use crate::cx::Cx;
use crate::node::{Check, Node};
use crate::special::{self, Range};

/// `value in tests`
pub(super) fn member(value: &Node, tests: &[Check], cx: &mut Cx<'_>) -> Value {
    let subject = eval(value, cx);
    let slot = cx.locals.len();
    cx.locals.push(subject);
    let answer = any(slot, tests, cx);
    cx.locals.truncate(slot);
    match answer {
        Some(bool) => Value::Bool(bool),
        None => cx.fault(value.span, || "The value cannot be compared with what stands behind in.".into()),
    }
}

/// The answer of a test for the value in a local.
pub(super) fn run(slot: usize, check: &Check, cx: &mut Cx<'_>) -> Option<bool> {
    match check {
        Check::Anything => Some(true),
        Check::Compare(op, node) => {
            let value = eval(node, cx);
            apply(*op, cx.locals.get(slot)?, &value)
        }
        Check::Value { node, subject } => {
            let value = eval(node, cx);
            matches(cx.locals.get(slot)?, &value, *subject)
        }
        Check::Not(tests) => any(slot, tests, cx).map(|answer| !answer),
        Check::AnyOf(tests) => any(slot, tests, cx),
    }
}

fn any(slot: usize, tests: &[Check], cx: &mut Cx<'_>) -> Option<bool> {
    let mut result = Some(false);
    for test in tests {
        match run(slot, test, cx) {
            Some(true) => return Some(true),
            None => result = None,
            Some(false) => {}
        }
    }
    result
}

/// Whether a value meets the value of a test.
fn matches(subject: &Value, value: &Value, looked: bool) -> Option<bool> {
    if let Value::Bool(answer) = value
        && (looked || !matches!(subject, Value::Bool(_)))
    {
        return Some(*answer);
    }
    if let Some(range) = special::of::<Range>(value) {
        if let Some(other) = special::of::<Range>(subject) {
            return equal(subject, value).filter(|_| other.low.is_some() || other.high.is_some());
        }
        return includes(range, subject);
    }
    if let Value::List(items) = value {
        if matches!(subject, Value::List(_)) && equal(subject, value) == Some(true) {
            return Some(true);
        }
        // A list of the values that are meant, or of ranges.
        let held = items.iter().any(|item| {
            if let Some(range) = special::of::<Range>(item) {
                includes(range, subject) == Some(true)
            } else {
                equal(subject, item) == Some(true)
            }
        });
        return Some(held);
    }
    equal(subject, value)
}
