//! Runs a path over a value.

use std::cell::RefCell;
use std::cmp::Ordering;

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use model::{Number, Value};
use regex::Regex;

/// Values looked at before a path is given up: what was found until then counts.
const MAX_VISITS: usize = 1_000_000;
/// How deep `..` goes.
const MAX_DEPTH: usize = 512;

/// One run: the document and what is left of the budget.
struct Run<'v> {
    root: &'v Value,
    visits: usize,
    patterns: RefCell<Vec<(String, Option<Regex>)>>,
}

pub(super) fn select<'v>(query: &JpQuery, root: &'v Value) -> Vec<&'v Value> {
    let mut run = Run { root, visits: MAX_VISITS, patterns: RefCell::default() };
    run.segments(&query.segments, root)
}

impl<'v> Run<'v> {
    fn visit(&mut self) -> bool {
        let open = self.visits > 0;
        self.visits = self.visits.saturating_sub(1);
        open
    }

    fn segments(&mut self, segments: &[Segment], from: &'v Value) -> Vec<&'v Value> {
        let mut nodes = vec![from];
        for segment in segments {
            let mut next = Vec::new();
            for node in nodes {
                self.segment(segment, node, &mut next, 0);
            }
            nodes = next;
        }
        nodes
    }

    fn segment(&mut self, segment: &Segment, node: &'v Value, out: &mut Vec<&'v Value>, depth: usize) {
        match segment {
            Segment::Selector(selector) => self.selector(selector, node, out),
            Segment::Selectors(selectors) => {
                selectors.iter().for_each(|selector| self.selector(selector, node, out))
            }
            Segment::Descendant(inner) => {
                // All selectors for a node, then its children: the order of the standard.
                self.segment(inner, node, out, depth);
                if depth < MAX_DEPTH {
                    for child in children(node) {
                        if !self.visit() {
                            return;
                        }
                        self.segment(segment, child, out, depth + 1);
                    }
                }
            }
        }
    }

    fn selector(&mut self, selector: &Selector, node: &'v Value, out: &mut Vec<&'v Value>) {
        if !self.visit() {
            return;
        }
        match selector {
            Selector::Name(name) => out.extend(node.as_record().and_then(|record| record.get(name))),
            Selector::Wildcard => out.extend(children(node)),
            Selector::Index(at) => out.extend(node.as_list().and_then(|items| item(items, *at))),
            Selector::Slice(start, end, step) => {
                if let Some(items) = node.as_list() {
                    slice(items, (*start, *end, *step), out);
                }
            }
            Selector::Filter(filter) => {
                for child in children(node) {
                    if !self.visit() {
                        return;
                    }
                    if self.filter(filter, child) {
                        out.push(child);
                    }
                }
            }
        }
    }

    fn filter(&mut self, filter: &Filter, node: &'v Value) -> bool {
        match filter {
            Filter::Or(parts) => parts.iter().any(|part| self.filter(part, node)),
            Filter::And(parts) => parts.iter().all(|part| self.filter(part, node)),
            Filter::Atom(FilterAtom::Filter { expr, not }) => self.filter(expr, node) != *not,
            Filter::Atom(FilterAtom::Test { expr, not }) => self.test(expr, node) != *not,
            Filter::Atom(FilterAtom::Comparison(comparison)) => self.comparison(comparison, node),
        }
    }

    fn test(&mut self, test: &Test, node: &'v Value) -> bool {
        match test {
            Test::RelQuery(segments) => !self.segments(segments, node).is_empty(),
            Test::AbsQuery(query) => !self.segments(&query.segments, self.root).is_empty(),
            Test::Function(function) => self.function(function, node) == Some(Value::Bool(true)),
        }
    }

    fn comparison(&mut self, comparison: &Comparison, node: &'v Value) -> bool {
        let (left, right) = super::typed::sides(comparison);
        let (left, right) = (self.comparable(left, node), self.comparable(right, node));
        let equal = left == right;
        let order = match (&left, &right) {
            (Some(Value::Number(a)), Some(Value::Number(b))) => Some(a.cmp(b)),
            (Some(Value::Text(a)), Some(Value::Text(b))) => Some(a.cmp(b)),
            _ => None,
        };
        match comparison {
            Comparison::Eq(..) => equal,
            Comparison::Ne(..) => !equal,
            Comparison::Lt(..) => order == Some(Ordering::Less),
            Comparison::Gt(..) => order == Some(Ordering::Greater),
            Comparison::Lte(..) => equal || order == Some(Ordering::Less),
            Comparison::Gte(..) => equal || order == Some(Ordering::Greater),
        }
    }

    /// The value of one side; none where there is nothing.
    fn comparable(&mut self, side: &Comparable, node: &'v Value) -> Option<Value> {
        match side {
            Comparable::Literal(literal) => Some(value_of(literal)),
            Comparable::Function(function) => self.function(function, node),
            Comparable::SingularQuery(SingularQuery::Current(segments)) => single(segments, node).cloned(),
            Comparable::SingularQuery(SingularQuery::Root(segments)) => single(segments, self.root).cloned(),
        }
    }

    fn function(&mut self, function: &TestFunction, node: &'v Value) -> Option<Value> {
        match function {
            TestFunction::Length(arg) => {
                let length = match self.argument(arg, node)? {
                    Value::Text(text) => text.chars().count(),
                    Value::List(items) => items.len(),
                    Value::Record(record) => record.shape().len(),
                    _ => return None,
                };
                Some(Value::Number(Number::from(length)))
            }
            TestFunction::Count(arg) => Some(Value::Number(Number::from(self.nodes(arg, node).len()))),
            TestFunction::Value(arg) => match self.nodes(arg, node).as_slice() {
                [only] => Some((*only).clone()),
                _ => None,
            },
            TestFunction::Match(text, pattern) => self.matches(text, pattern, node, true),
            TestFunction::Search(text, pattern) => self.matches(text, pattern, node, false),
            TestFunction::Custom(..) => None,
        }
    }

    fn nodes(&mut self, arg: &FnArg, node: &'v Value) -> Vec<&'v Value> {
        match arg {
            FnArg::Test(test) => match &**test {
                Test::RelQuery(segments) => self.segments(segments, node),
                Test::AbsQuery(query) => self.segments(&query.segments, self.root),
                Test::Function(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn argument(&mut self, arg: &FnArg, node: &'v Value) -> Option<Value> {
        match arg {
            FnArg::Literal(literal) => Some(value_of(literal)),
            FnArg::Test(test) => match &**test {
                Test::Function(function) => self.function(function, node),
                _ => self.nodes(arg, node).first().map(|value| (*value).clone()),
            },
            FnArg::Filter(_) => None,
        }
    }

    fn matches(&mut self, text: &FnArg, pattern: &FnArg, node: &'v Value, whole: bool) -> Option<Value> {
        let (text, pattern) = (self.argument(text, node)?, self.argument(pattern, node)?);
        let (Value::Text(text), Value::Text(pattern)) = (text, pattern) else {
            return Some(Value::Bool(false));
        };
        let source = regex_of(&pattern, whole);
        let mut patterns = self.patterns.borrow_mut();
        let at = match patterns.iter().position(|(known, _)| *known == source) {
            Some(at) => at,
            None => {
                let built = regex::RegexBuilder::new(&source).size_limit(1 << 20).build().ok();
                patterns.push((source, built));
                patterns.len() - 1
            }
        };
        Some(Value::Bool(patterns[at].1.as_ref().is_some_and(|re| re.is_match(&text))))
    }
}

/// A pattern of RFC 9485 for the regex crate: a point there is no line end at all.
fn regex_of(pattern: &str, whole: bool) -> String {
    let mut out = String::new();
    let (mut escaped, mut class) = (false, false);
    for c in pattern.chars() {
        match c {
            '.' if !escaped && !class => out.push_str("[^\\n\\r]"),
            c => {
                if !escaped {
                    match c {
                        '[' => class = true,
                        ']' => class = false,
                        _ => {}
                    }
                }
                out.push(c);
            }
        }
        escaped = c == '\\' && !escaped;
    }
    if whole { format!("^(?:{out})$") } else { out }
}

fn value_of(literal: &Literal) -> Value {
    match literal {
        Literal::Int(int) => Value::from(*int),
        Literal::Float(float) => Number::from_f64(*float).map_or(Value::Null, Value::Number),
        Literal::String(text) => text.as_str().into(),
        Literal::Bool(bool) => Value::Bool(*bool),
        Literal::Null => Value::Null,
    }
}

fn single<'v>(segments: &[SingularQuerySegment], from: &'v Value) -> Option<&'v Value> {
    segments.iter().try_fold(from, |at, segment| match segment {
        SingularQuerySegment::Index(index) => item(at.as_list()?, *index),
        SingularQuerySegment::Name(name) => at.as_record()?.get(name),
    })
}

fn children(node: &Value) -> &[Value] {
    match node {
        Value::List(items) => items,
        Value::Record(record) => record.values(),
        _ => &[],
    }
}

fn item(items: &[Value], at: i64) -> Option<&Value> {
    let at = if at < 0 { at.checked_add(items.len() as i64)? } else { at };
    items.get(usize::try_from(at).ok()?)
}

/// Slices as the standard computes them, with steps in both directions.
fn slice<'v>(
    items: &'v [Value],
    (start, end, step): (Option<i64>, Option<i64>, Option<i64>),
    out: &mut Vec<&'v Value>,
) {
    let length = items.len() as i64;
    let step = step.unwrap_or(1);
    if step == 0 {
        return;
    }
    let from_end = |at: i64| if at >= 0 { at } else { length.saturating_add(at) };
    let (mut at, end) = if step > 0 {
        (from_end(start.unwrap_or(0)).clamp(0, length), from_end(end.unwrap_or(length)).clamp(0, length))
    } else {
        (
            from_end(start.unwrap_or(length - 1)).clamp(-1, length - 1),
            end.map_or(-1, from_end).clamp(-1, length - 1),
        )
    };
    while if step > 0 { at < end } else { at > end } {
        out.extend(usize::try_from(at).ok().and_then(|at| items.get(at)));
        at = at.saturating_add(step);
    }
}
