//! The reader of JSON text.

use std::sync::Arc;

use super::{JsonError, MAX_DEPTH};
use crate::number::Number;
use crate::record::{Record, Shape};
use crate::value::{Text, Value};

/// Reads values one after another from a text, sharing shapes between them; the source of NDJSON and array readers.
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    shapes: Vec<Arc<Shape>>,
    scratch: Vec<u8>,
}

/// So many shapes are kept for reuse; a text of ever new shapes must not grow the list.
const KEPT_SHAPES: usize = 32;

impl<'a> Reader<'a> {
    /// A reader at the start of a text. A byte order mark is skipped.
    pub fn new(text: &'a [u8]) -> Reader<'a> {
        let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Reader { text, at, depth: 0, shapes: Vec::new(), scratch: Vec::new() }
    }

    /// A reader that knows shapes from an earlier one.
    pub fn with_shapes(text: &'a [u8], shapes: Vec<Arc<Shape>>) -> Reader<'a> {
        Reader { shapes, ..Reader::new(text) }
    }

    /// The shapes seen, for the next reader of the same stream.
    pub fn into_shapes(self) -> Vec<Arc<Shape>> {
        self.shapes
    }

    /// The byte offset of the next unread byte.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Fails unless only white space is left.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.space();
        if self.at < self.text.len() {
            return Err(self.error("There is more text after the JSON value"));
        }
        Ok(())
    }

    /// Reads the next value.
    pub fn value(&mut self) -> Result<Value, JsonError> {
        self.space();
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'"') => {
                let text = self.string()?;
                Ok(Value::Text(text))
            }
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(byte) => {
                let shown = if byte.is_ascii_graphic() {
                    format!("\"{}\"", byte as char)
                } else {
                    "this character".into()
                };
                Err(self.error(&format!("A value is expected here, not {shown}")))
            }
            None => Err(self.error("The JSON text ends where a value is expected")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if self.text[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.error(&format!("A value is expected here; did you mean {word}?")))
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let mut small: i64 = 0;
        let digits = self.at;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            // 18 digits always fit; longer ones take the slow way below, where the wrapped value is not used
            small = small.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            self.at += 1;
        }
        let count = self.at - digits;
        if count == 0 || (count > 1 && self.text[digits] == b'0') {
            self.at = start;
            return Err(self.error("A number needs a digit and no leading zeros"));
        }
        if !matches!(self.peek(), Some(b'.' | b'e' | b'E')) && count <= 18 {
            return Ok(Value::Number(Number::from(if digits > start { -small } else { small })));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits(start)?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits(start)?;
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        Number::parse(text).map(Value::Number).ok_or_else(|| {
            self.at = start;
            self.error("This number is too long or too large to be kept exactly")
        })
    }

    fn digits(&mut self, start: usize) -> Result<(), JsonError> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if from == self.at {
            self.at = start;
            return Err(self.error("A number needs digits after its point and its exponent"));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Text, JsonError> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.text.get(at) {
                Some(b'"') => {
                    let text = std::str::from_utf8(&self.text[start..at])
                        .map_err(|e| self.not_utf8(start + e.valid_up_to()))?;
                    self.at = at + 1;
                    return Ok(Text::from(text));
                }
                Some(b'\\') => return self.escaped(start, at),
                Some(0..=0x1f) => {
                    self.at = at;
                    return Err(self.error("A line break or control character inside a text must be written as an escape such as \\n"));
                }
                Some(_) => at += 1,
                None => return Err(self.error("This text has no closing quote")),
            }
        }
    }

    fn not_utf8(&self, at: usize) -> JsonError {
        place(self.text, at, "The text is not UTF-8 here")
    }

    fn escaped(&mut self, start: usize, mut at: usize) -> Result<Text, JsonError> {
        let mut out = std::mem::take(&mut self.scratch);
        out.clear();
        out.extend_from_slice(&self.text[start..at]);
        loop {
            match self.text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    let byte = match self.text.get(at + 1) {
                        Some(b'n') => b'\n',
                        Some(b't') => b'\t',
                        Some(b'r') => b'\r',
                        Some(b'b') => 8,
                        Some(b'f') => 12,
                        Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
                        Some(b'u') => {
                            let (char, next) = self.unicode(at)?;
                            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                            at = next;
                            continue;
                        }
                        _ => {
                            self.at = at;
                            return Err(self.error(
                                "This escape is not known to JSON; a backslash itself is written \\\\",
                            ));
                        }
                    };
                    out.push(byte);
                    at += 2;
                }
                Some(0..=0x1f) => {
                    self.at = at;
                    return Err(self.error("A line break or control character inside a text must be written as an escape such as \\n"));
                }
                Some(byte) => {
                    out.push(*byte);
                    at += 1;
                }
                None => return Err(self.error("This text has no closing quote")),
            }
        }
        let text = match std::str::from_utf8(&out) {
            Ok(text) => Text::from(text),
            Err(_) => return Err(self.not_utf8(start)),
        };
        self.scratch = out;
        self.at = at + 1;
        Ok(text)
    }

    fn unicode(&mut self, at: usize) -> Result<(char, usize), JsonError> {
        let unit = |at: usize| -> Option<u32> {
            let hex = std::str::from_utf8(self.text.get(at + 2..at + 6)?).ok()?;
            if !hex.bytes().all(|it| it.is_ascii_hexdigit()) {
                return None;
            }
            u32::from_str_radix(hex, 16).ok()
        };
        let Some(high) = unit(at) else {
            self.at = at;
            return Err(self.error("\\u needs four hexadecimal digits"));
        };
        if let Some(char) = char::from_u32(high) {
            return Ok((char, at + 6));
        }
        // a lone half of a pair cannot be kept as Unicode text; refusing the whole document would lose it
        let low = if self.text.get(at + 6..at + 8) == Some(b"\\u".as_slice()) { unit(at + 6) } else { None };
        match low {
            Some(low @ 0xdc00..=0xdfff) if high < 0xdc00 => {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                Ok((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), at + 12))
            }
            _ => Ok((char::REPLACEMENT_CHARACTER, at + 6)),
        }
    }

    fn enter(&mut self) -> Result<(), JsonError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(
                self.error(&format!("Objects and lists stand more than {MAX_DEPTH} deep in each other"))
            );
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn list(&mut self) -> Result<Value, JsonError> {
        self.enter()?;
        let mut values = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                values.push(self.value()?);
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(self.error("A comma or ] is expected after a value of a list")),
                }
            }
        }
        self.depth -= 1;
        Ok(Value::list(values))
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        self.enter()?;
        let mut values: Vec<Value> = Vec::new();
        let mut keys: Vec<Text> = Vec::new();
        // the shape whose first keys are those read so far; while it fits no key is stored
        let mut guess: Option<Arc<Shape>> = None;
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.depth -= 1;
            return Ok(Value::Record(Record::empty()));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.error("A field name in double quotes is expected here"));
            }
            let key_at = self.at;
            let key = self.string()?;
            let place = values.len();
            if place == 0 {
                guess = self.shapes.iter().rev().find(|it| it.keys().first() == Some(&key)).cloned();
            }
            let fits = guess.as_ref().is_some_and(|it| it.keys().get(place) == Some(&key));
            if !fits {
                if let Some(shape) = guess.take() {
                    let other = self.shapes.iter().rev().find(|it| {
                        it.keys().get(place) == Some(&key) && it.keys()[..place] == shape.keys()[..place]
                    });
                    match other {
                        Some(other) => guess = Some(other.clone()),
                        None => keys.extend_from_slice(&shape.keys()[..place]),
                    }
                }
                if guess.is_none() {
                    if keys.contains(&key) {
                        self.at = key_at;
                        return Err(self.error(&format!("The field \"{key}\" stands twice in one object")));
                    }
                    keys.push(key);
                }
            }
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.error("A colon is expected after a field name"));
            }
            self.at += 1;
            values.push(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                _ => return Err(self.error("A comma or } is expected after a field")),
            }
        }
        self.depth -= 1;
        let shape = match guess {
            Some(shape) if shape.len() == values.len() => shape,
            Some(shape) => self.remember(Shape::new(shape.keys()[..values.len()].iter().cloned())),
            None => self.remember(Shape::new(keys)),
        };
        Ok(Value::Record(Record::new(shape, values)))
    }

    fn remember(&mut self, shape: Arc<Shape>) -> Arc<Shape> {
        if self.shapes.len() >= KEPT_SHAPES {
            self.shapes.remove(0);
        }
        self.shapes.push(shape.clone());
        shape
    }

    fn error(&self, message: &str) -> JsonError {
        place(self.text, self.at, message)
    }
}

fn place(text: &[u8], offset: usize, message: &str) -> JsonError {
    let before = &text[..offset.min(text.len())];
    let line_start = before.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
    JsonError {
        message: message.into(),
        offset,
        line: 1 + before.iter().filter(|it| **it == b'\n').count(),
        column: 1 + String::from_utf8_lossy(&before[line_start..]).chars().count(),
    }
}
