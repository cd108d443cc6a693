//! Values as bytes, exactly, for the journal and spill files. Compact, versioned by its first byte, without guarantee to other programs.

use std::sync::Arc;

use crate::number::Number;
use crate::record::{Record, Shape};
use crate::temporal::{Date, DateTime, DaysDuration, MonthsDuration, Time};
use crate::value::{Text, Value};

/// The form written today; a reader knows all earlier ones.
const FORM: u8 = 1;
/// Nesting beyond this is damage: no reader of ours lets deeper values in.
const MAX_DEPTH: usize = 256;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const NUMBER: u8 = 4;
const TEXT: u8 = 5;
const LIST: u8 = 6;
const RECORD: u8 = 7;
const DATE: u8 = 8;
const TIME: u8 = 9;
const DATE_TIME: u8 = 10;
const DAYS: u8 = 11;
const MONTHS: u8 = 12;

/// Bytes that are not what [`encode`] wrote: a damaged row or file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored values are damaged at byte {offset}")]
pub struct Damaged {
    /// Where reading stopped.
    pub offset: usize,
}

/// One value as bytes.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.value(value);
    encoder.into_bytes()
}

/// Records as bytes, their shapes written once.
pub fn encode_records(records: &[Record]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    encoder.length(records.len());
    for record in records {
        encoder.record(record);
    }
    encoder.into_bytes()
}

/// The value that [`encode`] wrote.
///
/// # Errors
/// Bytes of another origin.
pub fn decode(bytes: &[u8]) -> Result<Value, Damaged> {
    let mut decoder = Decoder::new(bytes)?;
    decoder.value(0)
}

/// The records that [`encode_records`] wrote.
///
/// # Errors
/// Bytes of another origin.
pub fn decode_records(bytes: &[u8]) -> Result<Vec<Record>, Damaged> {
    let mut decoder = Decoder::new(bytes)?;
    let count = decoder.length()?;
    let mut records = Vec::with_capacity(count.min(bytes.len()));
    for _ in 0..count {
        records.push(decoder.record(0)?);
    }
    Ok(records)
}

struct Encoder {
    out: Vec<u8>,
    shapes: Vec<Arc<Shape>>,
}

impl Encoder {
    fn new() -> Encoder {
        Encoder { out: vec![FORM], shapes: Vec::new() }
    }

    fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    fn length(&mut self, mut length: usize) {
        while length >= 0x80 {
            self.out.push((length as u8) | 0x80);
            length >>= 7;
        }
        self.out.push(length as u8);
    }

    fn text(&mut self, tag: u8, text: &str) {
        self.out.push(tag);
        self.length(text.len());
        self.out.extend_from_slice(text.as_bytes());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.out.push(NULL),
            Value::Bool(false) => self.out.push(FALSE),
            Value::Bool(true) => self.out.push(TRUE),
            Value::Number(number) => match number.to_i64() {
                Some(small) => {
                    self.out.push(INTEGER);
                    self.out.extend_from_slice(&small.to_le_bytes());
                }
                None => self.text(NUMBER, &number.to_string()),
            },
            Value::Text(text) => self.text(TEXT, text),
            Value::List(list) => {
                self.out.push(LIST);
                self.length(list.len());
                for value in list.iter() {
                    self.value(value);
                }
            }
            Value::Record(record) => {
                self.out.push(RECORD);
                self.record(record);
            }
            Value::Date(it) => self.text(DATE, &it.to_string()),
            Value::Time(it) => self.text(TIME, &it.to_string()),
            Value::DateTime(it) => self.text(DATE_TIME, &it.to_string()),
            Value::Days(it) => self.text(DAYS, &it.to_string()),
            Value::Months(it) => self.text(MONTHS, &it.to_string()),
            // ranges and functions are not data; what reaches a journal of them is their text
            Value::Special(it) => self.text(TEXT, &format!("{it:?}")),
        }
    }

    fn record(&mut self, record: &Record) {
        let known = self.shapes.iter().rposition(|it| Arc::ptr_eq(it, record.shape()));
        match known {
            Some(at) => self.length(at + 1),
            None => {
                self.length(0);
                self.length(record.shape().len());
                for key in record.shape().keys() {
                    self.length(key.len());
                    self.out.extend_from_slice(key.as_bytes());
                }
                self.shapes.push(record.shape().clone());
            }
        }
        for value in record.values() {
            self.value(value);
        }
    }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    shapes: Vec<Arc<Shape>>,
}

impl<'a> Decoder<'a> {
    fn new(bytes: &'a [u8]) -> Result<Decoder<'a>, Damaged> {
        if bytes.first() != Some(&FORM) {
            return Err(Damaged { offset: 0 });
        }
        Ok(Decoder { bytes, at: 1, shapes: Vec::new() })
    }

    fn damaged(&self) -> Damaged {
        Damaged { offset: self.at }
    }

    fn byte(&mut self) -> Result<u8, Damaged> {
        let byte = *self.bytes.get(self.at).ok_or(self.damaged())?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let end = self.at.checked_add(count).ok_or(self.damaged())?;
        let part = self.bytes.get(self.at..end).ok_or(self.damaged())?;
        self.at = end;
        Ok(part)
    }

    fn length(&mut self) -> Result<usize, Damaged> {
        let mut length = 0usize;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(length);
            }
        }
        Err(self.damaged())
    }

    fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.length()?;
        let part = self.take(length)?;
        std::str::from_utf8(part).map_err(|_| self.damaged())
    }

    fn parsed<T>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Result<T, Damaged> {
        let text = self.text()?;
        parse(text).ok_or(self.damaged())
    }

    fn value(&mut self, depth: usize) -> Result<Value, Damaged> {
        if depth > MAX_DEPTH {
            return Err(self.damaged());
        }
        Ok(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INTEGER => {
                let bytes = self.take(8)?.try_into().map_err(|_| self.damaged())?;
                Value::Number(Number::from(i64::from_le_bytes(bytes)))
            }
            NUMBER => Value::Number(self.parsed(Number::parse)?),
            TEXT => Value::Text(Text::from(self.text()?)),
            LIST => {
                let count = self.length()?;
                let mut values = Vec::with_capacity(count.min(self.bytes.len() - self.at));
                for _ in 0..count {
                    values.push(self.value(depth + 1)?);
                }
                Value::list(values)
            }
            RECORD => Value::Record(self.record(depth + 1)?),
            DATE => Value::Date(self.parsed(Date::parse)?),
            TIME => Value::Time(Arc::new(self.parsed(Time::parse)?)),
            DATE_TIME => Value::DateTime(Arc::new(self.parsed(DateTime::parse)?)),
            DAYS => Value::Days(Arc::new(self.parsed(DaysDuration::parse)?)),
            MONTHS => Value::Months(self.parsed(MonthsDuration::parse)?),
            _ => return Err(self.damaged()),
        })
    }

    fn record(&mut self, depth: usize) -> Result<Record, Damaged> {
        let known = self.length()?;
        let shape = if known > 0 {
            self.shapes.get(known - 1).cloned().ok_or(self.damaged())?
        } else {
            let count = self.length()?;
            let mut keys = Vec::with_capacity(count.min(self.bytes.len() - self.at));
            for _ in 0..count {
                keys.push(Text::from(self.text()?));
            }
            let shape = Shape::new(keys);
            self.shapes.push(shape.clone());
            shape
        };
        let mut values = Vec::with_capacity(shape.len());
        for _ in 0..shape.len() {
            values.push(self.value(depth)?);
        }
        Ok(Record::new(shape, values))
    }
}
