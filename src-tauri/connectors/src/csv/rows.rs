//! Rows of a CSV text: cut into cells in place, with the line of every fault and a bound on memory.
//!
//! A row without quotes, which is nearly every row, is found and cut by vectorised byte search alone.

use std::io::Read;

use sdk::{Code, NodeError};

const BLOCK_BYTES: usize = 256 << 10;
const QUOTE: u8 = b'"';

/// Cuts a text into rows.
pub struct Rows<R> {
    input: R,
    path: String,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    is_end: bool,
    line: u64,
    most_bytes: usize,
    /// The byte between cells.
    pub delimiter: u8,
    /// Whether `"` encloses cells.
    pub has_quotes: bool,
}

/// A row: its text and where its cells stand in it.
#[derive(Default)]
pub struct Row {
    /// The line where it begins, from 1.
    pub line: u64,
    /// The line as it stands, then the cells that had quotes to be taken out.
    text: String,
    line_bytes: usize,
    ends: Vec<(u32, u32)>,
    /// What is wrong with its quotes.
    pub fault: Option<&'static str>,
}

impl Row {
    /// How many cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A cell; empty when the row is too short.
    #[inline]
    pub fn cell(&self, at: usize) -> &str {
        match self.ends.get(at) {
            Some((from, to)) => &self.text[*from as usize..*to as usize],
            None => "",
        }
    }

    /// The text of the row.
    pub fn text(&self) -> &str {
        self.text.get(..self.line_bytes).unwrap_or(&self.text)
    }

    fn set_line(&mut self, line: &str) {
        self.text.clear();
        self.text.push_str(line);
        self.line_bytes = line.len();
    }

    /// Cuts a line whose cells may stand in quotes. False when it needs a closer look: a cell that goes on in the next line, text
    /// after a closing quote.
    fn cut_quoted(&mut self, delimiter: u8) -> bool {
        let mut from = 0;
        loop {
            let line = &self.text.as_bytes()[..self.line_bytes];
            let end = if line.get(from) == Some(&QUOTE) {
                let Some((end, has_inner)) = closing(line, from + 1) else { return false };
                if line.get(end + 1).is_some_and(|it| *it != delimiter) {
                    return false;
                }
                if has_inner {
                    let plain = self.text[from + 1..end].replace("\"\"", "\"");
                    self.ends.push((self.text.len() as u32, (self.text.len() + plain.len()) as u32));
                    self.text.push_str(&plain);
                } else {
                    self.ends.push((from as u32 + 1, end as u32));
                }
                end + 1
            } else {
                let end = memchr::memchr(delimiter, &line[from..]).map_or(line.len(), |it| from + it);
                self.ends.push((from as u32, end as u32));
                end
            };
            if end >= self.line_bytes {
                return true;
            }
            from = end + 1;
        }
    }
}

/// The quote that closes a cell, and whether quotes written twice stand before it.
fn closing(line: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut has_inner) = (from, false);
    loop {
        let end = at + memchr::memchr(QUOTE, line.get(at..)?)?;
        if line.get(end + 1) != Some(&QUOTE) {
            return Some((end, has_inner));
        }
        has_inner = true;
        at = end + 2;
    }
}

impl<R: Read> Rows<R> {
    /// A reader of rows no longer than a limit.
    pub fn new(input: R, path: &str, most_bytes: usize) -> Rows<R> {
        Rows {
            input,
            path: path.into(),
            buffer: Vec::new(),
            at: 0,
            filled: 0,
            is_end: false,
            line: 1,
            most_bytes,
            delimiter: b',',
            has_quotes: true,
        }
    }

    /// The first line, to look at before reading begins.
    ///
    /// # Errors
    /// The file cannot be read, or the line is too long.
    pub fn peek(&mut self) -> Result<&[u8], NodeError> {
        let end = self.line_end(self.at)?.unwrap_or(self.filled);
        Ok(&self.buffer[self.at..end])
    }

    /// Reads the next row that is not empty. False at the end.
    ///
    /// # Errors
    /// What ends the reading: damage, a line too long, a quote that is never closed.
    #[inline]
    pub fn next(&mut self, row: &mut Row) -> Result<bool, NodeError> {
        loop {
            let end = match self.line_end(self.at)? {
                Some(end) => end,
                None if self.at < self.filled => self.filled,
                None => return Ok(false),
            };
            row.line = self.line;
            row.fault = None;
            row.ends.clear();
            let mut bytes = &self.buffer[self.at..end];
            if let [rest @ .., b'\r'] = bytes {
                bytes = rest;
            }
            if self.has_quotes && memchr::memchr(QUOTE, bytes).is_some() {
                // a line that is not UTF-8 gets its sentence from the closer look too
                if let Ok(line) = std::str::from_utf8(bytes)
                    && memchr::memchr(0, bytes).is_none()
                {
                    row.set_line(line);
                    if row.cut_quoted(self.delimiter) {
                        self.at = (end + 1).min(self.filled);
                        self.line += 1;
                        return Ok(true);
                    }
                    row.ends.clear();
                }
                self.quoted_row(row)?;
                return Ok(true);
            }
            self.at = (end + 1).min(self.filled);
            self.line += 1;
            if bytes.is_empty() {
                continue;
            }
            let text = checked(&self.path, row.line, bytes)?;
            row.set_line(text);
            let mut from = 0;
            for to in memchr::memchr_iter(self.delimiter, bytes) {
                row.ends.push((from, to as u32));
                from = to as u32 + 1;
            }
            row.ends.push((from, bytes.len() as u32));
            return Ok(true);
        }
    }

    /// The index of the next line feed at or after a place; none when the text ends before.
    #[inline]
    fn line_end(&mut self, from: usize) -> Result<Option<usize>, NodeError> {
        let mut looked = from - self.at;
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[self.at + looked..self.filled]) {
                return Ok(Some(self.at + looked + found));
            }
            looked = self.filled - self.at;
            if self.is_end {
                return Ok(None);
            }
            if looked > self.most_bytes {
                return Err(self.too_long());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), NodeError> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        let wanted = self.filled + BLOCK_BYTES;
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let room = &mut self.buffer[self.filled..];
        let count = self.input.read(room).map_err(|e| {
            let mut error = crate::failure::reading(&self.path, e);
            if error.code == Code::Damaged {
                error.sentence =
                    format!("{} (after line {})", error.sentence.trim_end_matches('.'), self.line);
            }
            error
        })?;
        self.filled += count;
        self.is_end = count == 0;
        Ok(())
    }

    fn too_long(&self) -> NodeError {
        NodeError::new(
            Code::Limit,
            format!(
                "{}, line {}: the line is longer than {} KiB. Is this a CSV file? If its rows are that long, raise \"max_row_kib\".",
                self.path,
                self.line,
                self.most_bytes >> 10
            ),
        )
    }

    /// A row with quotes, which may go over several lines.
    fn quoted_row(&mut self, row: &mut Row) -> Result<(), NodeError> {
        let mut text: Vec<u8> = Vec::new();
        let mut at = self.at;
        let mut from = 0u32;
        let mut lines = 0;
        let mut in_quotes = false;
        let mut was_quoted = false;
        let mut opened_line = self.line;
        loop {
            if at == self.filled {
                if !self.is_end {
                    if at - self.at > self.most_bytes {
                        return Err(if in_quotes { self.unclosed(opened_line) } else { self.too_long() });
                    }
                    let offset = at - self.at;
                    self.fill()?;
                    at = self.at + offset;
                    continue;
                }
                if in_quotes {
                    return Err(self.unclosed(opened_line));
                }
                break;
            }
            let byte = self.buffer[at];
            at += 1;
            if in_quotes {
                match byte {
                    QUOTE => {
                        if at == self.filled && !self.is_end {
                            let offset = at - self.at;
                            self.fill()?;
                            at = self.at + offset;
                        }
                        if at < self.filled && self.buffer[at] == QUOTE {
                            text.push(QUOTE);
                            at += 1;
                        } else {
                            in_quotes = false;
                        }
                    }
                    b'\n' => {
                        lines += 1;
                        text.push(byte);
                    }
                    _ => text.push(byte),
                }
            } else if byte == self.delimiter {
                row.ends.push((from, text.len() as u32));
                from = text.len() as u32;
                was_quoted = false;
            } else if byte == b'\n' {
                lines += 1;
                break;
            } else if byte == QUOTE && text.len() as u32 == from && !was_quoted {
                in_quotes = true;
                was_quoted = true;
                opened_line = self.line + lines;
            } else {
                if was_quoted && byte != b'\r' {
                    row.fault =
                        Some("text stands after a closing quote; a quote inside a cell is written twice");
                }
                text.push(byte);
            }
        }
        if text.len() as u32 > from && text.last() == Some(&b'\r') {
            text.pop();
        }
        row.ends.push((from, text.len() as u32));
        checked(&self.path, row.line, &text)?;
        row.text = String::from_utf8(text).unwrap_or_default();
        row.line_bytes = row.text.len();
        self.at = at;
        self.line += lines;
        Ok(())
    }

    fn unclosed(&self, line: u64) -> NodeError {
        NodeError::new(
            Code::Damaged,
            format!(
                "{}, line {line}: a quote opens here and is never closed. Close it, write a quote inside a cell twice, or set \"quotes\" to false.",
                self.path
            ),
        )
    }
}

/// The text of a line.
#[inline]
fn checked<'a>(path: &str, line: u64, bytes: &'a [u8]) -> Result<&'a str, NodeError> {
    if memchr::memchr(0, bytes).is_some() {
        return Err(NodeError::new(
            Code::Damaged,
            format!(
                "{path}, line {line}: there is a zero byte. The file is damaged, or it is in utf-16; then set \"encoding\"."
            ),
        ));
    }
    std::str::from_utf8(bytes).map_err(|e| {
        let before = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
        NodeError::new(
            Code::Damaged,
            format!(
                "{path}, line {line}, character {}: this is not utf-8. Set \"encoding\" to the code page of the file, for example windows-1251.",
                before.chars().count() + 1
            ),
        )
    })
}
