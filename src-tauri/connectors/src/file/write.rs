//! `file.write`: one file for each record.

use std::io::Write as _;

use async_trait::async_trait;
use base64::Engine;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, Code, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Template, Value};
use serde::{Deserialize, Serialize};

use super::read::Form;
use crate::{encoding, failure};

/// Writes a file for each record. The file takes the place of an old one in a single step.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// What to write into it.
    content: Template,
    /// What the content is.
    #[serde(default, rename = "as")]
    form: Form,
    /// The code page of the text.
    #[serde(default = "utf8")]
    encoding: String,
}

fn utf8() -> String {
    "utf-8".into()
}

impl Node for Write {
    const KIND: &'static str = "file.write";
    const TITLE: &'static str = "Write a file";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["save", "content", "store"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Each record is written to its file.").output("out", "The same records.")
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
    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn concurrency(&self) -> usize {
        // two records may name the same file: the later one wins
        1
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let path = crate::paths::of(&self.path, call.record, cx.roots())?;
        let content = self.content.value(call.record, cx.roots())?.to_plain();
        let bytes = match self.form {
            Form::Text => encoding::encode(&content, encoding::chosen(Some(&self.encoding))?)?,
            Form::Base64 => base64::engine::general_purpose::STANDARD.decode(content.trim()).map_err(|e| {
                NodeError::new(Code::Input, format!("The content for {path} is no base64 text: {e}."))
            })?,
        };
        let mut file = cx.folder().replace(&path)?;
        file.write_all(&bytes).map_err(failure::writing)?;
        file.commit()?;
        Ok(failure::written(&path, 1, bytes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;
    use sdk::Record;
    use sdk::testing::World;

    #[tokio::test]
    async fn text_and_base64_are_written_as_bytes() {
        let world = World::default();
        let call = Call { record: &Record::empty(), key: "k", attempt: 1 };
        let it: Write = node(r#"{"path":"a.txt","content":"Стул","encoding":"windows-1251"}"#);
        it.run(call, &world).await.unwrap();
        assert_eq!(world.file("a.txt").unwrap(), [0xd1, 0xf2, 0xf3, 0xeb]);
        let it: Write = node(r#"{"path":"b.bin","content":"AP8=","as":"base64"}"#);
        it.run(call, &world).await.unwrap();
        assert_eq!(world.file("b.bin").unwrap(), [0, 255]);
        let it: Write = node(r#"{"path":"c.bin","content":"?!","as":"base64"}"#);
        assert_eq!(it.run(call, &world).await.unwrap_err().code, Code::Input);
    }
}
