//! `json.read`: one record for each element of a JSON list, or for each line.

use async_trait::async_trait;
use formula::FieldSet;
use schemars::JsonSchema;
use sdk::cx::Reading;
use sdk::source::Replay;
use sdk::{
    Category, ConfigError, Cursor, Cx, Need, Node, NodeError, Page, Ports, Record, Source, Template, Value,
};
use serde::{Deserialize, Serialize};

use super::scan::Scan;
use crate::encoding::{self, Decoding};
use crate::failure;
use crate::opening::OpenText;

/// Reads a JSON file: a list gives one record for each element, however long it is; several values after one another (NDJSON) give
/// one record each; a single object gives one record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// Where the list stands inside the document, for example /data/items. Left out it is the whole document.
    #[serde(default)]
    at: String,
    /// Read each line on its own (NDJSON), so that a broken line fails alone.
    #[serde(default)]
    lines: bool,
    /// The code page of the file; JSON is utf-8 unless told otherwise.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    /// The largest element in KiB that is believed.
    #[serde(default = "kib")]
    max_record_kib: u32,
}

fn kib() -> u32 {
    4096
}

impl Node for Read {
    const KIND: &'static str = "json.read";
    const TITLE: &'static str = "Read JSON";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["ndjson", "jsonl", "import", "list"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Each record opens the file once.")
            .output("out", "One record for each element.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems: Vec<ConfigError> =
            encoding::check("/encoding", self.encoding.as_deref()).into_iter().collect();
        if !self.at.is_empty() && !self.at.starts_with('/') {
            problems.push(ConfigError::new("/at", "A place begins with /, for example /data/items."));
        }
        if self.lines && !self.at.is_empty() {
            problems.push(ConfigError::new(
                "/at",
                "A place inside the document cannot be combined with single lines.",
            ));
        }
        if self.max_record_kib == 0 || self.max_record_kib > 16 << 10 {
            problems.push(ConfigError::new("/max_record_kib", "An element may be 1 to 16384 KiB large."));
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
        let mut scan = Scan::new(text, &path, (self.max_record_kib as usize) << 10);
        let layout = if self.lines {
            Layout::Lines
        } else {
            scan.descend(&self.at)?;
            if scan.takes(b'[')? {
                Layout::List
            } else if self.at.is_empty() {
                Layout::Values
            } else {
                Layout::One
            }
        };
        Ok(Box::new(Reader {
            print,
            scan,
            path,
            layout,
            count: 0,
            is_whole: self.at.is_empty(),
            is_done: false,
        }))
    }
}

/// How records stand in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Elements of a list.
    List,
    /// Values after one another.
    Values,
    /// One a line.
    Lines,
    /// A single value.
    One,
}

struct Reader {
    print: Option<String>,
    scan: Scan<Decoding<Box<dyn Reading>>>,
    path: String,
    layout: Layout,
    count: u64,
    /// The list is the whole document: nothing may follow it.
    is_whole: bool,
    is_done: bool,
}

impl Reader {
    fn value(&mut self) -> Result<Option<Value>, NodeError> {
        if self.is_done {
            return Ok(None);
        }
        let next = self.scan.peek()?;
        if self.layout == Layout::List {
            if next == Some(b']') {
                self.scan.expect(b']')?;
                self.is_done = true;
                if self.is_whole && self.scan.peek()?.is_some() {
                    return Err(self.scan.damaged("there is more text after the end of the list"));
                }
                return Ok(None);
            }
            if self.count > 0 {
                self.scan.expect(b',')?;
            }
        } else if next.is_none() {
            return Ok(None);
        }
        self.is_done = self.layout == Layout::One;
        self.count += 1;
        self.scan.value().map(Some)
    }
}

fn record(value: Value) -> Record {
    match value {
        Value::Record(record) => record,
        other => Record::of([("value", other)]),
    }
}

#[async_trait]
impl Cursor for Reader {
    async fn next(&mut self, _cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        let (mut records, mut failed, mut bytes) = (Vec::new(), Vec::new(), 0);
        while records.len() + failed.len() < model::MAX_BATCH_RECORDS && bytes < model::MAX_BATCH_BYTES {
            if self.layout == Layout::Lines {
                match self.scan.line_value()? {
                    None => break,
                    Some((_, Ok(value))) => records.push(record(value)),
                    Some((line, Err(error))) => {
                        let text = String::from_utf8_lossy(self.scan.bytes()).into_owned();
                        failed.push((failure::place(&self.path, line, &text), error));
                    }
                }
            } else {
                match self.value()? {
                    None => break,
                    Some(value) => records.push(record(value)),
                }
            }
            bytes += self.scan.bytes().len();
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
    use sdk::Code;
    use sdk::testing::World;

    async fn of(config: &str, text: &str) -> (Vec<Record>, Vec<(Record, NodeError)>, Option<NodeError>) {
        let it: Read = node(&format!(r#"{{"path":"in.json"{config}}}"#));
        read(&it, &World::default().with_file("in.json", text)).await
    }

    #[tokio::test]
    async fn a_list_a_sequence_and_a_single_object_give_their_records() {
        let two = rows(r#"[{"a":1,"b":"],["},{"a":2,"b":"\"}"}]"#);
        assert_eq!(of("", r#" [{"a":1,"b":"],["} , {"a":2,"b":"\"}"}] "#).await.0, two);
        assert_eq!(of("", "{\"a\":1,\"b\":\"],[\"}\n{\"a\":2,\n\"b\":\"\\\"}\"}").await.0, two);
        assert_eq!(of("", r#"{"a":1}"#).await.0, rows(r#"[{"a":1}]"#));
        assert_eq!(of("", "[1,\"x\",null]").await.0, rows(r#"[{"value":1},{"value":"x"},{"value":null}]"#));
        assert_eq!(of("", "[]").await.0.len(), 0);
    }

    #[tokio::test]
    async fn a_place_inside_the_document_is_found_without_reading_the_rest_into_memory() {
        let text = r#"{"skip":{"data":[9]},"data":{"x":1,"items":[{"a":1},{"a":2}],"later":7}}"#;
        assert_eq!(of(r#","at":"/data/items""#, text).await.0, rows(r#"[{"a":1},{"a":2}]"#));
        assert_eq!(of(r#","at":"/data/items/1""#, text).await.0, rows(r#"[{"a":2}]"#));
        let error = of(r#","at":"/data/rows""#, text).await.2.unwrap();
        assert!(error.sentence.contains("rows is missing"), "{error}");
    }

    #[tokio::test]
    async fn a_broken_line_fails_alone_and_is_shown() {
        let (got, failed, end) = of(r#","lines":true"#, "{\"a\":1}\n{\"a\":\n\n{\"a\":3}").await;
        assert_eq!((got.len(), failed.len(), end.is_none()), (2, 1, true));
        assert_eq!(failed[0].0.get("line"), Some(&Value::from(2)));
    }

    #[tokio::test]
    async fn broken_documents_end_with_the_line() {
        for (text, part) in [
            ("[{\"a\":1},\n{\"a\":tru}]", "line 2"),
            ("[{\"a\":1}\n{\"a\":2}]", "line 2: \",\" is expected"),
            ("[{\"a\":1},\n{\"a\":2}", "line 2"),
            ("[1] x", "more text"),
            ("[{\"a\":\"open]", "ends in the middle"),
            ("", ""),
        ] {
            let (_, _, end) = of("", text).await;
            match end {
                Some(error) => assert!(error.sentence.contains(part) && !part.is_empty(), "{text}: {error}"),
                None => assert!(part.is_empty(), "{text}"),
            }
        }
        let deep = "[".repeat(10_000);
        assert!(of("", &deep).await.2.unwrap().sentence.contains("deep"));
        let large = format!("[\"{}\"]", "x".repeat(5 << 20));
        assert_eq!(of("", &large).await.2.unwrap().code, Code::Limit);
    }
}
