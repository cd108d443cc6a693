//! `csv.write`: all records into one CSV file.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{
    Action, Category, Code, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Record, Replace, Scope,
    Shape, Template, Text, Value, Writing,
};
use serde::{Deserialize, Serialize};

use crate::encoding::{self, Encoded};
use crate::failure;

/// Writes all records into a CSV file. The file appears whole, or not at all.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// The columns in order. Left out, the fields of the first record are the columns.
    #[serde(default)]
    columns: Vec<String>,
    /// The character between cells.
    #[serde(default = "comma")]
    delimiter: String,
    /// The code page of the file.
    #[serde(default = "utf8")]
    encoding: String,
    /// Begin a utf-8 file with a byte order mark, which Excel needs to recognise it.
    #[serde(default)]
    mark: bool,
    /// Write the names of the columns into the first row.
    #[serde(default = "yes")]
    header: bool,
    /// End lines with \r\n, as Windows programs expect.
    #[serde(default)]
    windows_lines: bool,
    /// Put a ' before text that a spreadsheet would take for a formula (it begins with =, +, - or @).
    #[serde(default)]
    spreadsheet_safe: bool,
}

fn comma() -> String {
    ",".into()
}

fn utf8() -> String {
    "utf-8".into()
}

fn yes() -> bool {
    true
}

impl Node for Write {
    const KIND: &'static str = "csv.write";
    const TITLE: &'static str = "Write CSV";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["table", "export", "excel", "save"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to write, one a row.")
            .output("out", "One record when the file stands: path, rows, bytes.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems: Vec<ConfigError> =
            encoding::check("/encoding", Some(&self.encoding)).into_iter().collect();
        if self.delimiter().is_none() {
            problems.push(ConfigError::new(
                "/delimiter",
                "The delimiter is one character such as , or ; or tab.",
            ));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.path, true)]
    }
}

impl Write {
    fn delimiter(&self) -> Option<char> {
        match self.delimiter.as_str() {
            "tab" | "\\t" => Some('\t'),
            text => {
                let mut letters = text.chars();
                letters.next().filter(|it| letters.next().is_none() && !matches!(it, '"' | '\n' | '\r'))
            }
        }
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
        let out =
            Encoded::new(cx.folder().replace(&path)?, encoding::chosen(Some(&self.encoding))?, self.mark)?;
        let mut writer = Writer {
            out,
            path,
            columns: None,
            is_open: !self.columns.is_empty(),
            places: None,
            delimiter: self.delimiter().unwrap_or(','),
            line_end: if self.windows_lines { "\r\n" } else { "\n" },
            has_header: self.header,
            is_safe: self.spreadsheet_safe,
            rows: 0,
            line: String::new(),
        };
        if !self.columns.is_empty() {
            writer.begin(crate::columns::shape_of(self.columns.iter().map(String::as_str)))?;
        }
        Ok(Box::new(writer))
    }
}

struct Writer {
    out: Encoded<Box<dyn Replace>>,
    path: String,
    columns: Option<Arc<Shape>>,
    /// Fields that are no columns are left out, because the columns were chosen.
    is_open: bool,
    /// Where the columns stand in records of a shape.
    places: Option<(Arc<Shape>, Vec<Option<usize>>)>,
    delimiter: char,
    line_end: &'static str,
    has_header: bool,
    is_safe: bool,
    rows: u64,
    line: String,
}

impl Writer {
    fn begin(&mut self, columns: Arc<Shape>) -> Result<(), NodeError> {
        if self.has_header {
            let names: Vec<Value> = columns.keys().iter().map(|it| Value::Text(it.clone())).collect();
            self.row(names.iter())?;
        }
        self.columns = Some(columns);
        Ok(())
    }

    fn row<'a>(&mut self, cells: impl Iterator<Item = &'a Value>) -> Result<(), NodeError> {
        self.line.clear();
        for (at, cell) in cells.enumerate() {
            if at > 0 {
                self.line.push(self.delimiter);
            }
            match cell {
                Value::Text(text) => self.cell(text, true),
                Value::Null => {}
                other => self.cell(&other.to_plain(), false),
            }
        }
        self.line.push_str(self.line_end);
        let line = std::mem::take(&mut self.line);
        self.out.text(&line)?;
        self.line = line;
        Ok(())
    }

    fn cell(&mut self, text: &str, is_text: bool) {
        let is_formula = self.is_safe && is_text && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let needs_quotes =
            text.contains(['"', '\n', '\r', self.delimiter]) || text.starts_with(' ') || text.ends_with(' ');
        if !needs_quotes {
            if is_formula {
                self.line.push('\'');
            }
            return self.line.push_str(text);
        }
        self.line.push('"');
        if is_formula {
            self.line.push('\'');
        }
        for (at, part) in text.split('"').enumerate() {
            if at > 0 {
                self.line.push_str("\"\"");
            }
            self.line.push_str(part);
        }
        self.line.push('"');
    }

    fn places(&mut self, record: &Record) -> Result<Vec<Option<usize>>, NodeError> {
        if let Some((shape, places)) = &self.places
            && Arc::ptr_eq(shape, record.shape())
        {
            return Ok(places.clone());
        }
        let Some(columns) = self.columns.clone() else { return Ok(Vec::new()) };
        let foreign: Option<&Text> = record.shape().keys().iter().find(|it| columns.position(it).is_none());
        if let Some(name) = foreign.filter(|_| !self.is_open) {
            return Err(NodeError::new(
                Code::Input,
                format!(
                    "{}: record {} has a field {name} that the first record lacks. List the columns to write in \"columns\".",
                    self.path,
                    self.rows + 1
                ),
            ));
        }
        let places: Vec<Option<usize>> =
            columns.keys().iter().map(|it| record.shape().position(it)).collect();
        self.places = Some((record.shape().clone(), places.clone()));
        Ok(places)
    }
}

#[async_trait]
impl Writing for Writer {
    async fn write(&mut self, records: &[Record], _cx: &dyn Cx) -> Result<(), NodeError> {
        for record in records {
            if self.columns.is_none() {
                self.begin(record.shape().clone())?;
            }
            let places = self.places(record)?;
            let cells = places.iter().map(|at| at.map_or(&Value::Null, |at| &record.values()[at]));
            self.row(cells).map_err(|mut error| {
                error.sentence = format!("{}, row {}: {}", self.path, self.rows + 1, error.sentence);
                error
            })?;
            self.rows += 1;
        }
        Ok(())
    }

    async fn commit(self: Box<Self>, _cx: &dyn Cx) -> Result<Value, NodeError> {
        let (file, bytes) = self.out.finish()?;
        file.commit()?;
        Ok(failure::written(&self.path, self.rows, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, rows, write};
    use sdk::testing::World;

    async fn of(config: &str, records: &str) -> Result<String, NodeError> {
        let world = World::default();
        let it: Write = node(&format!(r#"{{"path":"out.csv"{config}}}"#));
        write(it.open(&Record::empty(), &world).await, &rows(records), &world).await?;
        let bytes = world.file("out.csv").unwrap();
        Ok(encoding::find(&it.encoding).unwrap().decode(&bytes).0.into_owned())
    }

    #[tokio::test]
    async fn cells_are_quoted_where_needed_and_nulls_are_empty() {
        let got =
            of("", r#"[{"a":"x,1","b":null,"c":1.5},{"a":"say \"hi\"","b":true,"c":"two\nlines"}]"#).await;
        assert_eq!(got.unwrap(), "a,b,c\n\"x,1\",,1.5\n\"say \"\"hi\"\"\",true,\"two\nlines\"\n");
    }

    #[tokio::test]
    async fn text_that_a_spreadsheet_would_run_is_made_harmless_when_asked() {
        let records = r#"[{"a":"=HYPERLINK(1)","b":-5},{"a":"@x","b":"+7,8"}]"#;
        assert_eq!(
            of(r#","spreadsheet_safe":true"#, records).await.unwrap(),
            "a,b\n'=HYPERLINK(1),-5\n'@x,\"'+7,8\"\n"
        );
        assert!(of("", records).await.unwrap().contains("\n=HYPERLINK(1)"));
    }

    #[tokio::test]
    async fn a_new_field_is_refused_unless_the_columns_are_chosen() {
        let records = r#"[{"a":1},{"a":2,"b":3}]"#;
        let error = of("", records).await.unwrap_err();
        assert!(error.sentence.contains("record 2 has a field b"), "{error}");
        assert_eq!(of(r#","columns":["b","a"],"delimiter":";""#, records).await.unwrap(), "b;a\n;1\n3;2\n");
    }

    #[tokio::test]
    async fn the_code_page_is_kept_and_a_missing_letter_is_named_with_its_row() {
        assert_eq!(of(r#","encoding":"windows-1251""#, r#"[{"имя":"Стул"}]"#).await.unwrap(), "имя\nСтул\n");
        let error = of(r#","encoding":"cp866""#, r#"[{"a":"ok"},{"a":"₸"}]"#).await.unwrap_err();
        assert!(error.sentence.contains("row 2"), "{error}");
    }

    #[tokio::test]
    async fn nothing_appears_before_the_commit() {
        let world = World::default();
        let it: Write = node(r#"{"path":"out.csv"}"#);
        let mut writing = it.open(&Record::empty(), &world).await.unwrap();
        writing.write(&rows(r#"[{"a":1}]"#), &world).await.unwrap();
        drop(writing);
        assert_eq!(world.file("out.csv"), None);
    }
}
