//! What one group has come to so far, for each aggregate; partial sums can be written to disk and put together again.

use schemars::JsonSchema;
use sdk::{Code, Formula, NodeError, Number, Record, Roots, Value};
use serde::{Deserialize, Serialize};

use crate::picks::Pick;

/// A field to make of each group.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// The name of the field.
    pub name: String,
    /// What to make of the values.
    pub does: Does,
    /// The value of each record; only a count may leave it out.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Formula>,
}

/// What to make of the values of a group. Null values are left out, except by first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// How many records, or how many values that are not null.
    Count,
    /// The sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The sum divided by the count.
    Average,
    /// The value of the first record.
    First,
    /// The value of the last record.
    Last,
    /// All values as a list.
    Collect,
}

/// The state of one aggregate of one group.
#[derive(Clone, Debug)]
pub enum State {
    /// Records counted.
    Count(i64),
    /// Sum and how many.
    Sum(Number, i64),
    /// The value that stands so far; none before the first.
    One(Option<Value>),
    /// All values.
    All(Vec<Value>),
}

impl Does {
    /// The state of an empty group.
    pub fn start(self) -> State {
        match self {
            Does::Count => State::Count(0),
            Does::Sum | Does::Average => State::Sum(Number::ZERO, 0),
            Does::Min | Does::Max | Does::First | Does::Last => State::One(None),
            Does::Collect => State::All(Vec::new()),
        }
    }

    fn takes(self, held: &Value, other: &Value) -> bool {
        match self {
            Does::Min => crate::keys::compare(other, held).is_lt(),
            Does::Max => crate::keys::compare(other, held).is_gt(),
            Does::Last => true,
            Does::Count | Does::Sum | Does::Average | Does::First | Does::Collect => false,
        }
    }

    /// The field of the group.
    pub fn finish(self, state: State) -> Value {
        match state {
            State::Count(count) => Value::from(count),
            State::Sum(_, 0) if self == Does::Average => Value::Null,
            State::Sum(sum, count) if self == Does::Average => {
                sum.checked_div(&Number::from(count)).map_or(Value::Null, Value::Number)
            }
            State::Sum(sum, _) => Value::Number(sum),
            State::One(one) => one.unwrap_or_default(),
            State::All(all) => Value::list(all),
        }
    }

    /// The state as values, to be written to disk.
    pub fn store(self, state: State) -> Value {
        match state {
            State::Count(count) => Value::from(count),
            State::Sum(sum, count) => Value::list(vec![Value::Number(sum), Value::from(count)]),
            State::One(one) => Value::list(one.into_iter().collect()),
            State::All(all) => Value::list(all),
        }
    }

    /// The state that [`Does::store`] wrote.
    pub fn load(self, value: &Value) -> State {
        let list = value.as_list().unwrap_or_default();
        let whole = |it: Option<&Value>| it.and_then(Value::as_number).and_then(Number::to_i64).unwrap_or(0);
        match self {
            Does::Count => State::Count(whole(Some(value))),
            Does::Sum | Does::Average => {
                let sum = list.first().and_then(Value::as_number).cloned().unwrap_or_default();
                State::Sum(sum, whole(list.get(1)))
            }
            Does::Min | Does::Max | Does::First | Does::Last => State::One(list.first().cloned()),
            Does::Collect => State::All(list.to_vec()),
        }
    }
}

impl Pick for Aggregate {
    fn lone_field(&self) -> Option<&str> {
        self.value.as_ref().and_then(Pick::lone_field)
    }

    /// Without a formula records are counted, whatever they hold.
    fn pick(&self, record: &Record, roots: &Roots) -> Result<Value, NodeError> {
        self.value.as_ref().map_or(Ok(Value::Bool(true)), |it| it.value(record, roots))
    }
}

impl Aggregate {
    /// Checks a value of a record, so that taking it in cannot fail half way.
    pub fn check(&self, value: &Value) -> Result<(), NodeError> {
        let needs_number = matches!(self.does, Does::Sum | Does::Average);
        if needs_number
            && !matches!(value, Value::Number(_) | Value::Null)
            && let Some(formula) = &self.value
        {
            return Err(NodeError::new(
                Code::Input,
                format!(
                    "{} adds numbers, but {formula:?} gives a {} for this record: {}. Declare the column as a number or convert it.",
                    self.name,
                    value.type_name(),
                    crate::failure::quoted(&value.to_plain())
                ),
            ));
        }
        Ok(())
    }

    /// Takes a value in. The answer is how many bytes the state grew.
    pub fn take(&self, state: &mut State, value: &Value) -> Result<usize, NodeError> {
        match state {
            State::Count(count) => *count += i64::from(!value.is_null()),
            State::Sum(sum, count) => {
                if let Some(number) = value.as_number() {
                    *sum = sum.checked_add(number).ok_or_else(|| self.too_large())?;
                    *count += 1;
                }
            }
            State::One(held) => match held {
                None if matches!(self.does, Does::First | Does::Last) || !value.is_null() => {
                    *held = Some(value.clone())
                }
                None => {}
                Some(one) => {
                    let counts = self.does == Does::Last || !value.is_null();
                    if counts && self.does.takes(one, value) {
                        *one = value.clone();
                    }
                }
            },
            State::All(all) => {
                if !value.is_null() {
                    all.push(value.clone());
                    return Ok(value.size_bytes());
                }
            }
        }
        Ok(0)
    }

    /// Adds the state of a later stretch of the same group.
    pub fn join(&self, state: &mut State, later: State) -> Result<(), NodeError> {
        match (state, later) {
            (State::Count(a), State::Count(b)) => *a += b,
            (State::Sum(a, count), State::Sum(b, more)) => {
                *a = a.checked_add(&b).ok_or_else(|| self.too_large())?;
                *count += more;
            }
            (State::One(a), State::One(Some(b))) => match a {
                None => *a = Some(b),
                Some(held) if self.does.takes(held, &b) => *held = b,
                Some(_) => {}
            },
            (State::All(a), State::All(b)) => a.extend(b),
            _ => {}
        }
        Ok(())
    }

    fn too_large(&self) -> NodeError {
        NodeError::new(
            Code::Limit,
            format!("The sum {} is larger than any number that can be kept.", self.name),
        )
    }
}
