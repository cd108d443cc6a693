//! Evaluation of the compiled form. Every node gives a value; what goes wrong is null beside the first fault.

mod arith;
mod call;
mod check;
pub(crate) mod compare;
mod loops;
mod path;

use std::ops::Deref;

use model::{Record, Value};

use crate::ast::Op;
use crate::cx::Cx;
use crate::error::FaultKind;
use crate::node::{Code, Field, Node, Root};
use crate::special::{Function, Range};
use crate::suggest;

pub(crate) use arith::midnight_utc;
pub(crate) use call::invoke;

/// A value that is borrowed where it can be.
pub(crate) enum Got<'n> {
    Ref(&'n Value),
    Own(Value),
}

impl Deref for Got<'_> {
    type Target = Value;

    #[inline]
    fn deref(&self) -> &Value {
        match self {
            Got::Ref(value) => value,
            Got::Own(value) => value,
        }
    }
}

/// The value of a node without a copy, for constants and fields.
#[inline]
pub(crate) fn get<'n, 'c: 'n>(node: &'n Node, cx: &mut Cx<'c>) -> Got<'n> {
    match &node.code {
        Code::Const(value) => Got::Ref(value),
        Code::Field(field) => {
            let record: &'c Record = cx.record;
            match field.of(record) {
                Some(value) => Got::Ref(value),
                None => Got::Own(unknown(field, node, cx)),
            }
        }
        _ => Got::Own(eval(node, cx)),
    }
}

/// The value of a node.
pub(crate) fn eval(node: &Node, cx: &mut Cx<'_>) -> Value {
    if !cx.step(node.span) {
        return Value::Null;
    }
    match &node.code {
        Code::Const(value) => value.clone(),
        Code::Local(slot) => cx.locals.get(*slot).cloned().unwrap_or_default(),
        Code::Field(field) => match field.of(cx.record) {
            Some(value) => value.clone(),
            None => unknown(field, node, cx),
        },
        Code::Root(root) => root_value(*root, cx),
        _ => {
            let value = if cx.enter(node.span) { compound(node, cx) } else { Value::Null };
            cx.leave();
            value
        }
    }
}

fn compound(node: &Node, cx: &mut Cx<'_>) -> Value {
    match &node.code {
        Code::Arith { op, left, right } => arith::arith(*op, left, right, node.span, cx),
        Code::Compare { op, left, right } => compare::compare_nodes(*op, left, right, node.span, cx),
        Code::Logic { and, left, right } => logic(*and, left, right, cx),
        Code::If { .. } => condition(node, cx),
        Code::Builtin { function, args, form } => call::builtin((function, *form), args, node.span, cx),
        Code::Path { value, field } => path::path(value, field, node.span, cx),
        Code::Context { shape, entries } => {
            let base = cx.locals.len();
            for entry in entries {
                let value = eval(entry, cx);
                cx.locals.push(value);
            }
            let below: usize = cx.locals.get(base..).unwrap_or_default().iter().map(below).sum();
            if !cx.spend(32 + 32 * entries.len() + below, node.span) {
                cx.locals.truncate(base);
                return Value::Null;
            }
            Value::Record(Record::collect(shape.clone(), cx.locals.drain(base..)))
        }
        Code::List(parts) => {
            let items: Vec<Value> = parts.iter().map(|part| eval(part, cx)).collect();
            let below: usize = items.iter().map(below).sum();
            if cx.spend(32 + 32 * items.len() + below, node.span) { Value::list(items) } else { Value::Null }
        }
        Code::Item { slots, name, otherwise } => {
            let found = slots.iter().find_map(|slot| cx.locals.get(*slot)?.as_record()?.get(name).cloned());
            found.unwrap_or_else(|| eval(otherwise, cx))
        }
        Code::Neg(value) => arith::negate(value, node.span, cx),
        Code::Between { value, low, high } => compare::between(value, low, high, node.span, cx),
        Code::In { value, tests } => check::member(value, tests, cx),
        Code::Tests { slot, check } => check::run(*slot, check, cx).map_or(Value::Null, Value::Bool),
        Code::InstanceOf { value, of } => Value::Bool(of.holds(&get(value, cx))),
        Code::Range { low, high, low_in, high_in } => range(low, high, (*low_in, *high_in), cx),
        Code::OpenRange { op, end } => {
            let end = eval(end, cx);
            if end.is_null() {
                return cx.fault(node.span, || "The end of the range is empty.".into());
            }
            Range::of_test(*op, end).value()
        }
        Code::For { over, body, partial } => loops::for_loop(over, body, *partial, cx),
        Code::Quantified { every, over, body } => loops::quantified(*every, over, body, cx),
        Code::Function(own) => {
            let captured = cx.locals.get(..own.captures).unwrap_or_default().to_vec();
            cx.spend(64 + 32 * captured.len(), node.span);
            Function::Own(own.clone(), captured).value()
        }
        Code::Call { callee, args, names } => call::call(callee, args, names.as_deref(), node.span, cx),
        Code::Filter { value, test, slot } => path::filter(value, test, *slot, cx),
        Code::Try { value, default } => attempt(value, default, cx),
        Code::Const(_) | Code::Local(_) | Code::Field(_) | Code::Root(_) => Value::Null,
    }
}

/// The memory below a value that is put into another. Shared parts count in full, so that no value grows beyond the
/// budget when it is written out.
pub(crate) fn below(value: &Value) -> usize {
    if matches!(value, Value::List(_) | Value::Record(_)) { value.size_bytes() } else { 0 }
}

fn root_value(root: Root, cx: &Cx<'_>) -> Value {
    let Some(roots) = cx.roots else {
        return if root == Root::Record { Value::Record(cx.record.clone()) } else { Value::Null };
    };
    Value::Record(match root {
        Root::Slots => roots.slots.clone(),
        Root::Run => roots.run.clone(),
        Root::Event => roots.event.clone(),
        Root::Record => cx.record.clone(),
    })
}

/// A name that the record has not: a function as a value, or a fault.
#[cold]
fn unknown(field: &Field, node: &Node, cx: &mut Cx<'_>) -> Value {
    if let Some(function) = crate::compile::function_value(&field.name) {
        return function;
    }
    let suggestion = suggest::field(&field.name, cx.fields());
    cx.fault_of(FaultKind::Name, node.span, || {
        let mut message = format!("There is no field {}.", field.name);
        if let Some(suggestion) = suggestion {
            message.push(' ');
            message.push_str(&suggestion);
        }
        message
    })
}

fn condition(node: &Node, cx: &mut Cx<'_>) -> Value {
    let mut at = node;
    // A chain of else if runs in place.
    while let Code::If { test, then, other } = &at.code {
        match &*get(test, cx) {
            Value::Bool(true) => return eval(then, cx),
            Value::Bool(false) => {}
            value => {
                let (what, null) = (describe(value), value.is_null());
                cx.fault(test.span, || format!("The condition of if is neither true nor false but {what}."));
                // By the standard null counts as false; anything else has no answer.
                if !null {
                    return Value::Null;
                }
            }
        }
        if !cx.step(other.span) {
            return Value::Null;
        }
        at = other;
    }
    eval(at, cx)
}

/// `and`, `or`: a side that decides makes faults of the other unimportant.
fn logic(and: bool, left: &Node, right: &Node, cx: &mut Cx<'_>) -> Value {
    let decides = |value: &Value| matches!(value, Value::Bool(bool) if *bool != and);
    let before = cx.fault.take();
    let a = get(left, cx).as_bool().map_or_else(|| Err(()), Ok);
    let decided = matches!(a, Ok(bool) if bool != and);
    if decided {
        if !cx.dead {
            cx.fault = before;
        }
        return Value::Bool(!and);
    }
    let b = get(right, cx);
    if decides(&b) {
        if !cx.dead {
            cx.fault = before;
        }
        return Value::Bool(!and);
    }
    if before.is_some() && !cx.dead {
        cx.fault = before;
    }
    match (a, &*b) {
        (Ok(_), Value::Bool(_)) => Value::Bool(and),
        (Ok(_), other) => {
            let what = describe(other);
            cx.fault(right.span, || {
                format!("This side of {} is neither true nor false but {what}.", word(and))
            })
        }
        (Err(()), _) => {
            cx.fault(left.span, || format!("This side of {} is neither true nor false.", word(and)))
        }
    }
}

fn word(and: bool) -> &'static str {
    if and { "and" } else { "or" }
}

fn range(low: &Node, high: &Node, (low_in, high_in): (bool, bool), cx: &mut Cx<'_>) -> Value {
    let (low_value, high_value) = (eval(low, cx), eval(high, cx));
    if low_value.is_null() && high_value.is_null() {
        return cx.fault(low.span, || "Both ends of the range are empty.".into());
    }
    let fits = low_value.is_null()
        || high_value.is_null()
        || compare::order(&low_value, &high_value).is_some()
        || compare::same_kind(&low_value, &high_value);
    if !fits {
        let (a, b) = (describe(&low_value), describe(&high_value));
        return cx.fault(low.span, || format!("The ends of the range do not go together: {a} and {b}."));
    }
    let end = |value: Value| (!value.is_null()).then_some(value);
    Range { low: end(low_value), high: end(high_value), low_in, high_in, test: None }.value()
}

/// `try(expression, default)`
fn attempt(value: &Node, default: &Node, cx: &mut Cx<'_>) -> Value {
    let before = cx.fault.take();
    let result = eval(value, cx);
    if cx.dead {
        return Value::Null;
    }
    let failed = cx.fault.is_some();
    cx.fault = before;
    if failed { eval(default, cx) } else { result }
}

/// A value in words for messages: short, with its type.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "empty (null)".into(),
        Value::Text(text) => {
            let short: String = text.chars().take(24).collect();
            let dots = if short.len() < text.len() { ".." } else { "" };
            format!("the text \"{short}{dots}\"")
        }
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(bool) => format!("{bool}"),
        Value::List(items) => format!("a list of {}", items.len()),
        Value::Record(_) => "a record".into(),
        Value::Special(special) if special.as_any().is::<Function>() => "a function".into(),
        Value::Special(_) => "a range".into(),
        other => format!("the {} {}", other.type_name(), other.to_plain()),
    }
}

/// What a side of an operator is called: its field where it is one.
pub(crate) fn label(node: &Node, op: Op, left: bool) -> String {
    match &node.code {
        Code::Field(field) | Code::Path { field, .. } => field.name.to_string(),
        _ => format!("The {} side of {}", if left { "left" } else { "right" }, op.sign()),
    }
}
