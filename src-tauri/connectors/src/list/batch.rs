//! `list.batch`: records in lists of a fixed length.

use schemars::JsonSchema;
use sdk::{Batch, Category, ConfigError, Flowing, Node, NodeError, Out, Ports, Record, Roots, Transform, Value};
use serde::{Deserialize, Serialize};

/// More records in one list would not fit in a request or in memory.
const MOST: usize = 10_000;

/// Puts records into lists of a fixed length, for example to send them a hundred at a time.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How many records one list holds; the last may hold fewer.
    size: usize,
    /// The field that takes the list.
    #[serde(default = "records")]
    into: String,
}

fn records() -> String {
    "records".into()
}

impl Node for Group {
    const KIND: &'static str = "list.batch";
    const TITLE: &'static str = "Batch";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["chunk", "bulk", "group by count", "pages"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Single records.").output("out", "One record for each list.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.size == 0 || self.size > MOST {
            problems.push(ConfigError::new("/size", format!("A list holds 1 to {MOST} records.")));
        }
        if self.into.trim().is_empty() {
            problems.push(ConfigError::new("/into", "Name the field that takes the list."));
        }
        problems
    }
}

impl Transform for Group {
    fn open(&self, _roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        Ok(Box::new(Batching { size: self.size.clamp(1, MOST), into: self.into.clone(), held: Vec::new() }))
    }

    fn makes_fields(&self) -> Option<Vec<String>> {
        Some(vec![self.into.clone(), "count".into()])
    }
}

struct Batching {
    size: usize,
    into: String,
    held: Vec<Value>,
}

impl Batching {
    fn emit(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        let held = std::mem::take(&mut self.held);
        let count = Value::Number(held.len().into());
        out.emit(0, Record::of([(self.into.as_str(), Value::list(held)), ("count", count)]))
    }
}

impl Flowing for Batching {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            self.held.push(Value::Record(record));
            if self.held.len() >= self.size {
                self.emit(out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        if self.held.is_empty() { Ok(()) } else { self.emit(out) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, node, rows};

    #[test]
    fn the_last_list_may_be_shorter() {
        let got = flow(&node::<Group>(r#"{"size":2}"#), [rows(r#"[{"n":1},{"n":2},{"n":3}]"#)]);
        assert_eq!(
            got.ports[0],
            rows(r#"[{"records":[{"n":1},{"n":2}],"count":2},{"records":[{"n":3}],"count":1}]"#)
        );
    }
}
