//! From what the engine tells to what screens want to know: runs with their counts, at a bearable pace.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use engine::exec::{NodeCount, Run};
use engine::program::Program;
use engine::{EndState, EngineEvent};
use journal::RunFilter;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::app::App;
use crate::contract::{Event, Failure, NodeCounts, NodeState, RunCounts, RunState};
use crate::runs::moved;
use crate::shelf::base;

/// Between two reports of a run at work: five a second at most.
const BETWEEN: Duration = Duration::from_millis(200);

/// Runs told of one by one within a second; beyond that listeners are told to read afresh.
const MOST_A_SECOND: u32 = 40;

/// Counts what is told within a second.
struct Pace {
    since: Instant,
    told: u32,
    has_missed: bool,
}

impl Pace {
    /// Whether there is room for one more, and whether something was left out before.
    fn next(&mut self) -> (bool, bool) {
        let mut missed = false;
        if self.since.elapsed() >= Duration::from_secs(1) {
            missed = self.has_missed;
            *self = Pace { since: Instant::now(), told: 0, has_missed: false };
        }
        self.told = self.told.saturating_add(1);
        let has_room = self.told <= MOST_A_SECOND;
        self.has_missed |= !has_room;
        (has_room, missed)
    }
}

/// Carries events for as long as the application lives.
pub(crate) async fn pump(app: Weak<App>, mut events: Receiver<EngineEvent>) {
    let mut pace = Pace { since: Instant::now(), told: 0, has_missed: false };
    loop {
        let event = events.recv().await;
        let Some(app) = app.upgrade() else { return };
        // telling costs a look into the journal: with nobody there, and thousands of runs a second, it is spared
        if app.events.receiver_count() == 0 {
            match event {
                Err(RecvError::Closed) => return,
                Ok(_) | Err(RecvError::Lagged(_)) => continue,
            }
        }
        let (has_room, missed) = pace.next();
        if missed {
            app.tell(Event::Resync {});
        }
        if !has_room {
            continue;
        }
        match event {
            Ok(EngineEvent::Started { flow, run }) => {
                let at_ms = app.clock.now_ms();
                app.tell(Event::RunStarted { run: run.clone(), flow: base(&flow).to_owned(), at_ms });
                tokio::spawn(follow(Arc::downgrade(&app), base(&flow).to_owned(), run));
            }
            Ok(EngineEvent::Ended { flow, run, state, error }) => {
                let failed = state == EndState::Failed;
                ended(&app, (base(&flow).to_owned(), run), (state, error.as_ref())).await;
                if failed || state == EndState::Partial {
                    app.tell_inbox().await;
                }
            }
            Ok(EngineEvent::Alert { flow, run, kind, sentence, at_ms }) => {
                let flow = flow.map(|it| base(&it).to_owned());
                app.tell(Event::Alert { kind: kind.into(), flow, run, sentence, at_ms });
            }
            Err(RecvError::Lagged(_)) => app.tell(Event::Resync {}),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn ended(
    app: &App,
    (flow, run): (String, String),
    (state, error): (EndState, Option<&sdk::NodeError>),
) {
    let at_ms = app.clock.now_ms();
    let counts = app.counts_of(&run).await.unwrap_or_default();
    let error = error.map(failure);
    if state == EndState::Failed {
        let sentence = error.as_ref().map_or_else(|| "A run failed.".into(), |it| it.sentence.clone());
        app.tell(Event::Alert {
            kind: "failure".into(),
            flow: Some(flow.clone()),
            run: Some(run.clone()),
            sentence,
            at_ms,
        });
    }
    // samples ride on the next commit: whoever hears of the end looks at them at once, so there is one now
    if let Err(error) = app.journal.commit(Vec::new()).await {
        tracing::warn!(%run, %error, "the samples of a run are not on the disk yet");
    }
    app.tell(Event::RunEnded { run, flow, at_ms, state: end_state(state), counts, error });
}

/// The last run of a flow that ended well: by it one at work is measured.
#[derive(Clone, Copy)]
struct Usual {
    records: u64,
    took_ms: i64,
}

impl Usual {
    /// From so many records on their number tells more than the time.
    const MANY: u64 = 1_000;

    async fn of(app: &App, flow: &str) -> Option<Usual> {
        let filter = RunFilter {
            flow: Some(flow.into()),
            states: vec![journal::RunState::Ok],
            most: 1,
            ..RunFilter::default()
        };
        let look = app.journal.look(move |it| {
            let last = it.runs(&filter)?.into_iter().next();
            last.map_or(Ok(None), |last| it.run(last.run))
        });
        let last = look.await.ok()??;
        let took_ms = last.row.ended_ms? - last.row.started_ms;
        Some(Usual { records: crate::runs::moved_in(&last.counts), took_ms })
    }

    /// Which part of a run is done, 0 to 1; never all of it, for this is a guess.
    fn done(self, records: u64, since_ms: i64) -> f64 {
        let part = if self.records >= Usual::MANY {
            records as f64 / self.records as f64
        } else {
            since_ms as f64 / self.took_ms.max(1) as f64
        };
        part.clamp(0.0, 0.99)
    }
}

/// Reports a run at work until it is over.
async fn follow(app: Weak<App>, flow: String, run: String) {
    let mut known = None;
    loop {
        tokio::time::sleep(BETWEEN).await;
        let Some(app) = app.upgrade() else { return };
        let Some(at_work) = app.engine.active(&run) else { return };
        // looked up late: most runs are over before anything of them is to be told
        let usual = match known {
            Some(usual) => usual,
            None => *known.insert(Usual::of(&app, &flow).await),
        };
        let at_ms = app.clock.now_ms();
        let counts = counts_now(&at_work);
        let done = usual.map(|it| it.done(moved(&counts), at_ms - at_work.started_ms));
        app.tell(Event::RunProgress { run: run.clone(), flow: flow.clone(), at_ms, counts, done });
    }
}

/// The counts of a run at work.
pub(crate) fn counts_now(run: &Run) -> RunCounts {
    let now = run.counts();
    let nodes = run.program.nodes.iter().map(|it| it.id.to_string()).zip(now.nodes);
    counts(&run.program, &now.wires, nodes, true)
}

/// Counts in the form of the contract.
pub(crate) fn counts(
    program: &Program,
    wires: &[u64],
    nodes: impl Iterator<Item = (String, NodeCount)>,
    is_at_work: bool,
) -> RunCounts {
    let name = |(from, to): &(String, String)| format!("{from}>{to}");
    let node = |it: NodeCount| NodeCounts {
        state: match (it.taken + it.emitted + it.failed, is_at_work) {
            (0, true) => NodeState::Waiting,
            (0, false) => NodeState::Skipped,
            (_, true) => NodeState::Running,
            (_, false) if it.failed > 0 => NodeState::Partial,
            (_, false) => NodeState::Ok,
        },
        records_in: it.taken,
        records_out: it.emitted,
        failed: it.failed,
        parked: (it.parked > 0).then_some(it.parked),
        // less than a millisecond is no time to tell of
        busy_ms: Some(it.busy_us / 1_000).filter(|ms| *ms > 0),
    };
    RunCounts {
        wires: program.wire_names.iter().map(name).zip(wires.iter().copied()).collect(),
        nodes: nodes.map(|(id, it)| (id, node(it))).collect(),
    }
}

/// A failure in the form of the contract.
pub(crate) fn failure(error: &sdk::NodeError) -> Failure {
    Failure { code: error.code.name().into(), sentence: error.sentence.clone(), cause: error.cause.clone() }
}

/// An end in the form of the contract.
pub(crate) fn end_state(state: EndState) -> RunState {
    match state {
        EndState::Ok => RunState::Ok,
        EndState::Partial => RunState::Partial,
        EndState::Waiting => RunState::Waiting,
        EndState::Cancelled => RunState::Cancelled,
        EndState::Failed => RunState::Failed,
        EndState::Quarantined => RunState::Held,
        EndState::Skipped => RunState::Skipped,
    }
}
