//! `list.append`: several streams become one.

use schemars::JsonSchema;
use sdk::{Batch, Category, Flowing, Node, NodeError, Out, Ports, Roots, Transform};
use serde::{Deserialize, Serialize};

/// Puts the records of several wires one after another, in the order of the wires.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Append {}

impl Node for Append {
    const KIND: &'static str = "list.append";
    const TITLE: &'static str = "Append";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["union", "merge", "concat", "combine"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Several wires; the records of the first come first.")
            .output("out", "All records.")
    }
}

impl Transform for Append {
    fn open(&self, _roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        Ok(Box::new(Appending))
    }

    fn reads_only_named(&self) -> bool {
        true
    }
}

struct Appending;

impl Flowing for Appending {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        out.emit_all(0, batch.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, node, rows};

    #[test]
    fn records_pass_in_the_order_in_which_they_come() {
        let got = flow(&node::<Append>("{}"), [rows(r#"[{"n":1},{"n":2}]"#)]);
        assert_eq!(got.ports[0], rows(r#"[{"n":1},{"n":2}]"#));
    }
}
