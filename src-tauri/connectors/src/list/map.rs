//! `list.map`: makes new fields from each record.

use std::sync::Arc;

use schemars::JsonSchema;
use sdk::{
    Batch, Category, ConfigError, Flowing, Node, NodeError, Out, Ports, Record, Roots, Shape, Template, Text,
    Transform, Value,
};
use serde::{Deserialize, Serialize};

use crate::picks::Picks;

/// Builds a record of the fields you name from each record that comes in.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// The fields, in order. Each reads the record that came in, not the fields made before it.
    fields: Vec<Field>,
    /// Keep the fields of the record that are not named above.
    #[serde(default)]
    keep_others: bool,
}

/// A field to make.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Field {
    /// The name of the field.
    name: String,
    /// The value: text, or a formula with = in front.
    value: Template,
}

impl Node for Map {
    const KIND: &'static str = "list.map";
    const TITLE: &'static str = "Map fields";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["set", "edit", "rename", "select", "transform", "fields"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Records to reshape.").output("out", "The new records.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        crate::unique_names(self.fields.iter().map(|it| it.name.as_str()), "/fields")
    }
}

impl Transform for Map {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        let made = Shape::new(self.fields.iter().map(|it| Text::from(it.name.as_str())));
        Ok(Box::new(Mapping {
            values: Picks::new(self.fields.iter().map(|it| it.value.clone()).collect()),
            roots: roots.clone(),
            made,
            keep_others: self.keep_others,
            joined: None,
            made_values: Vec::new(),
            all: Vec::new(),
        }))
    }

    fn rebuilds_records(&self) -> bool {
        !self.keep_others
    }

    fn reads_only_named(&self) -> bool {
        self.keep_others
    }

    fn makes_fields(&self) -> Option<Vec<String>> {
        (!self.keep_others).then(|| self.fields.iter().map(|it| it.name.clone()).collect())
    }
}

struct Mapping {
    values: Picks<Template>,
    roots: Roots,
    made: Arc<Shape>,
    keep_others: bool,
    joined: Option<Joined>,
    // filled and emptied for each record
    made_values: Vec<Value>,
    all: Vec<Value>,
}

/// How records of one shape take the new fields.
struct Joined {
    from: Arc<Shape>,
    to: Arc<Shape>,
    places: Vec<usize>,
}

impl Mapping {
    /// The record made from one that came in; that one and its failure when a value cannot be made.
    fn made(&mut self, record: Record) -> Result<Record, (Record, NodeError)> {
        if let Err(error) = self.values.read(&record, &self.roots) {
            return Err((record, error));
        }
        self.made_values.clear();
        self.values.take_into(&record, &mut self.made_values);
        if !self.keep_others {
            return Ok(Record::drained(&self.made, &mut self.made_values));
        }
        let joined = match &self.joined {
            Some(joined) if Arc::ptr_eq(&joined.from, record.shape()) => joined,
            _ => {
                let to = self.made.keys().iter().fold(record.shape().clone(), |shape, key| shape.with(key));
                let places = self.made.keys().iter().filter_map(|key| to.position(key)).collect();
                self.joined.insert(Joined { from: record.shape().clone(), to, places })
            }
        };
        if Arc::ptr_eq(&joined.to, record.shape()) {
            return Ok(record.with_places(&joined.places, &mut self.made_values));
        }
        self.all.extend_from_slice(record.values());
        self.all.resize(joined.to.len(), Value::Null);
        for (place, value) in joined.places.iter().zip(self.made_values.drain(..)) {
            self.all[*place] = value;
        }
        Ok(Record::drained(&joined.to, &mut self.all))
    }
}

impl Flowing for Mapping {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            match self.made(record) {
                Ok(made) => out.emit(0, made)?,
                Err((record, error)) => out.fail(record, error)?,
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
    fn only_named_fields_come_out_unless_the_others_are_kept() {
        let fields =
            r#""fields":[{"name":"sum","value":"= qty * price"},{"name":"note","value":"for {{ id }}"}]"#;
        let input = || [rows(r#"[{"id":"A","qty":2,"price":3}]"#)];
        let got = flow(&node::<Map>(&format!("{{{fields}}}")), input());
        assert_eq!(got.ports[0], rows(r#"[{"sum":6,"note":"for A"}]"#));
        let got = flow(&node::<Map>(&format!("{{{fields},\"keep_others\":true}}")), input());
        assert_eq!(got.ports[0], rows(r#"[{"id":"A","qty":2,"price":3,"sum":6,"note":"for A"}]"#));
    }

    #[test]
    fn a_field_that_is_kept_and_made_is_replaced_in_its_place() {
        let it: Map = node(r#"{"fields":[{"name":"a","value":"= b"}],"keep_others":true}"#);
        let got = flow(&it, [rows(r#"[{"a":1,"b":2}]"#)]);
        assert_eq!(got.ports[0], rows(r#"[{"a":2,"b":2}]"#));
    }

    #[test]
    fn a_name_that_stands_twice_is_a_problem() {
        let it: Map = node(r#"{"fields":[{"name":"a","value":"1"},{"name":"a","value":"2"}]}"#);
        assert_eq!(it.problems().len(), 1);
    }
}
