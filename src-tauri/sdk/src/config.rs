//! Configuration types that are compiled when a flow is planned: a formula and a text with formula parts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::NodeError;
use formula::{Escape, Roots};
use model::{Record, Value};

/// A formula of a configuration field, written with `=` in front.
#[derive(Clone)]
pub struct Formula {
    text: String,
    compiled: formula::Formula,
}

impl Formula {
    /// Compiles a text, with or without its `=`.
    ///
    /// # Errors
    /// A sentence that says where the text stops being a formula.
    pub fn parse(text: &str) -> Result<Formula, String> {
        let body = text.trim_start().strip_prefix('=').unwrap_or(text);
        let compiled = formula::Formula::parse(body).map_err(|e| e.to_string())?;
        Ok(Formula { text: text.into(), compiled })
    }

    /// The value for a record.
    ///
    /// # Errors
    /// The first fault met, as the failure of this record.
    pub fn value(&self, record: &Record, roots: &Roots) -> Result<Value, NodeError> {
        Ok(self.compiled.eval_record(record, roots)?)
    }

    /// The formula as a condition: true or false.
    ///
    /// # Errors
    /// A fault, or a value that is neither (null included: a condition that is null is not false).
    pub fn holds(&self, record: &Record, roots: &Roots) -> Result<bool, NodeError> {
        match self.value(record, roots)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(NodeError::new(
                crate::Code::Formula,
                format!(
                    "The condition {} gives {} for this record; true or false is needed",
                    self.text.trim(),
                    shown(&other)
                ),
            )),
        }
    }

    /// The compiled formula.
    pub fn compiled(&self) -> &formula::Formula {
        &self.compiled
    }
}

fn shown(value: &Value) -> String {
    let mut text = value.to_string();
    if text.chars().count() > 60 {
        text = text.chars().take(57).chain("...".chars()).collect();
    }
    text
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Formula {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Formula {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Formula, D::Error> {
        let text = String::deserialize(deserializer)?;
        Formula::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Formula {
    fn schema_name() -> Cow<'static, str> {
        "Formula".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "x-widget": "formula", "description": "A formula, with = in front."})
    }
}

/// A text that may hold `{{ formula }}` parts, or a whole formula after `=`, which keeps its type.
#[derive(Clone)]
pub struct Template {
    text: String,
    compiled: formula::Template,
}

impl Template {
    /// Compiles a text.
    ///
    /// # Errors
    /// A sentence that says which part is no formula.
    pub fn parse(text: &str) -> Result<Template, String> {
        let compiled = formula::Template::parse(text).map_err(|e| e.to_string())?;
        Ok(Template { text: text.into(), compiled })
    }

    /// The value for a record: of a lone formula with its type, else the text.
    ///
    /// # Errors
    /// The first fault met.
    pub fn value(&self, record: &Record, roots: &Roots) -> Result<Value, NodeError> {
        Ok(self.compiled.value(record, roots)?)
    }

    /// The text for a record, each part escaped for the place where it goes.
    ///
    /// # Errors
    /// The first fault met.
    pub fn render(&self, record: &Record, roots: &Roots, escape: Escape) -> Result<String, NodeError> {
        Ok(self.compiled.render(record, roots, escape)?)
    }

    /// The text as written in the flow file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The compiled template.
    pub fn compiled(&self) -> &formula::Template {
        &self.compiled
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Default for Template {
    fn default() -> Template {
        Template::parse("").expect("an empty text is a template")
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
        let text = String::deserialize(deserializer)?;
        Template::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "x-widget": "template", "description": "Text; {{ formula }} parts are filled in, = makes the whole a formula."})
    }
}
