//! `list.filter`: keeps the records for which a condition is true.

use schemars::JsonSchema;
use sdk::{Batch, Category, Flowing, Formula, Node, NodeError, Out, Ports, Roots, Transform};
use serde::{Deserialize, Serialize};

/// Keeps the records for which a condition is true; the others leave through `rest`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The condition. A record for which it is neither true nor false fails.
    keep: Formula,
}

impl Node for Filter {
    const KIND: &'static str = "list.filter";
    const TITLE: &'static str = "Filter";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["where", "if", "condition", "only"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to choose from.")
            .output("kept", "Records for which the condition is true.")
            .output("rest", "Records for which it is false.")
    }
}

impl Transform for Filter {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        Ok(Box::new(Filtering { keep: self.keep.clone(), roots: roots.clone() }))
    }

    fn reads_only_named(&self) -> bool {
        true
    }

    fn is_sieve(&self) -> bool {
        true
    }
}

struct Filtering {
    keep: Formula,
    roots: Roots,
}

impl Flowing for Filtering {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            match self.keep.holds(&record, &self.roots) {
                Ok(true) => out.emit(0, record)?,
                Ok(false) => out.emit(1, record)?,
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

    #[test]
    fn records_part_by_the_condition_and_a_null_condition_fails_its_record() {
        let it: Filter = node(r#"{"keep": "= n > 1"}"#);
        let got = flow(&it, [rows(r#"[{"n":1},{"n":2},{"n":null}]"#)]);
        assert_eq!(got.ports[0], rows(r#"[{"n":2}]"#));
        assert_eq!(got.ports[1], rows(r#"[{"n":1}]"#));
        assert_eq!(got.failed.len(), 1);
    }
}
