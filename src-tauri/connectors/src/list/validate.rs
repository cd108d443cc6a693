//! `list.validate`: checks records against a JSON Schema.

use std::sync::Arc;

use schemars::JsonSchema;
use sdk::{Batch, Category, Code, ConfigError, Flowing, Node, NodeError, Out, Ports, Record, Roots, Transform, Value};
use serde::{Deserialize, Serialize};

/// So many problems of one record are told.
const MOST_PROBLEMS: usize = 10;

/// Checks each record against a JSON Schema; records that do not fit leave through `invalid` with the reasons.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validate {
    /// The JSON Schema.
    #[schemars(extend("x-widget" = "code"))]
    schema: serde_json::Value,
    /// The field that takes the reasons: a list of {field, message}.
    #[serde(default = "problems_field")]
    problems_into: String,
}

fn problems_field() -> String {
    "problems".into()
}

impl Validate {
    fn compiled(&self) -> Result<jsonschema::Validator, String> {
        jsonschema::validator_for(&self.schema).map_err(|e| format!("This is no JSON Schema that can be used: {e}"))
    }
}

impl Node for Validate {
    const KIND: &'static str = "list.validate";
    const TITLE: &'static str = "Validate";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["check", "schema", "json schema", "rules"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to check.")
            .output("valid", "Records that fit.")
            .output("invalid", "Records that do not fit, each with the reasons.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        self.compiled().err().map(|sentence| ConfigError::new("/schema", sentence)).into_iter().collect()
    }
}

impl Transform for Validate {
    fn open(&self, _roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        let schema = self.compiled().map_err(|sentence| NodeError::new(Code::Config, sentence))?;
        Ok(Box::new(Validating { schema: Arc::new(schema), into: self.problems_into.clone() }))
    }
}

struct Validating {
    schema: Arc<jsonschema::Validator>,
    into: String,
}

impl Flowing for Validating {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            let json = model::json::to_serde(&Value::Record(record.clone()));
            let problems: Vec<Value> = self
                .schema
                .iter_errors(&json)
                .take(MOST_PROBLEMS)
                .map(|problem| {
                    let field = Value::from(problem.instance_path().to_string());
                    let message = Value::from(crate::failure::excerpt(&problem.to_string()));
                    Value::Record(Record::of([("field", field), ("message", message)]))
                })
                .collect();
            if problems.is_empty() {
                out.emit(0, record)?;
            } else {
                out.emit(1, record.with(&self.into, Value::list(problems)))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, node, rows};

    #[test]
    fn a_record_that_does_not_fit_says_which_field_and_why() {
        let it: Validate = node(r#"{"schema":{"type":"object","required":["id"],"properties":{"n":{"type":"number","minimum":0}}}}"#);
        let got = flow(&it, [rows(r#"[{"id":1,"n":1},{"id":1,"n":-1},{"n":1}]"#)]);
        assert_eq!(got.ports[0], rows(r#"[{"id":1,"n":1}]"#));
        assert_eq!(got.ports[1].len(), 2);
        let problems = got.ports[1][0].get("problems").unwrap().to_string();
        assert!(problems.contains("/n"), "{problems}");
    }

    #[test]
    fn a_schema_that_is_none_is_a_problem_of_its_field() {
        let it: Validate = node(r#"{"schema":{"type":"nonsense"}}"#);
        assert_eq!(it.problems()[0].field, "/schema");
    }
}
