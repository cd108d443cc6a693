//! What a person should know beside runs that fail: a run that takes far longer than usual, a disk that gets full, a system that does not
//! answer. One alert a cause: it is raised when the cause begins, and again only after it was over.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use journal::{Audit, Change, RunFilter, RunState};
use model::Text;

use crate::engine::{Engine, EngineEvent, Inner};
use crate::live::Live;

/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Below this a person is told, bytes.
const LOW_BYTES: u64 = 1 << 30;
/// A disk of which less than one part in so many is free is low, too.
const LOW_PART: u64 = 20;
/// Below this nothing new is accepted, bytes.
const FLOOR_BYTES: u64 = 256 << 20;
/// A run is slow beyond so many times the usual.
const SLOW_TIMES: i64 = 3;
/// No run is slow before this, unless the flow says how long its runs take, milliseconds.
const SLOW_FROM_MS: i64 = 60_000;
/// The usual time of a flow is the middle one of so many good runs.
const USUAL_OF: u32 = 20;
/// With fewer good runs nothing is known to be usual.
const USUAL_FROM: usize = 5;
/// What the audit trail calls whoever raises alerts.
const ACTOR: &str = "engine";

/// What is free on the disk of the data folder, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskRoom {
    /// Can still be written.
    pub free: u64,
    /// In all.
    pub total: u64,
}

impl DiskRoom {
    fn is_low(self) -> bool {
        self.free < LOW_BYTES || self.free < self.total / LOW_PART
    }
}

/// Tells what is free on the disk of the data folder; none where nobody knows.
pub type AskDisk = dyn Fn() -> Option<DiskRoom> + Send + Sync;

/// Something that is not as it should be: its cause, and what to say.
pub(crate) struct Alert {
    pub(crate) kind: &'static str,
    pub(crate) flow: Option<Text>,
    pub(crate) run: Option<String>,
    pub(crate) sentence: String,
    pub(crate) at_ms: i64,
}

impl Alert {
    /// Its line in the audit trail.
    pub(crate) fn line(&self) -> Change {
        Change::Audit(Audit {
            at_ms: self.at_ms,
            actor: Text::from(ACTOR),
            action: Text::from(format!("alert.{}", self.kind)),
            subject: self.flow.clone().unwrap_or_default(),
            detail: self.sentence.clone(),
        })
    }
}

impl Engine {
    /// Looks for ever after what a person should know.
    pub async fn keep_watch(&self) {
        loop {
            self.look_after().await;
            self.0.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Whoever is asked about the disk instead of the system.
    pub fn ask_disk(&self, ask: Arc<AskDisk>) {
        *self.0.disk.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(ask);
    }

    /// Looks once after what a person should know, and tells what is new.
    pub async fn look_after(&self) {
        let inner = &self.0;
        if let Err(error) = inner.mend_journal().await {
            tracing::error!(%error, "the journal cannot be written");
        }
        let mut causes: BTreeMap<String, Alert> = BTreeMap::new();
        inner.look_at_disk(&mut causes);
        inner.look_at_systems(&mut causes);
        inner.look_at_runs(&mut causes);
        let new: Vec<Alert> = {
            let mut raised = inner.raised.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            raised.retain(|cause| causes.contains_key(cause));
            causes.into_iter().filter(|(cause, _)| raised.insert(cause.clone())).map(|(_, it)| it).collect()
        };
        for alert in new {
            inner.raise(alert).await;
        }
    }
}

impl Inner {
    /// Writes an alert down and tells it.
    pub(crate) async fn raise(&self, alert: Alert) {
        // on a full disk it is told all the same
        if let Err(error) = self.journal.commit(vec![alert.line()]).await {
            tracing::error!(%error, "an alert could not be stored");
        }
        self.tell_alert(alert);
    }

    pub(crate) fn tell_alert(&self, alert: Alert) {
        let Alert { kind, flow, run, sentence, at_ms } = alert;
        self.tell(EngineEvent::Alert { flow, run, kind, sentence, at_ms });
    }

    /// Whether so little is free that nothing new may be accepted.
    pub(crate) fn is_disk_full(&self) -> bool {
        self.is_disk_full.load(Ordering::Relaxed)
    }

    fn look_at_disk(&self, causes: &mut BTreeMap<String, Alert>) {
        let asked = self.disk.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let room = match asked {
            Some(ask) => ask(),
            None => self.journal.disk().ok().flatten().map(|(free, total)| DiskRoom { free, total }),
        };
        let is_full = room.is_some_and(|it| it.free < FLOOR_BYTES);
        self.is_disk_full.store(is_full, Ordering::Relaxed);
        let Some(room) = room.filter(|it| it.is_low()) else { return };
        let mib = room.free >> 20;
        let mut tell = |cause: &str, sentence: String| {
            let alert =
                Alert { kind: "disk_low", flow: None, run: None, sentence, at_ms: self.clock.now_ms() };
            causes.insert(cause.into(), alert);
        };
        tell(
            "disk",
            format!(
                "The disk of the data folder has {mib} MiB left. Make room: below 256 MiB nothing new is accepted."
            ),
        );
        if is_full {
            tell(
                "disk/full",
                format!(
                    "The disk of the data folder has {mib} MiB left, so events are refused until there is room."
                ),
            );
        }
    }

    fn look_at_systems(&self, causes: &mut BTreeMap<String, Alert>) {
        for name in self.limits.silent() {
            let sentence =
                format!("{name} does not answer. Calls to it wait, and it is tried again by itself.");
            let at_ms = self.clock.now_ms();
            let alert = Alert { kind: "silent_connection", flow: None, run: None, sentence, at_ms };
            causes.insert(format!("silent/{name}"), alert);
        }
    }

    fn look_at_runs(&self, causes: &mut BTreeMap<String, Alert>) {
        let now = self.clock.now_ms();
        let at_work: Vec<(String, Arc<Live>, i64)> = self
            .active()
            .iter()
            .map(|(run, it)| (run.clone(), it.live.clone(), now.saturating_sub(it.began_ms)))
            .collect();
        let mut usual: BTreeMap<Text, Option<i64>> = BTreeMap::new();
        let mut seen: HashSet<Text> = HashSet::new();
        for (run, live, took_ms) in at_work {
            let said_ms = live.expect.as_ref().and_then(|it| it.within_s).map(|it| i64::from(it) * 1_000);
            if took_ms < said_ms.unwrap_or(SLOW_FROM_MS) || seen.contains(&live.id) {
                continue;
            }
            let limit = match said_ms {
                Some(said) => Some((said, format!("{} are expected", seconds(said)))),
                None => usual
                    .entry(live.id.clone())
                    .or_insert_with(|| self.usual_ms(&live.id))
                    .map(|it| (it.saturating_mul(SLOW_TIMES), format!("{} are usual", seconds(it)))),
            };
            let Some((_, what)) = limit.filter(|(limit, _)| took_ms >= *limit) else { continue };
            seen.insert(live.id.clone());
            let name = &live.program.name;
            let sentence = format!("A run of {name} has been at work for {}; {what}.", seconds(took_ms));
            let flow = Some(live.id.clone());
            let alert = Alert { kind: "slow_run", flow, run: Some(run), sentence, at_ms: now };
            causes.insert(format!("slow/{}", live.id), alert);
        }
    }

    /// How long the good runs of a flow take, milliseconds.
    fn usual_ms(&self, flow: &Text) -> Option<i64> {
        let filter = RunFilter {
            flow: Some(flow.clone()),
            states: vec![RunState::Ok],
            most: USUAL_OF,
            ..RunFilter::default()
        };
        let runs = self.journal.read(|it| it.runs(&filter)).ok()?;
        let mut took: Vec<i64> = runs.iter().filter_map(|it| Some(it.ended_ms? - it.started_ms)).collect();
        took.sort_unstable();
        (took.len() >= USUAL_FROM).then(|| took.get(took.len() / 2).copied()).flatten()
    }
}

fn seconds(ms: i64) -> String {
    match ms / 1_000 {
        it if it >= 7_200 => format!("{} hours", it / 3_600),
        it if it >= 120 => format!("{} minutes", it / 60),
        it => format!("{it} seconds"),
    }
}
