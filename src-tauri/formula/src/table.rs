//! Decision tables: rules over unary tests, with every hit policy of the standard.

mod line;

use std::sync::Arc;

use model::{Number, Record, Shape, Text, Value};

use crate::builtins;
use crate::compile::{Compiler, Mode};
use crate::cx::{Cx, Roots, Scope};
use crate::error::{Fault, FaultKind, FormulaError};
use crate::eval::compare::{equal, order};
use crate::formula::Formula;
use crate::lex::Names;
use crate::node::Node;
use crate::parse::Parser;
pub(crate) use line::from_line;

/// Which of the rules that match counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitPolicy {
    /// At most one rule may match.
    Unique,
    /// Several may match if all say the same.
    Any,
    /// The one whose output stands first among the allowed values.
    Priority,
    /// The first in the table.
    First,
    /// All, as a list, or aggregated.
    Collect(Option<Aggregation>),
    /// All, in the order of the table.
    RuleOrder,
    /// All, in the order of the allowed values.
    OutputOrder,
}

/// What becomes of the outputs that are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// Their sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// How many there are.
    Count,
}

impl HitPolicy {
    /// The policy of these words, with the aggregation that stands beside `COLLECT`.
    pub fn parse(policy: &str, aggregation: Option<&str>) -> Option<HitPolicy> {
        let aggregation = match aggregation {
            None => None,
            Some("SUM") => Some(Aggregation::Sum),
            Some("MIN") => Some(Aggregation::Min),
            Some("MAX") => Some(Aggregation::Max),
            Some("COUNT") => Some(Aggregation::Count),
            Some(_) => return None,
        };
        Some(match policy {
            "UNIQUE" => HitPolicy::Unique,
            "ANY" => HitPolicy::Any,
            "PRIORITY" => HitPolicy::Priority,
            "FIRST" => HitPolicy::First,
            "COLLECT" => HitPolicy::Collect(aggregation),
            "RULE ORDER" => HitPolicy::RuleOrder,
            "OUTPUT ORDER" => HitPolicy::OutputOrder,
            _ => return None,
        })
    }
}

/// A decision table as text: what a node's configuration holds.
#[derive(Debug, Clone, Default)]
pub struct TableText {
    /// The formula tested in each column, and the unary tests its value has to meet (if any).
    pub inputs: Vec<(String, Option<String>)>,
    /// Each output: its name (none for a single output), its allowed values in order of priority, its default.
    pub outputs: Vec<OutputText>,
    /// Each rule: unary tests one an input, formulas one an output.
    pub rules: Vec<(Vec<String>, Vec<String>)>,
}

/// One output of a [`TableText`].
#[derive(Debug, Clone, Default)]
pub struct OutputText {
    /// The field it becomes; none when it is the only output.
    pub name: Option<String>,
    /// Unary tests that list the allowed values, most important first.
    pub allowed: Option<String>,
    /// A formula for when no rule matches.
    pub default: Option<String>,
}

/// A decision table, ready to run. A clone shares it.
#[derive(Debug, Clone)]
pub struct Table(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: HitPolicy,
    inputs: Vec<(Formula, Option<Node>)>,
    /// The names of the outputs; none for a single output without a name.
    shape: Option<Arc<Shape>>,
    /// The allowed values of each output in order of priority.
    priorities: Vec<Vec<Formula>>,
    defaults: Vec<Option<Formula>>,
    rules: Vec<(Vec<Node>, Vec<Formula>)>,
}

/// What is wrong with a table and in which cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// The cell in words: "rule 3, input 1".
    pub place: String,
    /// What is wrong with it.
    pub error: FormulaError,
}

impl std::fmt::Display for TableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.error)
    }
}

impl std::error::Error for TableError {}

/// How the texts of a table are read.
struct Reader {
    names: Names,
    mode: Mode,
}

impl Reader {
    fn formula(&self, text: &str, place: &dyn Fn() -> String) -> Result<Formula, TableError> {
        Formula::read(text, self.names.clone(), self.mode)
            .map_err(|error| TableError { place: place(), error })
    }

    fn tests(&self, text: &str, place: &dyn Fn() -> String) -> Result<Node, TableError> {
        Parser::new(text, self.names.clone())
            .and_then(Parser::whole_tests)
            .and_then(|expr| Compiler::new(self.mode).tests(&expr))
            .map_err(|error| TableError { place: place(), error: error.within(text) })
    }

    /// The values of an `allowed` list, each a formula.
    fn values(&self, text: &str, place: &dyn Fn() -> String) -> Result<Vec<Formula>, TableError> {
        self.tests(text, place)?;
        let list = format!("[{text}]");
        let expr = Parser::new(&list, self.names.clone()).and_then(Parser::whole);
        let Ok(crate::ast::Expr { kind: crate::ast::Kind::List(items), .. }) = expr else {
            return Ok(Vec::new());
        };
        items.iter().map(|item| self.formula(&list[item.span.start..item.span.end], place)).collect()
    }
}

impl Table {
    /// Reads a table of a flow.
    ///
    /// # Errors
    ///
    /// The first cell that cannot be read.
    pub fn parse(text: &TableText, policy: HitPolicy) -> Result<Table, TableError> {
        Table::read(text, policy, &Reader { names: Names::new(builtins::long_names()), mode: Mode::Flow })
    }

    fn read(text: &TableText, policy: HitPolicy, reader: &Reader) -> Result<Table, TableError> {
        let mut inputs = Vec::new();
        for (at, (expr, allowed)) in text.inputs.iter().enumerate() {
            let place = || format!("input {}", at + 1);
            let allowed = allowed.as_deref().map(|allowed| reader.tests(allowed, &place)).transpose()?;
            inputs.push((reader.formula(expr, &place)?, allowed));
        }
        let (mut priorities, mut defaults, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (at, output) in text.outputs.iter().enumerate() {
            let place = || format!("output {}", at + 1);
            let allowed =
                output.allowed.as_deref().map(|allowed| reader.values(allowed, &place)).transpose()?;
            priorities.push(allowed.unwrap_or_default());
            defaults
                .push(output.default.as_deref().map(|default| reader.formula(default, &place)).transpose()?);
            keys.extend(output.name.as_deref().map(Text::from));
        }
        let shape = (keys.len() == text.outputs.len() && !keys.is_empty()).then(|| Shape::new(keys));
        let mut rules = Vec::new();
        for (row, (tests, outputs)) in text.rules.iter().enumerate() {
            let cell = |kind: &'static str, at: usize| move || format!("rule {}, {kind} {}", row + 1, at + 1);
            let tests = tests.iter().enumerate().map(|(at, test)| reader.tests(test, &cell("input", at)));
            let tests = tests.collect::<Result<Vec<_>, _>>()?;
            let outputs =
                outputs.iter().enumerate().map(|(at, output)| reader.formula(output, &cell("output", at)));
            rules.push((tests, outputs.collect::<Result<Vec<_>, _>>()?));
        }
        Ok(Table(Arc::new(Inner { policy, inputs, shape, priorities, defaults, rules })))
    }

    /// Decides for a record. Without a match the defaults count, null where there are none.
    ///
    /// # Errors
    ///
    /// The first fault of a cell, a value that is not allowed, or rules that contradict each other.
    pub fn decide(&self, record: &Record, roots: &Roots) -> Result<Value, Fault> {
        let inner = &*self.0;
        let mut inputs = Vec::with_capacity(inner.inputs.len());
        for (at, (formula, allowed)) in inner.inputs.iter().enumerate() {
            let value = formula.eval_record(record, roots)?;
            if let Some(allowed) = allowed
                && !value.is_null()
                && !meets(allowed, &value, record, roots)?
            {
                return Err(fault(format!("Input {}: {value} is not among the allowed values.", at + 1)));
            }
            inputs.push(value);
        }
        let mut hits = Vec::new();
        for (tests, outputs) in &inner.rules {
            let mut matched = true;
            for (test, value) in tests.iter().zip(&inputs) {
                if !meets(test, value, record, roots)? {
                    matched = false;
                    break;
                }
            }
            if matched {
                let outputs = outputs.iter().map(|output| output.eval_record(record, roots));
                hits.push(outputs.collect::<Result<Vec<_>, _>>()?);
                if inner.policy == HitPolicy::First {
                    break;
                }
            }
        }
        inner.choose(hits, record, roots)
    }
}

impl Inner {
    fn choose(&self, mut hits: Vec<Vec<Value>>, record: &Record, roots: &Roots) -> Result<Value, Fault> {
        if hits.is_empty() {
            return self.default(record, roots);
        }
        match self.policy {
            HitPolicy::Unique if hits.len() > 1 => {
                Err(fault(format!("{} rules match, but only one may (hit policy UNIQUE).", hits.len())))
            }
            HitPolicy::Any if hits.windows(2).any(|pair| !same(&pair[0], &pair[1])) => {
                Err(fault("The rules that match say different things (hit policy ANY).".into()))
            }
            HitPolicy::Unique | HitPolicy::Any | HitPolicy::First => Ok(self.output(hits.swap_remove(0))),
            HitPolicy::Priority => {
                self.sort(&mut hits, record, roots)?;
                Ok(self.output(hits.swap_remove(0)))
            }
            HitPolicy::OutputOrder => {
                self.sort(&mut hits, record, roots)?;
                Ok(self.list(hits))
            }
            HitPolicy::RuleOrder | HitPolicy::Collect(None) => Ok(self.list(hits)),
            HitPolicy::Collect(Some(Aggregation::Count)) => Ok(Value::Number(Number::from(hits.len()))),
            HitPolicy::Collect(Some(aggregation)) => {
                let values: Vec<Value> = hits.into_iter().filter_map(|mut hit| hit.pop()).collect();
                aggregate(aggregation, &values)
            }
        }
    }

    fn list(&self, hits: Vec<Vec<Value>>) -> Value {
        Value::list(hits.into_iter().map(|hit| self.output(hit)).collect())
    }

    fn output(&self, mut values: Vec<Value>) -> Value {
        match &self.shape {
            Some(shape) => Value::Record(Record::new(shape.clone(), values)),
            None => values.pop().unwrap_or_default(),
        }
    }

    fn default(&self, record: &Record, roots: &Roots) -> Result<Value, Fault> {
        if self.defaults.iter().all(Option::is_none) {
            return Ok(Value::Null);
        }
        let values = self.defaults.iter().map(|default| match default {
            Some(formula) => formula.eval_record(record, roots),
            None => Ok(Value::Null),
        });
        Ok(self.output(values.collect::<Result<_, _>>()?))
    }

    /// Stable, by the places of the outputs among the allowed values, first output first.
    fn sort(&self, hits: &mut [Vec<Value>], record: &Record, roots: &Roots) -> Result<(), Fault> {
        let mut allowed = Vec::with_capacity(self.priorities.len());
        for formulas in &self.priorities {
            let values = formulas.iter().map(|formula| formula.eval_record(record, roots));
            allowed.push(values.collect::<Result<Vec<_>, _>>()?);
        }
        let rank = |hit: &Vec<Value>| -> Vec<usize> {
            hit.iter()
                .zip(&allowed)
                .map(|(value, allowed)| {
                    allowed.iter().position(|known| equal(known, value) == Some(true)).unwrap_or(usize::MAX)
                })
                .collect()
        };
        hits.sort_by_cached_key(rank);
        Ok(())
    }
}

fn same(a: &[Value], b: &[Value]) -> bool {
    a.iter().zip(b).all(|(a, b)| equal(a, b) == Some(true))
}

fn aggregate(aggregation: Aggregation, values: &[Value]) -> Result<Value, Fault> {
    let mut result: Option<Value> = None;
    for value in values {
        result = Some(match (result, aggregation) {
            (None, _) => value.clone(),
            (Some(Value::Number(sum)), Aggregation::Sum) => {
                let sum = value.as_number().and_then(|value| sum.checked_add(value));
                Value::Number(sum.ok_or_else(|| fault("Only numbers can be summed.".into()))?)
            }
            (Some(best), _) => match order(value, &best) {
                Some(order) if order.is_lt() == (aggregation == Aggregation::Min) => value.clone(),
                Some(_) => best,
                None => return Err(fault("The outputs cannot be compared.".into())),
            },
        });
    }
    Ok(result.unwrap_or_default())
}

fn fault(message: String) -> Fault {
    Fault { kind: FaultKind::Value, message, span: Default::default() }
}

/// Whether a value meets the tests; what cannot be compared does not.
fn meets(tests: &Node, value: &Value, record: &Record, roots: &Roots) -> Result<bool, Fault> {
    let mut cx = Cx::new(&Scope::with(record, roots));
    cx.locals.push(value.clone());
    let met = crate::eval::eval(tests, &mut cx) == Value::Bool(true);
    match cx.fault {
        Some(fault) if fault.kind == FaultKind::Budget => Err(*fault),
        _ => Ok(met),
    }
}

impl Table {
    /// The names of the outputs, for what stands behind the table.
    pub fn output_names(&self) -> Vec<Text> {
        self.0.shape.as_ref().map(|shape| shape.keys().to_vec()).unwrap_or_default()
    }

    /// The formulas of the table, for what it reads.
    pub fn formulas(&self) -> impl Iterator<Item = &Formula> {
        let rules = self.0.rules.iter().flat_map(|(_, outputs)| outputs.iter());
        self.0.inputs.iter().map(|(formula, _)| formula).chain(rules)
    }
}
