//! Sentences for what goes wrong with files, and failed records that say where they stood.

use std::io;

use sdk::{Code, NodeError, Record, Value};

/// So many characters of a broken line are kept.
const EXCERPT: usize = 200;

/// A text cut to a length that fits a sentence.
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.into(),
    }
}

/// A short value in quotes for a sentence.
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("\"{}...\"", &text[..at]),
        None => format!("\"{text}\""),
    }
}

/// A failure while reading a file.
pub fn reading(path: &str, error: io::Error) -> NodeError {
    if error.kind() == io::ErrorKind::InvalidData {
        return NodeError::new(Code::Damaged, format!("{path} cannot be read: {error}."));
    }
    NodeError::new(Code::Unavailable, format!("{path} could not be read to its end.")).because(error)
}

/// A failure while writing a file.
pub fn writing(error: io::Error) -> NodeError {
    let sentence = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "The disk is full: the file was not written. Free some space and start the run again."
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "The folder does not allow writing: the file was not written."
        }
        _ => "The file could not be written.",
    };
    NodeError::new(Code::Unavailable, sentence).because(error)
}

/// A failure with temporary files.
pub fn spilling(error: impl std::fmt::Display) -> NodeError {
    NodeError::new(Code::Limit, "A temporary file for data beyond memory could not be used; is the disk full?")
        .because(error)
}

/// What stands for a record that could not be read: where it stood and how it begins.
pub fn place(path: &str, line: u64, text: &str) -> Record {
    Record::of([
        ("file", Value::text(path)),
        ("line", Value::from(i64::try_from(line).unwrap_or(i64::MAX))),
        ("text", Value::from(excerpt(text))),
    ])
}

/// What a writer says when its file stands.
pub fn written(path: &str, rows: u64, bytes: u64) -> Value {
    let count = |it: u64| Value::from(i64::try_from(it).unwrap_or(i64::MAX));
    Value::Record(Record::of([("path", Value::text(path)), ("rows", count(rows)), ("bytes", count(bytes))]))
}
