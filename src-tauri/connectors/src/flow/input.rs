//! `flow.input`: a person or the command line starts the flow.

use schemars::JsonSchema;
use sdk::{Category, Node, Ports, Start, Trigger};
use serde::{Deserialize, Serialize};

/// Starts the flow when you press Run, with the records you give it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// A record or a list of records to fill in when you press Run, as an example of what the flow expects.
    #[serde(default)]
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schemars(extend("x-widget" = "code"))]
    sample: serde_json::Value,
}

impl Node for Input {
    const KIND: &'static str = "flow.input";
    const TITLE: &'static str = "Start by hand";
    const CATEGORY: Category = Category::Starts;
    const WORDS: &'static [&'static str] = &["manual", "button", "input", "run"];

    fn ports(&self) -> Ports {
        Ports::default().output("out", "The records that were given; one empty record when there were none.")
    }

    fn problems(&self) -> Vec<sdk::ConfigError> {
        let is_records = match &self.sample {
            serde_json::Value::Null | serde_json::Value::Object(_) => true,
            serde_json::Value::Array(list) => list.iter().all(serde_json::Value::is_object),
            _ => false,
        };
        if is_records {
            return Vec::new();
        }
        vec![sdk::ConfigError::new("/sample", "The sample is a record such as {\"id\": 1}, or a list of records.")]
    }
}

impl Trigger for Input {
    fn start(&self) -> Start {
        Start::Manual
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;

    #[test]
    fn a_sample_is_a_record_or_records() {
        assert!(node::<Input>(r#"{"sample":[{"a":1}]}"#).problems().is_empty());
        assert_eq!(node::<Input>(r#"{"sample":5}"#).problems()[0].field, "/sample");
    }
}
