//! `list.join`: puts records of two lists together by key.

use std::sync::Arc;

use schemars::JsonSchema;
use sdk::{
    Batch, Category, ConfigError, Flowing, Formula, Node, NodeError, Out, Ports, Record, Roots, Shape,
    Transform, Value,
};
use serde::{Deserialize, Serialize};

use super::right::Right;
use crate::picks::Picks;

const LEFT: usize = 0;
const MATCHED: usize = 0;
const LEFT_ONLY: usize = 1;
const RIGHT_ONLY: usize = 2;
const DUPLICATES: usize = 3;

/// Puts each record of the left list together with the records of the right list that have the same key.
///
/// The right list is read first, so wire the smaller one there. Records come out in the order of the left list. A key that is null
/// matches nothing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// What must be equal on both sides.
    on: Vec<On>,
    /// Which records leave through `matched`.
    #[serde(default)]
    keep: Keep,
    /// The field that takes the right record. Without it the fields of the right record are added; a field that both have keeps the
    /// value of the left.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    right_into: Option<String>,
}

/// A pair of values that must be equal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct On {
    /// The value on the left, for example `= customer_id`.
    left: Formula,
    /// The value on the right.
    right: Formula,
}

/// Which records leave through `matched`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Keep {
    /// Only pairs.
    #[default]
    Inner,
    /// Pairs, and left records without a partner.
    Left,
    /// Pairs, and at the end right records without a partner.
    Right,
    /// All of these.
    Full,
}

impl Node for Join {
    const KIND: &'static str = "list.join";
    const TITLE: &'static str = "Join";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["merge", "lookup", "vlookup", "match", "combine", "enrich"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("left", "Records that are streamed; they give the order.")
            .input_first("right", "Records to look up; read to the end first.")
            .output("matched", "Records of both sides together.")
            .output("left_only", "Left records without a partner.")
            .output("right_only", "Right records without a partner.")
            .output("duplicates", "Right records whose key came before on the right.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        if self.on.is_empty() {
            return vec![ConfigError::new("/on", "Say which values must be equal on both sides.")];
        }
        Vec::new()
    }
}

impl Transform for Join {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        Ok(Box::new(Joining {
            left: Picks::new(self.on.iter().map(|it| it.left.clone()).collect()),
            right: self.on.iter().map(|it| it.right.clone()).collect(),
            keep: self.keep,
            roots: roots.clone(),
            table: Right::default(),
            left_shape: None,
            pairing: Pairing {
                into: self.right_into.clone(),
                right_shape: None,
                merged: None,
                values: Vec::new(),
            },
        }))
    }

    fn reads_only_named(&self) -> bool {
        // under a field of its own the right record is read by that field's name
        self.right_into.is_none()
    }
}

struct Joining {
    left: Picks<Formula>,
    right: Vec<Formula>,
    keep: Keep,
    roots: Roots,
    table: Right,
    left_shape: Option<Arc<Shape>>,
    pairing: Pairing,
}

/// Makes one record of two.
struct Pairing {
    into: Option<String>,
    right_shape: Option<Arc<Shape>>,
    merged: Option<Merged>,
    // filled and emptied for each pair
    values: Vec<Value>,
}

/// How records of two shapes become one: all of the left, and these places of the right.
struct Merged {
    left: Arc<Shape>,
    right: Arc<Shape>,
    shape: Arc<Shape>,
    added: Vec<usize>,
}

impl Merged {
    fn of(left: &Arc<Shape>, right: &Arc<Shape>) -> Merged {
        let added: Vec<usize> =
            (0..right.len()).filter(|at| left.position(&right.keys()[*at]).is_none()).collect();
        let keys = left.keys().iter().cloned().chain(added.iter().map(|at| right.keys()[*at].clone()));
        Merged { left: left.clone(), right: right.clone(), shape: Shape::new(keys), added }
    }
}

impl Pairing {
    fn pair(&mut self, left: &Record, right: Option<&Record>) -> Record {
        if let Some(into) = &self.into {
            let value = right.map_or(Value::Null, |it| Value::Record(it.clone()));
            return left.with(into, value);
        }
        let Some(right_shape) = right.map(Record::shape).or(self.right_shape.as_ref()) else {
            return left.clone();
        };
        let fits = |it: &&Merged| Arc::ptr_eq(&it.left, left.shape()) && Arc::ptr_eq(&it.right, right_shape);
        let merged = match self.merged.as_ref().filter(fits) {
            Some(merged) => merged,
            None => self.merged.insert(Merged::of(left.shape(), right_shape)),
        };
        self.values.extend_from_slice(left.values());
        let added = merged.added.iter().map(|at| right.map_or(Value::Null, |it| it.values()[*at].clone()));
        self.values.extend(added);
        Record::drained(&merged.shape, &mut self.values)
    }
}

impl Joining {
    /// A right record alone, with the left fields it lacks as null.
    fn alone(into: Option<&str>, left_shape: Option<&Arc<Shape>>, right: &Record) -> Record {
        let empty = left_shape.map_or_else(Record::empty, |it| Record::new(it.clone(), Vec::new()));
        match into {
            Some(into) => empty.with(into, Value::Record(right.clone())),
            None => right.iter().fold(empty, |made, (key, value)| made.with(key, value.clone())),
        }
    }

    fn take_left(&mut self, record: Record, out: &mut Out<'_>) -> Result<(), NodeError> {
        if let Err(error) = self.left.read(&record, &self.roots) {
            return out.fail(record, error);
        }
        let pairing = &mut self.pairing;
        let found = self
            .table
            .find(self.left.iter(&record), |right| out.emit(MATCHED, pairing.pair(&record, Some(right))))?;
        if found == 0 {
            if matches!(self.keep, Keep::Left | Keep::Full) {
                out.emit(MATCHED, pairing.pair(&record, None))?;
            }
            out.emit(LEFT_ONLY, record)?;
        }
        Ok(())
    }
}

impl Flowing for Joining {
    fn take(&mut self, port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            if port == LEFT {
                if self.left_shape.is_none() {
                    self.left_shape = Some(record.shape().clone());
                }
                self.take_left(record, out)?;
                continue;
            }
            match crate::keys::of(&self.right, &record, &self.roots) {
                Ok(key) => {
                    if self.pairing.right_shape.is_none() {
                        self.pairing.right_shape = Some(record.shape().clone());
                    }
                    self.table.push(key, record, out)?;
                }
                Err(error) => out.fail(record, error)?,
            }
        }
        Ok(())
    }

    fn end(&mut self, port: usize, out: &mut Out<'_>) -> Result<(), NodeError> {
        if port == LEFT { Ok(()) } else { self.table.end(out, DUPLICATES) }
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        let keeps_right = matches!(self.keep, Keep::Right | Keep::Full);
        let (into, left_shape) = (self.pairing.into.as_deref(), self.left_shape.as_ref());
        self.table.unmatched(out, |record, out| {
            if keeps_right {
                out.emit(MATCHED, Joining::alone(into, left_shape, &record))?;
            }
            out.emit(RIGHT_ONLY, record)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, flow_within, node, rows};

    fn join(more: &str) -> Join {
        node(&format!(r#"{{"on":[{{"left":"= c","right":"= id"}}]{more}}}"#))
    }

    fn sides() -> [Vec<Record>; 2] {
        [
            rows(r#"[{"n":1,"c":"A"},{"n":2,"c":"B"},{"n":3,"c":"X"},{"n":4,"c":null}]"#),
            rows(
                r#"[{"id":"A","name":"Ada"},{"id":"B","name":"Bo"},{"id":"B","name":"Bob"},{"id":"Z","name":"Zoe"},{"id":null,"name":"?"}]"#,
            ),
        ]
    }

    #[test]
    fn an_inner_join_pairs_in_left_order_and_reports_what_has_no_partner_and_keys_that_repeat() {
        let got = flow(&join(""), sides());
        assert_eq!(
            got.ports[MATCHED],
            rows(
                r#"[{"n":1,"c":"A","id":"A","name":"Ada"},{"n":2,"c":"B","id":"B","name":"Bo"},{"n":2,"c":"B","id":"B","name":"Bob"}]"#
            )
        );
        assert_eq!(got.ports[LEFT_ONLY], rows(r#"[{"n":3,"c":"X"},{"n":4,"c":null}]"#));
        assert_eq!(got.ports[RIGHT_ONLY], rows(r#"[{"id":"Z","name":"Zoe"},{"id":null,"name":"?"}]"#));
        assert_eq!(got.ports[DUPLICATES], rows(r#"[{"id":"B","name":"Bob"}]"#));
    }

    #[test]
    fn a_full_join_keeps_both_sides_with_nulls() {
        let got = flow(&join(r#","keep":"full""#), sides());
        assert_eq!(got.ports[MATCHED].len(), 3 + 2 + 2);
        assert_eq!(got.ports[MATCHED][3], rows(r#"[{"n":3,"c":"X","id":null,"name":null}]"#)[0]);
        assert_eq!(got.ports[MATCHED][5], rows(r#"[{"n":null,"c":null,"id":"Z","name":"Zoe"}]"#)[0]);
    }

    #[test]
    fn the_right_record_can_go_into_a_field() {
        let got = flow(&join(r#","right_into":"who","keep":"left""#), sides());
        assert_eq!(got.ports[MATCHED][0], rows(r#"[{"n":1,"c":"A","who":{"id":"A","name":"Ada"}}]"#)[0]);
        assert_eq!(got.ports[MATCHED][3], rows(r#"[{"n":3,"c":"X","who":null}]"#)[0]);
    }

    #[test]
    fn a_right_side_beyond_memory_gives_the_same_records_in_the_same_order() {
        let left: Vec<_> = (0..900_i64).map(|at| Record::of([("c", Value::from(at * 7 % 2_000))])).collect();
        let right: Vec<_> = (0..3_000_i64)
            .map(|at| Record::of([("id", Value::from(at * 3 % 1_700)), ("at", at.into())]))
            .collect();
        let it = join(r#","keep":"full""#);
        let small = flow_within(&it, [left.clone(), right.clone()], 30_000);
        let large = flow(&it, [left, right]);
        assert!(large.ports[MATCHED].len() > 900 && !large.ports[DUPLICATES].is_empty());
        assert_eq!(small.ports, large.ports);
    }
}
