//! `list.switch`: sends each record one of several ways.

use schemars::JsonSchema;
use sdk::{Batch, Category, ConfigError, Flowing, Formula, Node, NodeError, Out, Ports, Roots, Transform};
use serde::{Deserialize, Serialize};

/// So many ways are enough for a person to follow.
const MOST_RULES: usize = 32;

/// Sends each record to the output of the first rule that is true for it; the others leave through `rest`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// The rules, in order; each has an output of its name.
    rules: Vec<Rule>,
    /// Send a record to every rule that is true for it, not only to the first.
    #[serde(default)]
    to_all: bool,
}

/// A rule and its output.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// The name of the output: small letters, digits and _.
    name: String,
    /// The condition.
    when: Formula,
}

impl Node for Switch {
    const KIND: &'static str = "list.switch";
    const TITLE: &'static str = "Switch";
    const CATEGORY: Category = Category::Control;
    const WORDS: &'static [&'static str] = &["route", "case", "if", "branch"];

    fn ports(&self) -> Ports {
        let ports = Ports::default().input("in", "Records to sort out.");
        let ports = self
            .rules
            .iter()
            .fold(ports, |ports, rule| ports.output(&rule.name, "Records for which this rule is true."));
        ports.output("rest", "Records for which no rule is true.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = crate::unique_names(self.rules.iter().map(|it| it.name.as_str()), "/rules");
        for (at, rule) in self.rules.iter().enumerate() {
            let is_word = rule.name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_');
            if !is_word || matches!(rule.name.as_str(), "rest" | "error") {
                problems.push(ConfigError::new(
                    &format!("/rules/{at}/name"),
                    "An output is named with small letters, digits and _, and not rest or error.",
                ));
            }
        }
        if self.rules.is_empty() || self.rules.len() > MOST_RULES {
            problems.push(ConfigError::new("/rules", format!("Give 1 to {MOST_RULES} rules.")));
        }
        problems
    }
}

impl Transform for Switch {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        let rules = self.rules.iter().map(|it| it.when.clone()).collect();
        Ok(Box::new(Switching { rules, to_all: self.to_all, roots: roots.clone() }))
    }

    fn reads_only_named(&self) -> bool {
        true
    }
}

struct Switching {
    rules: Vec<Formula>,
    to_all: bool,
    roots: Roots,
}

impl Switching {
    fn ways(&self, record: &sdk::Record) -> Result<Vec<usize>, NodeError> {
        let mut ways = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            if rule.holds(record, &self.roots)? {
                ways.push(at);
                if !self.to_all {
                    break;
                }
            }
        }
        if ways.is_empty() {
            ways.push(self.rules.len());
        }
        Ok(ways)
    }
}

impl Flowing for Switching {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            match self.ways(&record) {
                Ok(ways) => {
                    for way in ways {
                        out.emit(way, record.clone())?;
                    }
                }
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

    const RULES: &str = r#""rules":[{"name":"big","when":"= n > 100"},{"name":"some","when":"= n > 10"}]"#;

    #[test]
    fn the_first_true_rule_takes_the_record() {
        let it: Switch = node(&format!("{{{RULES}}}"));
        let got = flow(&it, [rows(r#"[{"n":500},{"n":50},{"n":5},{"n":"x"}]"#)]);
        assert_eq!(got.ports[0], rows(r#"[{"n":500}]"#));
        assert_eq!(got.ports[1], rows(r#"[{"n":50}]"#));
        assert_eq!(got.ports[2], rows(r#"[{"n":5}]"#));
        assert_eq!(got.failed.len(), 1);
    }

    #[test]
    fn with_to_all_every_true_rule_takes_a_copy() {
        let it: Switch = node(&format!("{{{RULES},\"to_all\":true}}"));
        let got = flow(&it, [rows(r#"[{"n":500}]"#)]);
        assert_eq!(got.ports[0], got.ports[1]);
    }

    #[test]
    fn an_output_cannot_be_named_rest() {
        let it: Switch = node(r#"{"rules":[{"name":"rest","when":"= true"}]}"#);
        assert_eq!(it.problems()[0].field, "/rules/0/name");
    }
}
