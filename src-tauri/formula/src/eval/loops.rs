//! for, some and every.

use std::sync::Arc;

use model::{Date, Number, Value};

use super::{below, describe, eval};
use crate::ast::Span;
use crate::cx::Cx;
use crate::node::{Domain, Node};
use crate::special::{self, Range};

/// Called for each combination of items; false ends the loop.
type Each<'f, 'a> = &'f mut dyn FnMut(&mut Cx<'a>) -> bool;

pub(super) fn for_loop(over: &[Domain], body: &Node, partial: Option<usize>, cx: &mut Cx<'_>) -> Value {
    let base = cx.locals.len();
    cx.locals.push(if partial.is_some() { Value::list(Vec::new()) } else { Value::Null });
    let mut results = Vec::new();
    let complete = run(over, cx, &mut |cx| {
        let value = eval(body, cx);
        if !cx.spend(32 + below(&value), body.span) || !cx.shallow(&value, partial.is_some(), body.span) {
            return false;
        }
        match partial.and_then(|slot| cx.locals.get_mut(slot)) {
            Some(Value::List(list)) => {
                // Something kept the list of before, so it has to be copied.
                let copied = if Arc::strong_count(list) > 1 { list.len() } else { 0 };
                Arc::make_mut(list).push(value);
                cx.work(copied, body.span);
                cx.spend(32 * copied, body.span);
            }
            _ => results.push(value),
        }
        true
    });
    let made = cx.locals.get(base).cloned();
    cx.locals.truncate(base);
    if !complete || cx.dead {
        return Value::Null;
    }
    if partial.is_some() { made.unwrap_or_default() } else { Value::list(results) }
}

pub(super) fn quantified(every: bool, over: &[Domain], body: &Node, cx: &mut Cx<'_>) -> Value {
    let base = cx.locals.len();
    let before = cx.fault.take();
    let (mut decided, mut unknown, mut broken) = (false, false, false);
    let complete = run(over, cx, &mut |cx| {
        match eval(body, cx) {
            Value::Bool(bool) if bool != every => decided = true,
            Value::Bool(_) => {}
            other => {
                unknown = true;
                broken |= !other.is_null();
                cx.fault(body.span, || {
                    format!("The condition is neither true nor false but {}.", describe(&other))
                });
            }
        }
        !decided && !broken && !cx.dead
    });
    cx.locals.truncate(base);
    if cx.dead {
        return Value::Null;
    }
    if decided || before.is_some() {
        cx.fault = before;
    }
    if decided {
        Value::Bool(!every)
    } else if unknown || !complete {
        Value::Null
    } else {
        Value::Bool(every)
    }
}

/// Runs through all combinations; false when a list is no list.
fn run<'a>(over: &[Domain], cx: &mut Cx<'a>, each: Each<'_, 'a>) -> bool {
    let mut open = true;
    level(over, cx, &mut open, each)
}

fn level<'a>(over: &[Domain], cx: &mut Cx<'a>, open: &mut bool, each: Each<'_, 'a>) -> bool {
    let Some((first, rest)) = over.split_first() else {
        *open = each(cx);
        return true;
    };
    let (domain, span) = match first {
        Domain::Each(node) => {
            let value = eval(node, cx);
            (items(value, node.span, cx), node.span)
        }
        Domain::Steps(low, high, span) => {
            let (low, high) = (eval(low, cx), eval(high, cx));
            (steps(&low, &high, *span, cx), *span)
        }
    };
    let Some(domain) = domain else { return false };
    let slot = cx.locals.len();
    cx.locals.push(Value::Null);
    let mut whole = true;
    let mut at = 0;
    while let Some(item) = domain.at(at) {
        if !cx.step(span) {
            break;
        }
        cx.locals[slot] = item;
        whole &= level(rest, cx, open, each);
        if !whole || !*open {
            break;
        }
        at += 1;
    }
    cx.locals.truncate(slot);
    whole
}

/// What one variable runs through.
enum Items {
    List(Arc<Vec<Value>>),
    One(Value),
    Numbers { from: Number, count: usize, down: bool },
    Days { from: Date, count: usize, down: bool },
}

impl Items {
    fn at(&self, at: usize) -> Option<Value> {
        match self {
            Items::List(items) => items.get(at).cloned(),
            Items::One(value) => (at == 0).then(|| value.clone()),
            Items::Numbers { from, count, down } => {
                if at >= *count {
                    return None;
                }
                let step = Number::from(at);
                let value = if *down { from.checked_sub(&step) } else { from.checked_add(&step) };
                value.map(Value::Number)
            }
            Items::Days { from, count, down } => {
                if at >= *count {
                    return None;
                }
                let step = at as i64;
                from.add_days(if *down { -step } else { step }).map(Value::Date)
            }
        }
    }
}

fn items(value: Value, span: Span, cx: &mut Cx<'_>) -> Option<Items> {
    // a list of one range is written [1..3]: it runs through the range
    let only = match &value {
        Value::List(items) if items.len() == 1 => &items[0],
        value => value,
    };
    if let Some(range) = special::of::<Range>(only) {
        return range_items(range).or_else(|| {
            cx.fault(span, || {
                "Only a range of whole numbers or dates that goes up, and is not endless, can be run through."
                    .into()
            });
            None
        });
    }
    match value {
        Value::List(items) => Some(Items::List(items)),
        Value::Null => {
            cx.fault(span, || "There is no list to run through: it is empty (null).".into());
            None
        }
        other => Some(Items::One(other)),
    }
}

fn range_items(range: &Range) -> Option<Items> {
    let (low, high) = (range.low.as_ref()?, range.high.as_ref()?);
    match (low, high) {
        (Value::Number(low), Value::Number(high)) => {
            let from = if range.low_in { low.clone() } else { low.checked_add(&Number::ONE)? };
            let to = if range.high_in { high.clone() } else { high.checked_sub(&Number::ONE)? };
            let count = usize::try_from(to.checked_sub(&from)?.floor().to_i64()?.checked_add(1)?).ok()?;
            (count > 0 && from.is_integer()).then_some(Items::Numbers { from, count, down: false })
        }
        (Value::Date(low), Value::Date(high)) => {
            let from = low.add_days(i64::from(!range.low_in))?;
            let count = high.days() - i64::from(!range.high_in) - from.days() + 1;
            (count > 0).then_some(Items::Days { from, count: count as usize, down: false })
        }
        _ => None,
    }
}

fn steps(low: &Value, high: &Value, span: Span, cx: &mut Cx<'_>) -> Option<Items> {
    match (low, high) {
        (Value::Number(from), Value::Number(to)) => {
            let down = from > to;
            let gap = to.checked_sub(from).and_then(|gap| gap.abs().floor().to_i64());
            let Some(gap) = gap.and_then(|gap| usize::try_from(gap).ok()) else {
                cx.fault(span, || {
                    format!("There are too many numbers between {from} and {to} to run through.")
                });
                return None;
            };
            Some(Items::Numbers { from: from.clone(), count: gap.saturating_add(1), down })
        }
        (Value::Date(from), Value::Date(to)) => {
            let gap = to.days() - from.days();
            Some(Items::Days { from: *from, count: gap.unsigned_abs() as usize + 1, down: gap < 0 })
        }
        _ => {
            let (a, b) = (describe(low), describe(high));
            cx.fault(span, || {
                format!("A loop runs between two numbers or two dates, not between {a} and {b}.")
            });
            None
        }
    }
}
