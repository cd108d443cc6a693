//! `arna formula`: JSON lines in, JSON lines out.

use std::io::{self, BufRead, Write};
use std::sync::Arc;

use model::{Date, DateTime, DaysDuration, MonthsDuration, Number, Record, Text, Time, Value};

use crate::cx::{Roots, Scope};
use crate::formula::Formula;

/// What the lines hold.
#[derive(Debug, Clone)]
pub struct Mode {
    /// Paths over documents (`--jsonpath`) instead of formulas and tables.
    pub paths: bool,
    /// The time that `now()` gives.
    pub now: Option<DateTime>,
}

/// Longest line that is read.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// Answers each line of the input with one line of the output, until the input ends.
///
/// A line is `{"id", "expr", "context"}`, a decision table sent whole, or `{"id", "path", "document"}`; the answer is
/// `{"id", "value"}`, `{"id", "values"}` or `{"id", "error"}`.
///
/// # Errors
///
/// Only those of reading and writing; a line that cannot be understood is answered with an error.
pub fn run(mut input: impl BufRead, mut output: impl Write, mode: &Mode) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut input, MAX_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return output.flush();
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = answer(&line, mode);
        let mut out = Vec::new();
        model::json::write_record(&answer, &mut out);
        out.push(b'\n');
        output.write_all(&out)?;
        output.flush()?;
    }
}

fn answer(line: &[u8], mode: &Mode) -> Record {
    let request = match model::json::parse(line) {
        Ok(Value::Record(request)) => request,
        Ok(_) => return Record::of([("id", Value::Null), ("error", "The line is no JSON object.".into())]),
        Err(error) => return Record::of([("id", Value::Null), ("error", error.to_string().into())]),
    };
    let id = request.get("id").cloned().unwrap_or_default();
    let result = if mode.paths { path(&request) } else { formula(&request, mode) };
    let (key, value) = match result {
        Ok((key, value)) => (key, value),
        Err(message) => ("error", message.into()),
    };
    Record::of([("id", id), (key, value)])
}

type Result_ = Result<(&'static str, Value), String>;

fn path(request: &Record) -> Result_ {
    let text = request.get("path").and_then(Value::as_text).ok_or("The line has no path.")?;
    let document = request.get("document").cloned().unwrap_or_default();
    let path = crate::Path::parse(text).map_err(|error| error.to_string())?;
    Ok(("values", Value::list(path.all(&document))))
}

fn formula(request: &Record, mode: &Mode) -> Result_ {
    let context = match request.get("context").map(decode) {
        Some(Value::Record(context)) => context,
        _ => Record::empty(),
    };
    let roots = Roots { now: mode.now.clone(), ..Roots::default() };
    if request.get("rules").is_some() {
        let value = crate::table::from_line(request, &context, &roots)?;
        return Ok(("value", encode(&value)));
    }
    let text = request.get("expr").and_then(Value::as_text).ok_or("The line has no expr.")?;
    let mut names = Vec::new();
    all_names(&Value::Record(context.clone()), &mut names);
    let formula =
        Formula::parse_with_names(text, names.iter().map(Text::as_str)).map_err(|error| error.to_string())?;
    let outcome = formula.eval(&Scope::with(&context, &roots));
    Ok(("value", encode(&outcome.value)))
}

/// Every key at any depth: each may be a name with spaces.
pub(crate) fn all_names(value: &Value, names: &mut Vec<Text>) {
    match value {
        Value::Record(record) => {
            for (key, value) in record.iter() {
                if !crate::lex::is_plain(key) && !names.contains(key) {
                    names.push(key.clone());
                }
                all_names(value, names);
            }
        }
        Value::List(items) => items.iter().for_each(|item| all_names(item, names)),
        _ => {}
    }
}

/// JSON with the `$` forms to values.
pub fn decode(value: &Value) -> Value {
    match value {
        Value::Record(record) => form(record).unwrap_or_else(|| {
            Value::Record(Record::new(record.shape().clone(), record.values().iter().map(decode).collect()))
        }),
        Value::List(items) => Value::list(items.iter().map(decode).collect()),
        other => other.clone(),
    }
}

fn form(record: &Record) -> Option<Value> {
    if record.shape().len() != 1 {
        return None;
    }
    let (key, value) = record.iter().next()?;
    let text = value.as_text()?;
    match key.as_str() {
        "$number" => Number::parse(text).map(Value::Number),
        "$date" => Date::parse(text).map(Value::Date),
        "$time" => Time::parse(text).map(|time| Value::Time(Arc::new(time))),
        "$datetime" => DateTime::parse(text).map(|at| Value::DateTime(Arc::new(at))),
        "$duration" => MonthsDuration::parse(text)
            .map(Value::Months)
            .or_else(|| DaysDuration::parse(text).map(|days| Value::Days(Arc::new(days)))),
        _ => None,
    }
}

/// Values to JSON with the `$` forms. Functions and ranges, which are no data, become null.
pub fn encode(value: &Value) -> Value {
    let form = |key: &str| Value::Record(Record::of([(key, Value::from(value.to_plain()))]));
    match value {
        Value::Date(_) => form("$date"),
        Value::Time(_) => form("$time"),
        Value::DateTime(_) => form("$datetime"),
        Value::Days(_) | Value::Months(_) => form("$duration"),
        Value::List(items) => Value::list(items.iter().map(encode).collect()),
        Value::Record(record) => {
            Value::Record(Record::new(record.shape().clone(), record.values().iter().map(encode).collect()))
        }
        Value::Special(_) => Value::Null,
        other => other.clone(),
    }
}
