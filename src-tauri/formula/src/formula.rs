//! The face of a formula: parsed once, evaluated over many records from many threads.

use std::fmt;
use std::sync::Arc;

use model::{Record, Value};

use crate::ast::Expr;
use crate::builtins;
use crate::compile::{Compiler, Mode};
use crate::cx::{Cx, Roots, Scope};
use crate::error::{Fault, FormulaError};
use crate::fields::FieldSet;
use crate::lex::Names;
use crate::node::{Code, Node};
use crate::parse::Parser;
use crate::reads::{self, Read};

/// A formula, ready to run. A clone shares it.
#[derive(Clone)]
pub struct Formula(Arc<Inner>);

struct Inner {
    text: Box<str>,
    expr: Expr,
    node: Node,
    reads: Vec<Read>,
    fields: FieldSet,
}

/// What an evaluation gives: the value of the standard, and the first thing that went wrong on the way.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The value; null where it could not be had.
    pub value: Value,
    /// The first fault; in a flow it fails the record.
    pub fault: Option<Fault>,
}

impl Formula {
    /// Reads a formula of a flow. How it is read never depends on data: a name that is no plain word stands in
    /// backticks.
    ///
    /// # Errors
    ///
    /// What is wrong, where, and what may have been meant.
    pub fn parse(text: &str) -> Result<Formula, FormulaError> {
        Formula::read(text, Names::new(builtins::long_names()), Mode::Flow)
    }

    /// Reads a formula as the standard does: of names that may hold spaces the longest known one is meant.
    ///
    /// # Errors
    ///
    /// What is wrong, where, and what may have been meant.
    pub fn parse_with_names<'n>(
        text: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> Result<Formula, FormulaError> {
        Formula::read(text, with_names(known), Mode::Standard)
    }

    pub(crate) fn read(text: &str, names: Names, mode: Mode) -> Result<Formula, FormulaError> {
        let read = Parser::new(text, names).and_then(Parser::whole);
        read.and_then(|expr| Formula::compiled(text, expr, mode)).map_err(|error| error.within(text))
    }

    fn compiled(text: &str, expr: Expr, mode: Mode) -> Result<Formula, FormulaError> {
        let node = Compiler::new(mode).node(&expr)?;
        let reads = reads::of(&expr, mode);
        let fields = reads::fields(&reads);
        Ok(Formula(Arc::new(Inner { text: text.into(), expr, node, reads, fields })))
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Every place that it reads: of the record, and of the reserved names.
    pub fn reads(&self) -> &[Read] {
        &self.0.reads
    }

    /// The fields at the top of the record that it reads.
    pub fn fields(&self) -> &FieldSet {
        &self.0.fields
    }

    /// Whether both say the same but for their layout: spaces, comments, the spelling of numbers and texts.
    pub fn is_same_tree(&self, other: &Formula) -> bool {
        self.0.expr == other.0.expr
    }

    /// The field whose value this formula gives as it stands, when it is nothing but a field.
    pub fn lone_field(&self) -> Option<&str> {
        if let Code::Field(field) = &self.0.node.code { Some(&field.name) } else { None }
    }

    pub(crate) fn expr(&self) -> &Expr {
        &self.0.expr
    }

    /// Evaluates it.
    pub fn eval(&self, scope: &Scope<'_>) -> Outcome {
        let mut cx = Cx::new(scope);
        let value = crate::eval::eval(&self.0.node, &mut cx);
        outcome(value, cx)
    }

    /// Evaluates it for a record of a flow, where every fault fails the record.
    ///
    /// # Errors
    ///
    /// The first fault.
    pub fn eval_record(&self, record: &Record, roots: &Roots) -> Result<Value, Fault> {
        // a field as it stands, which half of all formulas are, needs no state
        if let Code::Field(field) = &self.0.node.code
            && let Some(value) = field.of(record)
        {
            return Ok(value.clone());
        }
        let mut cx = Cx::new(&Scope::with(record, roots));
        let value = crate::eval::eval(&self.0.node, &mut cx);
        match cx.fault {
            Some(fault) => Err(*fault),
            None => Ok(value),
        }
    }
}

pub(crate) fn outcome(value: Value, cx: Cx<'_>) -> Outcome {
    Outcome { value: if cx.dead { Value::Null } else { value }, fault: cx.fault.map(|fault| *fault) }
}

pub(crate) fn with_names<'n>(known: impl IntoIterator<Item = &'n str>) -> Names {
    let mut names = Names::new(builtins::long_names());
    names.from_data = true;
    for name in known {
        names.add(name);
    }
    names
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Formula").field(&self.text()).finish()
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Formula) -> bool {
        self.text() == other.text()
    }
}
