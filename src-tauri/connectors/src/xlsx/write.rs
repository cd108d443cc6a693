//! `xlsx.write`: all records into one sheet of a new workbook.

use std::sync::Arc;

use async_trait::async_trait;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use schemars::JsonSchema;
use sdk::{
    Action, Category, Code, ConfigError, Cx, Effect, Need, Node, NodeError, Number, Ports, Record, Replace,
    Scope, Shape, Template, Value, Writing,
};
use serde::{Deserialize, Serialize};

use crate::failure;

/// Rows of a sheet, the header among them.
const MOST_ROWS: u32 = 1_048_576;
/// Characters of a cell.
const MOST_CHARACTERS: usize = 32_767;
/// Columns of a sheet.
const MOST_COLUMNS: usize = 16_384;

/// Writes all records into a new Excel workbook (xlsx) with one sheet. The file appears whole, or not at all.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// The name of the sheet.
    #[serde(default = "sheet")]
    sheet: String,
    /// The columns in order. Left out, the fields of the first record are the columns.
    #[serde(default)]
    columns: Vec<String>,
}

fn sheet() -> String {
    "Sheet1".into()
}

impl Node for Write {
    const KIND: &'static str = "xlsx.write";
    const TITLE: &'static str = "Write Excel";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["spreadsheet", "workbook", "export", "report", "table"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to write, one a row.")
            .output("out", "One record when the file stands: path, rows, bytes.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let is_bad = self.sheet.is_empty()
            || self.sheet.chars().count() > 31
            || self.sheet.contains(['[', ']', ':', '*', '?', '/', '\\']);
        let mut problems = crate::unique_names(self.columns.iter().map(String::as_str), "");
        if is_bad || self.sheet.starts_with('\'') || self.sheet.ends_with('\'') {
            problems.push(ConfigError::new(
                "/sheet",
                "A sheet is named with 1 to 31 letters, without [ ] : * ? / \\ and without a ' at its ends.",
            ));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.path, true)]
    }
}

#[async_trait]
impl Action for Write {
    fn scope(&self) -> Scope {
        Scope::Stream
    }

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    async fn open(&self, opening: &Record, cx: &dyn Cx) -> Result<Box<dyn Writing>, NodeError> {
        let path = crate::paths::of(&self.path, opening, cx.roots())?;
        let out = cx.folder().replace(&path)?;
        let mut book = Workbook::new();
        // the crate would stamp the machine's clock; the world's own makes a case give the same bytes each time
        if let Ok(made) = ExcelDateTime::from_timestamp(cx.now_ms() / 1_000) {
            book.set_properties(&DocProperties::new().set_creation_datetime(&made));
        }
        let sheet = book.add_worksheet_with_constant_memory();
        sheet.and_then(|it| it.set_name(&self.sheet)).map_err(|e| refused(&path, &e))?;
        let mut writer = Writer {
            book,
            out,
            path,
            columns: None,
            is_chosen: !self.columns.is_empty(),
            rows: 0,
            formats: Formats::default(),
        };
        if writer.is_chosen {
            writer.begin(crate::columns::shape_of(self.columns.iter().map(String::as_str)))?;
        }
        Ok(Box::new(writer))
    }
}

struct Formats {
    head: Format,
    date: Format,
    moment: Format,
    time: Format,
}

impl Default for Formats {
    fn default() -> Formats {
        Formats {
            head: Format::new().set_bold(),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            time: Format::new().set_num_format("hh:mm:ss"),
        }
    }
}

struct Writer {
    book: Workbook,
    out: Box<dyn Replace>,
    path: String,
    columns: Option<Arc<Shape>>,
    is_chosen: bool,
    rows: u32,
    formats: Formats,
}

fn refused(path: &str, error: &XlsxError) -> NodeError {
    match error {
        XlsxError::IoError(error) => failure::writing(std::io::Error::new(error.kind(), error.to_string())),
        other => NodeError::new(Code::Input, format!("{path} cannot be written: {other}.")),
    }
}

/// Writes a cell. Numbers that Excel would round are written as text.
fn cell(sheet: &mut Worksheet, at: (u32, u16), value: &Value, formats: &Formats) -> Result<(), XlsxError> {
    let (row, column) = at;
    match value {
        Value::Null => {}
        Value::Bool(it) => {
            sheet.write_boolean(row, column, *it)?;
        }
        Value::Number(number) => {
            let float = number.to_f64();
            if Number::from_f64(float).as_ref() == Some(number) {
                sheet.write_number(row, column, float)?;
            } else {
                sheet.write_string(row, column, number.to_string())?;
            }
        }
        Value::Date(date) if (1900..=9999).contains(&date.year()) => {
            let serial = ExcelDateTime::from_ymd(date.year() as u16, date.month(), date.day())?;
            sheet.write_datetime_with_format(row, column, &serial, &formats.date)?;
        }
        Value::DateTime(moment) if (1900..=9999).contains(&moment.date().year()) => {
            let (date, time) = (moment.date(), moment.time());
            let serial = ExcelDateTime::from_ymd(date.year() as u16, date.month(), date.day())?.and_hms(
                u16::from(time.hour()),
                time.minute(),
                f64::from(time.second()),
            )?;
            sheet.write_datetime_with_format(row, column, &serial, &formats.moment)?;
        }
        Value::Time(time) => {
            let serial =
                ExcelDateTime::from_hms(u16::from(time.hour()), time.minute(), f64::from(time.second()))?;
            sheet.write_datetime_with_format(row, column, &serial, &formats.time)?;
        }
        other => {
            sheet.write_string(row, column, other.to_plain())?;
        }
    }
    Ok(())
}

impl Writer {
    fn begin(&mut self, columns: Arc<Shape>) -> Result<(), NodeError> {
        if columns.len() > MOST_COLUMNS {
            return Err(NodeError::new(Code::Limit, format!("A sheet has at most {MOST_COLUMNS} columns.")));
        }
        let path = &self.path;
        let sheet = self.book.worksheet_from_index(0).map_err(|e| refused(path, &e))?;
        for (at, name) in columns.keys().iter().enumerate() {
            sheet
                .write_string_with_format(0, at as u16, name.as_str(), &self.formats.head)
                .map_err(|e| refused(path, &e))?;
        }
        sheet.set_freeze_panes(1, 0).map_err(|e| refused(path, &e))?;
        self.columns = Some(columns);
        Ok(())
    }

    fn row(&mut self, record: &Record) -> Result<(), NodeError> {
        let Some(columns) = self.columns.clone() else { return Ok(()) };
        let number = self.rows + 2;
        let place =
            |what: String| NodeError::new(Code::Input, format!("{}, row {number}: {what}", self.path));
        if number > MOST_ROWS {
            return Err(NodeError::new(
                Code::Limit,
                format!(
                    "{}: a sheet has at most {MOST_ROWS} rows. Write a CSV file, or several workbooks.",
                    self.path
                ),
            ));
        }
        if !self.is_chosen
            && let Some(name) = record.shape().keys().iter().find(|it| columns.position(it).is_none())
        {
            return Err(place(format!(
                "there is a field {name} that the first record lacks. List the columns in \"columns\"."
            )));
        }
        for (at, name) in columns.keys().iter().enumerate() {
            let Some(value) = record.get(name) else { continue };
            let is_long = matches!(value, Value::Text(it) if it.len() > MOST_CHARACTERS && it.chars().count() > MOST_CHARACTERS);
            if is_long {
                return Err(place(format!(
                    "the field {name} is longer than the {MOST_CHARACTERS} characters of a cell."
                )));
            }
            let sheet = self.book.worksheet_from_index(0).map_err(|e| refused(&self.path, &e))?;
            cell(sheet, (self.rows + 1, at as u16), value, &self.formats)
                .map_err(|e| refused(&self.path, &e))?;
        }
        self.rows += 1;
        Ok(())
    }
}

#[async_trait]
impl Writing for Writer {
    async fn write(&mut self, records: &[Record], _cx: &dyn Cx) -> Result<(), NodeError> {
        for record in records {
            if self.columns.is_none() {
                self.begin(record.shape().clone())?;
            }
            self.row(record)?;
        }
        Ok(())
    }

    async fn commit(self: Box<Self>, _cx: &dyn Cx) -> Result<Value, NodeError> {
        let Writer { mut book, mut out, path, rows, .. } = *self;
        book.save_to_writer(&mut out).map_err(|e| refused(&path, &e))?;
        let bytes = std::io::Seek::stream_position(&mut out).map_err(failure::writing)?;
        out.commit()?;
        Ok(failure::written(&path, u64::from(rows), bytes))
    }
}
