//! Reads the cells of PostgreSQL rows from their binary form.

use std::error::Error;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::temporal::Zone;
use model::{Date, DateTime, DaysDuration, MonthsDuration, Number, Time};
use sdk::{Code, NodeError, Value};
use tokio_postgres::types::{FromSql, Kind, Type};
use tokio_postgres::{Column, Row};

/// Days from 1970-01-01 to 2000-01-01, where PostgreSQL counts from.
const EPOCH_DAYS: i64 = 10_957;
const EPOCH_NANOS: i128 = EPOCH_DAYS as i128 * 86_400_000_000_000;

/// The bytes of a cell, whatever its type.
struct Raw<'r>(Option<&'r [u8]>);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Raw<'r>, Box<dyn Error + Sync + Send>> {
        Ok(Raw(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Raw<'r>, Box<dyn Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A cell as a value.
///
/// # Errors
/// A type that has no form here.
pub(super) fn cell(row: &Row, at: usize, column: &Column) -> Result<Value, NodeError> {
    let raw: Raw<'_> = row.try_get(at).map_err(|e| {
        NodeError::new(Code::Damaged, format!("The column {} cannot be read.", column.name())).because(e)
    })?;
    let Some(bytes) = raw.0 else { return Ok(Value::Null) };
    value(column.type_(), bytes).ok_or_else(|| {
        NodeError::new(
            Code::Config,
            format!(
                "The column {0} has the type {1}, which has no form here. Write {0}::text in the statement.",
                column.name(),
                column.type_().name()
            ),
        )
    })
}

fn value(ty: &Type, bytes: &[u8]) -> Option<Value> {
    match ty.kind() {
        Kind::Array(element) => return array(element, bytes),
        Kind::Domain(inner) => return value(inner, bytes),
        Kind::Enum(_) => return text(bytes),
        _ => {}
    }
    match *ty {
        Type::BOOL => Some(Value::Bool(*bytes.first()? != 0)),
        Type::INT2 => Some(Value::from(i64::from(i16::from_be_bytes(bytes.try_into().ok()?)))),
        Type::INT4 => Some(Value::from(i64::from(int4(bytes)?))),
        Type::INT8 => Some(Value::from(int8(bytes)?)),
        Type::OID => Some(Value::from(i64::from(u32::from_be_bytes(bytes.try_into().ok()?)))),
        Type::FLOAT4 => {
            // Through its own shortest text: 0.1 must not become 0.10000000149.
            let it = f32::from_be_bytes(bytes.try_into().ok()?);
            Some(Number::parse(&format!("{it:e}")).map_or_else(|| Value::from(it.to_string()), Value::Number))
        }
        Type::FLOAT8 => {
            let it = f64::from_be_bytes(bytes.try_into().ok()?);
            Some(Number::from_f64(it).map_or_else(|| Value::from(it.to_string()), Value::Number))
        }
        Type::NUMERIC => numeric(bytes),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::CHAR | Type::UNKNOWN | Type::XML => {
            text(bytes)
        }
        Type::JSON => model::json::parse(bytes).ok(),
        Type::JSONB => model::json::parse(bytes.strip_prefix(&[1])?).ok(),
        Type::BYTEA => Some(Value::from(BASE64_STANDARD.encode(bytes))),
        Type::UUID => uuid(bytes),
        Type::DATE => date(int4(bytes)?),
        Type::TIME => Some(Value::Time(Arc::new(time(int8(bytes)?, None)?))),
        Type::TIMETZ => {
            let (micros, zone) = bytes.split_at_checked(8)?;
            // PostgreSQL counts seconds west of UTC here.
            let zone = Zone::offset(-i64::from(int4(zone)?))?;
            Some(Value::Time(Arc::new(time(int8(micros)?, Some(zone))?)))
        }
        Type::TIMESTAMP => moment(int8(bytes)?, None),
        Type::TIMESTAMPTZ => moment(int8(bytes)?, Some(Zone::UTC)),
        Type::INTERVAL => interval(bytes),
        _ if ty.name() == "citext" => text(bytes),
        _ => None,
    }
}

fn int4(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(bytes.try_into().ok()?))
}

fn int8(bytes: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(bytes.try_into().ok()?))
}

fn text(bytes: &[u8]) -> Option<Value> {
    Some(Value::from(std::str::from_utf8(bytes).ok()?))
}

/// Groups of four digits, where the first stands, and how many digits are shown behind the point.
fn numeric(bytes: &[u8]) -> Option<Value> {
    let word = |at: usize| Some(i16::from_be_bytes(bytes.get(at * 2..at * 2 + 2)?.try_into().ok()?));
    let (count, weight, sign, scale) = (word(0)?, word(1)?, word(2)? as u16, word(3)?);
    let name = match sign {
        0xC000 => Some("NaN"),
        0xD000 => Some("Infinity"),
        0xF000 => Some("-Infinity"),
        _ => None,
    };
    if let Some(name) = name {
        return Some(Value::from(name));
    }
    let group = |at: i32| -> Option<i16> {
        if at < 0 || at >= i32::from(count) { Some(0) } else { word(4 + at as usize) }
    };
    let mut digits = String::new();
    if sign == 0x4000 {
        digits.push('-');
    }
    if weight < 0 {
        digits.push('0');
    }
    for at in 0..=i32::from(weight) {
        let group = group(at)?;
        if at == 0 { digits.push_str(&group.to_string()) } else { digits.push_str(&format!("{group:04}")) }
    }
    let scale = usize::try_from(scale).ok()?;
    if scale > 0 {
        let mut fraction = String::new();
        let mut at = i32::from(weight) + 1;
        while fraction.len() < scale {
            fraction.push_str(&format!("{:04}", group(at)?));
            at += 1;
        }
        digits.push('.');
        digits.push_str(&fraction[..scale]);
    }
    // More digits than a number holds stay a text: nothing is lost.
    Some(Number::parse(&digits).map_or_else(|| Value::from(digits), Value::Number))
}

fn uuid(bytes: &[u8]) -> Option<Value> {
    let hex: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
    if hex.len() != 32 {
        return None;
    }
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Some(Value::from(parts.join("-")))
}

fn date(days: i32) -> Option<Value> {
    match days {
        i32::MAX => Some(Value::from("infinity")),
        i32::MIN => Some(Value::from("-infinity")),
        _ => Some(Value::Date(Date::from_days(i64::from(days) + EPOCH_DAYS)?)),
    }
}

fn time(micros: i64, zone: Option<Zone>) -> Option<Time> {
    // 24:00:00 is a time there and none here.
    let nanos = u64::try_from(micros).ok()?.checked_mul(1_000)?.min(86_399_999_999_999);
    Time::new(nanos, zone)
}

fn moment(micros: i64, zone: Option<Zone>) -> Option<Value> {
    match micros {
        i64::MAX => Some(Value::from("infinity")),
        i64::MIN => Some(Value::from("-infinity")),
        _ => {
            let nanos = i128::from(micros) * 1_000 + EPOCH_NANOS;
            Some(Value::DateTime(Arc::new(DateTime::from_instant(nanos, zone)?)))
        }
    }
}

fn interval(bytes: &[u8]) -> Option<Value> {
    let micros = int8(bytes.get(..8)?)?;
    let days = int4(bytes.get(8..12)?)?;
    let months = int4(bytes.get(12..16)?)?;
    let nanos = i128::from(micros) * 1_000 + i128::from(days) * 86_400_000_000_000;
    if months == 0 {
        return Some(Value::Days(Arc::new(DaysDuration::from_nanos(nanos)?)));
    }
    let long = MonthsDuration::new(i64::from(months));
    if nanos == 0 {
        return Some(Value::Months(long));
    }
    // Months and days together are two things: their number of days differs from month to month.
    let rest = DaysDuration::from_nanos(nanos)?.to_string();
    Some(Value::from(format!("{long} {rest}")))
}

fn array(element: &Type, bytes: &[u8]) -> Option<Value> {
    let dimensions = usize::try_from(int4(bytes.get(..4)?)?).ok()?;
    if dimensions == 0 {
        return Some(Value::list(Vec::new()));
    }
    if dimensions > 6 {
        return None;
    }
    let mut lengths = Vec::with_capacity(dimensions);
    let mut at = 12;
    for _ in 0..dimensions {
        lengths.push(usize::try_from(int4(bytes.get(at..at + 4)?)?).ok()?);
        at += 8;
    }
    let mut rest = bytes.get(at..)?;
    nested(element, &lengths, &mut rest)
}

fn nested(element: &Type, lengths: &[usize], rest: &mut &[u8]) -> Option<Value> {
    let (length, inner) = lengths.split_first()?;
    let mut values = Vec::new();
    for _ in 0..*length {
        if !inner.is_empty() {
            values.push(nested(element, inner, rest)?);
            continue;
        }
        let (size, after) = rest.split_at_checked(4)?;
        match usize::try_from(int4(size)?) {
            // A negative length says null.
            Err(_) => {
                values.push(Value::Null);
                *rest = after;
            }
            Ok(size) => {
                let (bytes, after) = after.split_at_checked(size)?;
                values.push(value(element, bytes)?);
                *rest = after;
            }
        }
    }
    Some(Value::list(values))
}
