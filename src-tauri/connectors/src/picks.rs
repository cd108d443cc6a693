//! Values that a step reads of every record: plain fields are looked up once a shape, other formulas are evaluated.

use std::sync::Arc;

use sdk::{Formula, NodeError, Record, Roots, Shape, Template, Value};

/// What gives a value of a record.
pub trait Pick {
    /// The field whose value it gives as it stands, when it is nothing but a field.
    fn lone_field(&self) -> Option<&str>;

    /// The value for a record.
    ///
    /// # Errors
    /// The first fault.
    fn pick(&self, record: &Record, roots: &Roots) -> Result<Value, NodeError>;
}

impl Pick for Formula {
    fn lone_field(&self) -> Option<&str> {
        self.compiled().lone_field()
    }

    fn pick(&self, record: &Record, roots: &Roots) -> Result<Value, NodeError> {
        self.value(record, roots)
    }
}

impl Pick for Template {
    fn lone_field(&self) -> Option<&str> {
        self.compiled().lone_field()
    }

    fn pick(&self, record: &Record, roots: &Roots) -> Result<Value, NodeError> {
        self.value(record, roots)
    }
}

/// Several values of each record, read together before any is used.
pub struct Picks<P> {
    picks: Vec<P>,
    /// The shape seen last; held, so that its address means it.
    shape: Option<Arc<Shape>>,
    /// Where the plain fields stand in it.
    places: Vec<Option<usize>>,
    /// What the others gave for the record read last.
    made: Vec<Value>,
}

impl<P: Pick> Picks<P> {
    /// Picks in order.
    pub fn new(picks: Vec<P>) -> Picks<P> {
        let made = vec![Value::Null; picks.len()];
        Picks { places: vec![None; picks.len()], picks, shape: None, made }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.picks.is_empty()
    }

    /// Reads a record; afterwards [`Picks::get`] has its values.
    ///
    /// # Errors
    /// The first fault.
    #[inline]
    pub fn read(&mut self, record: &Record, roots: &Roots) -> Result<(), NodeError> {
        if !self.shape.as_ref().is_some_and(|it| Arc::ptr_eq(it, record.shape())) {
            self.learn(record.shape());
        }
        for (at, pick) in self.picks.iter().enumerate() {
            if self.places[at].is_none() {
                self.made[at] = pick.pick(record, roots)?;
            }
        }
        Ok(())
    }

    #[cold]
    fn learn(&mut self, shape: &Arc<Shape>) {
        // a field that the shape lacks is left to the formula, which says so
        self.places =
            self.picks.iter().map(|it| it.lone_field().and_then(|name| shape.position(name))).collect();
        self.shape = Some(shape.clone());
    }

    /// A value of the record that was read last.
    #[inline]
    pub fn get<'a>(&'a self, at: usize, record: &'a Record) -> &'a Value {
        match self.places[at] {
            Some(place) => &record.values()[place],
            None => &self.made[at],
        }
    }

    /// The values of the record that was read last, in order.
    #[inline]
    pub fn iter<'a>(&'a self, record: &'a Record) -> impl Iterator<Item = &'a Value> + Clone {
        (0..self.picks.len()).map(move |at| self.get(at, record))
    }

    /// Moves the values of the record that was read last to the end of a vector: plain fields are copied, the others taken.
    #[inline]
    pub fn take_into(&mut self, record: &Record, into: &mut Vec<Value>) {
        for (place, made) in self.places.iter().zip(&mut self.made) {
            into.push(match place {
                Some(place) => record.values()[*place].clone(),
                None => std::mem::take(made),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_fields_and_formulas_are_read_of_records_whose_shapes_change() {
        let formulas = ["= b", "= a + 1"].map(|it| Formula::parse(it).unwrap());
        let mut picks = Picks::new(formulas.to_vec());
        let roots = Roots::default();
        let one = Record::of([("a", Value::from(1)), ("b", Value::from(2))]);
        let other = Record::of([("b", Value::from(20)), ("x", Value::Null), ("a", Value::from(10))]);
        for (record, expected) in [(&one, [2, 2]), (&other, [20, 11]), (&one, [2, 2])] {
            picks.read(record, &roots).unwrap();
            assert_eq!(picks.iter(record).cloned().collect::<Vec<_>>(), expected.map(Value::from));
        }
        let missing = Record::of([("a", Value::from(1))]);
        assert!(picks.read(&missing, &roots).unwrap_err().sentence.contains("no field b"));
        picks.read(&one, &roots).unwrap();
        let mut taken = Vec::new();
        picks.take_into(&one, &mut taken);
        assert_eq!(taken, [Value::from(2), Value::from(2)]);
    }
}
