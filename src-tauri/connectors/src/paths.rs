//! Paths of a configuration: what they need, and what they are for a record.

use formula::Roots;
use sdk::{Code, Folder, Need, NodeError, Record, Template};

/// The folder need of a path: its text up to the first formula.
pub fn need(path: &Template, writes: bool) -> Need {
    let text = path.text();
    let literal = if text.trim_start().starts_with('=') { "" } else { text.split("{{").next().unwrap_or_default() };
    Need::Folder { path: literal.into(), writes }
}

/// What a file was when it was opened: size and last change.
pub fn fingerprint(path: &str, folder: &dyn Folder) -> Result<Option<String>, NodeError> {
    Ok(folder.entry(path)?.map(|it| format!("{} {} {path}", it.size_bytes, it.modified_ms)))
}

/// The path for a record.
///
/// # Errors
/// A fault in a formula, or a path that comes out empty.
pub fn of(path: &Template, record: &Record, roots: &Roots) -> Result<String, NodeError> {
    let value = path.value(record, roots)?;
    let text = value.to_plain();
    if text.trim().is_empty() {
        return Err(NodeError::new(
            Code::Input,
            format!("The path {} comes out empty for this record; fill the fields it is made of.", path.text()),
        ));
    }
    if text.contains('\0') {
        return Err(NodeError::new(Code::Input, "The path holds a zero byte."));
    }
    Ok(text)
}
