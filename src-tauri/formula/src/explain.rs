//! What a formula says about itself before it runs: the type of its result, whether that can be empty and why, and
//! what it reads.

use std::fmt::Write as _;

use model::{Record, Text, Value};

use crate::ast::{Args, Expr, Kind, Op};
use crate::builtins;
use crate::format::flat;
use crate::formula::Formula;
use crate::reads::Read;
use crate::types::Type;

/// Why a result can be empty: reasons kept.
const MAX_REASONS: usize = 8;
/// Parts of the type of a local.
const MAX_PARTS: usize = 1_000;
/// Items of a sample list that are looked at.
const MAX_ITEMS: usize = 16;

/// What a formula says about itself, for records like a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The type of the result; `Any` where it cannot be told.
    pub result: Type,
    /// Why the result can be empty (null); none: it never is.
    pub empty_because: Vec<String>,
    /// What it reads.
    pub reads: Vec<Read>,
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reads: Vec<String> = self.reads.iter().map(ToString::to_string).collect();
        let mut out = format!("result: {}\n", self.result);
        for reason in &self.empty_because {
            let _ = writeln!(out, "can be empty: {reason}");
        }
        let _ = write!(out, "reads: {}", if reads.is_empty() { "nothing".into() } else { reads.join(", ") });
        f.write_str(&out)
    }
}

impl Formula {
    /// The type of the result for records like the sample, whether it can be empty and why, and what is read.
    pub fn explain(&self, sample: &Record) -> Explanation {
        let mut look = Look { sample, locals: Vec::new() };
        let found = look.expr(self.expr());
        let mut empty_because = found.empty;
        empty_because.dedup();
        empty_because.truncate(MAX_REASONS);
        Explanation { result: found.of, empty_because, reads: self.reads().to_vec() }
    }
}

/// A type, and why the value can be empty.
#[derive(Clone)]
struct Found {
    of: Type,
    empty: Vec<String>,
}

impl Found {
    fn of(of: Type) -> Found {
        Found { of, empty: Vec::new() }
    }

    fn or_empty(mut self, reason: String) -> Found {
        if self.empty.len() < MAX_REASONS {
            self.empty.push(reason);
        }
        self
    }

    /// Either of two.
    fn or(mut self, other: Found) -> Found {
        let room = MAX_REASONS.saturating_sub(self.empty.len());
        let new: Vec<_> = other.empty.into_iter().filter(|reason| !self.empty.contains(reason)).collect();
        self.empty.extend(new.into_iter().take(room));
        self.of = match (self.of, other.of) {
            (a, b) if a == b => a,
            (Type::Null, of) | (of, Type::Null) => of,
            _ => Type::Any,
        };
        self
    }
}

struct Look<'s> {
    sample: &'s Record,
    locals: Vec<(Text, Found)>,
}

impl Look<'_> {
    fn expr(&mut self, expr: &Expr) -> Found {
        match &expr.kind {
            Kind::Null => Found::of(Type::Null).or_empty("it says null itself".into()),
            Kind::Bool(_)
            | Kind::Binary {
                op: Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::And | Op::Or,
                ..
            }
            | Kind::Between { .. }
            | Kind::In { .. }
            | Kind::InstanceOf { .. }
            | Kind::Quantified { .. } => Found::of(Type::Bool),
            Kind::Number(_) => Found::of(Type::Number),
            Kind::Text(_) => Found::of(Type::Text),
            Kind::At(text) => {
                Found::of(crate::compile::temporal(text).map_or(Type::Any, |value| type_of(&value)))
            }
            Kind::Paren(inner) => self.expr(inner),
            Kind::Neg(inner) => Found::of(self.expr(inner).of),
            Kind::Binary { op, left, right } => {
                let (left, right) = (self.expr(left).of, self.expr(right).of);
                Found::of(arith(*op, left, right))
            }
            Kind::Name { name, .. } => self.name(name),
            Kind::Path { value, name } => self.path(value, name, expr),
            Kind::Filter { value, test } => self.filter(value, test),
            Kind::List(parts) => {
                let of = parts.iter().map(|part| self.expr(part)).reduce(Found::or);
                Found::of(Type::List(Box::new(of.map_or(Type::Any, |found| found.of))))
            }
            Kind::Context(entries) => {
                let base = self.locals.len();
                for (name, value) in entries {
                    let found = self.expr(value);
                    self.local(name, found);
                }
                let fields = self.locals.drain(base..).map(|(name, found)| (name, found.of)).collect();
                Found::of(Type::Context(fields))
            }
            Kind::If { then, other, .. } => self.expr(then).or(self.expr(other)),
            Kind::For { over, body } => {
                let base = self.locals.len();
                for (name, domain) in over {
                    let of = match self.expr(domain).of {
                        Type::List(of) | Type::Range(of) => *of,
                        other => other,
                    };
                    self.local(name, Found::of(of));
                }
                let of = self.expr(body).of;
                self.locals.truncate(base);
                Found::of(Type::List(Box::new(of)))
            }
            Kind::Range { low, .. } | Kind::Steps { low, .. } => {
                Found::of(Type::Range(Box::new(self.expr(low).of)))
            }
            Kind::Test { value, .. } => Found::of(Type::Range(Box::new(self.expr(value).of))),
            Kind::Function { params, .. } => {
                let params = params.iter().map(|(_, of)| of.clone().unwrap_or(Type::Any)).collect();
                Found::of(Type::Function(params, Box::new(Type::Any)))
            }
            Kind::Call { callee, args } => self.call(callee, args),
            Kind::Anything | Kind::NotTests(_) | Kind::AnyOf(_) => Found::of(Type::Bool),
        }
    }

    /// A local that may be named again and again, so its type is kept small: `{a: .., b: {x: a, y: a}, ..}` doubles it a field.
    fn local(&mut self, name: &Text, mut found: Found) {
        let mut room = MAX_PARTS;
        if !fits(&found.of, &mut room) {
            found.of = Type::Any;
        }
        self.locals.push((name.clone(), found));
    }

    fn name(&self, name: &Text) -> Found {
        if let Some((_, found)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return found.clone();
        }
        match (self.sample.get(name), name.as_str()) {
            (Some(value), _) => Found::of(type_of(value)).or_empty(format!("the field {name} may be empty")),
            (None, "record") => Found::of(type_of(&Value::Record(self.sample.clone()))),
            (None, _) => Found::of(Type::Any).or_empty(format!("{name} is not in the sample")),
        }
    }

    fn path(&mut self, value: &Expr, name: &Text, whole: &Expr) -> Found {
        // What is read of nothing is nothing.
        let Found { of: from, empty } = self.expr(value);
        let field = |fields: &[(Text, Type)]| {
            fields.iter().find(|(known, _)| known == name).map(|(_, of)| of.clone())
        };
        match from {
            Type::Context(fields) => {
                let of = field(&fields).unwrap_or(Type::Any);
                Found::of(of).or_empty(format!("the field {} may be empty", flat(whole)))
            }
            Type::List(of) => {
                let of = match *of {
                    Type::Context(fields) => field(&fields).unwrap_or(Type::Any),
                    _ => Type::Any,
                };
                Found { of: Type::List(Box::new(of)), empty }
            }
            Type::DateTime | Type::Time if name == "time offset" => {
                Found::of(Type::Days).or_empty(format!("{} may have no zone", flat(value)))
            }
            Type::Date | Type::DateTime | Type::Time | Type::Days | Type::Months if name != "timezone" => {
                Found { of: Type::Number, empty }
            }
            _ => Found::of(Type::Any).or_empty(format!("{} may be empty", flat(whole))),
        }
    }

    fn filter(&mut self, value: &Expr, test: &Expr) -> Found {
        let of = match self.expr(value).of {
            Type::List(of) => *of,
            other => other,
        };
        let base = self.locals.len();
        self.locals.push(("item".into(), Found::of(of.clone())));
        if let Type::Context(fields) = &of {
            self.locals.extend(fields.iter().map(|(name, of)| (name.clone(), Found::of(of.clone()))));
        }
        let found = self.expr(test).of;
        self.locals.truncate(base);
        let fewer = || format!("{} may have fewer items", flat(value));
        match found {
            Type::Bool => Found::of(Type::List(Box::new(of))),
            // The number counts the items.
            Type::Number => Found::of(of).or_empty(fewer()),
            _ => Found::of(Type::Any).or_empty(fewer()),
        }
    }

    fn call(&mut self, callee: &Expr, args: &Args) -> Found {
        let own = || Found::of(Type::Any).or_empty(format!("what {} gives may be empty", flat(callee)));
        let Kind::Name { name, .. } = &callee.kind else { return own() };
        let Some(function) = builtins::find(name) else { return own() };
        let parts: Vec<Expr> = match args {
            Args::Positional(parts) => parts.clone(),
            Args::Named(parts) => parts.iter().map(|(_, part)| part.clone()).collect(),
        };
        // Every part is looked at once: twice a level would double the work with every call inside another.
        let found: Vec<Found> = parts.iter().map(|part| self.expr(part)).collect();
        let empty = found.iter().flat_map(|found| found.empty.iter().cloned()).take(MAX_REASONS).collect();
        let first = found.first().cloned();
        let item = |found: Option<Found>| match found {
            Some(Found { of: Type::List(of), .. }) => *of,
            Some(Found { of, .. }) => of,
            None => Type::Any,
        };
        match function.name {
            "try" => found.into_iter().reduce(Found::or).unwrap_or(Found::of(Type::Any)),
            "min" | "max" => Found::of(item(first)).or_empty(format!("{name} of an empty list is empty")),
            "sum" | "median" | "product" => {
                Found::of(Type::Number).or_empty(format!("{name} of an empty list is empty"))
            }
            "abs" => Found::of(item(first)),
            // Something empty among what is asked leaves the answer open.
            "all" | "any" => Found { of: Type::Bool, empty },
            "sort" | "reverse" | "sublist" | "distinct values" | "remove" | "append" | "insert before" => {
                Found::of(Type::List(Box::new(item(first))))
            }
            "get value" | "pick" | "parse json" => {
                Found::of(Type::Any).or_empty(format!("what {name} finds may be empty"))
            }
            _ => Found::of(gives(function.gives)),
        }
    }
}

/// Whether a type has no more parts than there is room for.
fn fits(of: &Type, room: &mut usize) -> bool {
    let Some(left) = room.checked_sub(1) else { return false };
    *room = left;
    match of {
        Type::List(of) | Type::Range(of) => fits(of, room),
        Type::Context(fields) => fields.iter().all(|(_, of)| fits(of, room)),
        Type::Function(params, result) => params.iter().all(|of| fits(of, room)) && fits(result, room),
        _ => true,
    }
}

/// The type that the declaration of a function names.
fn gives(name: &str) -> Type {
    match name {
        "number" => Type::Number,
        "string" => Type::Text,
        "boolean" => Type::Bool,
        "date" => Type::Date,
        "time" => Type::Time,
        "date and time" => Type::DateTime,
        "years and months duration" => Type::Months,
        "list" => Type::List(Box::new(Type::Any)),
        "range" => Type::Range(Box::new(Type::Any)),
        _ => Type::Any,
    }
}

fn arith(op: Op, left: Type, right: Type) -> Type {
    match (op, left, right) {
        (_, Type::Number, Type::Number) => Type::Number,
        (Op::Add, Type::Text, Type::Text) => Type::Text,
        (Op::Sub, Type::Date | Type::DateTime | Type::Time, Type::Date | Type::DateTime | Type::Time) => {
            Type::Days
        }
        (
            Op::Add | Op::Sub,
            of @ (Type::Date | Type::DateTime | Type::Time | Type::Days | Type::Months),
            Type::Days | Type::Months,
        ) => of,
        (Op::Add, Type::Days | Type::Months, of) => of,
        (Op::Mul | Op::Div, of @ (Type::Days | Type::Months), Type::Number) => of,
        (Op::Mul, Type::Number, of @ (Type::Days | Type::Months)) => of,
        (Op::Div, Type::Days | Type::Months, Type::Days | Type::Months) => Type::Number,
        // One side is known to be a number and the operator has no other use for it.
        (Op::Mul | Op::Div | Op::Pow, Type::Number, Type::Any) | (Op::Pow, Type::Any, Type::Number) => {
            Type::Number
        }
        _ => Type::Any,
    }
}

/// The type of a value; of a list what its first items have in common.
pub(crate) fn type_of(value: &Value) -> Type {
    match value {
        Value::Null | Value::Special(_) => Type::Any,
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::Number,
        Value::Text(_) => Type::Text,
        Value::Date(_) => Type::Date,
        Value::Time(_) => Type::Time,
        Value::DateTime(_) => Type::DateTime,
        Value::Days(_) => Type::Days,
        Value::Months(_) => Type::Months,
        Value::List(items) => {
            let mut types = items.iter().take(MAX_ITEMS).map(type_of);
            let first = types.next().unwrap_or(Type::Any);
            let same = types.all(|of| of == first);
            Type::List(Box::new(if same { first } else { Type::Any }))
        }
        Value::Record(record) => {
            Type::Context(record.iter().map(|(name, value)| (name.clone(), type_of(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(text: &str) -> (String, usize) {
        let line = Record::of([("sku", Value::from("a")), ("price", Value::from(1_i64))]);
        let sample = Record::of([
            ("qty", Value::from(3_i64)),
            ("city", Value::from("Almaty")),
            ("lines", Value::list(vec![Value::Record(line)])),
        ]);
        let found = Formula::parse(text).expect("a formula").explain(&sample);
        (found.result.to_string(), found.empty_because.len())
    }

    #[test]
    fn what_doubles_with_every_field_or_call_is_told_at_once() {
        let fields: Vec<String> = (1..200).map(|n| format!("a{n}: {{x: a{0}, y: a{0}}}", n - 1)).collect();
        let deep = format!("{{a0: {{z: qty}}, {}}}", fields.join(", "));
        assert!(explained(&deep).0.len() < 1_000_000);
        let calls = format!("{}qty{}", "try(".repeat(50), ", 1)".repeat(50));
        assert_eq!(explained(&calls), ("number".to_owned(), 1));
        let fields: Vec<String> = (1..200).map(|n| format!("a{n}: try(a{0}, a{0})", n - 1)).collect();
        assert_eq!(explained(&format!("try({{a0: qty, {}}}.a199, 0)", fields.join(", "))).1, 1);
    }

    #[test]
    fn the_type_of_the_result_is_told() {
        for (text, of, reasons) in [
            ("qty * 2", "number", 0),
            ("qty", "number", 1),
            ("upper case(city) + \"!\"", "string", 0),
            ("if qty > 2 then city else null", "string", 2),
            ("lines.sku", "list<string>", 1),
            ("lines[1].price", "number", 1),
            ("all(lines[1].paid)", "boolean", 1),
            ("(function(x) null)(1)", "Any", 1),
            ("now.time offset", "Any", 1),
            ("@\"10:00:00\".time offset", "days and time duration", 1),
            ("@\"10:00:00\".hour", "number", 0),
            ("lines[qty - 2].price", "number", 1),
            ("lines[price > 2]", "list<context<sku: string, price: number>>", 0),
            ("for l in lines return l.price", "list<number>", 0),
            ("{a: qty, b: city}", "context<a: number, b: string>", 0),
            ("@\"2026-01-01\" + @\"P1D\"", "date", 0),
            ("max(lines.price)", "number", 1),
            ("nothing_like_it", "Any", 1),
        ] {
            assert_eq!(explained(text), (of.to_owned(), reasons), "{text}");
        }
    }
}
