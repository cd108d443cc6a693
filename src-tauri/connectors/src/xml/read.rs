//! `xml.read`: one record for each element of a name.

use std::io::{Read as _, Seek, SeekFrom};

use async_trait::async_trait;
use formula::FieldSet;
use schemars::JsonSchema;
use sdk::cx::Reading;
use sdk::source::Replay;
use sdk::{
    Category, Code, ConfigError, Cursor, Cx, Need, Node, NodeError, Page, Ports, Record, Source, Template,
    Value,
};
use serde::{Deserialize, Serialize};

use super::tree::{Elements, Guarded};
use crate::columns::{Columns, typed};
use crate::encoding::{self, Decoding};
use crate::failure;
use crate::opening::OpenText;

/// Reads an XML file and makes one record of each element of a name, for example of each offer of a price list.
///
/// Attributes become fields with @ in front, children become fields of their name, a child that comes several times becomes a list.
/// Document types and entities are not read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// The name of the element that is a record, without its prefix; or the end of its path, for example offers/offer.
    record: String,
    /// Types of fields by name, for example price: number or @id: number.
    #[serde(default)]
    columns: Columns,
    /// The code page of the file; left out, the file itself says it.
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
    const KIND: &'static str = "xml.read";
    const TITLE: &'static str = "Read XML";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["price list", "feed", "import", "yml", "1c"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Each record opens the file once.")
            .output("out", "One record for each element.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems: Vec<ConfigError> =
            encoding::check("/encoding", self.encoding.as_deref()).into_iter().collect();
        if self.record.trim_matches('/').trim().is_empty() {
            problems
                .push(ConfigError::new("/record", "Name the element that is a record, for example offer."));
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
            OpenText::new(&self.path, opening, cx, |file, path| match &self.encoding {
                Some(label) => encoding::chosen(Some(label)).map(Some),
                None => declared(file, path),
            })?;
        let text = Guarded::new(text, (self.max_record_kib as usize) << 10);
        Ok(Box::new(Reader {
            print,
            elements: Elements::new(text, &path, &self.record),
            columns: self.columns.clone(),
            path,
        }))
    }
}

/// The code page that the first line of the file names.
fn declared(
    file: &mut Box<dyn Reading>,
    path: &str,
) -> Result<Option<&'static encoding_rs::Encoding>, NodeError> {
    let mut head = Vec::with_capacity(512);
    let reading = |e| failure::reading(path, e);
    file.by_ref().take(512).read_to_end(&mut head).map_err(reading)?;
    file.seek(SeekFrom::Start(0)).map_err(reading)?;
    if head.starts_with(b"<\0") {
        return Ok(Some(encoding_rs::UTF_16LE));
    }
    if head.starts_with(b"\0<") {
        return Ok(Some(encoding_rs::UTF_16BE));
    }
    let text = String::from_utf8_lossy(&head);
    let label = text
        .split_once("<?xml")
        .and_then(|(_, rest)| rest.split_once("?>"))
        .and_then(|(inside, _)| inside.split_once("encoding"))
        .and_then(|(_, rest)| rest.trim_start().strip_prefix('='))
        .and_then(|rest| rest.trim_start().split(['"', '\'']).nth(1));
    match label {
        None => Ok(None),
        // a file that can be read as bytes up to here is not in UTF-16, whatever it says
        Some(label) if label.to_ascii_lowercase().starts_with("utf-16") => Ok(None),
        Some(label) => encoding::find(label).map(Some).ok_or_else(|| {
            NodeError::new(
                Code::Damaged,
                format!(
                    "{path} says its code page is {}, which is not known; set \"encoding\".",
                    failure::quoted(label)
                ),
            )
        }),
    }
}

struct Reader {
    print: Option<String>,
    elements: Elements<Decoding<Box<dyn Reading>>>,
    columns: Columns,
    path: String,
}

#[async_trait]
impl Cursor for Reader {
    async fn next(&mut self, _cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        let (mut records, mut failed, mut bytes) = (Vec::new(), Vec::new(), 0);
        while records.len() + failed.len() < model::MAX_BATCH_RECORDS && bytes < model::MAX_BATCH_BYTES {
            let Some(record) = self.elements.read()? else { break };
            bytes += record.size_bytes();
            match typed(&record, &self.columns) {
                Ok(record) => records.push(record),
                Err((name, text, kind)) => {
                    let line = self.elements.line();
                    let sentence = format!(
                        "{}, line {line}, field {name}: {} is not {}.",
                        self.path,
                        failure::quoted(&text),
                        kind.example()
                    );
                    failed.push((record, NodeError::new(Code::Input, sentence)));
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

    async fn of(config: &str, bytes: &[u8]) -> (Vec<Record>, Vec<(Record, NodeError)>, Option<NodeError>) {
        let it: Read = node(&format!(r#"{{"path":"in.xml",{config}}}"#));
        read(&it, &World::default().with_file("in.xml", bytes)).await
    }

    const OFFERS: &str = r#"<?xml version="1.0"?><c:catalog xmlns:c="x"><offers>
        <c:offer sku="A-1" xmlns:d="y"><model>Cable &lt;10 m&#33;&gt;</model><price>18 990.5</price><tag>a</tag><tag>b</tag><empty/></c:offer>
        <offer sku="B"><![CDATA[a < b]]></offer><offer/></offers><offer sku="outside"/></c:catalog>"#;

    #[tokio::test]
    async fn elements_become_records_with_attributes_children_and_lists() {
        let (got, failed, end) =
            of(r#""record":"offers/offer","columns":{"price":"number"}"#, OFFERS.as_bytes()).await;
        assert!(failed.is_empty() && end.is_none(), "{failed:?} {end:?}");
        assert_eq!(
            got,
            rows(
                r##"[{"@sku":"A-1","model":"Cable <10 m!>","price":18990.5,"tag":["a","b"],"empty":""},{"@sku":"B","#text":"a < b"},{"#text":""}]"##
            )
        );
        assert_eq!(of(r#""record":"offer""#, OFFERS.as_bytes()).await.0.len(), 4);
    }

    #[tokio::test]
    async fn the_code_page_is_taken_from_the_declaration() {
        let text = "<?xml version='1.0' encoding='windows-1251'?><r><i>Стул</i></r>";
        let bytes = encoding::encode(text, encoding_rs::WINDOWS_1251).unwrap();
        assert_eq!(of(r#""record":"i""#, &bytes).await.0, rows(r##"[{"#text":"Стул"}]"##));
        let wide = encoding::encode("<r><i>Стул</i></r>", encoding_rs::UTF_16LE).unwrap();
        assert_eq!(of(r#""record":"i""#, &wide).await.0, rows(r##"[{"#text":"Стул"}]"##));
    }

    #[tokio::test]
    async fn bombs_and_outside_entities_are_refused_with_a_sentence() {
        let bomb = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l><i>&b;</i></l>"#;
        assert!(of(r#""record":"i""#, bomb.as_bytes()).await.2.unwrap().sentence.contains("document type"));
        let outside = "<l><i>&secret;</i></l>";
        assert!(
            of(r#""record":"i""#, outside.as_bytes())
                .await
                .2
                .unwrap()
                .sentence
                .contains("\"secret\" is unknown")
        );
        let deep = "<i>".repeat(10_000);
        assert!(of(r#""record":"i""#, deep.as_bytes()).await.2.unwrap().sentence.contains("deep"));
        let large = format!("<r><i>{}</i></r>", "x".repeat(5 << 20));
        assert_eq!(of(r#""record":"i""#, large.as_bytes()).await.2.unwrap().code, Code::Limit);
        let aside = format!("<r><!--{}--><i/></r>", "x".repeat(5 << 20));
        assert_eq!(of(r#""record":"i""#, aside.as_bytes()).await.2.unwrap().code, Code::Limit);
    }

    #[tokio::test]
    async fn broken_xml_ends_with_its_line() {
        for text in ["<r>\n<i></b></r>", "<r>\n<i>", "<r>\n", "<r>\n<i a='1' a='2'/></r>"] {
            let error = of(r#""record":"i""#, text.as_bytes()).await.2.expect(text);
            assert!(error.sentence.contains("line 2"), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn a_value_that_does_not_fit_its_type_fails_its_record_alone() {
        let (got, failed, _) =
            of(r#""record":"i","columns":{"@n":"number"}"#, b"<r><i n='1'/>\n<i n='x'/></r>").await;
        assert_eq!(got, rows(r#"[{"@n":1}]"#));
        assert!(failed[0].1.sentence.contains("line 2, field @n: \"x\""), "{}", failed[0].1);
    }
}
