//! `xml.write`: all records into one XML file.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{
    Action, Category, Code, ConfigError, Cx, Effect, Need, Node, NodeError, Ports, Record, Replace, Scope,
    Template, Value, Writing,
};
use serde::{Deserialize, Serialize};

use crate::encoding::{self, Encoded};
use crate::failure;

/// Records in records are written this deep.
const MAX_DEPTH: usize = 64;

/// Writes all records into an XML file, one element each. The file appears whole, or not at all.
///
/// Fields that begin with @ become attributes, #text becomes the text of the element, a list becomes repeated elements.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// The name of the outermost element.
    root: String,
    /// Attributes of the outermost element, for example xmlns.
    #[serde(default)]
    root_attributes: BTreeMap<String, String>,
    /// The name of the element of each record.
    record: String,
    /// The code page of the file.
    #[serde(default = "utf8")]
    encoding: String,
}

fn utf8() -> String {
    "utf-8".into()
}

/// Whether a text can name an element or attribute.
fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|it| it.is_alphabetic() || it == '_')
        && letters.all(|it| it.is_alphanumeric() || matches!(it, '_' | '-' | '.' | ':'))
}

impl Node for Write {
    const KIND: &'static str = "xml.write";
    const TITLE: &'static str = "Write XML";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["feed", "price list", "export", "save"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to write, one an element.")
            .output("out", "One record when the file stands: path, rows, bytes.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems: Vec<ConfigError> =
            encoding::check("/encoding", Some(&self.encoding)).into_iter().collect();
        for (field, name) in [("/root", &self.root), ("/record", &self.record)] {
            if !is_name(name) {
                problems.push(ConfigError::new(
                    field,
                    format!("{} cannot name an element.", failure::quoted(name)),
                ));
            }
        }
        for name in self.root_attributes.keys().filter(|it| !is_name(it)) {
            let sentence = format!("{} cannot name an attribute.", failure::quoted(name));
            problems.push(ConfigError::new("/root_attributes", sentence));
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
        let code_page = encoding::chosen(Some(&self.encoding))?;
        let mut out = Encoded::new(cx.folder().replace(&path)?, code_page, false)?;
        let mut head = format!("<?xml version=\"1.0\" encoding=\"{}\"?>\n<{}", code_page.name(), self.root);
        for (name, value) in &self.root_attributes {
            head.push_str(&format!(" {name}=\""));
            escape(value, &mut head);
            head.push('"');
        }
        head.push_str(">\n");
        out.text(&head)?;
        Ok(Box::new(Writer { out, path, root: self.root.clone(), record: self.record.clone(), rows: 0 }))
    }
}

/// Text inside an element or attribute. Characters that XML cannot hold are left out.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(letter),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(letter),
        }
    }
}

fn element(name: &str, value: &Value, depth: usize, out: &mut String) -> Result<(), String> {
    if !is_name(name) {
        return Err(format!("the field {} cannot name an element; rename it before", failure::quoted(name)));
    }
    if depth > MAX_DEPTH {
        return Err(format!("records stand more than {MAX_DEPTH} deep in each other"));
    }
    if let Value::List(list) = value {
        return list.iter().try_for_each(|it| element(name, it, depth + 1, out));
    }
    out.push('<');
    out.push_str(name);
    let Value::Record(record) = value else {
        if value.is_null() {
            out.push_str("/>");
        } else {
            out.push('>');
            escape(&value.to_plain(), out);
            out.push_str(&format!("</{name}>"));
        }
        return Ok(());
    };
    for (key, value) in record.iter() {
        if let Some(attribute) = key.strip_prefix('@')
            && !value.is_null()
        {
            if !is_name(attribute) {
                return Err(format!(
                    "the field {} cannot name an attribute; rename it before",
                    failure::quoted(key)
                ));
            }
            out.push_str(&format!(" {attribute}=\""));
            escape(&value.to_plain(), out);
            out.push('"');
        }
    }
    out.push('>');
    for (key, value) in record.iter().filter(|it| !it.0.starts_with('@')) {
        if key == "#text" {
            escape(&value.to_plain(), out);
        } else {
            element(key, value, depth + 1, out)?;
        }
    }
    out.push_str(&format!("</{name}>"));
    Ok(())
}

struct Writer {
    out: Encoded<Box<dyn Replace>>,
    path: String,
    root: String,
    record: String,
    rows: u64,
}

#[async_trait]
impl Writing for Writer {
    async fn write(&mut self, records: &[Record], _cx: &dyn Cx) -> Result<(), NodeError> {
        let mut text = String::new();
        for record in records {
            self.rows += 1;
            text.clear();
            element(&self.record, &Value::Record(record.clone()), 0, &mut text).map_err(|what| {
                NodeError::new(Code::Input, format!("{}, record {}: {what}.", self.path, self.rows))
            })?;
            text.push('\n');
            self.out.text(&text)?;
        }
        Ok(())
    }

    async fn commit(mut self: Box<Self>, _cx: &dyn Cx) -> Result<Value, NodeError> {
        let end = format!("</{}>\n", self.root);
        self.out.text(&end)?;
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

    async fn of(records: &str) -> Result<String, NodeError> {
        let world = World::default();
        let it: Write = node(r#"{"path":"out.xml","root":"c","root_attributes":{"xmlns":"k"},"record":"o"}"#);
        write(it.open(&Record::empty(), &world).await, &rows(records), &world).await?;
        Ok(String::from_utf8(world.file("out.xml").unwrap()).unwrap())
    }

    #[tokio::test]
    async fn attributes_lists_and_text_stand_where_they_belong_and_are_escaped() {
        let got = of(r##"[{"@id":"a\"b","t":["<x>",1],"n":null,"in":{"@k":1,"#text":"&"}}]"##).await.unwrap();
        assert_eq!(
            got,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<c xmlns=\"k\">\n<o id=\"a&quot;b\"><t>&lt;x&gt;</t><t>1</t><n/><in k=\"1\">&amp;</in></o>\n</c>\n"
        );
    }

    #[tokio::test]
    async fn a_field_that_cannot_name_an_element_is_refused_with_its_record() {
        let error = of(r#"[{"a":1},{"two words":1}]"#).await.unwrap_err();
        assert!(error.sentence.contains("record 2") && error.sentence.contains("two words"), "{error}");
    }
}
