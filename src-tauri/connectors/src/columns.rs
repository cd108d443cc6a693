//! Typed cells: text from CSV, XML and fixed-width files becomes numbers and dates where the configuration says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Date, DateTime, Number, Time};
use schemars::JsonSchema;
use sdk::{Record, Shape, Text, Value};
use serde::{Deserialize, Serialize};

/// The type of a column. A cell that is empty becomes null, except in text columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Text as it stands; 007 keeps its zeros.
    Text,
    /// A number with a decimal point; spaces between thousands are allowed.
    Number,
    /// A number with a decimal comma; spaces or points between thousands are allowed.
    NumberComma,
    /// A day as 2026-02-28.
    Date,
    /// A day as 28.02.2026 or 28/02/2026.
    DateDmy,
    /// A day as 02/28/2026.
    DateMdy,
    /// A day and time as 2026-02-28T10:30:00, with T or a space, with or without a zone.
    DateTime,
    /// A day and time as 28.02.2026 10:30:00.
    DateTimeDmy,
    /// true, false, yes, no, 1 or 0.
    Boolean,
}

/// Types by column name.
pub type Columns = BTreeMap<String, ColumnType>;

impl ColumnType {
    /// What a cell of this type looks like, for a sentence.
    pub fn example(self) -> &'static str {
        match self {
            ColumnType::Text => "a text",
            ColumnType::Number => "a number such as 1250.50",
            ColumnType::NumberComma => "a number such as 1 250,50",
            ColumnType::Date => "a date such as 2026-02-28",
            ColumnType::DateDmy => "a date such as 28.02.2026",
            ColumnType::DateMdy => "a date such as 02/28/2026",
            ColumnType::DateTime => "a date and time such as 2026-02-28T10:30:00",
            ColumnType::DateTimeDmy => "a date and time such as 28.02.2026 10:30:00",
            ColumnType::Boolean => "true or false",
        }
    }

    /// The value of a cell; none when it does not fit.
    #[inline]
    pub fn read(self, cell: &str) -> Option<Value> {
        if self == ColumnType::Text {
            return Some(Value::Text(Text::from(cell)));
        }
        if self == ColumnType::Number
            && let Some(small) = small_number(cell.as_bytes())
        {
            return Some(Value::Number(Number::from(small)));
        }
        let cell = cell.trim();
        if cell.is_empty() {
            return Some(Value::Null);
        }
        match self {
            ColumnType::Text => Some(Value::text(cell)),
            ColumnType::Number => Number::parse(cell).or_else(|| grouped(cell, '.')).map(Value::Number),
            ColumnType::NumberComma => grouped(cell, ',').map(Value::Number),
            ColumnType::Date => Date::parse(cell).map(Value::Date),
            ColumnType::DateDmy => day_first(cell).map(Value::Date),
            ColumnType::DateMdy => month_first(cell).map(Value::Date),
            ColumnType::DateTime => moment(cell).map(|it| Value::DateTime(Arc::new(it))),
            ColumnType::DateTimeDmy => moment_day_first(cell).map(|it| Value::DateTime(Arc::new(it))),
            ColumnType::Boolean => match cell.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Some(Value::Bool(true)),
                "false" | "no" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
        }
    }
}

/// Digits that fit, without sign, space or point: nearly every number cell, at the cost of a loop.
#[inline]
fn small_number(cell: &[u8]) -> Option<i64> {
    if cell.is_empty() || cell.len() > 18 {
        return None;
    }
    let mut number: i64 = 0;
    for byte in cell {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(number)
}

fn grouped(cell: &str, point: char) -> Option<Number> {
    let group = |it: char| matches!(it, ' ' | '\u{a0}' | '\u{202f}' | '\'') || (point == ',' && it == '.');
    if cell.starts_with(group) || cell.ends_with(group) {
        return None;
    }
    let (whole, part) = cell.split_once(point).unwrap_or((cell, ""));
    // groups of three after the first, or the cell is not a number with thousands
    let mut groups = whole.split(group);
    groups.next();
    if groups.any(|it| it.len() != 3) || part.contains(group) {
        return None;
    }
    let mut plain: String = whole.chars().filter(|it| !group(*it)).collect();
    if cell.contains(point) {
        plain.push('.');
        plain.push_str(part);
    }
    Number::parse(&plain)
}

fn three(cell: &str) -> Option<(i64, i64, i64)> {
    let separator = cell.chars().find(|it| matches!(it, '.' | '/' | '-'))?;
    let mut parts = cell.split(separator);
    let mut part = |most: usize| {
        let text = parts.next()?;
        (!text.is_empty() && text.len() <= most && text.bytes().all(|it| it.is_ascii_digit()))
            .then(|| text.parse::<i64>().ok())
            .flatten()
    };
    let all = (part(2)?, part(2)?, part(4)?);
    parts.next().is_none().then_some(all)
}

fn full_year(year: i64) -> i64 {
    if year < 100 { if year < 70 { 2000 + year } else { 1900 + year } } else { year }
}

fn day_first(cell: &str) -> Option<Date> {
    let (day, month, year) = three(cell)?;
    Date::new(full_year(year), month, day)
}

fn month_first(cell: &str) -> Option<Date> {
    let (month, day, year) = three(cell)?;
    Date::new(full_year(year), month, day)
}

fn moment(cell: &str) -> Option<DateTime> {
    if let Some((date, time)) = cell.split_once(' ') {
        let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
        return DateTime::parse(&format!("{date}T{time}"));
    }
    DateTime::parse(cell)
}

fn moment_day_first(cell: &str) -> Option<DateTime> {
    let (date, time) = cell.split_once([' ', 'T']).unwrap_or((cell, "00:00:00"));
    let date = day_first(date)?;
    let time = if time.len() == 5 || time.len() == 4 { format!("{time}:00") } else { time.to_owned() };
    let time = if time.len() == 7 { format!("0{time}") } else { time };
    Some(DateTime::new(date, Time::parse(&time)?))
}

/// A record whose top fields are text, with the declared ones read as their type.
///
/// # Errors
/// The first field that does not fit: its name, its text, its type.
pub fn typed(record: &Record, columns: &Columns) -> Result<Record, (String, String, ColumnType)> {
    let mut record = record.clone();
    for (name, kind) in columns {
        let Some(Value::Text(text)) = record.get(name) else { continue };
        match kind.read(text) {
            Some(value) => record = record.with(name, value),
            None => return Err((name.clone(), text.to_string(), *kind)),
        }
    }
    Ok(record)
}

/// Whether anything downstream reads a field.
pub fn is_wanted(wanted: &formula::FieldSet, name: &str) -> bool {
    wanted.contains(name)
}

/// The set of all fields.
pub fn everything() -> formula::FieldSet {
    formula::FieldSet::all()
}

/// The shape of a list of names.
pub fn shape_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Arc<Shape> {
    Shape::new(names.into_iter().map(Text::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: ColumnType, cell: &str) -> Option<String> {
        kind.read(cell).map(|it| it.to_string())
    }

    #[test]
    fn numbers_are_exact_and_may_have_spaces_between_thousands() {
        let number = |it| shown(ColumnType::Number, it);
        assert_eq!(number("1250.50").as_deref(), Some("1250.5"));
        assert_eq!(number(" 1 250.5 ").as_deref(), Some("1250.5"));
        assert_eq!(number("1\u{a0}250").as_deref(), Some("1250"));
        assert_eq!(number("-7").as_deref(), Some("-7"));
        assert_eq!(number("").as_deref(), Some("null"));
        assert_eq!(number("12,5"), None);
        assert_eq!(number("1 25"), None);
        assert_eq!(number("n/a"), None);
    }

    #[test]
    fn a_decimal_comma_is_a_type_of_its_own() {
        let number = |it| shown(ColumnType::NumberComma, it);
        assert_eq!(number("1 250,50").as_deref(), Some("1250.5"));
        assert_eq!(number("1.250,5").as_deref(), Some("1250.5"));
        assert_eq!(number("1250").as_deref(), Some("1250"));
        assert_eq!(number("1,250,5"), None);
    }

    #[test]
    fn dates_are_read_in_their_order_and_impossible_days_are_refused() {
        assert_eq!(shown(ColumnType::DateDmy, "28.02.2026").as_deref(), Some("\"2026-02-28\""));
        assert_eq!(shown(ColumnType::DateMdy, "2/28/26").as_deref(), Some("\"2026-02-28\""));
        assert_eq!(shown(ColumnType::DateDmy, "30.02.2026"), None);
        assert_eq!(
            shown(ColumnType::DateTimeDmy, "28.02.2026 9:05").as_deref(),
            Some("\"2026-02-28T09:05:00\"")
        );
        assert_eq!(shown(ColumnType::DateTime, "2026-02-28 10:30").as_deref(), Some("\"2026-02-28T10:30:00\""));
    }
}
