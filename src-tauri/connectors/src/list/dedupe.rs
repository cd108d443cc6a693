//! `list.dedupe`: the first record of each key, within one run.

use std::collections::HashSet;

use schemars::JsonSchema;
use sdk::{Batch, Category, Flowing, Formula, Node, NodeError, Out, Ports, Record, Roots, Transform, Value};
use serde::{Deserialize, Serialize};

use crate::spill::{Keyed, Sorter, natural};

/// What one remembered key takes in memory, table included.
const KEY_BYTES: usize = 48;

/// Lets the first record of each key through; later ones with the same key leave through `duplicates`.
///
/// It looks at one run. To recognise records across runs use Seen before.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dedupe {
    /// What makes two records the same; leave it empty to compare whole records.
    #[serde(default)]
    by: Vec<Formula>,
}

impl Node for Dedupe {
    const KIND: &'static str = "list.dedupe";
    const TITLE: &'static str = "Remove duplicates";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["unique", "distinct", "duplicates"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records that may repeat.")
            .output("out", "The first record of each key.")
            .output("duplicates", "Every later record with a key that came before.")
    }
}

impl Transform for Dedupe {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        Ok(Box::new(Deduping {
            by: self.by.clone(),
            roots: roots.clone(),
            seen: HashSet::new(),
            count: 0,
            late: None,
        }))
    }

    fn reads_only_named(&self) -> bool {
        !self.by.is_empty()
    }
}

struct Deduping {
    by: Vec<Formula>,
    roots: Roots,
    seen: HashSet<[u8; 16]>,
    count: i64,
    /// Records with keys that no longer fit in memory, by key and place; decided at the end.
    late: Option<Sorter>,
}

impl Deduping {
    fn key(&self, record: &Record) -> Result<[u8; 16], NodeError> {
        if self.by.is_empty() {
            return Ok(crate::keys::fingerprint(&[Value::Record(record.clone())]));
        }
        Ok(crate::keys::fingerprint(&crate::keys::of(&self.by, record, &self.roots)?))
    }
}

impl Flowing for Deduping {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            self.count += 1;
            let key = match self.key(&record) {
                Ok(key) => key,
                Err(error) => {
                    out.fail(record, error)?;
                    continue;
                }
            };
            if self.late.is_none() && (self.seen.len() + 1) * KEY_BYTES > out.share_bytes() / 2 {
                self.late = Some(Sorter::new(natural()));
            }
            match &mut self.late {
                None => out.emit(usize::from(!self.seen.insert(key)), record)?,
                // duplicates too wait for the end, so that the order does not depend on how much memory there is
                Some(late) => {
                    let known = if self.seen.contains(&key) { 0 } else { 1 };
                    let number = i128::from_le_bytes(key).to_string();
                    let keys = vec![Value::text(number), Value::from(known), Value::from(self.count)];
                    late.push(Keyed { keys, record }, out)?;
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        let Some(late) = self.late.take() else { return Ok(()) };
        let mut by_key = late.finish();
        let mut in_order = Sorter::new(natural());
        let mut last: Option<Value> = None;
        while let Some(Keyed { keys, record }) = by_key.next()? {
            let [key, known, place] = keys.as_slice() else { continue };
            let is_first = *known == Value::from(1) && last.as_ref() != Some(key);
            last = Some(key.clone());
            let keys = vec![place.clone(), Value::Bool(is_first)];
            in_order.push(Keyed { keys, record }, out)?;
        }
        let mut in_order = in_order.finish();
        while let Some(Keyed { keys, record }) = in_order.next()? {
            let is_first = keys.get(1) == Some(&Value::Bool(true));
            out.emit(usize::from(!is_first), record)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, flow_within, node, rows};

    #[test]
    fn the_first_of_each_key_goes_on_and_the_later_ones_are_set_aside() {
        let it: Dedupe = node(r#"{"by":["= id"]}"#);
        let got = flow(&it, [rows(r#"[{"id":1,"n":1},{"id":2,"n":2},{"id":1.0,"n":3}]"#)]);
        assert_eq!(got.ports[0], rows(r#"[{"id":1,"n":1},{"id":2,"n":2}]"#));
        assert_eq!(got.ports[1], rows(r#"[{"id":1,"n":3}]"#));
    }

    #[test]
    fn whole_records_are_compared_without_a_key() {
        let got = flow(&node::<Dedupe>("{}"), [rows(r#"[{"a":1,"b":2},{"b":2,"a":1},{"a":1,"b":3}]"#)]);
        assert_eq!(got.ports[0].len(), 2);
    }

    #[test]
    fn more_keys_than_fit_in_memory_give_the_same_answer_in_the_same_order() {
        let it: Dedupe = node(r#"{"by":["= id"]}"#);
        let input: Vec<_> =
            (0..4_000_i64).map(|at| Record::of([("id", Value::from(at * 31 % 1_500)), ("at", at.into())])).collect();
        let small = flow_within(&it, [input.clone()], 20_000);
        let large = flow(&it, [input]);
        assert_eq!(small.ports[0].len(), 1_500);
        assert_eq!(small.ports, large.ports);
    }
}
