//! `list.split`: one record for each element of a list.

use std::sync::Arc;

use schemars::JsonSchema;
use sdk::{
    Batch, Category, Code, ConfigError, Flowing, Formula, Node, NodeError, Out, Ports, Record, Roots, Shape,
    Text, Transform, Value,
};
use serde::{Deserialize, Serialize};

/// Makes one record of each element of a list, for example of the lines of an order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The list, for example `= lines`.
    list: Formula,
    /// The field that takes the element. Without it the fields of the element become the fields of the record.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    into: Option<String>,
    /// Fields of the record that each element keeps, for example `id`.
    #[serde(default)]
    keep: Vec<String>,
}

impl Node for Split {
    const KIND: &'static str = "list.split";
    const TITLE: &'static str = "Split a list";
    const CATEGORY: Category = Category::Records;
    const WORDS: &'static [&'static str] = &["unwind", "explode", "lines", "items", "each"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Records that hold a list.")
            .output("out", "One record for each element.")
            .output("empty", "Records whose list is empty or null.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        match &self.into {
            Some(into) if into.trim().is_empty() => {
                vec![ConfigError::new("/into", "Name the field, or leave it out.")]
            }
            _ => Vec::new(),
        }
    }
}

impl Transform for Split {
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
        Ok(Box::new(Splitting {
            list: self.list.clone(),
            into: self.into.clone(),
            keep: self.keep.clone(),
            roots: roots.clone(),
            made: None,
            values: Vec::new(),
        }))
    }
}

struct Splitting {
    list: Formula,
    into: Option<String>,
    keep: Vec<String>,
    roots: Roots,
    made: Option<Made>,
    // filled and emptied for each record
    values: Vec<Value>,
}

/// How elements of one shape become records.
struct Made {
    /// The shape of the elements; none when they are no records or go into one field.
    from: Option<Arc<Shape>>,
    to: Arc<Shape>,
    /// Where the kept fields stand, then where the parts of the element do.
    kept: Vec<usize>,
    places: Vec<usize>,
}

impl Made {
    fn of(keep: &[String], into: Option<&str>, from: Option<&Arc<Shape>>) -> Made {
        let parts = match from {
            Some(shape) => shape.keys().to_vec(),
            None => vec![Text::from(into.unwrap_or("value"))],
        };
        let kept: Vec<Text> = keep.iter().map(|it| Text::from(it.as_str())).collect();
        let mut keys: Vec<Text> = Vec::with_capacity(kept.len() + parts.len());
        for key in kept.iter().chain(&parts) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        let to = Shape::new(keys);
        let places = |names: &[Text]| names.iter().filter_map(|it| to.position(it)).collect::<Vec<usize>>();
        Made { from: from.cloned(), kept: places(&kept), places: places(&parts), to }
    }

    fn fits(&self, from: Option<&Arc<Shape>>) -> bool {
        match (&self.from, from) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

impl Splitting {
    fn part(&mut self, record: &Record, element: &Value) -> Record {
        let fields = match (&self.into, element) {
            (None, Value::Record(fields)) if self.keep.is_empty() => return fields.clone(),
            (None, Value::Record(fields)) => Some(fields),
            _ => None,
        };
        let from = fields.map(Record::shape);
        let made = match &self.made {
            Some(made) if made.fits(from) => made,
            _ => self.made.insert(Made::of(&self.keep, self.into.as_deref(), from)),
        };
        let parts = fields.map_or(std::slice::from_ref(element), Record::values);
        self.values.resize(made.to.len(), Value::Null);
        for (name, place) in self.keep.iter().zip(&made.kept) {
            self.values[*place] = record.get(name).cloned().unwrap_or_default();
        }
        // of a kept field and one of the element with the same name the element's counts
        for (part, place) in parts.iter().zip(&made.places) {
            self.values[*place] = part.clone();
        }
        Record::drained(&made.to, &mut self.values)
    }
}

impl Flowing for Splitting {
    fn take(&mut self, _port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError> {
        for record in batch.records {
            match self.list.value(&record, &self.roots) {
                Ok(Value::List(list)) if !list.is_empty() => {
                    for element in list.iter() {
                        out.emit(0, self.part(&record, element))?;
                    }
                }
                Ok(Value::List(_) | Value::Null) => out.emit(1, record)?,
                Ok(other) => {
                    let sentence = format!(
                        "A list is needed to split, but {:?} gives a {}: {}.",
                        self.list,
                        other.type_name(),
                        crate::failure::quoted(&other.to_plain())
                    );
                    out.fail(record, NodeError::new(Code::Input, sentence))?;
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

    #[test]
    fn each_line_of_an_order_becomes_a_record_that_keeps_the_order_number() {
        let it: Split = node(r#"{"list":"= lines","keep":["id"]}"#);
        let got = flow(
            &it,
            [rows(r#"[{"id":7,"lines":[{"sku":"A"},{"sku":"B"}]},{"id":8,"lines":[]},{"id":9,"lines":5}]"#)],
        );
        assert_eq!(got.ports[0], rows(r#"[{"id":7,"sku":"A"},{"id":7,"sku":"B"}]"#));
        assert_eq!(got.ports[1], rows(r#"[{"id":8,"lines":[]}]"#));
        assert!(got.failed[0].1.sentence.contains("number"), "{}", got.failed[0].1);
    }

    #[test]
    fn elements_that_are_no_records_go_into_a_field() {
        let got =
            flow(&node::<Split>(r#"{"list":"= tags","into":"tag"}"#), [rows(r#"[{"tags":["x","y"]}]"#)]);
        assert_eq!(got.ports[0], rows(r#"[{"tag":"x"},{"tag":"y"}]"#));
    }
}
