//! `csv.read`: one record for each row of a CSV file.

use std::sync::Arc;

use async_trait::async_trait;
use formula::FieldSet;
use schemars::JsonSchema;
use sdk::cx::Reading;
use sdk::source::Replay;
use sdk::{
    Category, Code, ConfigError, Cursor, Cx, Need, Node, NodeError, Page, Ports, Record, Shape, Source,
    Template, Text, Value,
};
use serde::{Deserialize, Serialize};

use super::rows::{Row, Rows};
use crate::columns::{ColumnType, Columns, is_wanted};
use crate::encoding::{self, Decoding};
use crate::failure;
use crate::opening::OpenText;

/// Reads a CSV file and makes one record of each row. Cells are text unless you give their column a type.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// Types of columns by name, for example total: number. An empty cell of a typed column is null.
    #[serde(default)]
    columns: Columns,
    /// The character between cells; leave it out to let the first line decide between comma, semicolon, tab and |.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
    /// The code page of the file, for example windows-1251 or cp866. Left out it is utf-8, or what the mark at its start says.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    /// The first row holds the names of the columns.
    #[serde(default = "yes")]
    header: bool,
    /// Names of the columns when the file has no header row.
    #[serde(default)]
    names: Vec<String>,
    /// Double quotes enclose cells.
    #[serde(default = "yes")]
    quotes: bool,
    /// The longest row in KiB that is believed.
    #[serde(default = "kib")]
    max_row_kib: u32,
}

fn yes() -> bool {
    true
}

fn kib() -> u32 {
    1024
}

impl Read {
    fn delimiter(&self) -> Result<Option<u8>, ConfigError> {
        match self.delimiter.as_deref() {
            None => Ok(None),
            Some("\\t" | "tab") => Ok(Some(b'\t')),
            Some(text) if text.len() == 1 && !matches!(text, "\"" | "\n" | "\r") => Ok(text.bytes().next()),
            Some(text) => Err(ConfigError::new(
                "/delimiter",
                format!(
                    "The delimiter is one character such as , or ; or tab, not {}.",
                    failure::quoted(text)
                ),
            )),
        }
    }
}

impl Node for Read {
    const KIND: &'static str = "csv.read";
    const TITLE: &'static str = "Read CSV";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["table", "comma", "semicolon", "import", "excel", "tsv"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Each record opens the file once.")
            .output("out", "One record for each row.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems: Vec<ConfigError> =
            encoding::check("/encoding", self.encoding.as_deref()).into_iter().collect();
        problems.extend(self.delimiter().err());
        if self.max_row_kib == 0 || self.max_row_kib > 64 << 10 {
            problems.push(ConfigError::new("/max_row_kib", "A row may be 1 to 65536 KiB long."));
        }
        if self.header && !self.names.is_empty() {
            problems.push(ConfigError::new("/names", "Give names only when the file has no header row."));
        }
        problems.extend(crate::unique_names(self.names.iter().map(String::as_str), "/names"));
        problems
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.path, false)]
    }
}

#[async_trait]
impl Source for Read {
    fn replay(&self) -> Replay {
        Replay::Replayable
    }

    async fn open(
        &self,
        opening: &Record,
        wanted: &FieldSet,
        cx: &dyn Cx,
    ) -> Result<Box<dyn Cursor>, NodeError> {
        let OpenText { path, text, print } =
            OpenText::new(&self.path, opening, cx, |_, _| encoding::declared(self.encoding.as_deref()))?;
        let mut rows = Rows::new(text, &path, (self.max_row_kib as usize) << 10);
        rows.has_quotes = self.quotes;
        rows.delimiter = match self.delimiter().map_err(|e| NodeError::new(Code::Config, e.sentence))? {
            Some(delimiter) => delimiter,
            None => sniffed(rows.peek()?, self.quotes),
        };
        let mut row = Row::default();
        let mut held = None;
        let names: Vec<String> = if self.header {
            if !rows.next(&mut row)? { Vec::new() } else { named(&path, &row)? }
        } else if self.names.is_empty() {
            held = rows.next(&mut row)?.then_some(());
            (1..=row.len()).map(|at| format!("column_{at}")).collect()
        } else {
            self.names.clone()
        };
        // an empty file has no header either: nothing to read, nothing wrong
        if !names.is_empty() {
            self.check_columns(&path, &names)?;
        }
        let plan: Vec<(usize, ColumnType)> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| is_wanted(wanted, name))
            .map(|(at, name)| (at, self.columns.get(name).copied().unwrap_or(ColumnType::Text)))
            .collect();
        let shape = Shape::new(plan.iter().map(|(at, _)| Text::from(names[*at].as_str())));
        Ok(Box::new(Reader { print, rows, row, has_row: held.is_some(), names, plan, shape, path }))
    }
}

impl Read {
    fn check_columns(&self, path: &str, names: &[String]) -> Result<(), NodeError> {
        match self.columns.keys().find(|name| !names.contains(name)) {
            None => Ok(()),
            Some(missing) => Err(NodeError::new(
                Code::Input,
                format!(
                    "{path} has no column {}. It has: {}.",
                    failure::quoted(missing),
                    failure::excerpt(&names.join(", "))
                ),
            )),
        }
    }
}

/// The separator that stands most often in the first line, outside quotes.
fn sniffed(line: &[u8], has_quotes: bool) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut is_quoted = false;
    for byte in line {
        is_quoted ^= has_quotes && *byte == b'"';
        if !is_quoted {
            for (candidate, count) in &mut counts {
                *count += u32::from(candidate == byte);
            }
        }
    }
    // of equal counts the earlier wins
    counts.iter().rev().max_by_key(|it| it.1).map_or(b',', |it| it.0)
}

fn named(path: &str, row: &Row) -> Result<Vec<String>, NodeError> {
    let mut names: Vec<String> = Vec::with_capacity(row.len());
    for at in 0..row.len() {
        let name = row.cell(at).trim();
        let name = if name.is_empty() { format!("column_{}", at + 1) } else { name.to_owned() };
        if names.contains(&name) {
            return Err(NodeError::new(
                Code::Damaged,
                format!(
                    "{path}, line {}: the column {} stands twice in the header. Rename one, or set \"header\" to false and give \"names\".",
                    row.line,
                    failure::quoted(&name)
                ),
            ));
        }
        names.push(name);
    }
    Ok(names)
}

struct Reader {
    print: Option<String>,
    rows: Rows<Decoding<Box<dyn Reading>>>,
    row: Row,
    /// A row was read ahead.
    has_row: bool,
    names: Vec<String>,
    plan: Vec<(usize, ColumnType)>,
    shape: Arc<Shape>,
    path: String,
}

impl Reader {
    #[inline]
    fn record(&self, shape: &Arc<Shape>) -> Result<Record, NodeError> {
        let row = &self.row;
        let mut misfit = None;
        let cells = self.plan.iter().map(|(at, kind)| {
            kind.read(row.cell(*at)).unwrap_or_else(|| {
                misfit.get_or_insert((*at, *kind));
                Value::Null
            })
        });
        let record = Record::collect(shape.clone(), cells);
        if let Some(fault) = row.fault {
            let sentence = format!("{}, line {}: {fault}.", self.path, row.line);
            return Err(NodeError::new(Code::Damaged, sentence));
        }
        if row.len() != self.names.len() {
            return Err(NodeError::new(
                Code::Damaged,
                format!(
                    "{}, line {}: the row has {} cells, the header {}. Look for a missing or surplus separator, or a line break inside a cell.",
                    self.path,
                    row.line,
                    row.len(),
                    self.names.len()
                ),
            ));
        }
        match misfit {
            None => Ok(record),
            Some((at, kind)) => Err(NodeError::new(
                Code::Input,
                format!(
                    "{}, line {}, column {}: {} is not {}.",
                    self.path,
                    row.line,
                    self.names[at],
                    failure::quoted(row.cell(at)),
                    kind.example()
                ),
            )),
        }
    }
}

#[async_trait]
impl Cursor for Reader {
    async fn next(&mut self, _cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        let mut records = Vec::with_capacity(model::MAX_BATCH_RECORDS);
        let mut failed = Vec::new();
        let mut bytes = 0;
        // the next step lets go of records while this one makes more: of one shape they would fight over its count
        let shape = self.shape.anew();
        while records.len() + failed.len() < model::MAX_BATCH_RECORDS && bytes < model::MAX_BATCH_BYTES {
            if !std::mem::take(&mut self.has_row) && !self.rows.next(&mut self.row)? {
                break;
            }
            bytes += self.row.text().len();
            match self.record(&shape) {
                Ok(record) => records.push(record),
                Err(error) => {
                    failed.push((failure::place(&self.path, self.row.line, self.row.text()), error))
                }
            }
        }
        if records.is_empty() && failed.is_empty() {
            return Ok(None);
        }
        Ok(Some(Page { records, failed, next: Value::Null }))
    }

    fn fingerprint(&self) -> Option<String> {
        self.print.clone()
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
