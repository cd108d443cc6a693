//! Transforms that are neighbours run as one: a batch goes through all of them before the next is taken.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use model::{Batch, Record};
use sdk::{Behaviour, Code, Flowing, NodeError, Out, Sink};

use super::report::{FailedRecord, error_record};
use super::run::{Run, seed_of};
use crate::program::Target;

/// Takes batches that leave a group.
pub(crate) trait Leave {
    /// A batch leaves along a wire.
    fn leave(&mut self, target: Target, records: Vec<Record>) -> Result<(), NodeError>;
}

/// Bytes of state all steps of a group may hold before they spill.
const SHARE_BYTES: usize = 24 << 20;

/// The transforms of one stage at work.
pub(crate) struct Group {
    run: Arc<Run>,
    members: Vec<usize>,
    flows: Vec<Option<Box<dyn Flowing>>>,
    /// Time that steps of the group took inside the call of another one.
    within: Duration,
}

impl Group {
    /// Opens the transforms of a stage.
    pub(crate) fn open(run: &Arc<Run>, members: &[usize]) -> Result<Group, NodeError> {
        let mut flows = Vec::with_capacity(members.len());
        for member in members {
            let Behaviour::Transform(transform) = &run.program.nodes[*member].behaviour else {
                return Err(NodeError::new(
                    Code::Internal,
                    "A stage of transforms holds another kind of step.",
                ));
            };
            match transform.open(&run.roots.seeded(seed_of(run.seed, (&run.program.nodes[*member].id, 0, 0))))
            {
                Ok(flowing) => flows.push(Some(flowing)),
                Err(error) => {
                    run.stop(*member, error.clone());
                    return Err(error);
                }
            }
        }
        Ok(Group { run: run.clone(), members: members.to_vec(), flows, within: Duration::ZERO })
    }

    /// Gives a batch to a node of the group.
    pub(crate) fn take(
        &mut self,
        node: usize,
        port: usize,
        records: Vec<Record>,
        leave: &mut dyn Leave,
    ) -> Result<(), NodeError> {
        self.run.check()?;
        let place = self.place(node)?;
        let counts = &self.run.node_counts[node];
        counts.taken.fetch_add(records.len() as u64, Ordering::Relaxed);
        if self.run.is_late_for(node) {
            let error = self.run.late(node);
            let mut sink = MemberSink { group: self, at: (node, port), leave };
            return records.into_iter().try_for_each(|it| sink.fail(it, error.clone()));
        }
        let seq = counts.batches.fetch_add(1, Ordering::Relaxed);
        self.step((place, port), leave, |flowing, out| flowing.take(port, Batch::new(seq, records), out))
    }

    /// All input of one port of the head has come.
    pub(crate) fn end(&mut self, node: usize, port: usize, leave: &mut dyn Leave) -> Result<(), NodeError> {
        let place = self.place(node)?;
        self.step((place, port), leave, |flowing, out| flowing.end(port, out))
    }

    /// All input has come: every node emits what it holds, in order.
    pub(crate) fn finish(&mut self, leave: &mut dyn Leave) -> Result<(), NodeError> {
        for place in 0..self.members.len() {
            if place > 0 {
                self.step((place, 0), leave, |flowing, out| flowing.end(0, out))?;
            }
            self.step((place, 0), leave, |flowing, out| flowing.finish(out))?;
        }
        Ok(())
    }

    /// Whether a node is one of the group.
    pub(crate) fn holds(&self, node: usize) -> bool {
        self.members.contains(&node)
    }

    /// All input of the whole group has come, none of it read here: every node ends and emits what it holds, in order.
    pub(crate) fn end_all(&mut self, leave: &mut dyn Leave) -> Result<(), NodeError> {
        if let Some(head) = self.members.first() {
            self.end(*head, 0, leave)?;
        }
        self.finish(leave)
    }

    fn place(&self, node: usize) -> Result<usize, NodeError> {
        let place = self.members.iter().position(|it| *it == node);
        place.ok_or_else(|| NodeError::new(Code::Internal, "A batch came to a stage it does not belong to."))
    }

    fn step(
        &mut self,
        (place, port): (usize, usize),
        leave: &mut dyn Leave,
        work: impl FnOnce(&mut dyn Flowing, &mut Out<'_>) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        let node = self.members[place];
        if self.run.is_late_for(node) {
            return Ok(());
        }
        let Some(mut flowing) = self.flows[place].take() else {
            return Err(NodeError::new(Code::Internal, "A step was given a batch while it worked on one."));
        };
        let ports = self.run.program.nodes[node].outputs.len();
        let before = std::mem::take(&mut self.within);
        let mut sink = MemberSink { group: self, at: (node, port), leave };
        let mut out = Out::new(&mut sink, ports);
        let began = Instant::now();
        let result = work(flowing.as_mut(), &mut out).and_then(|()| out.flush());
        self.flows[place] = Some(flowing);
        // what follows in the group works within this call: its time is its own
        let whole = began.elapsed();
        let own = whole.saturating_sub(std::mem::replace(&mut self.within, before + whole));
        self.run.node_counts[node].worked(own);
        if let Err(error) = &result {
            self.run.stop(node, error.clone());
        }
        result
    }
}

struct MemberSink<'a> {
    group: &'a mut Group,
    /// The step at work, and the input port that it reads.
    at: (usize, usize),
    leave: &'a mut dyn Leave,
}

impl Sink for MemberSink<'_> {
    fn push(&mut self, port: usize, records: Vec<Record>) -> Result<(), NodeError> {
        let run = self.group.run.clone();
        run.note_emitted(self.at.0, port, &records)?;
        let targets = &run.program.nodes[self.at.0].targets[port];
        let Some((last, others)) = targets.split_last() else { return Ok(()) };
        for target in others {
            self.deliver(*target, records.clone())?;
        }
        self.deliver(*last, records)
    }

    fn fail(&mut self, record: Record, error: NodeError) -> Result<(), NodeError> {
        let run = self.group.run.clone();
        let (at, port) = self.at;
        let node = &run.program.nodes[at];
        let leaving = node.handles_errors().then(|| error_record(&record, &error, &node.id, 1));
        run.note_failed(FailedRecord { node: at, port, record, error })?;
        match leaving {
            Some(leaving) => self.push(node.error_port(), vec![leaving]),
            None => Ok(()),
        }
    }

    fn spill(&mut self) -> Result<File, NodeError> {
        tempfile::tempfile_in(&self.group.run.spill_folder).map_err(|error| {
            NodeError::new(Code::Limit, "No room for records beyond memory; is the disk full?").because(error)
        })
    }

    fn share_bytes(&self) -> usize {
        SHARE_BYTES / self.group.members.len().max(1)
    }
}

impl MemberSink<'_> {
    fn deliver(&mut self, target: Target, records: Vec<Record>) -> Result<(), NodeError> {
        // a wire inside the group is a call; the size of a stage bounds how deep such calls nest
        if self.group.holds(target.node) {
            return self.group.take(target.node, target.port, records, self.leave);
        }
        self.leave.leave(target, records)
    }
}
