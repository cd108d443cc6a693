//! `list.limit`: the first records only.

use schemars::JsonSchema;
use sdk::{Batch, Category, Flowing, Node, NodeError, Out, Ports, Roots, Transform};
use serde::{Deserialize, Serialize};

/// Lets the first records through; the others leave through `rest`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many records to let through.
    count: u64,
    /// How many records to leave out before that.
    #[serde(default)]
    skip: u64,
}

impl Node for Limit {
    const KIND: &'static str = "list.limit";
    const TITLE: &'static str = "Limit";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["first", "top", "take", "skip", "head"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to count.")
            .output("out", "The first records.")
            .output("rest", "All others.")
    }
}

impl Transform for Limit {
    fn open(&self, _roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        Ok(Box::new(Limiting { first: self.skip, end: self.skip.saturating_add(self.count), seen: 0 }))
    }

    fn reads_only_named(&self) -> bool {
        true
    }
}

struct Limiting {
    first: u64,
    end: u64,
    seen: u64,
}

impl Flowing for Limiting {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            let is_in = (self.first..self.end).contains(&self.seen);
            self.seen += 1;
            out.emit(usize::from(!is_in), record)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, node, rows};

    #[test]
    fn records_before_and_after_the_window_leave_through_rest() {
        let got = flow(&node::<Limit>(r#"{"count":2,"skip":1}"#), [rows(r#"[{"n":1},{"n":2},{"n":3},{"n":4}]"#)]);
        assert_eq!(got.ports[0], rows(r#"[{"n":2},{"n":3}]"#));
        assert_eq!(got.ports[1], rows(r#"[{"n":1},{"n":4}]"#));
    }
}
