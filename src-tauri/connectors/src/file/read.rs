//! `file.read`: the whole content of a file in a field.

use std::io::Read as _;

use async_trait::async_trait;
use base64::Engine;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, Code, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Record, Template, Value};
use serde::{Deserialize, Serialize};

use crate::{encoding, failure};

/// Reads a whole file into a field of the record: path, size_bytes, content.
///
/// For tables and lists use Read CSV, Read JSON, Read XML or Read Excel, which take files of any size.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// What to make of the bytes.
    #[serde(default, rename = "as")]
    form: Form,
    /// The code page of the text.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    /// The largest file in KiB that is read.
    #[serde(default = "kib")]
    max_kib: u32,
}

/// What to make of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Text of a code page.
    #[default]
    Text,
    /// Any bytes, written as base64.
    Base64,
}

fn kib() -> u32 {
    4096
}

impl Node for Read {
    const KIND: &'static str = "file.read";
    const TITLE: &'static str = "Read a file";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["content", "binary", "base64", "load"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Each record names a file.").output("out", "The records with the file's content.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems: Vec<ConfigError> = encoding::check("/encoding", self.encoding.as_deref()).into_iter().collect();
        if self.max_kib == 0 || self.max_kib > 16 << 10 {
            problems.push(ConfigError::new("/max_kib", "A file may be 1 to 16384 KiB large to stand in a field."));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.path, false)]
    }
}

/// The bytes of a file up to a limit.
pub fn whole(path: &str, most_kib: u32, cx: &dyn Cx) -> Result<Vec<u8>, NodeError> {
    let most = u64::from(most_kib) << 10;
    let mut bytes = Vec::new();
    let file = cx.folder().read(path)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| failure::reading(path, e))?;
    if bytes.len() as u64 > most {
        return Err(NodeError::new(
            Code::Limit,
            format!("{path} is larger than {most_kib} KiB. Raise the limit of this step if that is right."),
        ));
    }
    Ok(bytes)
}

#[async_trait]
impl Action for Read {
    fn effect(&self) -> Effect {
        Effect::Read
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let path = crate::paths::of(&self.path, call.record, cx.roots())?;
        let bytes = whole(&path, self.max_kib, cx)?;
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let content = match self.form {
            Form::Base64 => base64::engine::general_purpose::STANDARD.encode(&bytes),
            Form::Text => encoding::decode(&bytes, self.encoding.as_deref(), &path)?,
        };
        Ok(Value::Record(Record::of([
            ("path", Value::from(path)),
            ("size_bytes", Value::from(size)),
            ("content", Value::from(content)),
        ])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;
    use sdk::testing::World;

    async fn of(config: &str, bytes: &[u8]) -> Result<Value, NodeError> {
        let it: Read = node(config);
        let world = World::default().with_file("in.bin", bytes);
        it.run(Call { record: &Record::empty(), key: "k", attempt: 1 }, &world).await
    }

    #[tokio::test]
    async fn bytes_become_text_or_base64() {
        let got = of(r#"{"path":"in.bin","encoding":"cp866"}"#, &[0x8f, 0xe0]).await.unwrap();
        assert_eq!(got.as_record().unwrap().get("content"), Some(&"Пр".into()));
        let got = of(r#"{"path":"in.bin","as":"base64"}"#, &[0, 255]).await.unwrap();
        assert_eq!(got.as_record().unwrap().get("content"), Some(&"AP8=".into()));
        let error = of(r#"{"path":"in.bin"}"#, &[0xff, b'a']).await.unwrap_err();
        assert!(error.sentence.contains("encoding"), "{error}");
    }

    #[tokio::test]
    async fn a_file_beyond_the_limit_is_not_read() {
        let error = of(r#"{"path":"in.bin","max_kib":1}"#, &[b'a'; 2000]).await.unwrap_err();
        assert_eq!(error.code, Code::Limit);
    }
}
