//! The state of one evaluation: the record, the locals, the budgets and the first fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{DateTime, Record, Text, Value};

use crate::ast::Span;
use crate::error::{Fault, FaultKind};

/// Parts of formulas evaluated before it is given up.
pub const MAX_STEPS: u32 = 1_000_000;
/// Bytes of values built before it is given up.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Calls of functions written in formulas inside one another.
pub const MAX_CALLS: u32 = 64;
const TOO_MANY_STEPS: &str = "The formula takes more than 1,000,000 steps.";
/// Evaluations inside one another, so that no stack overflows.
const MAX_DEPTH: u32 = 700;

/// Values inside one another, where they are fed back into what builds them.
const MAX_NESTED: u32 = 256;
/// Calls inside one another from which on results are looked at for nesting.
const FEW_CALLS: u32 = 8;

/// Whether lists and records are nested deeper than `left`.
fn deeper(value: &Value, left: u32) -> bool {
    match value {
        Value::List(items) => left == 0 || items.iter().any(|item| deeper(item, left - 1)),
        Value::Record(record) => left == 0 || record.values().iter().any(|item| deeper(item, left - 1)),
        _ => false,
    }
}

/// What a formula of a flow can reach besides the record: the reserved names, the time of the run and its seed.
#[derive(Debug, Clone)]
pub struct Roots {
    /// What the flow's user filled in: `slots.name`.
    pub slots: Record,
    /// What is known of the run: `run.id`.
    pub run: Record,
    /// What the trigger handed over: `event.body`.
    pub event: Record,
    /// The time of the run; `now()` and `today()` give null without it.
    pub now: Option<DateTime>,
    /// Seed of `uuid()`: the same seed, and the same records in the same order, give the same ids.
    pub seed: u64,
    /// How many ids were given under this seed.
    pub given: Given,
}

/// Counts the ids that `uuid()` gave under one seed, so that equal records get different ones. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Given(Arc<AtomicU64>);

impl Given {
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

impl Roots {
    /// The same names under another seed, from which no id was given yet.
    #[must_use]
    pub fn seeded(&self, seed: u64) -> Roots {
        Roots { seed, given: Given::default(), ..self.clone() }
    }
}

impl Default for Roots {
    fn default() -> Self {
        let empty = Record::empty();
        Roots {
            slots: empty.clone(),
            run: empty.clone(),
            event: empty,
            now: None,
            seed: 0,
            given: Given::default(),
        }
    }
}

/// Everything one evaluation sees.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub(crate) record: &'a Record,
    pub(crate) roots: Option<&'a Roots>,
    steps: u32,
}

impl<'a> Scope<'a> {
    /// Only a record.
    pub fn new(record: &'a Record) -> Scope<'a> {
        Scope { record, roots: None, steps: MAX_STEPS }
    }

    /// A record and the reserved names.
    pub fn with(record: &'a Record, roots: &'a Roots) -> Scope<'a> {
        Scope { record, roots: Some(roots), steps: MAX_STEPS }
    }

    /// The same with fewer steps, for an answer while a person types; [`MAX_STEPS`] at most.
    #[must_use]
    pub fn within(self, steps: u32) -> Scope<'a> {
        Scope { steps: steps.min(MAX_STEPS), ..self }
    }
}

/// One evaluation.
pub(crate) struct Cx<'a> {
    pub(crate) record: &'a Record,
    pub(crate) roots: Option<&'a Roots>,
    pub(crate) locals: Vec<Value>,
    steps: u32,
    bytes: usize,
    depth: u32,
    calls: u32,
    pub(crate) fault: Option<Box<Fault>>,
    /// A budget is spent: everything is null from here on.
    pub(crate) dead: bool,
    /// How many ids `uuid()` gave.
    pub(crate) dice: u64,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(scope: &Scope<'a>) -> Cx<'a> {
        Cx {
            record: scope.record,
            roots: scope.roots,
            locals: Vec::new(),
            steps: scope.steps,
            bytes: 0,
            depth: 0,
            calls: 0,
            fault: None,
            dead: false,
            dice: 0,
        }
    }

    /// Counts one step; false when the budget is spent.
    #[inline]
    pub(crate) fn step(&mut self, span: Span) -> bool {
        if self.steps == 0 {
            self.give_up(span, TOO_MANY_STEPS);
        } else {
            self.steps -= 1;
        }
        !self.dead
    }

    /// Counts work done inside a function, so that long lists are not free.
    pub(crate) fn work(&mut self, steps: usize, span: Span) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        if steps >= self.steps {
            self.steps = 0;
            self.give_up(span, TOO_MANY_STEPS);
        } else {
            self.steps -= steps;
        }
    }

    #[inline]
    pub(crate) fn enter(&mut self, span: Span) -> bool {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.give_up(span, "The formula is nested too deeply.");
        }
        !self.dead
    }

    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Counts a call of a function written in the formula.
    pub(crate) fn call(&mut self, span: Span) -> bool {
        self.calls += 1;
        if self.calls > MAX_CALLS {
            self.give_up(span, "More than 64 function calls inside one another.");
        }
        !self.dead
    }

    pub(crate) fn uncall(&mut self) {
        self.calls -= 1;
    }

    /// Counts memory; false when the budget is spent.
    #[inline]
    pub(crate) fn spend(&mut self, bytes: usize, span: Span) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES {
            self.give_up(span, "The formula builds more than 16 MiB of values.");
        }
        !self.dead
    }

    /// Whether a value that is fed back (`partial`, deep recursion) is nested little enough to be walked and dropped.
    pub(crate) fn shallow(&mut self, value: &Value, fed_back: bool, span: Span) -> bool {
        if (fed_back || self.calls > FEW_CALLS) && deeper(value, MAX_NESTED) {
            self.give_up(span, "The formula builds values that are nested too deeply.");
        }
        !self.dead
    }

    fn give_up(&mut self, span: Span, message: &str) {
        if !self.dead {
            self.dead = true;
            // What ends the evaluation is told, even if something small went wrong before.
            self.fault = Some(Box::new(Fault { kind: FaultKind::Budget, message: message.into(), span }));
        }
    }

    /// Remembers the first fault; the value is null.
    #[cold]
    #[inline(never)]
    pub(crate) fn fault(&mut self, span: Span, message: impl FnOnce() -> String) -> Value {
        self.fault_of(FaultKind::Value, span, message)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn fault_of(
        &mut self,
        kind: FaultKind,
        span: Span,
        message: impl FnOnce() -> String,
    ) -> Value {
        if self.fault.is_none() {
            self.fault = Some(Box::new(Fault { kind, message: message(), span }));
        }
        Value::Null
    }

    /// The fields of the record, for suggestions.
    pub(crate) fn fields(&self) -> &[Text] {
        self.record.shape().keys()
    }
}
