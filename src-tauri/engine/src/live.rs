//! A version of a flow, ready to run: its program, its authority, how many runs of it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::document::{Expect, Overlap};
use model::temporal::Zone;
use model::{DateTime, Record, Shape, Text};
use sdk::{Behaviour, NodeError, Roots, Start, Value};

use crate::authority::Authority;
use crate::program::Program;
use crate::room::{Crowd, Room};

/// Between two successful runs of a flow whose samples are kept, milliseconds: five a second.
const SAMPLE_EVERY_MS: i64 = 200;
/// Between two alerts about runs of one flow, milliseconds.
const ALERT_EVERY_MS: i64 = 60_000;
/// Runs of one flow at once, unless the flow says otherwise.
const FLOW_RUNS: usize = 10;

/// A trigger that starts its flow by the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// The trigger's node.
    pub node: Text,
    /// A cron expression, or `every 15 minutes`.
    pub cron: String,
    /// The zone in which it holds, by its IANA name.
    pub zone: String,
    /// What becomes of times that passed while nobody could fire them.
    pub missed: String,
}

/// A version of a flow, ready to run.
pub struct Live {
    /// The flow's id in the journal.
    pub id: Text,
    /// What runs.
    pub program: Arc<Program>,
    /// What it may touch.
    pub authority: Arc<Authority>,
    /// The zone of its schedules.
    pub zone: Option<String>,
    /// What is normal for it.
    pub expect: Option<Expect>,
    alerted_ms: AtomicI64,
    /// What becomes of an event that comes while earlier runs go on.
    pub overlap: Overlap,
    /// How many runs go on at once.
    pub(crate) at_once: usize,
    /// The places of its runs.
    pub(crate) room: Arc<Room>,
    /// How many of them wait.
    pub(crate) crowd: Crowd,
    sampled_ms: AtomicI64,
    slots: Record,
    /// `run.id`, `run.flow`.
    about: Arc<Shape>,
}

impl Live {
    /// A version made from a checked plan.
    pub fn new(id: &str, plan: &plan::Plan, authority: Authority) -> Live {
        let slots = authority.slot_record();
        let is_alone = plan.overlap != Overlap::Queue && plan.order_key.is_none();
        let unless_said = if is_alone { 1 } else { FLOW_RUNS };
        let at_once = plan.concurrency.map_or(unless_said, usize::from);
        Live {
            id: Text::from(id),
            program: Arc::new(Program::of(plan)),
            authority: Arc::new(authority),
            zone: plan.zone.clone(),
            expect: plan.expect.clone(),
            alerted_ms: AtomicI64::new(i64::MIN),
            overlap: plan.overlap,
            at_once,
            room: Room::new(at_once),
            crowd: Crowd::default(),
            sampled_ms: AtomicI64::new(i64::MIN),
            slots,
            about: Shape::new(["id", "flow"].map(Text::from)),
        }
    }

    /// The triggers that start it by the clock.
    pub fn timed(&self) -> impl Iterator<Item = Timed> {
        self.program.nodes.iter().filter_map(|node| {
            let Behaviour::Trigger(trigger) = &node.behaviour else { return None };
            let Start::Schedule { cron, zone, missed } = trigger.start() else { return None };
            let zone = zone.or_else(|| self.zone.clone()).unwrap_or_else(|| "UTC".into());
            Some(Timed { node: node.id.clone(), cron, zone, missed })
        })
    }

    /// `slots`, `run` and `event` for the formulas of a run, with its start (milliseconds since 1970 UTC) and its seed.
    pub(crate) fn roots(&self, run: &str, start: (i64, u64), event: Option<&Record>) -> Roots {
        let values = vec![Value::from(run), Value::from(self.program.name.as_str())];
        let about = Record::new(self.about.clone(), values);
        Roots {
            slots: self.slots.clone(),
            run: about,
            event: event.cloned().unwrap_or_else(Record::empty),
            now: now_in(start.0, self.zone.as_deref()),
            seed: start.1,
            ..Roots::default()
        }
    }

    /// The order key of an event.
    pub(crate) fn order_key(&self, record: &Record, roots: &Roots) -> Result<Option<String>, NodeError> {
        self.program.order_key.as_ref().map(|it| Ok(it.value(record, roots)?.to_plain())).transpose()
    }

    /// Whether there is room for one more alert about runs of this flow: one a minute.
    pub(crate) fn may_alert(&self, now_ms: i64) -> bool {
        let last = self.alerted_ms.load(Ordering::Relaxed);
        let is_due = now_ms.saturating_sub(last) >= ALERT_EVERY_MS;
        is_due && self.alerted_ms.compare_exchange(last, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Whether the samples of a run that ended well now are kept.
    pub(crate) fn keeps_samples(&self, now_ms: i64) -> bool {
        let last = self.sampled_ms.load(Ordering::Relaxed);
        let is_due = now_ms.saturating_sub(last) >= SAMPLE_EVERY_MS;
        is_due && self.sampled_ms.compare_exchange(last, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// How many of its runs wait for a place: those kept whole, and those of which only the id is kept.
    pub fn waiting(&self) -> (usize, usize) {
        self.crowd.waiting()
    }
}

/// An instant as a date and time of a zone's clock.
pub(crate) fn now_in(at_ms: i64, zone: Option<&str>) -> Option<DateTime> {
    DateTime::from_unix_ms(at_ms, Zone::named(zone.unwrap_or("UTC"))?)
}
