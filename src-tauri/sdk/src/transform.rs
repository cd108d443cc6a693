//! Transforms: pure, synchronous, batch in, records out on numbered ports.

use crate::error::NodeError;
use formula::Roots;
use model::{Batch, MAX_BATCH_RECORDS, Record};

/// A pure step. It is recomputed after a restart, so the same input must give the same output, in the same order.
pub trait Transform: Send + Sync {
    /// Opens the step for one run.
    ///
    /// # Errors
    /// When it cannot work under this configuration in this run.
    fn open(&self, roots: &Roots) -> Result<Box<dyn Flowing>, NodeError>;

    /// Whether the step needs all its input before it emits (sort, group, join build).
    fn is_whole_stream(&self) -> bool {
        false
    }

    /// Whether the output holds only what formulas of this step name: then nothing else is wanted from above.
    fn rebuilds_records(&self) -> bool {
        false
    }

    /// Whether the step passes records on with the fields they came with and looks at no field but those its configuration names,
    /// in formulas or as plain texts. Then a source above need not build the others.
    fn reads_only_named(&self) -> bool {
        false
    }

    /// Whether the step only leaves records out, at little cost. It then works where a source makes the records, so that those left
    /// out never travel.
    fn is_sieve(&self) -> bool {
        false
    }

    /// All fields an emitted record can have, when the configuration alone says them: a formula further on that names another is
    /// reported while the flow is drawn.
    fn makes_fields(&self) -> Option<Vec<String>> {
        None
    }
}

/// A transform at work in one run. It may hold accounted state until [`Flowing::finish`].
pub trait Flowing: Send {
    /// Takes a batch that came in at an input port.
    ///
    /// # Errors
    /// What fails the whole step. A failing record is given to [`Out::fail`] instead.
    fn take(&mut self, port: usize, batch: Batch, out: &mut Out<'_>) -> Result<(), NodeError>;

    /// All input of one port has come.
    ///
    /// # Errors
    /// What fails the whole step.
    fn end(&mut self, _port: usize, _out: &mut Out<'_>) -> Result<(), NodeError> {
        Ok(())
    }

    /// All input of all ports has come; emits what was held.
    ///
    /// # Errors
    /// What fails the whole step.
    fn finish(&mut self, _out: &mut Out<'_>) -> Result<(), NodeError> {
        Ok(())
    }
}

/// Where emitted batches go. It may block while the next step is busy: that is the back-pressure.
pub trait Sink {
    /// Takes records that leave at a port.
    ///
    /// # Errors
    /// The run was cancelled, or a step further on failed it.
    fn push(&mut self, port: usize, records: Vec<Record>) -> Result<(), NodeError>;

    /// Takes a record that failed.
    ///
    /// # Errors
    /// The stop rule ended the run.
    fn fail(&mut self, record: Record, error: NodeError) -> Result<(), NodeError>;

    /// A new temporary file for state beyond memory; it goes with the run.
    ///
    /// # Errors
    /// No space or no right to write.
    fn spill(&mut self) -> Result<std::fs::File, NodeError>;

    /// Bytes of state a step may hold in memory before it must spill.
    fn share_bytes(&self) -> usize;
}

/// Collects what a transform emits and passes it on by the batch.
pub struct Out<'a> {
    sink: &'a mut dyn Sink,
    ports: Vec<Vec<Record>>,
}

impl<'a> Out<'a> {
    /// An empty collector for so many output ports.
    pub fn new(sink: &'a mut dyn Sink, ports: usize) -> Out<'a> {
        Out { sink, ports: vec![Vec::new(); ports] }
    }

    /// Emits a record at an output port.
    ///
    /// # Errors
    /// As [`Sink::push`].
    pub fn emit(&mut self, port: usize, record: Record) -> Result<(), NodeError> {
        let Some(held) = self.ports.get_mut(port) else { return Ok(()) };
        held.push(record);
        if held.len() >= MAX_BATCH_RECORDS {
            let full = std::mem::take(held);
            self.sink.push(port, full)?;
        }
        Ok(())
    }

    /// Emits many records at once.
    ///
    /// # Errors
    /// As [`Sink::push`].
    pub fn emit_all(&mut self, port: usize, records: Vec<Record>) -> Result<(), NodeError> {
        let Some(held) = self.ports.get_mut(port) else { return Ok(()) };
        if held.is_empty() && records.len() <= MAX_BATCH_RECORDS {
            *held = records;
            return Ok(());
        }
        for record in records {
            self.emit(port, record)?;
        }
        Ok(())
    }

    /// Gives up a record: it leaves through the error port or to the failed inbox; the others go on.
    ///
    /// # Errors
    /// As [`Sink::fail`].
    pub fn fail(&mut self, record: Record, error: NodeError) -> Result<(), NodeError> {
        self.sink.fail(record, error)
    }

    /// A temporary file for state beyond memory.
    ///
    /// # Errors
    /// As [`Sink::spill`].
    pub fn spill(&mut self) -> Result<std::fs::File, NodeError> {
        self.sink.spill()
    }

    /// Bytes of state the step may hold in memory.
    pub fn share_bytes(&self) -> usize {
        self.sink.share_bytes()
    }

    /// Passes on what is held. The engine calls it after every [`Flowing`] call.
    ///
    /// # Errors
    /// As [`Sink::push`].
    pub fn flush(&mut self) -> Result<(), NodeError> {
        for port in 0..self.ports.len() {
            let held = std::mem::take(&mut self.ports[port]);
            if !held.is_empty() {
                self.sink.push(port, held)?;
            }
        }
        Ok(())
    }
}
