//! A tree to its compiled form: names get their places, constants their values.

mod call;
mod constant;

use std::sync::Arc;

use model::{Shape, Text, Value};

use crate::ast::{Expr, Kind, Op, Span};
use crate::error::FormulaError;
use crate::node::{Check, Code, Domain, Field, Node, Root};
use crate::special::Own;
use constant::fold;
pub(crate) use constant::{function_value, temporal};

/// Where names come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// In a flow: roots are reserved, an unknown function is an error at once.
    Flow,
    /// As the standard says: names come from the data, what is unknown is null.
    Standard,
}

enum Place {
    Local(Text),
    /// The item of a filter: its fields are names.
    Item,
}

pub(crate) struct Compiler {
    mode: Mode,
    places: Vec<Place>,
    /// Whether `partial` or `?` was asked for since it was last cleared.
    subject_used: bool,
    partial_used: bool,
}

type Compiled = Result<Node, FormulaError>;

impl Compiler {
    pub(crate) fn new(mode: Mode) -> Compiler {
        Compiler { mode, places: Vec::new(), subject_used: false, partial_used: false }
    }

    /// Unary tests over the local 0.
    pub(crate) fn tests(mut self, expr: &Expr) -> Compiled {
        self.places.push(Place::Local("?".into()));
        let check = self.check(expr)?;
        Ok(Node { code: Code::Tests { slot: 0, check: Box::new(check) }, span: expr.span })
    }

    pub(crate) fn node(&mut self, expr: &Expr) -> Compiled {
        let code = self.code(expr)?;
        Ok(fold(Node { code, span: expr.span }))
    }

    fn boxed(&mut self, expr: &Expr) -> Result<Box<Node>, FormulaError> {
        self.node(expr).map(Box::new)
    }

    fn nodes(&mut self, parts: &[Expr]) -> Result<Vec<Node>, FormulaError> {
        parts.iter().map(|part| self.node(part)).collect()
    }

    fn code(&mut self, expr: &Expr) -> Result<Code, FormulaError> {
        Ok(match &expr.kind {
            Kind::Null | Kind::Anything => Code::Const(Value::Null),
            Kind::Bool(bool) => Code::Const(Value::Bool(*bool)),
            Kind::Number(number) => Code::Const(Value::Number(number.clone())),
            Kind::Text(text) => Code::Const(Value::Text(text.clone())),
            Kind::At(text) => Code::Const(self.at(text, expr.span)?),
            Kind::Name { name, quoted } => self.name(name, *quoted, expr.span),
            Kind::List(parts) => Code::List(self.nodes(parts)?),
            Kind::Context(entries) => self.context(entries)?,
            Kind::Range { low, high, low_in, high_in } => Code::Range {
                low: self.boxed(low)?,
                high: self.boxed(high)?,
                low_in: *low_in,
                high_in: *high_in,
            },
            Kind::Steps { low, high } => {
                Code::Range { low: self.boxed(low)?, high: self.boxed(high)?, low_in: true, high_in: true }
            }
            Kind::Test { op, value } => Code::OpenRange { op: *op, end: self.boxed(value)? },
            Kind::Neg(value) => Code::Neg(self.boxed(value)?),
            Kind::Binary { op, left, right } => {
                let (op, left, right) = (*op, self.boxed(left)?, self.boxed(right)?);
                match op {
                    Op::And | Op::Or => Code::Logic { and: op == Op::And, left, right },
                    Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow => Code::Arith { op, left, right },
                    _ => Code::Compare { op, left, right },
                }
            }
            Kind::Between { value, low, high } => {
                Code::Between { value: self.boxed(value)?, low: self.boxed(low)?, high: self.boxed(high)? }
            }
            Kind::In { value, tests } => {
                let value = self.boxed(value)?;
                self.places.push(Place::Local("?".into()));
                let tests = tests.iter().map(|test| self.check(test)).collect::<Result<_, _>>();
                self.places.pop();
                Code::In { value, tests: tests? }
            }
            Kind::InstanceOf { value, of } => Code::InstanceOf { value: self.boxed(value)?, of: of.clone() },
            Kind::If { test, then, other } => {
                Code::If { test: self.boxed(test)?, then: self.boxed(then)?, other: self.boxed(other)? }
            }
            Kind::For { over, body } => self.for_loop(over, body)?,
            Kind::Quantified { every, over, body } => {
                let over_nodes = self.domains(over)?;
                let body = self.boxed(body)?;
                self.places.truncate(self.places.len() - over.len());
                Code::Quantified { every: *every, over: over_nodes, body }
            }
            Kind::Function { params, body } => Code::Function(self.function(params, body, false)?),
            Kind::Call { callee, args } => self.call(callee, args, expr.span)?,
            Kind::Path { value, name } => self.path(value, name)?,
            Kind::Filter { value, test } => {
                let value = self.boxed(value)?;
                let slot = self.places.len();
                self.places.push(Place::Item);
                let test = self.boxed(test);
                self.places.pop();
                Code::Filter { value, test: test?, slot }
            }
            Kind::Paren(inner) => return self.code(inner),
            Kind::NotTests(_) | Kind::AnyOf(_) => {
                return Err(FormulaError::new("These are tests, not an expression.", expr.span));
            }
        })
    }

    fn at(&self, text: &str, span: Span) -> Result<Value, FormulaError> {
        match temporal(text) {
            Some(value) => Ok(value),
            None if self.mode == Mode::Standard => Ok(Value::Null),
            None => Err(FormulaError::new(
                format!("@\"{text}\" is neither a date, a time, a date and time nor a duration."),
                span,
            )
            .suggest(Some(
                "Write @\"2026-01-31\", @\"10:30:00\", @\"2026-01-31T10:30:00\", @\"P1D\" or @\"P1Y2M\"."
                    .into(),
            ))),
        }
    }

    fn name(&mut self, name: &Text, quoted: bool, span: Span) -> Code {
        let mut slots = Vec::new();
        let mut found = None;
        for (slot, place) in self.places.iter().enumerate().rev() {
            match place {
                Place::Local(local) if local == name => {
                    found = Some(Code::Local(slot));
                    break;
                }
                Place::Item => slots.push(slot),
                Place::Local(_) => {}
            }
        }
        if found.is_some() {
            self.subject_used |= name == "?";
            self.partial_used |= name == "partial";
        } else if name == "item"
            && !quoted
            && let Some(slot) = slots.first()
        {
            found = Some(Code::Local(*slot));
        }
        let outside = found.unwrap_or_else(|| match (self.mode, name.as_str(), quoted) {
            (Mode::Flow, "slots", false) => Code::Root(Root::Slots),
            (Mode::Flow, "run", false) => Code::Root(Root::Run),
            (Mode::Flow, "event", false) => Code::Root(Root::Event),
            (Mode::Flow, "record", false) => Code::Root(Root::Record),
            (_, _, false) => dotted(name, span),
            (_, _, true) => Code::Field(Field::new(name.clone())),
        });
        if slots.is_empty() {
            return outside;
        }
        Code::Item { slots, name: name.clone(), otherwise: Box::new(Node { code: outside, span }) }
    }

    fn context(&mut self, entries: &[(Text, Expr)]) -> Result<Code, FormulaError> {
        let base = self.places.len();
        let shape = Shape::new(entries.iter().map(|(name, _)| name.clone()));
        let mut nodes = Vec::with_capacity(entries.len());
        for (name, expr) in entries {
            let node = match &expr.kind {
                // A function that stands in an entry may call itself by the entry's name.
                Kind::Function { params, body } => {
                    self.places.push(Place::Local(name.clone()));
                    let own = self.function(params, body, true);
                    self.places.pop();
                    own.map(|own| Node { code: Code::Function(own), span: expr.span })
                }
                _ => self.node(expr),
            };
            match node {
                Ok(node) => nodes.push(node),
                Err(error) => {
                    self.places.truncate(base);
                    return Err(error);
                }
            }
            self.places.push(Place::Local(name.clone()));
        }
        self.places.truncate(base);
        Ok(Code::Context { shape, entries: nodes })
    }

    fn domains(&mut self, over: &[(Text, Expr)]) -> Result<Vec<Domain>, FormulaError> {
        let mut domains = Vec::with_capacity(over.len());
        for (name, expr) in over {
            domains.push(match &expr.kind {
                Kind::Steps { low, high } => Domain::Steps(self.node(low)?, self.node(high)?, expr.span),
                _ => Domain::Each(self.node(expr)?),
            });
            self.places.push(Place::Local(name.clone()));
        }
        Ok(domains)
    }

    fn for_loop(&mut self, over: &[(Text, Expr)], body: &Expr) -> Result<Code, FormulaError> {
        let partial = self.places.len();
        self.places.push(Place::Local("partial".into()));
        let used = std::mem::replace(&mut self.partial_used, false);
        let domains = self.domains(over)?;
        let body = self.boxed(body)?;
        self.places.truncate(partial);
        let partial = std::mem::replace(&mut self.partial_used, used).then_some(partial);
        Ok(Code::For { over: domains, body, partial })
    }

    fn function(
        &mut self,
        params: &[(Text, Option<crate::types::Type>)],
        body: &Expr,
        named: bool,
    ) -> Result<Arc<Own>, FormulaError> {
        let base = self.places.len();
        let captures = base - usize::from(named);
        self.places.extend(params.iter().map(|(name, _)| Place::Local(name.clone())));
        let body = self.node(body);
        self.places.truncate(base);
        Ok(Arc::new(Own { params: params.to_vec(), body: body?, captures, named }))
    }

    fn path(&mut self, value: &Expr, name: &Text) -> Result<Code, FormulaError> {
        let value = self.boxed(value)?;
        // `record.x` is the field x itself.
        if matches!(value.code, Code::Root(Root::Record)) {
            return Ok(Code::Field(Field::new(name.clone())));
        }
        Ok(Code::Path { value, field: Field::new(name.clone()) })
    }

    fn check(&mut self, expr: &Expr) -> Result<Check, FormulaError> {
        Ok(match &expr.kind {
            Kind::Anything => Check::Anything,
            Kind::Test { op, value } => Check::Compare(*op, self.node(value)?),
            Kind::NotTests(tests) => Check::Not(self.checks(tests)?),
            Kind::AnyOf(tests) => Check::AnyOf(self.checks(tests)?),
            _ => {
                let used = std::mem::replace(&mut self.subject_used, false);
                let node = self.node(expr)?;
                let subject = std::mem::replace(&mut self.subject_used, used);
                Check::Value { node, subject }
            }
        })
    }

    fn checks(&mut self, tests: &[Expr]) -> Result<Vec<Check>, FormulaError> {
        tests.iter().map(|test| self.check(test)).collect()
    }
}

/// A field; a name with points that is no local is a path (only names of parameters hold points).
fn dotted(name: &Text, span: Span) -> Code {
    match name.rsplit_once('.') {
        Some((head, tail)) if !head.is_empty() && !tail.is_empty() => {
            let value = Box::new(Node { code: dotted(&head.into(), span), span });
            Code::Path { value, field: Field::new(tail.into()) }
        }
        _ => Code::Field(Field::new(name.clone())),
    }
}
