//! `xlsx.read`: one record for each row of a sheet.

use std::io::{BufReader, Seek, SeekFrom};
use std::sync::Arc;

use async_trait::async_trait;
use calamine::{DataRef, Reader as _, Xlsx};
use formula::FieldSet;
use schemars::JsonSchema;
use sdk::cx::Reading;
use sdk::source::Replay;
use sdk::{
    Category, Code, ConfigError, Cursor, Cx, Need, Node, NodeError, Number, Page, Ports, Record, Shape, Source, Template,
    Text, Value,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::guard;
use crate::columns::{Columns, is_wanted, typed};
use crate::failure;

/// More columns are not looked at.
const MOST_COLUMNS: usize = 16_384;
/// Pages that wait between the file and the flow.
const PAGES_AHEAD: usize = 2;

/// Reads a sheet of an Excel workbook (xlsx) and makes one record of each row. Numbers, dates and truth values keep their type.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// The name of the sheet, or its number from 1. Left out, the first sheet is read.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sheet: Option<String>,
    /// The row with the names of the columns, from 1. With 0 there is none, and columns are named A, B, C.
    #[serde(default = "one")]
    header_row: u32,
    /// Types of columns that hold text, for example date_dmy for 28.02.2026 written as text.
    #[serde(default)]
    columns: Columns,
}

fn one() -> u32 {
    1
}

impl Node for Read {
    const KIND: &'static str = "xlsx.read";
    const TITLE: &'static str = "Read Excel";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["xls", "spreadsheet", "workbook", "sheet", "import", "table"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Each record opens the file once.").output("out", "One record for each row.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        match &self.sheet {
            Some(sheet) if sheet.trim().is_empty() => {
                vec![ConfigError::new("/sheet", "Name the sheet, or leave it out to read the first.")]
            }
            _ => Vec::new(),
        }
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.path, false)]
    }
}

type Paged = Result<Page, NodeError>;

#[async_trait]
impl Source for Read {
    fn replay(&self) -> Replay {
        Replay::Replayable
    }

    async fn open(&self, opening: &Record, wanted: &FieldSet, cx: &dyn Cx) -> Result<Box<dyn Cursor>, NodeError> {
        let path = crate::paths::of(&self.path, opening, cx.roots())?;
        let mut file = cx.folder().read(&path)?;
        guard::check(&mut file, &path)?;
        file.seek(SeekFrom::Start(0)).map_err(|e| failure::reading(&path, e))?;
        let print = crate::paths::fingerprint(&path, cx.folder())?;
        let sheet = Sheet {
            path,
            name: self.sheet.clone(),
            header_row: self.header_row,
            columns: self.columns.clone(),
            wanted: wanted.clone(),
        };
        let (pages, rows) = mpsc::channel(PAGES_AHEAD);
        // the reader of cells borrows the workbook, so both live on a thread of their own; it ends when nobody takes its pages
        std::thread::Builder::new()
            .name("xlsx.read".into())
            .spawn(move || {
                if let Err(error) = sheet.read(file, &pages) {
                    let _is_gone = pages.blocking_send(Err(error)).is_err();
                }
            })
            .map_err(|e| NodeError::new(Code::Limit, "No thread could be started to read the workbook.").because(e))?;
        Ok(Box::new(Rows { print, rows }))
    }
}

struct Rows {
    print: Option<String>,
    rows: mpsc::Receiver<Paged>,
}

#[async_trait]
impl Cursor for Rows {
    async fn next(&mut self, _cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        self.rows.recv().await.transpose()
    }

    fn fingerprint(&self) -> Option<String> {
        self.print.clone()
    }
}

struct Sheet {
    path: String,
    name: Option<String>,
    header_row: u32,
    columns: Columns,
    wanted: FieldSet,
}

/// The columns of a sheet.
struct Header {
    names: Vec<String>,
    places: Vec<usize>,
    shape: Arc<Shape>,
}

impl Sheet {
    fn damaged(&self, error: impl std::fmt::Display) -> NodeError {
        NodeError::new(Code::Damaged, format!("{} cannot be read as an Excel workbook; is it damaged?", self.path))
            .because(error)
    }

    fn chosen(&self, names: &[String]) -> Result<String, NodeError> {
        let wanted = match &self.name {
            None => names.first(),
            Some(name) => names.iter().find(|it| *it == name).or_else(|| {
                let number: usize = name.trim().parse().ok()?;
                names.get(number.checked_sub(1)?)
            }),
        };
        wanted.cloned().ok_or_else(|| {
            let name = self.name.as_deref().unwrap_or("1");
            NodeError::new(
                Code::NotFound,
                format!("{} has no sheet {}. It has: {}.", self.path, failure::quoted(name), failure::excerpt(&names.join(", "))),
            )
        })
    }

    fn header(&self, names: Vec<String>) -> Result<Header, NodeError> {
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Err(NodeError::new(
                    Code::Damaged,
                    format!(
                        "{}, row {}: the column {} stands twice in the header; rename one.",
                        self.path,
                        self.header_row,
                        failure::quoted(name)
                    ),
                ));
            }
        }
        if let Some(missing) = self.columns.keys().find(|it| !names.contains(it)) {
            return Err(NodeError::new(
                Code::Input,
                format!(
                    "{} has no column {}. It has: {}.",
                    self.path,
                    failure::quoted(missing),
                    failure::excerpt(&names.join(", "))
                ),
            ));
        }
        let places: Vec<usize> = (0..names.len()).filter(|at| is_wanted(&self.wanted, &names[*at])).collect();
        let shape = Shape::new(places.iter().map(|at| Text::from(names[*at].as_str())));
        Ok(Header { names, places, shape })
    }

    fn read(&self, file: Box<dyn Reading>, pages: &mpsc::Sender<Paged>) -> Result<(), NodeError> {
        let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(|e| self.damaged(e))?;
        let name = self.chosen(&book.sheet_names())?;
        let mut cells = book.worksheet_cells_reader(&name).map_err(|e| self.damaged(e))?;
        let mut header = None;
        let mut page = Page::default();
        let mut row: Vec<Value> = Vec::new();
        let mut number = 0;
        loop {
            let cell = cells.next_cell().map_err(|e| self.damaged(e))?;
            let place = cell.as_ref().map(calamine::Cell::get_position);
            if place.is_none_or(|(at, _)| at + 1 != number) {
                self.row(number, std::mem::take(&mut row), &mut header, &mut page)?;
                if page.records.len() + page.failed.len() >= model::MAX_BATCH_RECORDS
                    && pages.blocking_send(Ok(std::mem::take(&mut page))).is_err()
                {
                    return Ok(());
                }
            }
            let Some(cell) = cell else { break };
            let (at, column) = cell.get_position();
            number = at + 1;
            let column = column as usize;
            if column < MOST_COLUMNS {
                if row.len() <= column {
                    row.resize(column + 1, Value::Null);
                }
                row[column] = value(cell.get_value());
            }
        }
        if !page.records.is_empty() || !page.failed.is_empty() {
            let _is_gone = pages.blocking_send(Ok(page)).is_err();
        }
        Ok(())
    }

    fn row(
        &self,
        number: u32,
        row: Vec<Value>,
        header: &mut Option<Header>,
        page: &mut Page,
    ) -> Result<(), NodeError> {
        if number < self.header_row.max(1) || row.iter().all(Value::is_null) {
            return Ok(());
        }
        let Some(header) = header else {
            let has_header = self.header_row > 0;
            let name = |(at, cell): (usize, &Value)| {
                let text = if has_header { cell.to_plain() } else { String::new() };
                if text.trim().is_empty() { letters(at) } else { text.trim().to_owned() }
            };
            *header = Some(self.header(row.iter().enumerate().map(name).collect())?);
            return if has_header { Ok(()) } else { self.row(number, row, header, page) };
        };
        let past = row.iter().skip(header.names.len()).find(|it| !it.is_null());
        let values = header.places.iter().map(|at| row.get(*at).cloned().unwrap_or_default()).collect();
        let record = Record::new(header.shape.clone(), values);
        let place = || failure::place(&self.path, u64::from(number), &record.iter().map(|it| it.1.to_plain()).collect::<Vec<_>>().join("; "));
        if let (Some(cell), true) = (past, self.header_row > 0) {
            let sentence = format!(
                "{}, row {number}: {} stands right of the last column that has a name.",
                self.path,
                failure::quoted(&cell.to_plain())
            );
            page.failed.push((place(), NodeError::new(Code::Damaged, sentence)));
            return Ok(());
        }
        match typed(&record, &self.columns) {
            Ok(record) => page.records.push(record),
            Err((name, text, kind)) => {
                let sentence = format!(
                    "{}, row {number}, column {name}: {} is not {}.",
                    self.path,
                    failure::quoted(&text),
                    kind.example()
                );
                page.failed.push((place(), NodeError::new(Code::Input, sentence)));
            }
        }
        Ok(())
    }
}

/// A, B, ... Z, AA: the name of a column in Excel.
fn letters(mut at: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + (at % 26) as u8));
        if at < 26 {
            return name;
        }
        at = at / 26 - 1;
    }
}

fn value(cell: &DataRef<'_>) -> Value {
    match cell {
        DataRef::Int(it) => Value::from(*it),
        DataRef::Float(it) => Number::from_f64(*it).map_or(Value::Null, Value::Number),
        DataRef::String(it) => Value::text(it.as_str()),
        DataRef::SharedString(it) => Value::text(*it),
        DataRef::Bool(it) => Value::Bool(*it),
        DataRef::DateTime(it) if it.is_duration() => {
            model::DaysDuration::from_nanos((it.as_f64() * 86_400_000.0).round() as i128 * 1_000_000)
                .map_or(Value::Null, |it| Value::Days(Arc::new(it)))
        }
        DataRef::DateTime(it) => moment(it.to_ymd_hms_milli(), it.as_f64()),
        DataRef::DateTimeIso(it) | DataRef::DurationIso(it) => Value::text(it.as_str()),
        DataRef::Error(it) => Value::from(it.to_string()),
        DataRef::Empty => Value::Null,
    }
}

/// A day, a time, or both: Excel keeps them as one number, days before and time after its point.
fn moment((year, month, day, hour, minute, second, _): (u16, u8, u8, u8, u8, u8, u16), serial: f64) -> Value {
    let date = model::Date::new(i64::from(year), i64::from(month), i64::from(day));
    let time = model::Time::of_clock(i64::from(hour), i64::from(minute), i64::from(second));
    match (date, time) {
        (_, Some(time)) if serial < 1.0 => Value::Time(Arc::new(time)),
        (Some(date), _) if serial.fract() == 0.0 => Value::Date(date),
        (Some(date), Some(time)) => Value::DateTime(Arc::new(model::DateTime::new(date, time))),
        _ => Value::Null,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
