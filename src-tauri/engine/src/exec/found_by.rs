//! The business values by which a run can be found: an order number, a BIN.

use std::collections::{BTreeMap, BTreeSet};

use model::{Record, Value};

/// Records looked at of each output port; a large import is found by its file, not by each of its lines.
const MOST_RECORDS: usize = 1_000;
/// Values kept of a run, over all its fields.
const MOST_VALUES: usize = 3_000;

/// What was found so far.
#[derive(Default)]
pub(super) struct FoundBy {
    looked: BTreeMap<(usize, usize), usize>,
    /// Values with the number of their field.
    pub(super) values: BTreeSet<(usize, String)>,
}

impl FoundBy {
    /// Looks at records that left a port.
    pub(super) fn look(&mut self, search: &[String], port: (usize, usize), records: &[Record]) {
        let looked = self.looked.entry(port).or_default();
        let room = MOST_RECORDS.saturating_sub(*looked);
        *looked += records.len().min(room);
        for record in records.iter().take(room) {
            for (number, path) in search.iter().enumerate() {
                if self.values.len() >= MOST_VALUES {
                    return;
                }
                self.values.extend(at(record, path).and_then(said).map(|it| (number, it)));
            }
        }
    }
}

/// The value of a field, or of a path into one: `customer.bin`.
fn at<'r>(record: &'r Record, path: &str) -> Option<&'r Value> {
    if let Some(value) = record.get(path) {
        return Some(value);
    }
    let (field, rest) = path.split_once('.')?;
    at(record.get(field)?.as_record()?, rest)
}

/// A value as a person would type it to find it; none for what nobody looks for.
fn said(value: &Value) -> Option<String> {
    let text = match value {
        Value::Text(text) => text.trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Record(_) | Value::Special(_) => return None,
        // numbers stand bare, dates and durations in quotes
        other => other.to_string().trim_matches('"').to_owned(),
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_fields_and_paths_and_no_more_than_allowed() {
        let search = ["order".to_owned(), "customer.bin".to_owned()];
        let customer = Record::of([("bin", Value::from("050140000656"))]);
        let record = |order: Value| {
            Record::of([
                ("order", order),
                ("customer", Value::Record(customer.clone())),
                ("total", Value::from(5)),
            ])
        };
        let mut found = FoundBy::default();
        found.look(
            &search,
            (0, 0),
            &[record(Value::from(" A-17 ")), record(Value::Null), record(Value::from(42))],
        );
        let all: Vec<(usize, &str)> =
            found.values.iter().map(|(field, value)| (*field, value.as_str())).collect();
        assert_eq!(all, [(0, "42"), (0, "A-17"), (1, "050140000656")]);

        let many: Vec<Record> = (0..5_000).map(|number| record(Value::from(number))).collect();
        for chunk in many.chunks(300) {
            found.look(&search, (1, 0), chunk);
        }
        assert!(found.values.contains(&(0, "999".to_owned())));
        assert!(
            !found.values.contains(&(0, "1000".to_owned())),
            "the first thousand of a port are looked at"
        );
        for port in 2..9 {
            let more: Vec<Record> =
                (0..900).map(|number| record(Value::from(port * 10_000 + number))).collect();
            found.look(&search, (port as usize, 0), &more);
        }
        assert_eq!(found.values.len(), MOST_VALUES);
    }
}
