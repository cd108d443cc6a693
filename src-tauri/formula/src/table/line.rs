//! Tables as lines of `arna formula`, decided as the standard does: what cannot be had is null.

use model::{Record, Text, Value};

use super::{HitPolicy, OutputText, Reader, Table, TableText, meets};
use crate::compile::Mode;
use crate::cx::{Roots, Scope};
use crate::formula::{Formula, with_names};
use crate::lines::all_names;
use crate::node::Node;

/// A table as a line of `arna formula`: read, then decided for the context.
pub(crate) fn from_line(line: &Record, context: &Record, roots: &Roots) -> Result<Value, String> {
    let mut names = Vec::new();
    all_names(&Value::Record(context.clone()), &mut names);
    let mut reader = Reader { names: with_names(names.iter().map(Text::as_str)), mode: Mode::Standard };
    let mut context = context.clone();
    for def in items(line, "defs") {
        let (name, expr) = (text(def, "name").unwrap_or_default(), text(def, "expr").unwrap_or_default());
        let formula =
            Formula::read(&expr, reader.names.clone(), Mode::Standard).map_err(|error| error.to_string())?;
        let value = formula.eval(&Scope::with(&context, roots)).value;
        reader.names.add(&name);
        let mut found = Vec::new();
        all_names(&value, &mut found);
        found.iter().for_each(|name| reader.names.add(name));
        context = context.with(&name, value);
    }
    let policy = text(line, "hitPolicy").unwrap_or_else(|| "UNIQUE".into());
    let aggregation = text(line, "aggregation");
    let policy = HitPolicy::parse(&policy, aggregation.as_deref())
        .ok_or_else(|| format!("There is no hit policy {policy} {}.", aggregation.unwrap_or_default()))?;
    let texts = |record: &Value, key: &str| -> Vec<String> {
        let list = record
            .as_record()
            .and_then(|record| record.get(key))
            .and_then(Value::as_list)
            .unwrap_or_default();
        list.iter().map(|cell| cell.as_text().unwrap_or("-").to_owned()).collect()
    };
    let table = TableText {
        inputs: items(line, "inputs")
            .map(|input| (text(input, "expr").unwrap_or_default(), text(input, "allowed")))
            .collect(),
        outputs: items(line, "outputs")
            .map(|output| OutputText {
                name: text(output, "name"),
                allowed: text(output, "allowed"),
                default: text(output, "default"),
            })
            .collect(),
        rules: line
            .get("rules")
            .and_then(Value::as_list)
            .unwrap_or_default()
            .iter()
            .map(|rule| (texts(rule, "in"), texts(rule, "out")))
            .collect(),
    };
    let table = Table::read(&table, policy, &reader).map_err(|error| error.to_string())?;
    // By the standard a table that cannot decide gives null.
    Ok(table.decide_standard(&context, roots))
}

fn items<'r>(line: &'r Record, key: &str) -> impl Iterator<Item = &'r Record> {
    line.get(key).and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_record)
}

fn text(record: &Record, key: &str) -> Option<String> {
    record.get(key).and_then(Value::as_text).map(str::to_owned)
}

impl Table {
    /// Decides as the standard does: what cannot be had is null.
    fn decide_standard(&self, record: &Record, roots: &Roots) -> Value {
        let inner = &*self.0;
        let scope = Scope::with(record, roots);
        let inputs: Vec<Value> = inner.inputs.iter().map(|(formula, _)| formula.eval(&scope).value).collect();
        for ((_, allowed), value) in inner.inputs.iter().zip(&inputs) {
            if let Some(allowed) = allowed
                && !meets(allowed, value, record, roots).unwrap_or(false)
            {
                return Value::Null;
            }
        }
        let mut hits = Vec::new();
        for (tests, outputs) in &inner.rules {
            let met = |(test, value): (&Node, &Value)| meets(test, value, record, roots).unwrap_or(false);
            if tests.iter().zip(&inputs).all(met) {
                hits.push(outputs.iter().map(|output| output.eval(&scope).value).collect());
                if inner.policy == HitPolicy::First {
                    break;
                }
            }
        }
        inner.choose(hits, record, roots).unwrap_or_default()
    }
}
