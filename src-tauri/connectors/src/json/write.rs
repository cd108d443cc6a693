//! `json.write`: all records into one JSON file.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{
    Action, Category, Cx, Effect, Need, Node, NodeError, Ports, Record, Replace, Scope, Template, Value,
    Writing,
};
use serde::{Deserialize, Serialize};

use crate::encoding::{self, Encoded};
use crate::failure;

/// Writes all records into a JSON file. The file appears whole, or not at all.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// Write one record a line (NDJSON) instead of one list.
    #[serde(default)]
    lines: bool,
}

impl Node for Write {
    const KIND: &'static str = "json.write";
    const TITLE: &'static str = "Write JSON";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["ndjson", "jsonl", "export", "save"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to write.")
            .output("out", "One record when the file stands: path, rows, bytes.")
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
        let out = Encoded::new(cx.folder().replace(&path)?, encoding::chosen(None)?, false)?;
        Ok(Box::new(Writer { out, path, lines: self.lines, rows: 0, text: Vec::new() }))
    }
}

struct Writer {
    out: Encoded<Box<dyn Replace>>,
    path: String,
    lines: bool,
    rows: u64,
    text: Vec<u8>,
}

#[async_trait]
impl Writing for Writer {
    async fn write(&mut self, records: &[Record], _cx: &dyn Cx) -> Result<(), NodeError> {
        for record in records {
            self.text.clear();
            if !self.lines {
                self.text.extend_from_slice(if self.rows == 0 { b"[\n" } else { b",\n" });
            }
            model::json::write_record(record, &mut self.text);
            if self.lines {
                self.text.push(b'\n');
            }
            self.out.text(&String::from_utf8_lossy(&self.text))?;
            self.rows += 1;
        }
        Ok(())
    }

    async fn commit(mut self: Box<Self>, _cx: &dyn Cx) -> Result<Value, NodeError> {
        if !self.lines {
            self.out.text(if self.rows == 0 { "[]\n" } else { "\n]\n" })?;
        }
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

    async fn of(config: &str, records: &str) -> String {
        let world = World::default();
        let it: Write = node(config);
        write(it.open(&Record::empty(), &world).await, &rows(records), &world).await.unwrap();
        String::from_utf8(world.file("out.json").unwrap()).unwrap()
    }

    #[tokio::test]
    async fn records_become_a_list_or_lines() {
        let records = r#"[{"a":1},{"a":"x"}]"#;
        assert_eq!(of(r#"{"path":"out.json"}"#, records).await, "[\n{\"a\":1},\n{\"a\":\"x\"}\n]\n");
        assert_eq!(of(r#"{"path":"out.json"}"#, "[]").await, "[]\n");
        assert_eq!(of(r#"{"path":"out.json","lines":true}"#, records).await, "{\"a\":1}\n{\"a\":\"x\"}\n");
    }
}
