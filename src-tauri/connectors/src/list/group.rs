//! `list.group`: one record for each group, with counts and sums.

use std::sync::Arc;

use schemars::JsonSchema;
use sdk::{
    Batch, Category, ConfigError, Flowing, Formula, Node, NodeError, Out, Ports, Record, Roots, Shape, Text,
    Transform, Value,
};
use serde::{Deserialize, Serialize};

use super::aggregate::{Aggregate, Does, State};
use crate::keys::KeyTable;
use crate::picks::Picks;
use crate::spill::{Keyed, Sorter, natural};

/// Puts records with equal keys together and makes one record of each group. Groups come out sorted by their keys.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What makes a group, each with the name of its field. Leave it empty to make one group of all records.
    by: Vec<By>,
    /// The fields to make of each group.
    #[serde(default)]
    aggregates: Vec<Aggregate>,
}

/// A key of the groups.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct By {
    /// The name of the field.
    name: String,
    /// The value that is equal within a group.
    value: Formula,
}

impl Node for Group {
    const KIND: &'static str = "list.group";
    const TITLE: &'static str = "Group";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] =
        &["aggregate", "sum", "count", "pivot", "total", "summarize", "average"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records to group.")
            .output("out", "One record for each group, sorted by key.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let names = self
            .by
            .iter()
            .map(|it| it.name.as_str())
            .chain(self.aggregates.iter().map(|it| it.name.as_str()));
        let mut problems = crate::unique_names(names, "");
        for (at, it) in self.aggregates.iter().enumerate() {
            if it.value.is_none() && it.does != Does::Count {
                problems
                    .push(ConfigError::new(&format!("/aggregates/{at}/value"), "Say which value to take."));
            }
        }
        problems
    }
}

impl Transform for Group {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        let names = self.by.iter().map(|it| &it.name).chain(self.aggregates.iter().map(|it| &it.name));
        Ok(Box::new(Grouping {
            shape: Shape::new(names.map(|it| Text::from(it.as_str()))),
            by: Picks::new(self.by.iter().map(|it| it.value.clone()).collect()),
            values: Picks::new(self.aggregates.clone()),
            aggregates: self.aggregates.clone(),
            roots: roots.clone(),
            groups: KeyTable::default(),
            held_bytes: 0,
            spilled: None,
        }))
    }

    fn is_whole_stream(&self) -> bool {
        true
    }

    fn rebuilds_records(&self) -> bool {
        true
    }

    fn makes_fields(&self) -> Option<Vec<String>> {
        let keys = self.by.iter().map(|it| it.name.clone());
        Some(keys.chain(self.aggregates.iter().map(|it| it.name.clone())).collect())
    }
}

struct Grouping {
    shape: Arc<Shape>,
    by: Picks<Formula>,
    values: Picks<Aggregate>,
    aggregates: Vec<Aggregate>,
    roots: Roots,
    groups: KeyTable<Box<[State]>>,
    held_bytes: usize,
    spilled: Option<Sorter>,
}

impl Grouping {
    fn read(&mut self, record: &Record) -> Result<(), NodeError> {
        self.by.read(record, &self.roots)?;
        self.values.read(record, &self.roots)?;
        self.aggregates.iter().zip(self.values.iter(record)).try_for_each(|(it, value)| it.check(value))
    }

    fn add(&mut self, record: &Record) -> Result<(), NodeError> {
        let key = self.by.iter(record);
        let hash = self.groups.hash(key.clone());
        if let Some(states) = self.groups.get_mut(hash, key.clone()) {
            self.held_bytes += taken(&self.aggregates, states, self.values.iter(record))?;
            return Ok(());
        }
        let mut states: Box<[State]> = self.aggregates.iter().map(|it| it.does.start()).collect();
        self.held_bytes += 96 + 48 * states.len() + key.clone().map(Value::size_bytes).sum::<usize>();
        self.held_bytes += taken(&self.aggregates, &mut states, self.values.iter(record))?;
        self.groups.insert(hash, key.cloned().collect(), states);
        Ok(())
    }

    /// Writes what the groups have come to so far; the same key may come again.
    fn spill(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        let sorter = self.spilled.get_or_insert_with(|| Sorter::new(natural()));
        for (key, states) in self.groups.drain() {
            let keys = key.into_vec();
            let stored = self.aggregates.iter().zip(states).map(|(it, state)| it.does.store(state)).collect();
            let record = Record::of([("states", Value::list(stored))]);
            sorter.push(Keyed { keys, record }, out)?;
        }
        self.held_bytes = 0;
        Ok(())
    }

    fn emit(&self, keys: Vec<Value>, states: Vec<State>, out: &mut Out<'_>) -> Result<(), NodeError> {
        let made = self.aggregates.iter().zip(states).map(|(it, state)| it.does.finish(state));
        out.emit(0, Record::new(self.shape.clone(), keys.into_iter().chain(made).collect()))
    }
}

/// Takes the values of one record into the states of its group. The answer is how many bytes they grew.
fn taken<'v>(
    aggregates: &[Aggregate],
    states: &mut [State],
    values: impl Iterator<Item = &'v Value>,
) -> Result<usize, NodeError> {
    let mut grown = 0;
    for ((aggregate, state), value) in aggregates.iter().zip(states).zip(values) {
        grown += aggregate.take(state, value)?;
    }
    Ok(grown)
}

impl Flowing for Grouping {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            match self.read(&record) {
                Ok(()) => self.add(&record)?,
                Err(error) => out.fail(record, error)?,
            }
            if self.held_bytes >= out.share_bytes() / 2 {
                self.spill(out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        if self.by.is_empty() && self.groups.is_empty() && self.spilled.is_none() {
            // one group of all records exists even when there are none
            let states = self.aggregates.iter().map(|it| it.does.start()).collect();
            return self.emit(Vec::new(), states, out);
        }
        if self.spilled.is_none() {
            let mut groups: Vec<_> = self.groups.drain().collect();
            groups.sort_by(|a, b| {
                let pairs = a.0.iter().zip(b.0.iter());
                pairs
                    .map(|(a, b)| crate::keys::compare(a, b))
                    .find(|it| it.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            for (key, states) in groups {
                self.emit(key.into_vec(), states.into_vec(), out)?;
            }
            return Ok(());
        }
        self.spill(out)?;
        let Some(sorter) = self.spilled.take() else { return Ok(()) };
        let mut sorted = sorter.finish();
        let mut open: Option<(Vec<Value>, Vec<State>)> = None;
        while let Some(Keyed { keys, record }) = sorted.pop()? {
            let stored = record.get("states").and_then(Value::as_list).unwrap_or_default();
            let states: Vec<State> =
                self.aggregates.iter().zip(stored).map(|(it, value)| it.does.load(value)).collect();
            match &mut open {
                Some((held, sums)) if *held == keys => {
                    for ((aggregate, state), later) in self.aggregates.iter().zip(sums).zip(states) {
                        aggregate.join(state, later)?;
                    }
                }
                _ => {
                    if let Some((keys, states)) = open.replace((keys, states)) {
                        self.emit(keys, states, out)?;
                    }
                }
            }
        }
        match open {
            Some((keys, states)) => self.emit(keys, states, out),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flow, flow_within, node, rows};

    const ALL: &str = r#"{"by":[{"name":"k","value":"= k"}],"aggregates":[
        {"name":"n","does":"count"},{"name":"sum","does":"sum","value":"= v"},{"name":"low","does":"min","value":"= v"},
        {"name":"high","does":"max","value":"= v"},{"name":"mean","does":"average","value":"= v"},
        {"name":"first","does":"first","value":"= v"},{"name":"last","does":"last","value":"= v"},
        {"name":"all","does":"collect","value":"= v"}]}"#;

    #[test]
    fn groups_come_out_sorted_with_every_aggregate() {
        let got = flow(
            &node::<Group>(ALL),
            [rows(r#"[{"k":"b","v":3},{"k":"a","v":1},{"k":"b","v":null},{"k":"b","v":1.5}]"#)],
        );
        assert_eq!(
            got.ports[0],
            rows(
                r#"[{"k":"a","n":1,"sum":1,"low":1,"high":1,"mean":1,"first":1,"last":1,"all":[1]},
                    {"k":"b","n":3,"sum":4.5,"low":1.5,"high":3,"mean":2.25,"first":3,"last":1.5,"all":[3,1.5]}]"#
            )
        );
    }

    #[test]
    fn more_groups_than_fit_in_memory_give_the_same_answer() {
        let input: Vec<_> = (0..6_000_i64)
            .map(|at| Record::of([("k", Value::from(at * 7 % 900)), ("v", at.into())]))
            .collect();
        let small = flow_within(&node::<Group>(ALL), [input.clone()], 40_000);
        let large = flow(&node::<Group>(ALL), [input]);
        assert_eq!(large.ports[0].len(), 900);
        assert_eq!(small.ports, large.ports);
    }

    #[test]
    fn a_text_in_a_sum_fails_its_record_and_says_what_to_do() {
        let got = flow(&node::<Group>(ALL), [rows(r#"[{"k":"a","v":"12"},{"k":"a","v":1}]"#)]);
        assert_eq!(got.failed.len(), 1);
        assert!(got.failed[0].1.sentence.contains("number"), "{}", got.failed[0].1);
        assert_eq!(got.ports[0][0].get("n"), Some(&Value::from(1)));
    }

    #[test]
    fn without_keys_there_is_one_group_even_of_nothing() {
        let it: Group = node(r#"{"by":[],"aggregates":[{"name":"n","does":"count"}]}"#);
        assert_eq!(flow(&it, [Vec::new()]).ports[0], rows(r#"[{"n":0}]"#));
    }
}
