//! `list.sort`: puts records in order.

use std::cmp::Ordering;
use std::sync::Arc;

use schemars::JsonSchema;
use sdk::{Batch, Category, ConfigError, Flowing, Formula, Node, NodeError, Out, Ports, Roots, Transform, Value};
use serde::{Deserialize, Serialize};

use crate::spill::{Keyed, Order, Sorter};

/// Puts records in order. It needs all records before the first comes out; large lists are sorted on disk.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sort {
    /// What to sort by; the second counts where the first is equal. Equal records keep their order.
    by: Vec<By>,
    /// Treat small and capital letters alike.
    #[serde(default)]
    ignore_case: bool,
}

/// One thing to sort by.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct By {
    /// The value to compare.
    value: Formula,
    /// Largest first. Empty values come last either way.
    #[serde(default)]
    descending: bool,
}

impl Node for Sort {
    const KIND: &'static str = "list.sort";
    const TITLE: &'static str = "Sort";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["order", "arrange"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Records in any order.").output("out", "The same records in order.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        if self.by.is_empty() { vec![ConfigError::new("/by", "Say what to sort by.")] } else { Vec::new() }
    }
}

impl Sort {
    fn order(&self) -> Order {
        let descending: Vec<bool> = self.by.iter().map(|it| it.descending).collect();
        let ignore_case = self.ignore_case;
        Arc::new(move |a, b| {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                let ordering = match (a, b) {
                    (Value::Text(a), Value::Text(b)) if ignore_case => a.to_lowercase().cmp(&b.to_lowercase()),
                    _ => crate::keys::compare(a, b),
                };
                let backwards = descending.get(at) == Some(&true) && !a.is_null() && !b.is_null();
                let ordering = if backwards { ordering.reverse() } else { ordering };
                if ordering != Ordering::Equal {
                    return ordering;
                }
            }
            Ordering::Equal
        })
    }
}

impl Transform for Sort {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        let by = self.by.iter().map(|it| it.value.clone()).collect();
        Ok(Box::new(Sorting { by, roots: roots.clone(), sorter: Some(Sorter::new(self.order())) }))
    }

    fn is_whole_stream(&self) -> bool {
        true
    }

    fn reads_only_named(&self) -> bool {
        true
    }
}

struct Sorting {
    by: Vec<Formula>,
    roots: Roots,
    sorter: Option<Sorter>,
}

impl Flowing for Sorting {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        let Some(sorter) = &mut self.sorter else { return Ok(()) };
        for record in batch.records {
            match crate::keys::of(&self.by, &record, &self.roots) {
                Ok(keys) => sorter.push(Keyed { keys, record }, out)?,
                Err(error) => out.fail(record, error)?,
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        let Some(sorter) = self.sorter.take() else { return Ok(()) };
        let mut sorted = sorter.finish();
        while let Some(it) = sorted.next()? {
            out.emit(0, it.record)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, flow_within, node, rows};

    #[test]
    fn the_second_key_counts_where_the_first_is_equal_and_nulls_come_last() {
        let it: Sort = node(r#"{"by":[{"value":"= a"},{"value":"= b","descending":true}]}"#);
        let got = flow(&it, [rows(r#"[{"a":2,"b":1},{"a":1,"b":1},{"a":null,"b":9},{"a":1,"b":null},{"a":1,"b":2}]"#)]);
        assert_eq!(
            got.ports[0],
            rows(r#"[{"a":1,"b":2},{"a":1,"b":1},{"a":1,"b":null},{"a":2,"b":1},{"a":null,"b":9}]"#)
        );
    }

    #[test]
    fn a_list_beyond_memory_is_sorted_all_the_same() {
        let it: Sort = node(r#"{"by":[{"value":"= n"}]}"#);
        let input: Vec<_> = (0..5_000_i64).map(|at| sdk::Record::of([("n", Value::from(at * 7919 % 5_000))])).collect();
        let small = flow_within(&it, [input.clone()], 10_000);
        let large = flow(&it, [input]);
        assert_eq!(small.ports, large.ports);
        assert_eq!(small.ports[0][4_999], sdk::Record::of([("n", Value::from(4_999))]));
    }
}
