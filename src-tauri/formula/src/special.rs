//! Values that only the formula language has: ranges and functions.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use model::{Special, Text, Value};

use crate::ast::Op;
use crate::builtins::Builtin;
use crate::node::Node;
use crate::types::Type;

/// Everything between two ends; an end that is missing is open.
pub(crate) struct Range {
    pub(crate) low: Option<Value>,
    pub(crate) high: Option<Value>,
    pub(crate) low_in: bool,
    pub(crate) high_in: bool,
    /// The comparison it was written as, such as `< 5`; then a missing end is open.
    pub(crate) test: Option<Op>,
}

impl Range {
    pub(crate) fn value(self) -> Value {
        Value::Special(Arc::new(self))
    }

    /// The range of a comparison such as `< 5`.
    pub(crate) fn of_test(op: Op, end: Value) -> Range {
        let (low, high) = match op {
            Op::Lt | Op::Le => (None, Some(end)),
            Op::Gt | Op::Ge | Op::Ne => (Some(end), None),
            _ => (Some(end.clone()), Some(end)),
        };
        let inside = matches!(op, Op::Le | Op::Ge | Op::Eq);
        Range {
            low_in: inside && low.is_some(),
            high_in: inside && high.is_some(),
            low,
            high,
            test: Some(op),
        }
    }
}

/// As it is written in a formula.
impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        crate::builtins::write_range(self, &mut out);
        f.write_str(&out)
    }
}

impl Special for Range {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A function as a value: of the language or written in the formula.
pub(crate) enum Function {
    Builtin(&'static Builtin),
    Own(Arc<Own>, Vec<Value>),
}

/// The parts of a function written in a formula that do not change between its values.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) params: Vec<(Text, Option<Type>)>,
    pub(crate) body: Node,
    /// How many locals are visible where it stands.
    pub(crate) captures: usize,
    /// It may call itself: its own value stands behind what it captured.
    pub(crate) named: bool,
}

impl Function {
    pub(crate) fn value(self) -> Value {
        Value::Special(Arc::new(self))
    }

    pub(crate) fn takes(&self, count: usize) -> bool {
        match self {
            Function::Builtin(builtin) => builtin.takes(count),
            Function::Own(own, _) => own.params.len() == count,
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Function::Builtin(builtin) => write!(f, "function {}", builtin.name),
            Function::Own(own, _) => {
                let names: Vec<&str> = own.params.iter().map(|(name, _)| name.as_str()).collect();
                write!(f, "function({})", names.join(", "))
            }
        }
    }
}

impl Special for Function {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The special value of type `T`, if it is one.
pub(crate) fn of<T: 'static>(value: &Value) -> Option<&T> {
    if let Value::Special(special) = value { special.as_any().downcast_ref() } else { None }
}
