//! Lines of a text, each with its number, no longer than a limit.

use std::io::BufRead;

use sdk::{Code, NodeError};

/// Reads lines.
pub struct Lines<R> {
    input: R,
    path: String,
    most_bytes: usize,
    line: u64,
    held: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// A reader of lines up to a length.
    pub fn new(input: R, path: &str, most_bytes: usize) -> Lines<R> {
        Lines { input, path: path.into(), most_bytes, line: 0, held: Vec::new() }
    }

    /// The number of the line read last, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next line without its end; none when there is none.
    ///
    /// # Errors
    /// A line too long, or bytes that are no text in this code page.
    pub fn next(&mut self) -> Result<Option<&str>, NodeError> {
        self.held.clear();
        self.line += 1;
        loop {
            let held = self.input.fill_buf().map_err(|e| crate::failure::reading(&self.path, e))?;
            if held.is_empty() {
                if self.held.is_empty() {
                    return Ok(None);
                }
                break;
            }
            let end = memchr::memchr(b'\n', held);
            let used = end.unwrap_or(held.len());
            self.held.extend_from_slice(&held[..used]);
            self.input.consume(used + usize::from(end.is_some()));
            if self.held.len() > self.most_bytes {
                let most = self.most_bytes >> 10;
                return Err(NodeError::new(
                    Code::Limit,
                    format!("{}, line {}: the line is longer than {most} KiB. Is this a text file?", self.path, self.line),
                ));
            }
            if end.is_some() {
                break;
            }
        }
        if self.held.last() == Some(&b'\r') {
            self.held.pop();
        }
        match std::str::from_utf8(&self.held) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(NodeError::new(
                Code::Damaged,
                format!(
                    "{}, line {}: this is not utf-8. Set \"encoding\" to the code page of the file, for example windows-1251.",
                    self.path, self.line
                ),
            )),
        }
    }
}
