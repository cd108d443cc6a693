//! `list.decide`: a decision table.

use std::collections::BTreeMap;

use formula::{Aggregation, HitPolicy, OutputText, Table, TableText};
use schemars::JsonSchema;
use sdk::{Batch, Category, Code, ConfigError, Flowing, Node, NodeError, Out, Ports, Record, Roots, Transform, Value};
use serde::{Deserialize, Serialize};

/// Decides by a table of rules and puts the result into the record.
///
/// Each rule has a cell for each input, for example > 100, "paid", [1..5] or - for anything, and a formula for each output.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-widget" = "table"))]
pub struct Decide {
    /// The values that are tested, one a column.
    inputs: Vec<Input>,
    /// The fields that the table makes, one a column.
    outputs: Vec<Output>,
    /// The rules, in order.
    rules: Vec<Rule>,
    /// Which rules count when several fit.
    #[serde(default)]
    hit: Hit,
}

/// A tested value.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// A formula, for example total.
    value: String,
}

/// A field that the table makes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Output {
    /// The name of the field.
    name: String,
    /// A formula for records that no rule fits; left out it is null.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    otherwise: Option<String>,
}

/// A row of the table.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// A test for each input, for example > 100 or "paid"; - fits anything.
    when: Vec<String>,
    /// A formula for each output.
    then: Vec<String>,
}

/// Which rules count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Hit {
    /// The first that fits.
    #[default]
    First,
    /// Exactly one may fit; more fail the record.
    Unique,
    /// Several may fit if all say the same.
    Any,
    /// All that fit, as lists.
    All,
    /// The sum over all that fit; for a table with one output.
    Sum,
    /// How many fit; for a table with one output.
    Count,
}

impl Hit {
    fn policy(self) -> HitPolicy {
        match self {
            Hit::First => HitPolicy::First,
            Hit::Unique => HitPolicy::Unique,
            Hit::Any => HitPolicy::Any,
            Hit::All => HitPolicy::RuleOrder,
            Hit::Sum => HitPolicy::Collect(Some(Aggregation::Sum)),
            Hit::Count => HitPolicy::Collect(Some(Aggregation::Count)),
        }
    }
}

impl Decide {
    fn table(&self) -> Result<Table, String> {
        let body = |text: &String| text.trim().trim_start_matches('=').to_owned();
        let text = TableText {
            inputs: self.inputs.iter().map(|it| (body(&it.value), None)).collect(),
            outputs: self
                .outputs
                .iter()
                .map(|it| OutputText {
                    name: (self.outputs.len() > 1).then(|| it.name.clone()),
                    allowed: None,
                    default: it.otherwise.as_ref().map(body),
                })
                .collect(),
            rules: self.rules.iter().map(|it| (it.when.clone(), it.then.iter().map(body).collect())).collect(),
        };
        Table::parse(&text, self.hit.policy()).map_err(|e| format!("In {}: {}.", e.place, e.error))
    }
}

impl Node for Decide {
    const KIND: &'static str = "list.decide";
    const TITLE: &'static str = "Decision table";
    const CATEGORY: Category = Category::Control;
    const WORDS: &'static [&'static str] = &["rules", "dmn", "table", "if", "price rules"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Records to decide about.").output("out", "The records with the fields of the table.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = crate::unique_names(self.outputs.iter().map(|it| it.name.as_str()), "/outputs");
        for (at, rule) in self.rules.iter().enumerate() {
            if rule.when.len() != self.inputs.len() || rule.then.len() != self.outputs.len() {
                problems.push(ConfigError::new(
                    &format!("/rules/{at}"),
                    format!("A rule has {} tests and {} results here.", self.inputs.len(), self.outputs.len()),
                ));
            }
        }
        if self.outputs.is_empty() {
            problems.push(ConfigError::new("/outputs", "Name the field that the table makes."));
        }
        if matches!(self.hit, Hit::Sum | Hit::Count) && self.outputs.len() > 1 {
            problems.push(ConfigError::new("/hit", "A sum or count needs a table with one output."));
        }
        if problems.is_empty() {
            problems.extend(self.table().err().map(|sentence| ConfigError::new("/rules", sentence)));
        }
        problems
    }
}

impl Transform for Decide {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        let table = self.table().map_err(|sentence| NodeError::new(Code::Config, sentence))?;
        let names = self.outputs.iter().map(|it| it.name.clone()).collect();
        Ok(Box::new(Deciding { table, names, roots: roots.clone() }))
    }
}

struct Deciding {
    table: Table,
    names: Vec<String>,
    roots: Roots,
}

impl Deciding {
    fn decided(&self, record: &Record) -> Result<Record, NodeError> {
        let answer = self.table.decide(record, &self.roots)?;
        if let [name] = self.names.as_slice() {
            return Ok(record.with(name, answer));
        }
        // several rules give a list of records: each field becomes the list of its values
        let mut columns: BTreeMap<&str, Value> = BTreeMap::new();
        for name in &self.names {
            let value = match &answer {
                Value::Record(answer) => answer.get(name).cloned().unwrap_or_default(),
                Value::List(list) => {
                    let of = |it: &Value| it.as_record().and_then(|it| it.get(name)).cloned().unwrap_or_default();
                    Value::list(list.iter().map(of).collect())
                }
                _ => Value::Null,
            };
            columns.insert(name, value);
        }
        Ok(self.names.iter().fold(record.clone(), |record, name| {
            record.with(name, columns.remove(name.as_str()).unwrap_or_default())
        }))
    }
}

impl Flowing for Deciding {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            match self.decided(&record) {
                Ok(made) => out.emit(0, made)?,
                Err(error) => out.fail(record, error)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, node, rows};

    const TABLE: &str = r#""inputs":[{"value":"total"},{"value":"kind"}],
        "outputs":[{"name":"discount","otherwise":"0"},{"name":"why"}],
        "rules":[{"when":["> 100","\"vip\""],"then":["20","\"vip\""]},{"when":["> 100","-"],"then":["10","\"large\""]}]"#;

    #[test]
    fn the_first_rule_that_fits_fills_the_fields() {
        let it: Decide = node(&format!("{{{TABLE}}}"));
        assert!(it.problems().is_empty(), "{:?}", it.problems());
        let got = flow(&it, [rows(r#"[{"total":200,"kind":"vip"},{"total":200,"kind":"x"},{"total":5,"kind":"vip"}]"#)]);
        let discounts: Vec<_> = got.ports[0].iter().map(|it| it.get("discount").unwrap().to_string()).collect();
        assert_eq!(discounts, ["20", "10", "0"]);
        assert_eq!(got.ports[0][2].get("why"), Some(&Value::Null));
    }

    #[test]
    fn a_cell_that_is_no_test_is_named() {
        let it: Decide = node(
            r#"{"inputs":[{"value":"a"}],"outputs":[{"name":"b"}],"rules":[{"when":["> ) ("],"then":["1"]}]}"#,
        );
        assert_eq!(it.problems()[0].field, "/rules");
        let it: Decide = node(r#"{"inputs":[{"value":"a"}],"outputs":[{"name":"b"}],"rules":[{"when":[],"then":["1"]}]}"#);
        assert_eq!(it.problems()[0].field, "/rules/0");
    }
}
