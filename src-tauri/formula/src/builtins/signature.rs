//! Parameters of functions, read once from their declarations.

use model::Value;

use crate::special::{self, Function, Range};

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any value, null too.
    Any,
    /// A number.
    Number,
    /// A text.
    Text,
    /// True or false.
    Bool,
    /// A list; any other value is a list of itself.
    List,
    /// A record.
    Context,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day, or a day and a time.
    Moment,
    /// A duration of days and smaller.
    Days,
    /// A range.
    Range,
    /// A value or end of a range: anything that has an order.
    Point,
    /// A function.
    Function,
}

/// A parameter of a function.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its name, as it is used in calls with names.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// It may be left away.
    pub optional: bool,
    /// Null is a value for it too.
    pub nullable: bool,
    /// It takes all arguments that are left.
    pub many: bool,
}

impl Kind {
    fn of(name: &str) -> Kind {
        match name {
            "number" => Kind::Number,
            "string" => Kind::Text,
            "boolean" => Kind::Bool,
            "list" => Kind::List,
            "context" => Kind::Context,
            "date" => Kind::Date,
            "time" => Kind::Time,
            "moment" => Kind::Moment,
            "days" => Kind::Days,
            "range" => Kind::Range,
            "point" => Kind::Point,
            "function" => Kind::Function,
            _ => Kind::Any,
        }
    }

    /// The kind in words: "a number".
    pub fn words(self) -> &'static str {
        match self {
            Kind::Any => "any value",
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::Bool => "true or false",
            Kind::List => "a list",
            Kind::Context => "a record",
            Kind::Date => "a date",
            Kind::Time => "a time",
            Kind::Moment => "a date or a date and time",
            Kind::Days => "a duration of days or smaller",
            Kind::Range => "a range",
            Kind::Point => "a value with an order",
            Kind::Function => "a function",
        }
    }

    /// Whether the value is of this kind as it stands.
    pub(super) fn is(self, value: &Value) -> bool {
        match self {
            Kind::Any => true,
            Kind::Number => matches!(value, Value::Number(_)),
            Kind::Text => matches!(value, Value::Text(_)),
            Kind::Bool => matches!(value, Value::Bool(_)),
            Kind::List => matches!(value, Value::List(_)),
            Kind::Context => matches!(value, Value::Record(_)),
            Kind::Date => matches!(value, Value::Date(_)),
            Kind::Time => matches!(value, Value::Time(_)),
            Kind::Moment => matches!(value, Value::Date(_) | Value::DateTime(_)),
            Kind::Days => matches!(value, Value::Days(_)),
            Kind::Range => special::of::<Range>(value).is_some(),
            Kind::Point => {
                !matches!(value, Value::Special(_) | Value::Null | Value::List(_) | Value::Record(_))
            }
            Kind::Function => special::of::<Function>(value).is_some(),
        }
    }

    /// Whether the value is of this kind, or becomes it by the conversions of the standard.
    pub(super) fn fits(self, value: &Value) -> bool {
        if self.is(value) {
            return true;
        }
        match (self, value) {
            (Kind::List, value) => !value.is_null(),
            (_, Value::List(items)) => items.len() == 1 && self.is(&items[0]),
            _ => false,
        }
    }

    /// Makes a list of a value, or a value of a list of one.
    pub(super) fn convert(self, value: &mut Value) {
        if self.is(value) || value.is_null() {
            return;
        }
        let converted = match &*value {
            Value::List(items) => items.first().cloned().unwrap_or_default(),
            other => Value::list(vec![other.clone()]),
        };
        *value = converted;
    }
}

pub(super) fn forms(takes: &'static str) -> Vec<Vec<Param>> {
    takes.split('|').map(form).collect()
}

fn form(text: &'static str) -> Vec<Param> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, kind) = part.split_once(':').unwrap_or((part, "any"));
            let kind = kind.trim();
            let (kind, nullable) = kind.strip_suffix(" or null").map_or((kind, false), |kind| (kind, true));
            let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
            let (name, many) = name.strip_suffix("...").map_or((name, false), |name| (name, true));
            let kind = Kind::of(kind);
            Param { name, kind, optional, nullable: nullable || kind == Kind::Any, many }
        })
        .collect()
}

pub(super) fn takes(form: &[Param], count: usize) -> bool {
    let least = form.iter().filter(|param| !param.optional).count();
    let many = form.last().is_some_and(|param| param.many);
    count >= least && (many || count <= form.len())
}

pub(super) fn param(form: &[Param], at: usize) -> Option<&Param> {
    form.get(at).or_else(|| form.last().filter(|param| param.many))
}

pub(super) fn places(form: &[Param], names: &[&str]) -> Option<Vec<usize>> {
    let places: Vec<usize> =
        names.iter().map(|name| form.iter().position(|param| param.name == *name)).collect::<Option<_>>()?;
    let whole = form.iter().enumerate().all(|(at, param)| param.optional || places.contains(&at));
    let once = places.iter().enumerate().all(|(at, place)| !places[..at].contains(place));
    (whole && once).then_some(places)
}

pub(super) fn show(name: &str, form: &[Param]) -> String {
    let params: Vec<String> = form
        .iter()
        .map(|param| {
            let mark = if param.many {
                "..."
            } else if param.optional {
                "?"
            } else {
                ""
            };
            format!("{}{mark}", param.name)
        })
        .collect();
    format!("{name}({})", params.join(", "))
}
