//! Values in the file of a case that JSON has no form for: `{"$": "date", "text": "2026-01-05"}`.
//!
//! The editor's contract writes the same marks, so that a person meets one form.

use std::sync::Arc;

use model::{Date, DateTime, DaysDuration, MonthsDuration, Record, RecordBuilder, Time, Value};

const TAG: &str = "$";

/// A value whose dates, times and durations are marked, so that the file of a case keeps their type. Numbers are exact in a file.
pub fn marked(value: &Value) -> Value {
    let tagged = |kind: &str, text: String| {
        Value::Record(Record::of([(TAG, Value::from(kind)), ("text", Value::from(text))]))
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => value.clone(),
        Value::List(it) => Value::list(it.iter().map(marked).collect()),
        Value::Record(it) => {
            let fields = Record::of(it.iter().map(|(key, value)| (key.clone(), marked(value))));
            match fields.get(TAG) {
                // a field of that name would be taken for a mark
                Some(_) => Value::Record(Record::of([
                    (TAG, Value::from("object")),
                    ("fields", Value::Record(fields)),
                ])),
                None => Value::Record(fields),
            }
        }
        Value::Date(it) => tagged("date", it.to_string()),
        Value::Time(it) => tagged("time", it.to_string()),
        Value::DateTime(it) => tagged("date time", it.to_string()),
        Value::Days(it) => tagged("days duration", it.to_string()),
        Value::Months(it) => tagged("months duration", it.to_string()),
        Value::Special(_) => Value::from(value.to_string()),
    }
}

/// The value that was marked.
///
/// # Errors
/// A mark that says nothing known, as a sentence.
pub fn unmarked(value: &Value) -> Result<Value, String> {
    match value {
        Value::List(it) => Ok(Value::list(it.iter().map(unmarked).collect::<Result<_, _>>()?)),
        Value::Record(it) => match it.get(TAG).and_then(Value::as_text) {
            None => fields(it),
            Some("object") => match it.get("fields") {
                Some(Value::Record(inner)) => fields(inner),
                _ => Err("An object with a $ needs its \"fields\".".into()),
            },
            Some(kind) => {
                let text = it.get("text").and_then(Value::as_text);
                temporal(kind, text.ok_or_else(|| format!("A {kind} of a case needs its \"text\"."))?)
            }
        },
        other => Ok(other.clone()),
    }
}

fn fields(record: &Record) -> Result<Value, String> {
    let mut builder = RecordBuilder::default();
    for (key, value) in record.iter() {
        builder.set(key.clone(), unmarked(value)?);
    }
    Ok(Value::Record(builder.build()))
}

fn temporal(kind: &str, text: &str) -> Result<Value, String> {
    let value = match kind {
        "date" => Date::parse(text).map(Value::Date),
        "time" => Time::parse(text).map(|it| Value::Time(Arc::new(it))),
        "date time" => DateTime::parse(text).map(|it| Value::DateTime(Arc::new(it))),
        "days duration" => DaysDuration::parse(text).map(|it| Value::Days(Arc::new(it))),
        "months duration" => MonthsDuration::parse(text).map(Value::Months),
        other => return Err(format!("A case knows no type {other:?}.")),
    };
    value.ok_or_else(|| format!("{text:?} is no {kind}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_keep_their_type_through_the_file_and_an_odd_field_name_is_no_mark() {
        let value = Value::Record(Record::of([
            ("paid_at", Value::Date(Date::parse("2026-01-05").expect("a date"))),
            ("odd", Value::Record(Record::of([("$", Value::from("date"))]))),
        ]));
        assert_eq!(unmarked(&marked(&value)).expect("it is read back"), value);
        let broken = Value::Record(Record::of([("$", Value::from("date")), ("text", Value::from("soon"))]));
        assert!(unmarked(&broken).expect_err("no date").contains("soon"));
    }
}
