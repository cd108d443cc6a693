//! An action over a whole stream: one writer, nothing visible before its commit.

use model::{Record, Value};
use sdk::{NodeError, Writing};

use super::acting::{Acted, Acting};
use super::memory::Outcome;

impl Acting {
    fn open_writer(&mut self) -> &mut Option<Box<dyn Writing>> {
        self.writer.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) async fn write(&mut self, records: Vec<Record>) -> Result<(), NodeError> {
        if self.run.remembered.contains_key(&self.place(0, 0)) {
            return Ok(());
        }
        let mut writer = match self.open_writer().take() {
            Some(writer) => writer,
            None => {
                let empty = Record::empty();
                self.action.open(records.first().unwrap_or(&empty), self.cx.as_ref()).await?
            }
        };
        writer.write(&records, self.cx.as_ref()).await?;
        *self.open_writer() = Some(writer);
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<Acted, NodeError> {
        let place = self.place(0, 0);
        let answer = match self.run.remembered.get(&place) {
            Some(Outcome::Finished(answer)) => answer.clone(),
            _ => {
                self.write(Vec::new()).await?;
                let Some(writer) = self.open_writer().take() else { return Ok(Acted::default()) };
                self.run.check()?;
                let answer = writer.commit(self.cx.as_ref()).await?;
                self.remember(vec![(place, Outcome::Finished(answer.clone()))], false).await?;
                answer
            }
        };
        let record = match answer {
            Value::Record(record) => record,
            other => Record::of([("value", other)]),
        };
        Ok(Acted { out: vec![record], errors: Vec::new() })
    }
}
