//! `text.write`: a text file with one line for each record.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{
    Action, Category, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Record, Replace, Roots, Scope,
    Template, Value, Writing,
};
use serde::{Deserialize, Serialize};

use crate::encoding::{self, Encoded};
use crate::failure;

/// Writes a text file with one line for each record. The file appears whole, or not at all.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// The line of a record.
    line: Template,
    /// Text before the first line.
    #[serde(default)]
    before: String,
    /// Text after the last line.
    #[serde(default)]
    after: String,
    /// The code page of the file.
    #[serde(default = "utf8")]
    encoding: String,
    /// End lines with \r\n, as Windows programs expect.
    #[serde(default)]
    windows_lines: bool,
}

fn utf8() -> String {
    "utf-8".into()
}

impl Node for Write {
    const KIND: &'static str = "text.write";
    const TITLE: &'static str = "Write text lines";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["txt", "lines", "report", "export"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to write, one a line.")
            .output("out", "One record when the file stands: path, rows, bytes.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        encoding::check("/encoding", Some(&self.encoding)).into_iter().collect()
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
        let mut out =
            Encoded::new(cx.folder().replace(&path)?, encoding::chosen(Some(&self.encoding))?, false)?;
        let line_end = if self.windows_lines { "\r\n" } else { "\n" };
        if !self.before.is_empty() {
            out.text(&format!("{}{line_end}", self.before))?;
        }
        let after = if self.after.is_empty() { String::new() } else { format!("{}{line_end}", self.after) };
        let (line, roots) = (self.line.clone(), cx.roots().clone());
        Ok(Box::new(Writer { out, path, line, roots, line_end, after, rows: 0 }))
    }
}

struct Writer {
    out: Encoded<Box<dyn Replace>>,
    path: String,
    line: Template,
    roots: Roots,
    line_end: &'static str,
    after: String,
    rows: u64,
}

#[async_trait]
impl Writing for Writer {
    async fn write(&mut self, records: &[Record], _cx: &dyn Cx) -> Result<(), NodeError> {
        for record in records {
            self.rows += 1;
            let text = self.line.value(record, &self.roots).map(|it| it.to_plain() + self.line_end);
            text.and_then(|it| self.out.text(&it)).map_err(|mut error| {
                error.sentence = format!("{}, record {}: {}", self.path, self.rows, error.sentence);
                error
            })?;
        }
        Ok(())
    }

    async fn commit(mut self: Box<Self>, _cx: &dyn Cx) -> Result<Value, NodeError> {
        let after = std::mem::take(&mut self.after);
        self.out.text(&after)?;
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

    #[tokio::test]
    async fn lines_stand_between_the_texts_before_and_after() {
        let world = World::default();
        let it: Write =
            node(r#"{"path":"a.txt","line":"= n","before":"top","after":"end","windows_lines":true}"#);
        let records = rows(r#"[{"n":"a"},{"n":2}]"#);
        write(it.open(&Record::empty(), &world).await, &records, &world).await.unwrap();
        assert_eq!(world.file("a.txt").unwrap(), b"top\r\na\r\n2\r\nend\r\n");
    }
}
