//! Records that share their shape: the keys of a million rows are stored once.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::value::{Text, Value};

/// Up to this many keys a scan beats a hash.
const SCAN_KEYS: usize = 8;

/// The keys of a record, in order. Shared by every record of a batch; compared by address first.
pub struct Shape {
    keys: Box<[Text]>,
    index: Option<HashMap<Text, u32>>,
}

impl Shape {
    /// A shape of these keys. A key that comes twice keeps its first position; the reader refuses such input before.
    pub fn new(keys: impl IntoIterator<Item = Text>) -> Arc<Shape> {
        let keys: Box<[Text]> = keys.into_iter().collect();
        let index = (keys.len() > SCAN_KEYS).then(|| {
            let mut index = HashMap::with_capacity(keys.len());
            for (at, key) in keys.iter().enumerate() {
                index.entry(key.clone()).or_insert(at as u32);
            }
            index
        });
        Arc::new(Shape { keys, index })
    }

    /// The keys in order.
    #[inline]
    pub fn keys(&self) -> &[Text] {
        &self.keys
    }

    /// How many keys.
    #[inline]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Where a key stands.
    #[inline]
    pub fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).map(|at| *at as usize),
            None => self.keys.iter().position(|it| it == key),
        }
    }

    /// The same keys behind a pointer of their own: threads that make and drop records of one shape at once would fight over its
    /// count.
    pub fn anew(&self) -> Arc<Shape> {
        Shape::new(self.keys.iter().cloned())
    }

    /// This shape with one more key at the end; itself when the key is there.
    pub fn with(self: &Arc<Shape>, key: &str) -> Arc<Shape> {
        if self.position(key).is_some() {
            return self.clone();
        }
        Shape::new(self.keys.iter().cloned().chain([Text::from(key)]))
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Shape) -> bool {
        std::ptr::eq(self, other) || self.keys == other.keys
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter()).finish()
    }
}

/// Named values: an object. Immutable; a clone copies two counters.
#[derive(Clone)]
pub struct Record {
    shape: Arc<Shape>,
    values: Arc<[Value]>,
}

impl Record {
    /// A record of this shape. Missing values are null, surplus ones are dropped.
    pub fn new(shape: Arc<Shape>, mut values: Vec<Value>) -> Record {
        values.resize(shape.len(), Value::Null);
        Record { values: values.into(), shape }
    }

    /// A record from values that come in shape order, without an intermediate vector when their count is known.
    pub fn collect(shape: Arc<Shape>, values: impl ExactSizeIterator<Item = Value>) -> Record {
        debug_assert_eq!(values.len(), shape.len());
        Record { values: values.collect(), shape }
    }

    /// A record from the values a caller collected in shape order; the vector is left empty, to be filled for the next record.
    /// Missing values are null, surplus ones are dropped.
    #[inline]
    pub fn drained(shape: &Arc<Shape>, values: &mut Vec<Value>) -> Record {
        values.resize(shape.len(), Value::Null);
        Record { values: values.drain(..).collect(), shape: shape.clone() }
    }

    /// The record without fields.
    pub fn empty() -> Record {
        Record { shape: Shape::new([]), values: Arc::new([]) }
    }

    /// A record of these pairs; of equal keys the last wins.
    pub fn of<K: Into<Text>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Record {
        let mut builder = RecordBuilder::default();
        for (key, value) in pairs {
            builder.set(key, value);
        }
        builder.build()
    }

    /// The keys, shared with the other records of the batch.
    #[inline]
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// The values in shape order.
    #[inline]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The value of a field; none when the shape lacks it.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.shape.position(key).map(|at| &self.values[at])
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.shape.keys().iter().zip(self.values.iter())
    }

    /// This record with one field set. `shape` must be `self.shape().with(key)`: callers keep it for a whole batch.
    pub fn with_in(&self, shape: &Arc<Shape>, key: &str, value: Value) -> Record {
        let at = shape.position(key).unwrap_or(self.values.len());
        let mut values: Vec<Value> = Vec::with_capacity(shape.len());
        values.extend(self.values.iter().cloned());
        values.resize(shape.len(), Value::Null);
        if let Some(place) = values.get_mut(at) {
            *place = value;
        }
        Record { shape: shape.clone(), values: values.into() }
    }

    /// This record with other values at some places of its own shape. Nothing is copied when nobody else holds the record; the
    /// vector is left empty.
    #[must_use]
    pub fn with_places(mut self, places: &[usize], values: &mut Vec<Value>) -> Record {
        if Arc::get_mut(&mut self.values).is_none() {
            self.values = self.values.iter().cloned().collect();
        }
        let own = Arc::get_mut(&mut self.values).unwrap_or_default();
        for (place, value) in places.iter().zip(values.drain(..)) {
            if let Some(old) = own.get_mut(*place) {
                *old = value;
            }
        }
        self
    }

    /// This record with one field set.
    pub fn with(&self, key: &str, value: Value) -> Record {
        self.with_in(&self.shape.with(key), key, value)
    }

    /// About how many bytes of memory the record holds, without its shape.
    pub fn size_bytes(&self) -> usize {
        32 + self.values.iter().map(Value::size_bytes).sum::<usize>()
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        if self.shape.len() != other.shape.len() {
            return false;
        }
        if self.shape == other.shape {
            return self.values == other.values;
        }
        self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::Record(self.clone()))
    }
}

/// Collects fields one by one; for rows of a known shape use [`Record::new`].
#[derive(Default)]
pub struct RecordBuilder {
    keys: Vec<Text>,
    values: Vec<Value>,
}

impl RecordBuilder {
    /// Sets a field, replacing an earlier value of the same key.
    pub fn set(&mut self, key: impl Into<Text>, value: Value) -> &mut RecordBuilder {
        let key = key.into();
        match self.keys.iter().position(|it| *it == key) {
            Some(at) => self.values[at] = value,
            None => {
                self.keys.push(key);
                self.values.push(value);
            }
        }
        self
    }

    /// The record.
    pub fn build(self) -> Record {
        Record { shape: Shape::new(self.keys), values: self.values.into() }
    }
}
