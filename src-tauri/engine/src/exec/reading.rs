//! A source at work: pages as batches; what cannot be read again as it was is stored before it is used.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use async_trait::async_trait;
use model::{Record, Value};
use sdk::{Behaviour, Code, Cursor, Cx, NodeError, Page, Replay, Source};

use super::memory::{Outcome, Place};
use super::report::{FailedRecord, error_record};
use super::run::Run;

/// Takes what a source emits.
#[async_trait]
pub(crate) trait Emit: Send {
    /// Records leave at an output port.
    async fn emit(&mut self, port: usize, records: Vec<Record>) -> Result<(), NodeError>;
}

/// A source in one run.
pub(crate) struct ReadingStage {
    run: Arc<Run>,
    node: usize,
    source: Arc<dyn Source>,
    cx: Arc<dyn Cx>,
    openings: u64,
}

/// The place of the fingerprint of a replayable source, after all its pages.
const FINGERPRINT: u32 = u32::MAX;

impl ReadingStage {
    /// The source of a node.
    pub(crate) fn open(run: &Arc<Run>, node: usize) -> Result<ReadingStage, NodeError> {
        let Behaviour::Source(source) = &run.program.nodes[node].behaviour else {
            return Err(NodeError::new(Code::Internal, "A stage of a source holds another kind of step."));
        };
        Ok(ReadingStage {
            node,
            source: source.clone(),
            cx: run.worlds.cx(run, node),
            run: run.clone(),
            openings: 0,
        })
    }

    /// Opens a cursor for each record that came in, in order, and emits what it reads.
    ///
    /// # Errors
    /// What ends the run.
    pub(crate) async fn take(&mut self, records: Vec<Record>, emit: &mut dyn Emit) -> Result<(), NodeError> {
        let result = self.read_all(records, emit).await;
        if let Err(error) = &result {
            self.run.stop(self.node, error.clone());
        }
        result
    }

    async fn read_all(&mut self, records: Vec<Record>, emit: &mut dyn Emit) -> Result<(), NodeError> {
        for opening in records {
            self.run.check()?;
            self.run.node_counts[self.node].taken.fetch_add(1, Ordering::Relaxed);
            let number = self.openings;
            self.openings += 1;
            let wanted = &self.run.program.nodes[self.node].wanted;
            let cursor = self.source.open(&opening, wanted, self.cx.as_ref()).await?;
            match self.source.replay() {
                Replay::Replayable => self.replayable(number, &opening, cursor, emit).await?,
                Replay::Recorded => self.recorded(number, &opening, cursor, emit).await?,
                Replay::Sealed => self.sealed(number, &opening, cursor, emit).await?,
            }
        }
        Ok(())
    }

    fn place(&self, number: u64, index: u32) -> Place {
        Place { node: self.node, batch: number, index }
    }

    async fn replayable(
        &self,
        number: u64,
        opening: &Record,
        mut cursor: Box<dyn Cursor>,
        emit: &mut dyn Emit,
    ) -> Result<(), NodeError> {
        if let (Some(now), true) = (cursor.fingerprint(), self.run.program.has_effects) {
            let place = self.place(number, FINGERPRINT);
            match self.run.remembered.get(&place) {
                Some(Outcome::Finished(Value::Text(before))) if *before != now => {
                    return Err(NodeError::new(
                        Code::Input,
                        "The file was changed while the run was interrupted. Put the earlier file back and run again, or start anew with this one.",
                    ));
                }
                Some(_) => {}
                None => {
                    let outcome = Outcome::Finished(Value::from(now));
                    self.run.durable.remember(&self.run, vec![(place, outcome)]).await?;
                }
            }
        }
        while let Some(page) = self.next(cursor.as_mut()).await? {
            self.run.check()?;
            self.pass_on(opening, page, emit).await?;
        }
        Ok(())
    }

    async fn recorded(
        &self,
        number: u64,
        opening: &Record,
        mut cursor: Box<dyn Cursor>,
        emit: &mut dyn Emit,
    ) -> Result<(), NodeError> {
        let mut index = 0;
        let mut next = None;
        while let Some(Outcome::Finished(stored)) = self.run.remembered.get(&self.place(number, index)) {
            self.mark_again(stored);
            let Some(page) = page_of(stored) else { return Ok(()) };
            next = Some(page.next.clone());
            self.pass_on(opening, page, emit).await?;
            index += 1;
        }
        if let Some(next) = next {
            cursor.seek(&next, self.cx.as_ref()).await?;
        }
        loop {
            self.run.check()?;
            let page = self.next(cursor.as_mut()).await?;
            self.store(self.place(number, index), page.as_ref()).await?;
            let Some(page) = page else { return Ok(()) };
            self.pass_on(opening, page, emit).await?;
            index += 1;
        }
    }

    async fn sealed(
        &self,
        number: u64,
        opening: &Record,
        mut cursor: Box<dyn Cursor>,
        emit: &mut dyn Emit,
    ) -> Result<(), NodeError> {
        if !self.run.program.has_effects_beside_sources() {
            while let Some(page) = self.next(cursor.as_mut()).await? {
                self.run.check()?;
                self.pass_on(opening, page, emit).await?;
            }
            return Ok(());
        }
        let whole = self.place(number, FINGERPRINT);
        let mut pages = Vec::new();
        match self.run.remembered.get(&whole) {
            Some(Outcome::Finished(Value::Number(count))) => {
                for index in 0..count.to_i64().unwrap_or_default() {
                    if let Some(Outcome::Finished(stored)) =
                        self.run.remembered.get(&self.place(number, index as u32))
                    {
                        self.mark_again(stored);
                        pages.extend(page_of(stored));
                    }
                }
            }
            _ => {
                // pages of an interrupted reading are read anew and overwritten: nothing downstream has seen them
                let mut index = 0;
                while let Some(page) = self.next(cursor.as_mut()).await? {
                    self.run.check()?;
                    self.store(self.place(number, index), Some(&page)).await?;
                    pages.push(page);
                    index += 1;
                }
                let outcome = Outcome::Finished(Value::from(i64::from(index)));
                self.run.durable.remember(&self.run, vec![(whole, outcome)]).await?;
            }
        }
        for page in pages {
            self.pass_on(opening, page, emit).await?;
        }
        Ok(())
    }

    async fn next(&self, cursor: &mut dyn Cursor) -> Result<Option<Page>, NodeError> {
        let began = Instant::now();
        let page = cursor.next(self.cx.as_ref()).await;
        self.run.node_counts[self.node].worked(began.elapsed());
        page
    }

    async fn store(&self, place: Place, page: Option<&Page>) -> Result<(), NodeError> {
        let value = match page {
            None => Value::Null,
            Some(page) => {
                let marks = self.run.durable.marks(&self.run, self.node);
                Value::Record(Record::of([
                    ("records", Value::list(page.records.iter().cloned().map(Value::Record).collect())),
                    ("next", page.next.clone()),
                    ("marks", Value::Record(Record::of(marks))),
                ]))
            }
        };
        self.run.durable.remember(&self.run, vec![(place, Outcome::Finished(value))]).await
    }

    /// Moves the cursors to where a stored page had left them.
    fn mark_again(&self, stored: &Value) {
        let marks = stored.as_record().and_then(|it| it.get("marks")).and_then(Value::as_record);
        let marks = marks.map(|it| it.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
        self.run.durable.mark_again(&self.run, self.node, marks.unwrap_or_default());
    }

    async fn pass_on(&self, opening: &Record, page: Page, emit: &mut dyn Emit) -> Result<(), NodeError> {
        let node = &self.run.program.nodes[self.node];
        let mut records = page.records;
        if let Some(field) = &node.keep_as {
            records = records.iter().map(|it| it.with(field, Value::Record(opening.clone()))).collect();
        }
        if !records.is_empty() {
            self.run.note_emitted(self.node, 0, &records)?;
            emit.emit(0, records).await?;
        }
        let mut errors = Vec::new();
        for (record, error) in page.failed {
            self.run.node_counts[self.node].taken.fetch_add(1, Ordering::Relaxed);
            if node.handles_errors() {
                errors.push(error_record(&record, &error, &node.id, 1));
            }
            self.run.note_failed(FailedRecord { node: self.node, port: 0, record, error })?;
        }
        if !errors.is_empty() {
            self.run.note_emitted(self.node, node.error_port(), &errors)?;
            emit.emit(node.error_port(), errors).await?;
        }
        Ok(())
    }
}

fn page_of(stored: &Value) -> Option<Page> {
    let record = stored.as_record()?;
    let records = record.get("records")?.as_list()?.iter().filter_map(|it| it.as_record().cloned()).collect();
    Some(Page { records, failed: Vec::new(), next: record.get("next").cloned().unwrap_or_default() })
}
