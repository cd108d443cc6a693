//! State beyond memory: an external merge sort that the whole-stream steps share.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use sdk::{NodeError, Out, Record, Shape, Text, Value};

use crate::failure::spilling;

/// Records of one frame: what a merge keeps of each sorted stretch.
const FRAME_RECORDS: usize = 128;
/// No frame that was written is larger; a longer one is damage.
const MAX_FRAME_BYTES: u32 = 1 << 30;

/// Compares two lists of keys.
pub type Order = Arc<dyn Fn(&[Value], &[Value]) -> Ordering + Send + Sync>;

/// A record with the keys it is sorted by.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// The keys.
    pub keys: Vec<Value>,
    /// The record.
    pub record: Record,
}

impl Keyed {
    fn size_bytes(&self) -> usize {
        48 + self.keys.iter().map(Value::size_bytes).sum::<usize>() + self.record.size_bytes()
    }
}

/// Collects records and gives them back in order; equal keys keep the order in which they came.
pub struct Sorter {
    order: Order,
    held: Vec<Keyed>,
    held_bytes: usize,
    file: Option<File>,
    stretches: Vec<(u64, u64)>,
    shape: Arc<Shape>,
}

impl Sorter {
    /// An empty sorter.
    pub fn new(order: Order) -> Sorter {
        Sorter {
            order,
            held: Vec::new(),
            held_bytes: 0,
            file: None,
            stretches: Vec::new(),
            shape: frame_shape(),
        }
    }

    /// Adds a record; writes a sorted stretch to disk when the share is used.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn push(&mut self, it: Keyed, out: &mut Out<'_>) -> Result<(), NodeError> {
        self.held_bytes += it.size_bytes();
        self.held.push(it);
        if self.held_bytes >= out.share_bytes() {
            self.spill(out)?;
        }
        Ok(())
    }

    /// Whether anything stands on disk.
    pub fn is_spilled(&self) -> bool {
        self.file.is_some()
    }

    fn sort(&mut self) {
        let order = self.order.clone();
        self.held.sort_by(|a, b| order(&a.keys, &b.keys));
    }

    fn spill(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        self.sort();
        if self.file.is_none() {
            self.file = Some(out.spill()?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let start = file.seek(SeekFrom::End(0)).map_err(spilling)?;
        let mut buffered = std::io::BufWriter::with_capacity(256 << 10, &mut *file);
        let mut at = start;
        for frame in self.held.chunks(FRAME_RECORDS) {
            at += write_frame(&mut buffered, frame, &self.shape)?;
        }
        buffered.flush().map_err(spilling)?;
        drop(buffered);
        self.stretches.push((start, at));
        self.held.clear();
        self.held_bytes = 0;
        Ok(())
    }

    /// All records in order.
    pub fn finish(mut self) -> Sorted {
        self.sort();
        let mut heads: Vec<Stretch> = self
            .stretches
            .iter()
            .map(|(at, end)| Stretch { at: *at, end: *end, frame: Vec::new().into_iter(), head: None })
            .collect();
        heads.push(Stretch { at: 0, end: 0, frame: self.held.into_iter(), head: None });
        Sorted { order: self.order, file: self.file, heads, is_open: false, tree: Vec::new() }
    }
}

struct Stretch {
    at: u64,
    end: u64,
    frame: std::vec::IntoIter<Keyed>,
    head: Option<Keyed>,
}

impl Stretch {
    fn advance(&mut self, file: Option<&mut File>) -> Result<(), NodeError> {
        self.head = self.frame.next();
        if self.head.is_none() && self.at < self.end {
            let Some(file) = file else { return Ok(()) };
            let (frame, next) = read_frame(file, self.at)?;
            self.at = next;
            self.frame = frame.into_iter();
            self.head = self.frame.next();
        }
        Ok(())
    }
}

/// The shape in which keyed records are written.
pub fn frame_shape() -> Arc<Shape> {
    Shape::new([Text::from("keys"), Text::from("record")])
}

/// Writes a frame; the answer is its length in bytes.
///
/// # Errors
/// The disk refuses.
pub fn write_frame(file: &mut impl Write, frame: &[Keyed], shape: &Arc<Shape>) -> Result<u64, NodeError> {
    let records: Vec<Record> = frame
        .iter()
        .map(|it| {
            let values = vec![Value::list(it.keys.clone()), Value::Record(it.record.clone())];
            Record::new(shape.clone(), values)
        })
        .collect();
    let bytes = model::codec::encode_records(&records);
    let length = u32::try_from(bytes.len()).map_err(spilling)?;
    file.write_all(&length.to_le_bytes()).map_err(spilling)?;
    file.write_all(&bytes).map_err(spilling)?;
    Ok(4 + u64::from(length))
}

/// The keyed records of the frame at an offset, and where the next frame begins.
///
/// # Errors
/// The file cannot be read or is damaged.
pub fn read_frame(file: &mut File, at: u64) -> Result<(Vec<Keyed>, u64), NodeError> {
    file.seek(SeekFrom::Start(at)).map_err(spilling)?;
    let mut length = [0; 4];
    file.read_exact(&mut length).map_err(spilling)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME_BYTES {
        return Err(spilling("a frame is damaged"));
    }
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes).map_err(spilling)?;
    let records = model::codec::decode_records(&bytes).map_err(spilling)?;
    let frame = records
        .into_iter()
        .map(|it| match it.values() {
            [Value::List(keys), Value::Record(record)] => {
                Ok(Keyed { keys: keys.to_vec(), record: record.clone() })
            }
            _ => Err(spilling("a frame is damaged")),
        })
        .collect::<Result<_, _>>()?;
    Ok((frame, at + 4 + u64::from(length)))
}

/// Records in order, merged from memory and disk.
pub struct Sorted {
    order: Order,
    file: Option<File>,
    heads: Vec<Stretch>,
    is_open: bool,
    /// Indexes of stretches that have a head, the one with the smallest last.
    tree: Vec<usize>,
}

impl Sorted {
    /// The next record.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub fn next(&mut self) -> Result<Option<Keyed>, NodeError> {
        if !self.is_open {
            self.is_open = true;
            for at in 0..self.heads.len() {
                self.heads[at].advance(self.file.as_mut())?;
                self.place(at);
            }
        }
        let Some(at) = self.tree.pop() else { return Ok(None) };
        let it = self.heads[at].head.take();
        self.heads[at].advance(self.file.as_mut())?;
        self.place(at);
        Ok(it)
    }

    /// Puts a stretch where its head belongs; of equal heads the earlier stretch comes first.
    fn place(&mut self, at: usize) {
        let Some(head) = &self.heads[at].head else { return };
        let spot = self.tree.partition_point(|other| {
            let other_head = self.heads[*other].head.as_ref();
            let ordering = other_head.map_or(Ordering::Less, |it| (self.order)(&it.keys, &head.keys));
            ordering.then(other.cmp(&at)) == Ordering::Greater
        });
        self.tree.insert(spot, at);
    }
}

/// The natural order of keys, one after another.
pub fn natural() -> Order {
    Arc::new(|a, b| {
        a.iter()
            .zip(b)
            .map(|(a, b)| crate::keys::compare(a, b))
            .find(|it| *it != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Collected;

    #[test]
    fn records_come_back_in_order_and_equal_ones_as_they_came_whether_spilled_or_not() {
        for share_bytes in [1 << 30, 4_000] {
            let mut sink = Collected::new(1);
            sink.share_bytes = share_bytes;
            let mut out = Out::new(&mut sink, 1);
            let mut sorter = Sorter::new(natural());
            for at in 0..2_000_i64 {
                let record = Record::of([("at", Value::from(at))]);
                sorter.push(Keyed { keys: vec![Value::from(at * 7 % 50)], record }, &mut out).unwrap();
            }
            assert_eq!(sorter.is_spilled(), share_bytes == 4_000);
            let mut sorted = sorter.finish();
            let mut last = (-1, -1);
            let mut count = 0;
            while let Some(it) = sorted.next().unwrap() {
                let whole = |it: &Value| it.as_number().and_then(model::Number::to_i64).unwrap();
                let here = (whole(&it.keys[0]), whole(it.record.get("at").unwrap()));
                assert!(here > last, "{here:?} after {last:?}");
                last = here;
                count += 1;
            }
            assert_eq!(count, 2_000);
        }
    }
}
