//! Wires between stages of a streaming run: bounded, or spilling to a file where waiting could deadlock.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use model::{Record, codec};
use sdk::{Code, NodeError};
use tokio::sync::{Notify, mpsc};

/// A bounded wire holds so many batches.
const WIRE_BATCHES: usize = 4;
/// A spilling wire holds so many bytes in memory before it writes to its file.
const SPILL_FROM_BYTES: usize = 2 << 20;

/// The beginning of a wire.
#[derive(Clone)]
pub(crate) enum Sender {
    /// Waits while the wire is full.
    Bounded(mpsc::Sender<Vec<Record>>),
    /// Never waits.
    Spilling(Arc<SpillEnd>),
}

/// The end of a wire.
pub(crate) enum Receiver {
    /// Of a bounded wire.
    Bounded(mpsc::Receiver<Vec<Record>>),
    /// Of a spilling wire.
    Spilling(Arc<Spill>),
}

/// Makes a wire.
pub(crate) fn wire(spills: bool) -> (Sender, Receiver) {
    if spills {
        let spill = Arc::new(Spill::default());
        return (Sender::Spilling(Arc::new(SpillEnd(spill.clone()))), Receiver::Spilling(spill));
    }
    let (sender, receiver) = mpsc::channel(WIRE_BATCHES);
    (Sender::Bounded(sender), Receiver::Bounded(receiver))
}

fn gone() -> NodeError {
    NodeError::new(Code::Cancelled, "The next step has ended.")
}

impl Sender {
    /// Sends from a thread that may wait.
    pub(crate) fn send_blocking(&self, records: Vec<Record>) -> Result<(), NodeError> {
        match self {
            Sender::Bounded(sender) => sender.blocking_send(records).map_err(|_| gone()),
            Sender::Spilling(end) => end.0.push(records),
        }
    }

    /// Sends from a task.
    pub(crate) async fn send(&self, records: Vec<Record>) -> Result<(), NodeError> {
        match self {
            Sender::Bounded(sender) => sender.send(records).await.map_err(|_| gone()),
            Sender::Spilling(end) => end.0.push(records),
        }
    }
}

impl Receiver {
    /// The next batch; none at the end.
    pub(crate) async fn receive(&mut self) -> Result<Option<Vec<Record>>, NodeError> {
        match self {
            Receiver::Bounded(receiver) => Ok(receiver.recv().await),
            Receiver::Spilling(spill) => spill.pop().await,
        }
    }
}

/// Closes the wire when the last sender is dropped.
pub(crate) struct SpillEnd(Arc<Spill>);

impl Drop for SpillEnd {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.notify.notify_one();
    }
}

/// Batches in memory, then in a file, in order.
#[derive(Default)]
pub(crate) struct Spill {
    state: Mutex<SpillState>,
    notify: Notify,
}

#[derive(Default)]
struct SpillState {
    held: VecDeque<Vec<Record>>,
    held_bytes: usize,
    file: Option<File>,
    written: VecDeque<u32>,
    read_at: u64,
    write_at: u64,
    is_closed: bool,
}

impl Spill {
    fn state(&self) -> std::sync::MutexGuard<'_, SpillState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, records: Vec<Record>) -> Result<(), NodeError> {
        let mut state = self.state();
        let size: usize = records.iter().map(Record::size_bytes).sum();
        if state.written.is_empty() && state.held_bytes + size <= SPILL_FROM_BYTES {
            state.held_bytes += size;
            state.held.push_back(records);
        } else {
            state.write(&records).map_err(spill_failed)?;
        }
        drop(state);
        self.notify.notify_one();
        Ok(())
    }

    async fn pop(&self) -> Result<Option<Vec<Record>>, NodeError> {
        loop {
            {
                let mut state = self.state();
                if let Some(records) = state.held.pop_front() {
                    let size: usize = records.iter().map(Record::size_bytes).sum();
                    state.held_bytes = state.held_bytes.saturating_sub(size);
                    return Ok(Some(records));
                }
                if !state.written.is_empty() {
                    return state.read().map(Some).map_err(spill_failed);
                }
                if state.is_closed {
                    return Ok(None);
                }
            }
            self.notify.notified().await;
        }
    }
}

impl SpillState {
    fn write(&mut self, records: &[Record]) -> std::io::Result<()> {
        let bytes = codec::encode_records(records);
        let length = u32::try_from(bytes.len()).map_err(|_| std::io::Error::other("a batch beyond 4 GiB"))?;
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.write_at))?;
        file.write_all(&bytes)?;
        self.write_at += u64::from(length);
        self.written.push_back(length);
        Ok(())
    }

    fn read(&mut self) -> std::io::Result<Vec<Record>> {
        let length = self.written.pop_front().unwrap_or_default();
        let mut bytes = vec![0; length as usize];
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(self.read_at))?;
            file.read_exact(&mut bytes)?;
        }
        self.read_at += u64::from(length);
        if self.written.is_empty() {
            // the file was read to its end: begin again, so that it never grows beyond what waits
            self.read_at = 0;
            self.write_at = 0;
            if let Some(file) = &mut self.file {
                file.set_len(0)?;
            }
        }
        codec::decode_records(&bytes).map_err(std::io::Error::other)
    }
}

fn spill_failed(error: std::io::Error) -> NodeError {
    NodeError::new(Code::Limit, "Records that wait could not be put on the disk; is it full?").because(error)
}
