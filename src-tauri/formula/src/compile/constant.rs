//! What is known before a formula runs: literals, and parts that hold nothing else.

use std::sync::Arc;

use model::{Date, DateTime, DaysDuration, MonthsDuration, Record, Time, Value};

use crate::builtins;
use crate::cx::{Cx, Scope};
use crate::eval;
use crate::node::{Code, Node};
use crate::special::Function;

/// The value of an `@"..."` literal.
pub(crate) fn temporal(text: &str) -> Option<Value> {
    if let Some(date) = Date::parse(text) {
        return Some(Value::Date(date));
    }
    if text.trim_start_matches('-').starts_with('P') {
        return MonthsDuration::parse(text)
            .map(Value::Months)
            .or_else(|| DaysDuration::parse(text).map(|days| Value::Days(Arc::new(days))));
    }
    if let Some(time) = Time::parse(text) {
        return Some(Value::Time(Arc::new(time)));
    }
    DateTime::parse(text).map(|moment| Value::DateTime(Arc::new(moment)))
}

/// Evaluates what holds only constants; what would be a fault stays to be told when it runs.
pub(super) fn fold(node: Node) -> Node {
    if !foldable(&node) {
        return node;
    }
    let empty = Record::empty();
    let mut cx = Cx::new(&Scope::new(&empty));
    let value = eval::eval(&node, &mut cx);
    if cx.fault.is_some() || value.size_bytes() > 4_096 {
        return node;
    }
    Node { code: Code::Const(value), span: node.span }
}

fn foldable(node: &Node) -> bool {
    let constant = |node: &Node| matches!(node.code, Code::Const(_));
    match &node.code {
        Code::List(parts) => parts.iter().all(constant),
        Code::Range { low, high, .. } => constant(low) && constant(high),
        Code::OpenRange { end, .. } => constant(end),
        Code::Neg(value) => constant(value),
        Code::Arith { left, right, .. }
        | Code::Compare { left, right, .. }
        | Code::Logic { left, right, .. } => constant(left) && constant(right),
        Code::Builtin { function, args, .. } => function.pure && args.iter().all(constant),
        _ => false,
    }
}

/// A function as a value.
pub(crate) fn function_value(name: &str) -> Option<Value> {
    builtins::find(name).map(|function| Function::Builtin(function).value())
}
