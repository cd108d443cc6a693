//! Values as they cross to the editor and back: see [`crate::contract::Datum`].

use std::sync::Arc;

use model::{Date, DateTime, DaysDuration, MonthsDuration, Number, Record, RecordBuilder, Time, Value};
use serde_json::{Map, Value as Json, json};

use crate::contract::Datum;

/// Values may stand in each other this deep.
const MOST_DEEP: usize = 64;
const TAG: &str = "$";

/// A value in the form of the contract. What only the formula language knows is shown as text.
pub fn of(value: &Value) -> Datum {
    match value {
        Value::Null => Json::Null,
        Value::Bool(it) => Json::Bool(*it),
        Value::Number(it) => number(it),
        Value::Text(it) => Json::String(it.to_string()),
        Value::List(it) => Json::Array(it.iter().map(of).collect()),
        Value::Record(it) => of_record(it),
        Value::Date(it) => tagged("date", it.to_string()),
        Value::Time(it) => tagged("time", it.to_string()),
        Value::DateTime(it) => tagged("date time", it.to_string()),
        Value::Days(it) => tagged("days duration", it.to_string()),
        Value::Months(it) => tagged("months duration", it.to_string()),
        Value::Special(_) => Json::String(value.to_string()),
    }
}

/// A record in the form of the contract.
pub fn of_record(record: &Record) -> Datum {
    let fields: Map<String, Json> = record.iter().map(|(key, value)| (key.to_string(), of(value))).collect();
    if fields.contains_key(TAG) { json!({TAG: "object", "fields": fields}) } else { Json::Object(fields) }
}

fn tagged(kind: &str, text: String) -> Datum {
    json!({TAG: kind, "text": text})
}

fn number(number: &Number) -> Datum {
    let text = number.to_string();
    if let Some(whole) = number.to_i64()
        && whole.unsigned_abs() <= 1 << 53
    {
        return Json::from(whole);
    }
    // a double that prints as the same decimal is the same decimal to whoever reads it
    match text.parse::<f64>() {
        Ok(double) if double.is_finite() && text.len() <= 17 && Number::from_f64(double).as_ref() == Some(number) => {
            Json::from(double)
        }
        Ok(_) | Err(_) => tagged("number", text),
    }
}

/// A value from the form of the contract.
///
/// # Errors
/// A sentence that names what is not of that form.
pub fn read(datum: &Datum) -> Result<Value, String> {
    read_at(datum, 0)
}

/// A record from the form of the contract.
///
/// # Errors
/// As [`read`], or it is no object.
pub fn read_record(datum: &Datum) -> Result<Record, String> {
    match read(datum)? {
        Value::Record(record) => Ok(record),
        other => Err(format!("A record is an object of named values; this is a {}.", other.type_name())),
    }
}

fn read_at(datum: &Datum, depth: usize) -> Result<Value, String> {
    if depth > MOST_DEEP {
        return Err(format!("The value is nested more than {MOST_DEEP} deep."));
    }
    Ok(match datum {
        Json::Null => Value::Null,
        Json::Bool(it) => Value::Bool(*it),
        Json::Number(it) => Value::Number(parse_number(&it.to_string())?),
        Json::String(it) => Value::text(it.as_str()),
        Json::Array(it) => {
            let values: Result<Vec<Value>, String> = it.iter().map(|it| read_at(it, depth + 1)).collect();
            Value::list(values?)
        }
        Json::Object(it) => match it.get(TAG).and_then(Json::as_str) {
            None => Value::Record(record(it, depth)?),
            Some("object") => {
                let fields = it.get("fields").and_then(Json::as_object);
                Value::Record(record(fields.ok_or("An object with a $ needs its \"fields\".")?, depth)?)
            }
            Some(kind) => {
                let text = it.get("text").and_then(Json::as_str).ok_or_else(|| format!("A {kind} needs its \"text\"."))?;
                temporal(kind, text)?
            }
        },
    })
}

fn record(fields: &Map<String, Json>, depth: usize) -> Result<Record, String> {
    let mut builder = RecordBuilder::default();
    for (key, value) in fields {
        builder.set(key.as_str(), read_at(value, depth + 1)?);
    }
    Ok(builder.build())
}

fn parse_number(text: &str) -> Result<Number, String> {
    Number::parse(text).ok_or_else(|| format!("{text} is beyond the numbers Arna counts with."))
}

fn temporal(kind: &str, text: &str) -> Result<Value, String> {
    let value = match kind {
        "number" => return parse_number(text).map(Value::Number),
        "date" => Date::parse(text).map(Value::Date),
        "time" => Time::parse(text).map(|it| Value::Time(Arc::new(it))),
        "date time" => DateTime::parse(text).map(|it| Value::DateTime(Arc::new(it))),
        "days duration" => DaysDuration::parse(text).map(|it| Value::Days(Arc::new(it))),
        "months duration" => MonthsDuration::parse(text).map(Value::Months),
        other => return Err(format!("There is no type {other}.")),
    };
    value.ok_or_else(|| format!("\"{text}\" is no {kind}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(value: &Value) -> Value {
        let text = of(value).to_string();
        let datum: Datum = serde_json::from_str(&text).expect("it is JSON");
        read(&datum).expect("it is read back")
    }

    #[test]
    fn every_kind_of_value_survives_the_way_there_and_back() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Number(Number::parse("0.1").expect("a number")),
            Value::Number(Number::parse("12345678901234567890").expect("a number")),
            Value::Number(Number::parse("0.12345678901234567890123").expect("a number")),
            Value::text("Žluťoučký"),
            Value::Date(Date::parse("2026-02-28").expect("a date")),
            Value::DateTime(Arc::new(DateTime::parse("2026-02-28T10:00:00@Asia/Almaty").expect("a moment"))),
            Value::Months(MonthsDuration::new(14)),
            Value::list(vec![Value::Null, Value::Record(Record::of([("a", Value::Bool(false))]))]),
        ];
        for value in &values {
            assert_eq!(&there_and_back(value), value);
        }
    }

    #[test]
    fn an_object_with_a_field_named_like_our_mark_stays_an_object() {
        let value = Value::Record(Record::of([("$", Value::text("date")), ("text", Value::text("soon"))]));
        assert_eq!(there_and_back(&value), value);
    }

    #[test]
    fn a_number_that_a_double_would_change_is_carried_as_text() {
        let id = Value::Number(Number::parse("9007199254740993").expect("a number"));
        assert_eq!(of(&id), json!({"$": "number", "text": "9007199254740993"}));
        assert_eq!(of(&Value::Number(Number::parse("12.5").expect("a number"))), json!(12.5));
    }

    #[test]
    fn what_is_not_of_the_form_is_named() {
        assert!(read(&json!({"$": "date", "text": "soon"})).expect_err("no date").contains("soon"));
        assert!(read_record(&json!([1])).expect_err("no record").contains("list"));
    }
}
