//! A batch: the unit in which records move and progress is counted.

use crate::record::Record;

/// At most this many records in a batch.
pub const MAX_BATCH_RECORDS: usize = 1_000;
/// A batch is closed once it holds about this many bytes.
pub const MAX_BATCH_BYTES: usize = 1 << 20;

/// Records that travel together, numbered from 0 in the order in which their maker emitted them.
///
/// The number is the same in every execution of the same run: results of actions are remembered by it.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The place of this batch among those of its wire.
    pub seq: u64,
    /// The records, in order.
    pub records: Vec<Record>,
}

impl Batch {
    /// A batch.
    pub fn new(seq: u64, records: Vec<Record>) -> Batch {
        Batch { seq, records }
    }

    /// About how many bytes of memory the records hold.
    pub fn size_bytes(&self) -> usize {
        self.records.iter().map(Record::size_bytes).sum()
    }
}
