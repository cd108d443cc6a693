//! Finds the values of a JSON text one after another without holding the text: strings, brackets and nothing else are understood here,
//! the value itself is read by the one JSON reader of `model`.

use std::io::BufRead;

use model::json::{Reader, MAX_DEPTH};
use sdk::{Code, NodeError, Shape, Value};
use std::sync::Arc;

/// Walks through a JSON text.
pub struct Scan<R> {
    input: R,
    path: String,
    line: u64,
    most_bytes: usize,
    value: Vec<u8>,
    shapes: Vec<Arc<Shape>>,
}

impl<R: BufRead> Scan<R> {
    /// A walk that believes values up to a size.
    pub fn new(input: R, path: &str, most_bytes: usize) -> Scan<R> {
        Scan { input, path: path.into(), line: 1, most_bytes, value: Vec::new(), shapes: Vec::new() }
    }

    /// The line of the next byte, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The bytes of the value read last.
    pub fn bytes(&self) -> &[u8] {
        &self.value
    }

    fn byte(&mut self) -> Result<Option<u8>, NodeError> {
        let held = self.input.fill_buf().map_err(|e| crate::failure::reading(&self.path, e))?;
        Ok(held.first().copied())
    }

    fn step(&mut self) {
        self.input.consume(1);
    }

    /// The next byte that is no white space; it is not taken.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn peek(&mut self) -> Result<Option<u8>, NodeError> {
        while let Some(byte) = self.byte()? {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return Ok(Some(byte)),
            }
            self.step();
        }
        Ok(None)
    }

    /// Takes the next byte when it is this one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn takes(&mut self, wanted: u8) -> Result<bool, NodeError> {
        let is_it = self.peek()? == Some(wanted);
        if is_it {
            self.step();
        }
        Ok(is_it)
    }

    /// Takes this byte.
    ///
    /// # Errors
    /// Another one stands here.
    pub fn expect(&mut self, wanted: u8) -> Result<(), NodeError> {
        if self.takes(wanted)? {
            return Ok(());
        }
        let found = self.byte()?.map_or("the end of the file".to_owned(), |it| format!("\"{}\"", it.escape_ascii()));
        Err(self.damaged(&format!("\"{}\" is expected, not {found}", wanted as char)))
    }

    /// A fault at the present line.
    pub fn damaged(&self, what: &str) -> NodeError {
        NodeError::new(Code::Damaged, format!("{}, line {}: {what}.", self.path, self.line))
    }

    /// Takes the bytes of the next value; kept only when `keep`.
    fn raw(&mut self, keep: bool) -> Result<(), NodeError> {
        self.value.clear();
        self.peek()?;
        let (mut depth, mut in_text, mut escaped, mut size) = (0usize, false, false, 0usize);
        loop {
            let held = self.input.fill_buf().map_err(|e| crate::failure::reading(&self.path, e))?;
            if held.is_empty() {
                if depth > 0 || in_text || size == 0 {
                    return Err(self.damaged("the file ends in the middle of a value"));
                }
                return Ok(());
            }
            let (mut used, mut is_done, mut lines) = (0, false, 0);
            for byte in held {
                if in_text {
                    if escaped {
                        escaped = false;
                    } else if *byte == b'\\' {
                        escaped = true;
                    } else if *byte == b'"' {
                        in_text = false;
                        is_done = depth == 0;
                    } else if *byte == b'\n' {
                        lines += 1;
                    }
                } else {
                    match byte {
                        b'"' => in_text = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' if depth == 0 => break,
                        b'}' | b']' => {
                            depth -= 1;
                            is_done = depth == 0;
                        }
                        b',' | b' ' | b'\t' | b'\r' | b'\n' | b':' if depth == 0 => break,
                        b'\n' => lines += 1,
                        _ => {}
                    }
                }
                used += 1;
                if is_done || depth > MAX_DEPTH {
                    break;
                }
            }
            let met_end = used < held.len() && !is_done;
            if keep {
                self.value.extend_from_slice(&held[..used]);
            }
            self.input.consume(used);
            self.line += lines;
            size += used;
            if depth > MAX_DEPTH {
                return Err(self.damaged(&format!("objects and lists stand more than {MAX_DEPTH} deep in each other")));
            }
            if keep && size > self.most_bytes {
                let most = self.most_bytes >> 10;
                return Err(NodeError::new(
                    Code::Limit,
                    format!("{}, line {}: one value is larger than {most} KiB. Raise \"max_record_kib\" if that is right.", self.path, self.line),
                ));
            }
            if is_done || met_end {
                if size == 0 {
                    return Err(self.damaged("a value is expected"));
                }
                return Ok(());
            }
        }
    }

    /// Passes over the next value.
    ///
    /// # Errors
    /// The text ends or is no JSON.
    pub fn skip(&mut self) -> Result<(), NodeError> {
        self.raw(false)
    }

    /// Reads the next value.
    ///
    /// # Errors
    /// The text is no JSON; the sentence says the line.
    pub fn value(&mut self) -> Result<Value, NodeError> {
        self.peek()?;
        let line = self.line;
        self.raw(true)?;
        self.parse(line)
    }

    /// Reads the bytes held as a value that began at a line.
    fn parse(&mut self, line: u64) -> Result<Value, NodeError> {
        let mut reader = Reader::with_shapes(&self.value, std::mem::take(&mut self.shapes));
        let read = reader.value().and_then(|value| reader.end().map(|()| value));
        self.shapes = reader.into_shapes();
        read.map_err(|e| {
            let sentence =
                format!("{}, line {}, column {}: {}.", self.path, line + e.line as u64 - 1, e.column, e.message);
            NodeError::new(Code::Damaged, sentence)
        })
    }

    /// Reads the value of the next line that is not empty, and that line's number; none at the end. A broken line is the inner error:
    /// the next one can be read all the same.
    ///
    /// # Errors
    /// The file cannot be read on.
    #[allow(clippy::type_complexity)]
    pub fn line_value(&mut self) -> Result<Option<(u64, Result<Value, NodeError>)>, NodeError> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let line = self.line;
        self.value.clear();
        loop {
            let held = self.input.fill_buf().map_err(|e| crate::failure::reading(&self.path, e))?;
            if held.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', held);
            let used = end.unwrap_or(held.len());
            self.value.extend_from_slice(&held[..used]);
            self.input.consume(used + usize::from(end.is_some()));
            if self.value.len() > self.most_bytes {
                let most = self.most_bytes >> 10;
                return Err(NodeError::new(
                    Code::Limit,
                    format!("{}, line {line}: the line is longer than {most} KiB. Raise \"max_record_kib\" if that is right.", self.path),
                ));
            }
            if end.is_some() {
                self.line += 1;
                break;
            }
        }
        Ok(Some((line, self.parse(line))))
    }

    /// Goes into the value that a JSON pointer names and stands before it.
    ///
    /// # Errors
    /// There is no such place.
    pub fn descend(&mut self, pointer: &str) -> Result<(), NodeError> {
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let is_found = match self.peek()? {
                Some(b'{') => self.into_field(&part)?,
                Some(b'[') => self.into_element(&part)?,
                _ => false,
            };
            if !is_found {
                return Err(NodeError::new(
                    Code::NotFound,
                    format!("{} has nothing at {pointer}: {part} is missing. Check \"at\".", self.path),
                ));
            }
        }
        Ok(())
    }

    fn into_field(&mut self, name: &str) -> Result<bool, NodeError> {
        self.expect(b'{')?;
        if self.peek()? == Some(b'}') {
            return Ok(false);
        }
        loop {
            if self.peek()? != Some(b'"') {
                return Err(self.damaged("a field name in double quotes is expected"));
            }
            let key = self.value()?;
            self.expect(b':')?;
            if key.as_text() == Some(name) {
                return Ok(true);
            }
            self.skip()?;
            if !self.takes(b',')? {
                return Ok(false);
            }
        }
    }

    fn into_element(&mut self, index: &str) -> Result<bool, NodeError> {
        let Ok(wanted) = index.parse::<u64>() else { return Ok(false) };
        self.expect(b'[')?;
        for _ in 0..wanted {
            if self.peek()? == Some(b']') {
                return Ok(false);
            }
            self.skip()?;
            if !self.takes(b',')? {
                return Ok(false);
            }
        }
        Ok(self.peek()? != Some(b']'))
    }
}
