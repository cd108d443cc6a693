//! The compiled form: names resolved, constants folded, ready to run over records.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use model::{Record, Shape, Text, Value};

use crate::ast::{Op, Span};
use crate::builtins::Builtin;
use crate::special::Own;
use crate::types::Type;

/// One step of a compiled formula.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) code: Code,
    pub(crate) span: Span,
}

/// A reserved name of flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    Slots,
    Run,
    Event,
    Record,
}

#[derive(Debug)]
pub(crate) enum Code {
    Const(Value),
    Local(usize),
    Field(Field),
    Root(Root),
    /// A name inside filters: a field of the innermost item that has it, else what it means outside.
    Item {
        slots: Vec<usize>,
        name: Text,
        otherwise: Box<Node>,
    },
    List(Vec<Node>),
    /// Entries stand in locals from `base` on while later ones are evaluated.
    Context {
        shape: Arc<Shape>,
        entries: Vec<Node>,
    },
    Range {
        low: Box<Node>,
        high: Box<Node>,
        low_in: bool,
        high_in: bool,
    },
    OpenRange {
        op: Op,
        end: Box<Node>,
    },
    Neg(Box<Node>),
    Arith {
        op: Op,
        left: Box<Node>,
        right: Box<Node>,
    },
    Compare {
        op: Op,
        left: Box<Node>,
        right: Box<Node>,
    },
    Logic {
        and: bool,
        left: Box<Node>,
        right: Box<Node>,
    },
    Between {
        value: Box<Node>,
        low: Box<Node>,
        high: Box<Node>,
    },
    /// The value stands in a local while the tests run.
    In {
        value: Box<Node>,
        tests: Vec<Check>,
    },
    InstanceOf {
        value: Box<Node>,
        of: Type,
    },
    If {
        test: Box<Node>,
        then: Box<Node>,
        other: Box<Node>,
    },
    For {
        over: Vec<Domain>,
        body: Box<Node>,
        partial: Option<usize>,
    },
    Quantified {
        every: bool,
        over: Vec<Domain>,
        body: Box<Node>,
    },
    Function(Arc<Own>),
    /// The form is known where the arguments have names.
    Builtin {
        function: &'static Builtin,
        args: Vec<Node>,
        form: Option<usize>,
    },
    Call {
        callee: Box<Node>,
        args: Vec<Node>,
        names: Option<Vec<Text>>,
    },
    Path {
        value: Box<Node>,
        field: Field,
    },
    Filter {
        value: Box<Node>,
        test: Box<Node>,
        slot: usize,
    },
    Try {
        value: Box<Node>,
        default: Box<Node>,
    },
    /// Unary tests over the value in a local.
    Tests {
        slot: usize,
        check: Box<Check>,
    },
}

/// What a loop runs over.
#[derive(Debug)]
pub(crate) enum Domain {
    Each(Node),
    Steps(Node, Node, Span),
}

/// A unary test.
#[derive(Debug)]
pub(crate) enum Check {
    Anything,
    Compare(Op, Node),
    /// A value to meet; `subject`: it looks at `?` itself, so true alone is a match.
    Value {
        node: Node,
        subject: bool,
    },
    Not(Vec<Check>),
    AnyOf(Vec<Check>),
}

/// A field with the position it had in the shape seen last.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Text,
    hint: AtomicU32,
}

impl Field {
    pub(crate) fn new(name: Text) -> Field {
        Field { name, hint: AtomicU32::new(0) }
    }

    /// The field of this record; the position is looked for once a shape.
    #[inline]
    pub(crate) fn of<'r>(&self, record: &'r Record) -> Option<&'r Value> {
        let hint = self.hint.load(Ordering::Relaxed) as usize;
        let shape = record.shape();
        if shape.keys().get(hint).is_some_and(|key| *key == self.name) {
            return record.values().get(hint);
        }
        let at = shape.position(&self.name)?;
        self.hint.store(at as u32, Ordering::Relaxed);
        record.values().get(at)
    }
}
