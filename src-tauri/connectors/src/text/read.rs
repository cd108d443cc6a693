//! `text.read`: one record for each line of a text file.

use std::io::BufReader;

use async_trait::async_trait;
use formula::FieldSet;
use schemars::JsonSchema;
use sdk::cx::Reading;
use sdk::source::Replay;
use sdk::{
    Category, ConfigError, Cursor, Cx, Need, Node, NodeError, Page, Ports, Record, Source, Template, Value,
};
use serde::{Deserialize, Serialize};

use super::lines::Lines;
use crate::columns::{self, Columns, typed};
use crate::encoding::{self, Decoding};
use crate::failure;
use crate::opening::OpenText;

/// The longest line that is believed.
const MOST_BYTES: usize = 1 << 20;

/// Reads a text file and makes one record of each line: line (its number) and text. With fixed columns each line is cut into cells.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// The code page of the file, for example windows-1251 or cp866.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    /// Leave out lines without a letter.
    #[serde(default)]
    skip_empty: bool,
    /// Cells of fixed width. Left out, the record holds the line.
    #[serde(default)]
    fixed: Vec<Cell>,
    /// Types of fixed cells by name.
    #[serde(default)]
    columns: Columns,
}

/// A cell of fixed width.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cell {
    /// The name of the field.
    name: String,
    /// The place of its first letter, from 1.
    from: usize,
    /// How many letters it has; spaces around it are taken off.
    width: usize,
}

impl Node for Read {
    const KIND: &'static str = "text.read";
    const TITLE: &'static str = "Read text lines";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["txt", "lines", "fixed width", "log file"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Each record opens the file once.")
            .output("out", "One record for each line.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems: Vec<ConfigError> =
            encoding::check("/encoding", self.encoding.as_deref()).into_iter().collect();
        problems.extend(crate::unique_names(self.fixed.iter().map(|it| it.name.as_str()), "/fixed"));
        for (at, cell) in self.fixed.iter().enumerate() {
            if cell.from == 0 || cell.width == 0 {
                problems.push(ConfigError::new(
                    &format!("/fixed/{at}"),
                    "A cell begins at 1 or later and is at least 1 wide.",
                ));
            }
        }
        for name in self.columns.keys().filter(|name| !self.fixed.iter().any(|it| it.name == **name)) {
            problems.push(ConfigError::new(
                "/columns",
                format!("There is no fixed cell {}.", failure::quoted(name)),
            ));
        }
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
        _wanted: &FieldSet,
        cx: &dyn Cx,
    ) -> Result<Box<dyn Cursor>, NodeError> {
        let OpenText { path, text, print } =
            OpenText::new(&self.path, opening, cx, |_, _| encoding::declared(self.encoding.as_deref()))?;
        Ok(Box::new(Reader {
            print,
            lines: Lines::new(BufReader::new(text), &path, MOST_BYTES),
            skip_empty: self.skip_empty,
            fixed: self.fixed.clone(),
            columns: self.columns.clone(),
            path,
        }))
    }
}

struct Reader {
    print: Option<String>,
    lines: Lines<BufReader<Decoding<Box<dyn Reading>>>>,
    skip_empty: bool,
    fixed: Vec<Cell>,
    columns: Columns,
    path: String,
}

#[async_trait]
impl Cursor for Reader {
    async fn next(&mut self, _cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        let (mut records, mut failed, mut bytes) = (Vec::new(), Vec::new(), 0);
        let whole = columns::shape_of(["line", "text"]);
        let cut = columns::shape_of(self.fixed.iter().map(|it| it.name.as_str()));
        while records.len() + failed.len() < model::MAX_BATCH_RECORDS && bytes < model::MAX_BATCH_BYTES {
            let number = self.lines.line() + 1;
            let Some(text) = self.lines.read()? else { break };
            bytes += text.len() + 64;
            if self.skip_empty && text.trim().is_empty() {
                continue;
            }
            let line = i64::try_from(number).unwrap_or(i64::MAX);
            if self.fixed.is_empty() {
                records.push(Record::new(whole.clone(), vec![Value::from(line), Value::text(text)]));
                continue;
            }
            let cells = self.fixed.iter().map(|cell| {
                let cell: String = text.chars().skip(cell.from - 1).take(cell.width).collect();
                Value::text(cell.trim())
            });
            match typed(&Record::new(cut.clone(), cells.collect()), &self.columns) {
                Ok(record) => records.push(record),
                Err((name, cell, kind)) => {
                    let (path, cell) = (&self.path, failure::quoted(&cell));
                    let sentence =
                        format!("{path}, line {number}, cell {name}: {cell} is not {}.", kind.example());
                    failed.push((
                        failure::place(path, number, text),
                        NodeError::new(sdk::Code::Input, sentence),
                    ));
                }
            }
        }
        let is_end = records.is_empty() && failed.is_empty();
        Ok((!is_end).then_some(Page { records, failed, next: Value::Null }))
    }

    fn fingerprint(&self) -> Option<String> {
        self.print.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, read, rows};
    use sdk::testing::World;

    #[tokio::test]
    async fn lines_come_with_their_numbers_in_any_code_page() {
        let bytes = encoding::encode("Раз\r\n\r\nДва", encoding_rs::IBM866).unwrap();
        let world = World::default().with_file("a.txt", bytes);
        let it: Read = node(r#"{"path":"a.txt","encoding":"cp866","skip_empty":true}"#);
        assert_eq!(read(&it, &world).await.0, rows(r#"[{"line":1,"text":"Раз"},{"line":3,"text":"Два"}]"#));
    }

    #[tokio::test]
    async fn fixed_cells_are_cut_by_letters_and_typed() {
        let world = World::default().with_file("a.txt", "Стул  12.5\nСтол  дорого\n");
        let it: Read = node(
            r#"{"path":"a.txt","fixed":[{"name":"n","from":1,"width":6},{"name":"p","from":7,"width":9}],"columns":{"p":"number"}}"#,
        );
        let (got, failed, _) = read(&it, &world).await;
        assert_eq!(got, rows(r#"[{"n":"Стул","p":12.5}]"#));
        assert!(failed[0].1.sentence.contains("line 2, cell p: \"дорого\""), "{}", failed[0].1);
    }

    #[tokio::test]
    async fn an_endless_line_is_refused() {
        let world = World::default().with_file("a.txt", vec![b'x'; 2 << 20]);
        let (_, _, end) = read(&node::<Read>(r#"{"path":"a.txt"}"#), &world).await;
        assert_eq!(end.unwrap().code, sdk::Code::Limit);
    }
}
