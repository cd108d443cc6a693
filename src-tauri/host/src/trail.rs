//! What happened and who did it: the ledger of due times, and the trail of what people decided.

use std::collections::HashMap;

use journal::{Audit, Change};

use crate::app::{App, refusal};
use crate::contract::*;

/// Due times of one page unless said, and at the most.
const TIMES: (u32, u32) = (100, 1_000);
/// Lines of the trail unless said, and at the most.
const LINES: (u32, u32) = (200, 5_000);
/// So long a due time that went by is told beside its flow: a week.
const TOLD_MS: i64 = 7 * 86_400_000;

impl App {
    /// A line for the trail, to be committed with what it tells of.
    pub(crate) fn audited(&self, action: &str, subject: &str, detail: &str) -> Change {
        Change::Audit(Audit {
            at_ms: self.clock.now_ms(),
            actor: "person".into(),
            action: action.into(),
            subject: subject.into(),
            detail: detail.into(),
        })
    }

    /// The same for what changes nothing in the journal, or has changed it already.
    pub(crate) async fn audit(&self, action: &str, subject: &str, detail: &str) -> Result<(), Refusal> {
        self.commit(vec![self.audited(action, subject, detail)]).await
    }

    pub(crate) async fn audit_list(&self, params: AuditList) -> Result<AuditTrail, Refusal> {
        let most = params.limit.unwrap_or(LINES.0).min(LINES.1);
        let found = self.journal.look(move |it| Ok((it.audit(most)?, it.check_audit())));
        let (lines, checked) = found.await.map_err(|e| refusal(&e))?;
        let mut names = HashMap::new();
        let mut told = Vec::with_capacity(lines.len());
        for line in lines {
            let subject = line.subject.to_string();
            if !names.contains_key(&subject) {
                let name = self.stored(&subject).await.ok().and_then(|it| it.document.ok()).map(|it| it.name);
                names.insert(subject.clone(), name.unwrap_or_else(|| subject.clone()));
            }
            told.push(AuditLine {
                at_ms: line.at_ms,
                actor: line.actor.to_string(),
                action: line.action.to_string(),
                subject: names[&subject].clone(),
                detail: line.detail,
            });
        }
        let broken = checked.as_ref().err().map(ToString::to_string);
        Ok(AuditTrail { lines: told, whole: checked.ok(), broken })
    }

    pub(crate) async fn flow_times(&self, params: FlowTimes) -> Result<DueTimes, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let most = params.limit.unwrap_or(TIMES.0).clamp(1, TIMES.1);
        let before_ms = params.before_ms.unwrap_or(i64::MAX);
        let beginning = ledger_of(&params.flow);
        let rows = self.journal.look(move |it| {
            let mut rows = Vec::new();
            for schedule in it.schedules(&beginning)?.iter().filter(|it| is_of_node(&beginning, it)) {
                rows.extend(it.ledger(schedule, before_ms, most + 1)?);
            }
            Ok(rows)
        });
        let mut rows = rows.await.map_err(|e| refusal(&e))?;
        rows.sort_by_key(|it| std::cmp::Reverse(it.due_ms));
        let more = rows.len() > most as usize;
        rows.truncate(most as usize);
        let times = rows.into_iter().map(|row| {
            let node = row.schedule.rsplit('/').next().unwrap_or_default().to_owned();
            let document = stored.document.as_ref().ok();
            DueTime {
                title: document
                    .map_or_else(|| node.clone(), |it| crate::describe::title(it, self.shelf.kinds(), &node)),
                node,
                due_ms: row.due_ms,
                outcome: match row.outcome {
                    journal::DueOutcome::Fired => DueOutcome::Fired,
                    journal::DueOutcome::Skipped => DueOutcome::Skipped,
                    journal::DueOutcome::Missed => DueOutcome::Missed,
                    journal::DueOutcome::Merged => DueOutcome::Merged,
                },
                run: row.run.map(|it| it.to_string()),
                decided_ms: row.at_ms,
            }
        });
        Ok(DueTimes { times: times.collect(), more })
    }

    /// How many due times of a flow went by in the last week without a run that stands for them.
    pub(crate) async fn passed_by(&self, flow: &str) -> Result<u64, Refusal> {
        let since_ms = self.clock.now_ms() - TOLD_MS;
        let beginning = ledger_of(flow);
        let count = self.journal.look(move |it| {
            let schedules = it.schedules(&beginning)?;
            let own = schedules.iter().filter(|it| is_of_node(&beginning, it));
            own.map(|schedule| it.passed_by(schedule, since_ms)).sum::<Result<u64, _>>()
        });
        count.await.map_err(|e| refusal(&e))
    }
}

/// How the names of a flow's schedules begin.
fn ledger_of(flow: &str) -> String {
    format!("{flow}/")
}

/// Whether a schedule is that of a node: what is expected of a flow has its own.
fn is_of_node(beginning: &str, schedule: &str) -> bool {
    !schedule[beginning.len()..].starts_with('/')
}
