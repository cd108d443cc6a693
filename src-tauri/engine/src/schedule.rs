//! Schedules at work: due times are decided once, written to the ledger, and only then fired.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use journal::{Change, Due, DueOutcome};
use model::{Record, Text, Value};
use sdk::{Accepted, Behaviour, Event, Inbox, NodeError, Start as Waits};

use tokio::sync::futures::Notified;

use crate::begin::{Begun, Stored};
use crate::due::{Missed, Schedule, outcomes};
use crate::durable::storage;
use crate::engine::{Engine, Inner, Start};
use crate::exec::Entrance;
use crate::hook::Hook;
use crate::live::{Live, Timed};

/// The clock of the machine may jump (sleep, a set clock), so due times are looked at this often at the least.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// A listener that fails is called again after this, and then after twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After the journal could not be written.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// So many due times that pass without a run are stored at once.
const PASSED_AT_ONCE: usize = 512;

/// An armed flow: dropping it ends its schedules and listeners.
pub(crate) struct Armed {
    pub(crate) live: Arc<Live>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    hooks: Vec<String>,
}

impl Drop for Armed {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Engine {
    /// Arms a version of a flow: its schedules run, its hooks answer, its listeners listen. An armed earlier version is replaced; a
    /// request that comes meanwhile meets the one or the other.
    ///
    /// # Errors
    /// A trigger that cannot be armed (unknown zone, a hook path that another flow holds); then an earlier version goes on.
    pub fn arm(&self, live: Arc<Live>) -> Result<(), NodeError> {
        let inner = &self.0;
        let schedules = live.timed().map(|it| {
            let config =
                |sentence: String| NodeError::new(sdk::Code::Config, format!("{}: {sentence}.", it.node));
            let schedule = Schedule::parse(&it.cron, &it.zone).map_err(config)?;
            let missed = &it.missed;
            let rule = Missed::named(missed)
                .ok_or_else(|| config(format!("{missed:?} is no rule for missed times")))?;
            Ok((it.node.clone(), schedule, rule))
        });
        let schedules = schedules.collect::<Result<Vec<_>, NodeError>>()?;
        let (mut hooks, mut listeners) = (Vec::new(), Vec::new());
        for node in &live.program.nodes {
            let Behaviour::Trigger(trigger) = &node.behaviour else { continue };
            match trigger.start() {
                Waits::Manual | Waits::Called | Waits::Failure { .. } | Waits::Schedule { .. } => {}
                Waits::Hook(config) => hooks.push((&node.id, Hook::new(live.clone(), &node.id, &config)?)),
                Waits::Listen => listeners.push(node.id.clone()),
            }
        }
        let mut armed =
            Armed { live: live.clone(), tasks: Vec::new(), hooks: self.answer_at(&live.id, hooks)? };
        // the tasks of an earlier version end before those of this one begin
        drop(self.take_armed(&live.id));
        for node in listeners {
            armed.tasks.push(tokio::spawn(inner.clone().listen(live.clone(), node)));
        }
        for (node, schedule, missed) in schedules {
            let rule = (schedule, missed);
            armed.tasks.push(tokio::spawn(inner.clone().keep_schedule(live.clone(), node, rule)));
        }
        if let Some(by) = live.expect.as_ref().and_then(|it| it.by.as_deref())
            && let Some(by) = crate::expect::daily(by, live.zone.as_deref())
        {
            armed.tasks.push(tokio::spawn(inner.clone().keep_expectation(live.clone(), by)));
        }
        inner.armed.write().unwrap_or_else(PoisonError::into_inner).insert(live.id.clone(), armed);
        Ok(())
    }

    /// Lets these hooks answer in the place of those that the flow had. Gives their paths.
    fn answer_at(&self, flow: &str, new: Vec<(&Text, Hook)>) -> Result<Vec<String>, NodeError> {
        let own = {
            let armed = self.0.armed.read().unwrap_or_else(PoisonError::into_inner);
            armed.get(flow).map(|it| it.hooks.clone()).unwrap_or_default()
        };
        let mut hooks = self.0.hooks.write().unwrap_or_else(PoisonError::into_inner);
        let mut paths: Vec<String> = Vec::new();
        for (node, hook) in &new {
            let path = hook.path().to_owned();
            if paths.contains(&path) || (hooks.contains_key(&path) && !own.contains(&path)) {
                return Err(NodeError::new(
                    sdk::Code::Config,
                    format!("{node}: another flow already listens at /hooks/{path}. Choose another path."),
                ));
            }
            paths.push(path);
        }
        for path in own {
            hooks.remove(&path);
        }
        hooks.extend(new.into_iter().map(|(_, hook)| (hook.path().to_owned(), Arc::new(hook))));
        Ok(paths)
    }

    fn take_armed(&self, flow: &str) -> Option<Armed> {
        self.0.armed.write().unwrap_or_else(PoisonError::into_inner).remove(flow)
    }

    /// Ends the schedules, hooks and listeners of a flow. Runs at work go on.
    pub fn disarm(&self, flow: &str) {
        if let Some(armed) = self.take_armed(flow) {
            let mut hooks = self.0.hooks.write().unwrap_or_else(PoisonError::into_inner);
            for path in &armed.hooks {
                hooks.remove(path);
            }
        }
    }

    /// The armed version of a flow.
    pub fn armed(&self, flow: &str) -> Option<Arc<Live>> {
        self.0.armed.read().unwrap_or_else(PoisonError::into_inner).get(flow).map(|it| it.live.clone())
    }
}

impl Inner {
    async fn keep_schedule(self: Arc<Inner>, live: Arc<Live>, node: Text, rule: (Schedule, Missed)) {
        let name = mark_name(&live.id, &node);
        let (schedule, missed) = rule;
        loop {
            let set = self.clock_set.notified();
            let pause = match self.decide_due(&live, &node, (&name, &schedule, missed)).await {
                Ok(next) => self.until(next),
                Err(error) => {
                    tracing::error!(schedule = name.as_str(), %error, "a due time could not be stored");
                    PAUSE_AFTER_FAILURE
                }
            };
            self.pause(set, pause).await;
        }
    }

    /// How long to wait for a due time; with none in sight it is looked again all the same, the clock may be set.
    pub(crate) fn until(&self, next_ms: Option<i64>) -> Duration {
        let Some(next_ms) = next_ms else { return LOOK_EVERY };
        let wait = u64::try_from(next_ms - self.clock.now_ms()).unwrap_or(0);
        Duration::from_millis(wait.saturating_add(1)).min(LOOK_EVERY)
    }

    /// Waits so long, or until the clock was set.
    pub(crate) async fn pause(&self, set: Notified<'_>, time: Duration) {
        tokio::select! {
            biased;
            () = set => {}
            () = self.clock.sleep(time) => {}
        }
    }

    /// Decides all due times up to now and fires what is to be fired. Gives the next one.
    async fn decide_due(
        self: &Arc<Inner>,
        live: &Arc<Live>,
        node: &Text,
        rule: (&Text, &Schedule, Missed),
    ) -> Result<Option<i64>, NodeError> {
        let (name, schedule, missed) = rule;
        let now = self.clock.now_ms();
        let mark = self.journal.read(|it| it.schedule_mark(name)).map_err(|e| storage(&e))?;
        let Some(mark) = mark else {
            // armed for the first time: nothing before this moment is owed
            let begin = Change::ScheduleMark { schedule: name.clone(), due_ms: now };
            self.journal.commit(vec![begin]).await.map_err(|e| storage(&e))?;
            return Ok(schedule.next_after(now));
        };
        // a clock that was set back must not fire again what was fired: the mark only moves forward
        let list = outcomes(&schedule.between(mark, now), now, missed);
        let merged = list.iter().filter(|it| it.1 == DueOutcome::Merged).count();
        // those that pass without a run: after a long sleep there may be thousands
        let mut passed = Vec::new();
        for (due_ms, outcome) in &list {
            let due =
                Due { schedule: name.clone(), due_ms: *due_ms, outcome: *outcome, run: None, at_ms: now };
            if *outcome == DueOutcome::Fired {
                self.store_passed(&mut passed).await?;
                let mark = Change::ScheduleMark { schedule: name.clone(), due_ms: *due_ms };
                self.fire(live, node, (due, mark, merged)).await?;
            } else {
                passed.push(due);
                if passed.len() >= PASSED_AT_ONCE {
                    self.store_passed(&mut passed).await?;
                }
            }
        }
        self.store_passed(&mut passed).await?;
        Ok(schedule.next_after(now.max(mark)))
    }

    async fn store_passed(&self, passed: &mut Vec<Due>) -> Result<(), NodeError> {
        let Some(last) = passed.last() else { return Ok(()) };
        let mark = Change::ScheduleMark { schedule: last.schedule.clone(), due_ms: last.due_ms };
        let changes = passed.drain(..).map(Change::Passed).chain([mark]).collect();
        self.journal.commit(changes).await.map(drop).map_err(|e| storage(&e))
    }

    async fn fire(
        self: &Arc<Inner>,
        live: &Arc<Live>,
        node: &Text,
        what: (Due, Change, usize),
    ) -> Result<(), NodeError> {
        let (due, mark, merged) = what;
        let due_text =
            jiff::Timestamp::from_millisecond(due.due_ms).map(|it| it.to_string()).unwrap_or_default();
        let record = Record::of([("due", Value::from(due_text)), ("missed", Value::from(merged as i64))]);
        let start = Start { due: Some((due, mark)), ..Start::new(node, vec![record]) };
        // the row of the ledger, the event and the run are one commit: a due time is never fired twice or lost between
        self.clone().begin(live.clone(), start).await.map(drop)
    }

    /// Keeps a listening trigger alive: when it fails it is called again after a growing pause.
    async fn listen(self: Arc<Inner>, live: Arc<Live>, node: Text) {
        let Some(number) = live.program.node(&node) else { return };
        let Behaviour::Trigger(trigger) = &live.program.nodes[number].behaviour else { return };
        let inbox: Arc<dyn Inbox> =
            Arc::new(RunInbox { inner: self.clone(), live: live.clone(), node: node.clone() });
        let mut pause = FIRST_PAUSE;
        loop {
            let began = tokio::time::Instant::now();
            let cx = self.idle_cx(&live, number);
            match trigger.listen(inbox.clone(), cx).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(flow = live.id.as_str(), node = node.as_str(), %error, "listening was interrupted")
                }
            }
            if began.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The world of a trigger that listens: no run is at work yet.
    fn idle_cx(&self, live: &Arc<Live>, node: usize) -> Arc<dyn sdk::Cx> {
        let run = self.journal.fresh::<journal::RunId>();
        // a run that never begins: it only lends its world
        let entrance = Entrance::Leaving(node, 0);
        let stored = Stored::new(live.clone(), run, entrance, (self.clock.now_ms(), 0));
        let ((run, _, _), _) = self.prepare(stored, None);
        let worlds = run.worlds.clone();
        worlds.cx(&run, node)
    }
}

/// A listening trigger's way to the journal.
struct RunInbox {
    inner: Arc<Inner>,
    live: Arc<Live>,
    node: Text,
}

#[async_trait]
impl Inbox for RunInbox {
    async fn accept(&self, events: Vec<Event>) -> Result<Vec<Accepted>, NodeError> {
        if self.inner.is_disk_full() {
            return Err(crate::hook::disk_full());
        }
        let starts = events.into_iter().map(|event| {
            let start = Start { dedupe_key: event.dedupe_key, ..Start::new(&self.node, vec![event.record]) };
            self.inner.clone().begin(self.live.clone(), start)
        });
        // stored side by side, so that they share a commit
        let begun = futures_util::future::try_join_all(starts).await?;
        Ok(begun
            .into_iter()
            .map(|it| match it {
                Begun::Ended(ended) => Accepted { is_duplicate: ended.is_duplicate, run: ended.run },
                Begun::Running { run, is_duplicate, .. } => Accepted { run, is_duplicate },
            })
            .collect())
    }
}

/// The armed flows and when each is due next, for the screens.
impl Engine {
    /// When an armed flow fires next by the clock, milliseconds since 1970 UTC.
    pub fn next_due(&self, flow: &str) -> Option<i64> {
        let live = self.armed(flow)?;
        let now = self.0.clock.now_ms();
        let next = |it: Timed| Schedule::parse(&it.cron, &it.zone).ok()?.next_after(now);
        live.timed().filter_map(next).min()
    }

    /// For a version about to be armed by a person, in the place of another or of none: its schedules owe nothing before this moment,
    /// but for those that the other one has too. What was due while a flow was off, or by a rule it did not have yet, was not missed.
    pub fn marks_from_now(&self, live: &Live, instead_of: Option<&Live>) -> Vec<Change> {
        let rule = |it: Timed| (it.node, it.cron, it.zone);
        let kept: Vec<_> = instead_of.into_iter().flat_map(Live::timed).map(rule).collect();
        let expected = |it: &Live| (it.expect.as_ref().and_then(|it| it.by.clone()), it.zone.clone());
        let is_expected_anew = instead_of.is_none_or(|it| expected(it) != expected(live));
        let new = live.timed().map(rule).filter(|it| !kept.contains(it)).map(|it| it.0);
        let due_ms = self.0.clock.now_ms();
        new.map(|node| mark_name(&live.id, &node))
            .chain(is_expected_anew.then(|| crate::expect::mark_name(&live.id)))
            .map(|schedule| Change::ScheduleMark { schedule, due_ms })
            .collect()
    }
}

/// The name of a schedule in the ledger.
fn mark_name(flow: &str, node: &str) -> Text {
    Text::from(format!("{flow}/{node}"))
}
