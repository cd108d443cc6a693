//! A table by lists of values, looked up without copying them.

use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;
use sdk::Value;

use super::hashing::Seeded;

struct Row<V> {
    hash: u64,
    key: Box<[Value]>,
    value: V,
}

/// A table whose keys are lists of values. Rows keep the order in which they came.
pub struct KeyTable<V> {
    places: HashTable<u32>,
    rows: Vec<Row<V>>,
    hashing: Seeded,
}

impl<V> Default for KeyTable<V> {
    fn default() -> KeyTable<V> {
        KeyTable { places: HashTable::new(), rows: Vec::new(), hashing: Seeded::default() }
    }
}

#[inline]
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.as_str() == b.as_str(),
        _ => a == b,
    }
}

impl<V> KeyTable<V> {
    /// How many keys.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The hash of a key in this table.
    #[inline]
    pub fn hash<'k>(&self, key: impl Iterator<Item = &'k Value>) -> u64 {
        let mut hasher = self.hashing.build_hasher();
        for value in key {
            super::hash(value, &mut hasher);
        }
        hasher.finish()
    }

    /// What stands under a key of this hash.
    #[inline]
    pub fn get_mut<'k>(&mut self, hash: u64, key: impl Iterator<Item = &'k Value> + Clone) -> Option<&mut V> {
        let rows = &self.rows;
        let found = self.places.find(hash, |place| {
            let row = &rows[*place as usize];
            row.hash == hash && row.key.iter().zip(key.clone()).all(|(a, b)| same(a, b))
        });
        let place = *found?;
        Some(&mut self.rows[place as usize].value)
    }

    /// Puts a key in that is not there yet.
    pub fn insert(&mut self, hash: u64, key: Box<[Value]>, value: V) {
        let place = self.rows.len() as u32;
        self.rows.push(Row { hash, key, value });
        let rows = &self.rows;
        self.places.insert_unique(hash, place, |place| rows[*place as usize].hash);
    }

    /// Empties the table.
    pub fn drain(&mut self) -> impl Iterator<Item = (Box<[Value]>, V)> {
        self.places.clear();
        self.rows.drain(..).map(|it| (it.key, it.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_again_and_come_out_in_the_order_in_which_they_came() {
        let mut table: KeyTable<usize> = KeyTable::default();
        for at in 0..5_000_usize {
            let key = [Value::from(format!("C{}", at % 1_000)), Value::from((at % 7) as i64)];
            let hash = table.hash(key.iter());
            match table.get_mut(hash, key.iter()) {
                Some(count) => *count += 1,
                None => table.insert(hash, key.into(), 1),
            }
        }
        assert_eq!(table.len(), 5_000);
        let key = [Value::from("C3"), Value::Number(model::Number::parse("3.0").unwrap())];
        let hash = table.hash(key.iter());
        assert_eq!(table.get_mut(hash, key.iter()), Some(&mut 1), "3.0 is 3");
        let first: Vec<_> = table.drain().map(|it| it.0[0].to_plain()).take(3).collect();
        assert_eq!(first, ["C0", "C1", "C2"]);
        assert!(table.is_empty());
    }
}
