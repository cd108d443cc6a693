//! The tree of a formula as it was written, with the place of every part.

use model::{Number, Text};

use crate::types::Type;

/// Bytes of the formula's text from `start` up to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A part of a formula. Equal parts say the same, wherever they stand.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    /// How deep the tree below is, for the nesting limit.
    pub(crate) height: u16,
}

/// Operators between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
}

impl Op {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Op::Add => "+",
            Op::Sub => "-",
            Op::Mul => "*",
            Op::Div => "/",
            Op::Pow => "**",
            Op::Eq => "=",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
            Op::And => "and",
            Op::Or => "or",
        }
    }
}

/// The arguments of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Args {
    Positional(Vec<Expr>),
    Named(Vec<(Text, Expr)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    /// `@"..."`
    At(Text),
    /// A name; quoted: in backticks, so never a function or a root.
    Name {
        name: Text,
        quoted: bool,
    },
    List(Vec<Expr>),
    Context(Vec<(Text, Expr)>),
    Range {
        low: Box<Expr>,
        high: Box<Expr>,
        low_in: bool,
        high_in: bool,
    },
    /// `a..b` after `in` of a loop.
    Steps {
        low: Box<Expr>,
        high: Box<Expr>,
    },
    /// `< 5` as a test or as an open range.
    Test {
        op: Op,
        value: Box<Expr>,
    },
    Neg(Box<Expr>),
    Binary {
        op: Op,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Between {
        value: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    In {
        value: Box<Expr>,
        tests: Vec<Expr>,
    },
    InstanceOf {
        value: Box<Expr>,
        of: Type,
    },
    If {
        test: Box<Expr>,
        then: Box<Expr>,
        other: Box<Expr>,
    },
    For {
        over: Vec<(Text, Expr)>,
        body: Box<Expr>,
    },
    Quantified {
        every: bool,
        over: Vec<(Text, Expr)>,
        body: Box<Expr>,
    },
    Function {
        params: Vec<(Text, Option<Type>)>,
        body: Box<Expr>,
    },
    Call {
        callee: Box<Expr>,
        args: Args,
    },
    Path {
        value: Box<Expr>,
        name: Text,
    },
    Filter {
        value: Box<Expr>,
        test: Box<Expr>,
    },
    Paren(Box<Expr>),
    /// `-` among unary tests: anything.
    Anything,
    /// `not(..)` among unary tests.
    NotTests(Vec<Expr>),
    /// Several unary tests.
    AnyOf(Vec<Expr>),
}

impl Expr {
    pub(crate) fn new(kind: Kind, span: Span) -> Expr {
        let mut height = 0;
        kind.each(&mut |child| height = height.max(child.height));
        Expr { kind, span, height: height + 1 }
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.kind == other.kind
    }
}

impl Kind {
    /// Visits the direct parts in the order they were written.
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::At(_)
            | Kind::Name { .. }
            | Kind::Anything => {}
            Kind::List(parts) | Kind::NotTests(parts) | Kind::AnyOf(parts) => parts.iter().for_each(visit),
            Kind::Context(entries) => entries.iter().for_each(|(_, part)| visit(part)),
            Kind::Range { low, high, .. } | Kind::Steps { low, high } => {
                visit(low);
                visit(high);
            }
            Kind::Test { value, .. }
            | Kind::Neg(value)
            | Kind::InstanceOf { value, .. }
            | Kind::Path { value, .. }
            | Kind::Paren(value)
            | Kind::Function { body: value, .. } => visit(value),
            Kind::Binary { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Kind::Between { value, low, high } => {
                visit(value);
                visit(low);
                visit(high);
            }
            Kind::In { value, tests } => {
                visit(value);
                tests.iter().for_each(visit);
            }
            Kind::If { test, then, other } => {
                visit(test);
                visit(then);
                visit(other);
            }
            Kind::For { over, body } | Kind::Quantified { over, body, .. } => {
                over.iter().for_each(|(_, part)| visit(part));
                visit(body);
            }
            Kind::Call { callee, args } => {
                visit(callee);
                match args {
                    Args::Positional(parts) => parts.iter().for_each(visit),
                    Args::Named(parts) => parts.iter().for_each(|(_, part)| visit(part)),
                }
            }
            Kind::Filter { value, test } => {
                visit(value);
                visit(test);
            }
        }
    }
}
