//! What is normal for a flow, as its file says it: a run that moved too few or too many records, and a day on which none ended well by
//! its time, raise an alert. Alerts stand in the audit trail; the day's verdict stands in the ledger, once a day.

use std::sync::Arc;
use std::time::Duration;

use journal::{Change, Committed, Due, DueOutcome, RunFilter, RunState};
use model::Text;
use sdk::{Behaviour, NodeError, Start as Waits};

use crate::alerts::Alert;
use crate::decide::EndState;
use crate::due::Schedule;
use crate::durable::storage;
use crate::engine::{Ended, Inner};
use crate::live::{Live, Timed};

/// After the journal could not be written.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// A day is at most so long, with a change of the clock in it, milliseconds.
const LONG_DAY_MS: i64 = 26 * 3_600_000;
/// Runs of a day that are looked at for one that ended in time.
const LOOKED_AT: u32 = 200;
impl Inner {
    /// Compares what a run moved with what is normal for its flow.
    pub(crate) fn check_counts(self: &Arc<Inner>, live: &Arc<Live>, ended: &Ended) {
        let Some([least, most]) = live.expect.as_ref().and_then(|it| it.records) else { return };
        let at_ms = self.clock.now_ms();
        if !matches!(ended.state, EndState::Ok | EndState::Partial) || ended.is_duplicate {
            return;
        }
        let moved = ended.counts.values().map(|(taken, emitted, _)| *taken.max(emitted)).max().unwrap_or(0);
        if (least..=most).contains(&moved) || !live.may_alert(at_ms) {
            return;
        }
        let sentence = format!(
            "A run of {} moved {moved} records; between {least} and {most} are normal.",
            live.program.name
        );
        let (flow, run) = (Some(live.id.clone()), Some(ended.run.clone()));
        let alert = Alert { kind: "unusual_count", flow, run, sentence, at_ms };
        let inner = self.clone();
        tokio::spawn(async move { inner.raise(alert).await });
    }

    /// Looks every day at its time whether a run of an armed flow has ended well.
    pub(crate) async fn keep_expectation(self: Arc<Inner>, live: Arc<Live>, by: Schedule) {
        loop {
            let set = self.clock_set.notified();
            let pause = match self.decide_expected(&live, &by).await {
                Ok(next) => self.until(next),
                Err(error) => {
                    tracing::error!(flow = live.id.as_str(), %error, "what is expected could not be looked at");
                    PAUSE_AFTER_FAILURE
                }
            };
            self.pause(set, pause).await;
        }
    }

    /// Gives every time up to now its verdict. Gives the next time.
    async fn decide_expected(
        self: &Arc<Inner>,
        live: &Arc<Live>,
        by: &Schedule,
    ) -> Result<Option<i64>, NodeError> {
        let name = mark_name(&live.id);
        let now = self.clock.now_ms();
        let mark = self.journal.read(|it| it.schedule_mark(&name)).map_err(|e| storage(&e))?;
        let Some(mark) = mark else {
            // armed for the first time: nothing before this moment was promised
            let begin = Change::ScheduleMark { schedule: name, due_ms: now };
            self.journal.commit(vec![begin]).await.map_err(|e| storage(&e))?;
            return Ok(by.next_after(now));
        };
        let dues = by.between(mark, now);
        for (number, due_ms) in dues.iter().copied().enumerate() {
            let since = by.between(due_ms - LONG_DAY_MS, due_ms - 1).last().copied();
            let day = (since.unwrap_or(due_ms - LONG_DAY_MS), due_ms);
            let outcome = if self.ended_well(live, day)? {
                DueOutcome::Fired
            } else if is_expected(live, day) {
                DueOutcome::Missed
            } else {
                DueOutcome::Skipped
            };
            let mut changes = vec![
                Change::Due(Due { schedule: name.clone(), due_ms, outcome, run: None, at_ms: now }),
                Change::ScheduleMark { schedule: name.clone(), due_ms },
            ];
            // of many days off only the last is told; the ledger holds them all
            let alert =
                (outcome == DueOutcome::Missed && number + 1 == dues.len()).then(|| nothing_came(live, now));
            changes.extend(alert.as_ref().map(Alert::line));
            let stored = self.journal.commit(changes).await.map_err(|e| storage(&e))?;
            if let (Committed::Stored, Some(alert)) = (stored, alert) {
                self.tell_alert(alert);
            }
        }
        Ok(by.next_after(now.max(mark)))
    }

    fn ended_well(&self, live: &Live, (since, until): (i64, i64)) -> Result<bool, NodeError> {
        let filter = RunFilter {
            flow: Some(live.id.clone()),
            states: vec![RunState::Ok],
            from_ms: Some(since),
            until_ms: Some(until),
            most: LOOKED_AT,
            ..RunFilter::default()
        };
        let runs = self.journal.read(|it| it.runs(&filter)).map_err(|e| storage(&e))?;
        Ok(runs.iter().any(|it| it.ended_ms.is_some_and(|ended| ended <= until)))
    }
}

fn nothing_came(live: &Live, at_ms: i64) -> Alert {
    let by = live.expect.as_ref().and_then(|it| it.by.as_deref()).unwrap_or_default();
    let sentence = format!("No run of {} has ended well by {by}.", live.program.name);
    Alert { kind: "nothing_came", flow: Some(live.id.clone()), run: None, sentence, at_ms }
}

/// Whether anything should have come in this time: a flow that only its schedules start has days off.
fn is_expected(live: &Live, (since, until): (i64, i64)) -> bool {
    for node in &live.program.nodes {
        let Behaviour::Trigger(trigger) = &node.behaviour else { continue };
        match trigger.start() {
            Waits::Hook(_) | Waits::Listen => return true,
            Waits::Manual | Waits::Called | Waits::Failure { .. } | Waits::Schedule { .. } => {}
        }
    }
    let mut timed = live.timed().peekable();
    let is_due = |it: Timed| {
        let next = Schedule::parse(&it.cron, &it.zone).ok().and_then(|it| it.next_after(since));
        next.is_some_and(|due| due <= until)
    };
    timed.peek().is_none() || timed.any(is_due)
}

/// The name in the ledger of what is expected of a flow; no node is called so.
pub(crate) fn mark_name(flow: &str) -> Text {
    Text::from(format!("{flow}//expect"))
}

/// The schedule of the time of day by which a run is expected.
pub(crate) fn daily(by: &str, zone: Option<&str>) -> Option<Schedule> {
    let (hour, minute) = by.split_once(':')?;
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    Schedule::parse(&format!("{minute} {hour} * * *"), zone.unwrap_or("UTC")).ok()
}
