//! The engine: armed flows, running runs, the way from an event to the end of its run.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use bytes::Bytes;
use journal::{Accept, Change, Committed, EventId, Journal, RunId, RunState, StartRun};
use model::{Record, Text, Value, codec};
use sdk::{Code, NodeError};
use tokio::sync::{broadcast, oneshot};

use crate::clock::Clock;
use crate::decide::EndState;
use crate::durable::{Journaled, Volatile, storage};
use crate::ending::{earlier_end, samples};
use crate::exec::{self, Begin, EndSink, Outcome, Place, Run};
use crate::limits::Limits;
use crate::live::Live;
use crate::net::{Dialer, HttpClient};
use crate::world::{Caller, Land, RunWorlds};

/// Finds versions of flows: compiled, with their authority of now.
pub trait Library: Send + Sync {
    /// A flow's version by its hash, or its newest one.
    ///
    /// # Errors
    /// There is none, or it cannot run; the sentence says why.
    fn live(&self, flow: &str, hash: Option<&journal::Hash>) -> Result<Arc<Live>, NodeError>;
}

/// What an engine is made of.
pub struct Setup {
    /// Where runs are remembered.
    pub journal: Journal,
    /// Finds versions of flows.
    pub library: Arc<dyn Library>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Where temporary files of runs go.
    pub spill_folder: PathBuf,
}

/// Something the screens want to know.
#[derive(Clone, Debug)]
pub enum EngineEvent {
    /// A run began.
    Started {
        /// The flow.
        flow: Text,
        /// The run.
        run: String,
    },
    /// A run ended.
    Ended {
        /// The flow.
        flow: Text,
        /// The run.
        run: String,
        /// How.
        state: EndState,
        /// Why it failed.
        error: Option<NodeError>,
    },
}

/// What a run starts with.
pub struct Start {
    /// The trigger's node id.
    pub trigger: Text,
    /// The records that enter the flow.
    pub records: Vec<Record>,
    /// The sender's key for the event.
    pub dedupe_key: Option<String>,
    /// Takes end records; none keeps the first of them for the answer.
    pub ends: Option<Arc<dyn EndSink>>,
    /// The run this one works for.
    pub parent: Option<journal::At>,
    /// How many flows called each other to come here.
    pub depth: usize,
    /// The due time this run stands for, with the mark that moves: stored together with the event.
    pub(crate) due: Option<(journal::Due, Change)>,
}

impl Start {
    /// A start at a trigger with records, and nothing else said.
    pub fn new(trigger: &str, records: Vec<Record>) -> Start {
        Start {
            trigger: Text::from(trigger),
            records,
            dedupe_key: None,
            ends: None,
            parent: None,
            depth: 0,
            due: None,
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The run.
    pub run: String,
    /// How.
    pub state: EndState,
    /// Why it failed, and at which node.
    pub error: Option<(String, NodeError)>,
    /// What a respond step answered.
    pub answer: Option<Value>,
    /// Records that reached the end ports, the first ones.
    pub ends: Vec<Record>,
    /// Records in, out and failed by node id.
    pub counts: BTreeMap<String, (u64, u64, u64)>,
    /// Records that failed or were parked.
    pub left_out: u64,
    /// The event had been accepted before; this is what came of it then.
    pub is_duplicate: bool,
}

/// End records kept for an answer.
const KEPT_ENDS: usize = 10_000;
/// What the engine tells its listeners waits in a line of this length; who is slower misses some and reads anew.
const EVENTS: usize = 1_024;

/// Keeps the first end records.
#[derive(Default)]
pub(crate) struct Keep(pub(crate) Mutex<Vec<Record>>);

impl EndSink for Keep {
    fn take(&self, _node: usize, _port: usize, records: &[Record]) -> Result<(), NodeError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT_ENDS.saturating_sub(kept.len());
        kept.extend(records.iter().take(room).cloned());
        Ok(())
    }
}

/// The engine. A clone is the same engine.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) journal: Journal,
    pub(crate) library: Arc<dyn Library>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) http: Arc<HttpClient>,
    pub(crate) spill_folder: PathBuf,
    pub(crate) armed: RwLock<HashMap<Text, crate::schedule::Armed>>,
    pub(crate) hooks: RwLock<HashMap<String, Arc<crate::hook::Hook>>>,
    pub(crate) active: Mutex<HashMap<String, Arc<Run>>>,
    events: broadcast::Sender<EngineEvent>,
    pub(crate) me: Weak<Inner>,
}

/// A run that was stored and waits for its turn.
pub(crate) struct Stored {
    pub(crate) live: Arc<Live>,
    pub(crate) run: RunId,
    pub(crate) seed: u64,
    pub(crate) started_ms: i64,
    pub(crate) trigger: usize,
    pub(crate) records: Vec<Record>,
    pub(crate) remembered: HashMap<Place, Outcome>,
    pub(crate) ends: Option<Arc<dyn EndSink>>,
    pub(crate) order_key: Option<String>,
    pub(crate) depth: usize,
    /// The event may come again: its answer is kept.
    pub(crate) keeps_answer: bool,
    /// It was open when the engine started: from the moment it is at work a crash counts against it.
    pub(crate) is_resumed: bool,
}

impl Stored {
    /// A run that never begins: it only lends its world to a trigger that listens.
    pub(crate) fn idle(live: Arc<Live>, run: RunId, trigger: usize, now_ms: i64) -> Stored {
        Stored {
            live,
            run,
            seed: 0,
            started_ms: now_ms,
            trigger,
            records: Vec::new(),
            remembered: HashMap::new(),
            ends: None,
            order_key: None,
            depth: 0,
            keeps_answer: false,
            is_resumed: false,
        }
    }
}

/// A run that can begin: the run, the node it starts at, the records it starts with.
pub(crate) type Ready = (Arc<Run>, usize, Vec<Record>);

/// What is stored together with a new run: gates first, then what must not be without it.
struct Opening {
    accept: Accept,
    run: StartRun,
    due: Option<(journal::Due, Change)>,
}

impl Opening {
    fn changes(self, begin: impl FnOnce(StartRun) -> Change) -> Vec<Change> {
        let mut changes = Vec::with_capacity(4);
        let mark = self.due.map(|(due, mark)| {
            changes.push(Change::Due(due));
            mark
        });
        changes.push(Change::Accept(self.accept));
        changes.push(begin(self.run));
        changes.extend(mark);
        changes
    }
}

impl Engine {
    /// An engine at rest: nothing is armed, nothing resumed.
    pub fn new(setup: Setup) -> Engine {
        Engine(Arc::new_cyclic(|me| Inner {
            journal: setup.journal,
            library: setup.library,
            clock: setup.clock,
            limits: Arc::default(),
            http: Arc::new(HttpClient::new(Arc::new(Dialer::default()))),
            spill_folder: setup.spill_folder,
            armed: RwLock::default(),
            hooks: RwLock::default(),
            active: Mutex::default(),
            events: broadcast::channel(EVENTS).0,
            me: me.clone(),
        }))
    }

    /// What happens, from now on.
    pub fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.0.events.subscribe()
    }

    /// Runs at work.
    pub fn active(&self, run: &str) -> Option<Arc<Run>> {
        self.0.active().get(run).cloned()
    }

    /// Asks a run to end. False when it is not at work.
    pub fn cancel(&self, run: &str) -> bool {
        self.active(run).is_some_and(|it| {
            it.cancel.cancel();
            true
        })
    }

    /// Starts a run and waits for its end.
    ///
    /// # Errors
    /// The event was not stored, or there is no such trigger. A failed run is no error: see [`Ended::state`].
    pub async fn run(&self, live: Arc<Live>, start: Start) -> Result<Ended, NodeError> {
        let ended = self.0.clone().begin(live, start).await?;
        match ended {
            Begun::Ended(ended) => Ok(*ended),
            Begun::Running { ended, .. } => ended.await.map_err(|_| stopping()),
        }
    }

    /// Starts a run; it goes on by itself.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub async fn start(&self, live: Arc<Live>, start: Start) -> Result<String, NodeError> {
        match self.0.clone().begin(live, start).await? {
            Begun::Ended(ended) => Ok(ended.run),
            Begun::Running { run, .. } => Ok(run),
        }
    }
}

pub(crate) fn stopping() -> NodeError {
    NodeError::new(Code::Cancelled, "The engine is stopping.")
}

/// What became of a start.
pub(crate) enum Begun {
    /// It is over: computed at once, or a duplicate.
    Ended(Box<Ended>),
    /// It was stored and is at work.
    Running {
        /// The run.
        run: String,
        /// Resolves at its end.
        ended: oneshot::Receiver<Ended>,
    },
}

impl Inner {
    pub(crate) fn active(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Run>>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, event: EngineEvent) {
        // nobody listening is no failure
        let _heard = self.events.send(event).is_ok();
    }

    /// Tells that a run ended, to the flows that wait for failures and to the screens.
    fn tell_end(self: &Arc<Inner>, live: &Live, ended: &Ended) {
        self.follow_up(live, ended);
        self.tell(EngineEvent::Ended {
            flow: live.id.clone(),
            run: ended.run.clone(),
            state: ended.state,
            error: ended.error.as_ref().map(|it| it.1.clone()),
        });
    }

    /// Stores an event with its run and sets the run to work.
    pub(crate) async fn begin(self: Arc<Inner>, live: Arc<Live>, start: Start) -> Result<Begun, NodeError> {
        let trigger = live.program.node(&start.trigger).ok_or_else(|| {
            NodeError::new(
                Code::NotFound,
                format!("The flow {} has no step {}.", live.program.name, start.trigger),
            )
        })?;
        let run = self.journal.fresh::<RunId>();
        let now = self.clock.now_ms();
        let seed = seed(run, now);
        let stored = Stored {
            order_key: None,
            run,
            seed,
            started_ms: now,
            trigger,
            records: start.records,
            remembered: HashMap::new(),
            ends: start.ends,
            depth: start.depth,
            keeps_answer: start.dedupe_key.is_some(),
            is_resumed: false,
            live,
        };
        if stored.live.program.is_volatile {
            return Ok(Begun::Ended(Box::new(self.volatile(stored).await)));
        }
        let (accept, run) = self.opening(&stored, &start.trigger, (start.dedupe_key, start.parent))?;
        let opening = Opening { accept, run, due: start.due };
        if stored.live.program.is_inline() && !stored.live.program.has_effects {
            return self.compute_then_store(stored, opening).await.map(|it| Begun::Ended(Box::new(it)));
        }
        self.store_then_run(stored, opening).await
    }

    fn opening(
        &self,
        stored: &Stored,
        trigger: &Text,
        from: (Option<String>, Option<journal::At>),
    ) -> Result<(Accept, StartRun), NodeError> {
        let event = self.journal.fresh::<EventId>();
        let live = &stored.live;
        let order_key = match &live.program.order_key {
            Some(_) => {
                let record = stored.records.first().cloned().unwrap_or_else(Record::empty);
                let roots =
                    live.roots(&stored.run.to_string(), (stored.started_ms, stored.seed), Some(&record));
                live.order_key(&record, &roots)?
            }
            None => None,
        };
        let accept = Accept {
            event,
            run: Some(stored.run),
            source: Text::from(format!("{}/{trigger}", live.id)),
            dedupe_key: from.0.map(Text::from),
            received_ms: stored.started_ms,
            payload: Bytes::from(codec::encode_records(&stored.records)),
        };
        let start_run = StartRun {
            run: stored.run,
            flow: live.id.clone(),
            flow_hash: live.program.hash,
            trigger: trigger.clone(),
            event: Some(event),
            order_key: order_key.map(Text::from),
            parent: from.1,
            seed: stored.seed,
            started_ms: stored.started_ms,
            state: RunState::Running,
        };
        Ok((accept, start_run))
    }

    /// A run without effects: one commit holds its event, its end and its answer.
    async fn compute_then_store(
        self: &Arc<Inner>,
        stored: Stored,
        opening: Opening,
    ) -> Result<Ended, NodeError> {
        let (live, run_id) = (stored.live.clone(), stored.run);
        let (run, keep) = self.prepare(stored, None);
        exec::inline::run(&run.0, (run.1, 0), run.2).await;
        let report = run.0.report();
        let ended = self.ended(&run.0, &report, keep.as_deref());
        let end = self.end_run(&live, &run.0, run_id, (&report, &ended));
        let mut changes = opening.changes(|start| Change::WholeRun(Box::new((start, end))));
        changes.extend(self.letters(&live, run_id, &run.0, &report));
        if report.state != EndState::Ok {
            changes.extend(samples(run_id, &run.0, &report));
        }
        match self.journal.commit(changes).await.map_err(|e| storage(&e))? {
            Committed::Stored => {
                if report.state == EndState::Ok && live.keeps_samples(self.clock.now_ms()) {
                    // the first thing to go when the disk is busy
                    self.journal.offer(samples(run_id, &run.0, &report));
                }
                self.tell_end(&live, &ended);
                Ok(ended)
            }
            Committed::Duplicate(earlier) => Ok(earlier_end(&earlier)),
        }
    }

    async fn store_then_run(
        self: Arc<Inner>,
        mut stored: Stored,
        opening: Opening,
    ) -> Result<Begun, NodeError> {
        stored.order_key = opening.run.order_key.as_ref().map(Text::to_string);
        let changes = opening.changes(Change::StartRun);
        match self.journal.commit(changes).await.map_err(|e| storage(&e))? {
            Committed::Duplicate(earlier) => Ok(Begun::Ended(Box::new(earlier_end(&earlier)))),
            Committed::Stored => {
                let run = stored.run.to_string();
                Ok(Begun::Running { run, ended: self.dispatch(stored) })
            }
        }
    }

    /// Sets a stored run to work, in its turn.
    pub(crate) fn dispatch(self: &Arc<Inner>, stored: Stored) -> oneshot::Receiver<Ended> {
        let (sender, receiver) = oneshot::channel();
        let inner = self.clone();
        let line = stored.live.line(stored.order_key.as_deref());
        tokio::spawn(async move {
            let live = stored.live.clone();
            let turn = live.turn(line).await;
            if stored.is_resumed
                && let Err(error) = inner.journal.commit(vec![Change::Dispatch { run: stored.run }]).await
            {
                tracing::error!(run = %stored.run, %error, "the journal failed; the run stays open");
                return;
            }
            let ended = inner.work(stored).await;
            drop(turn);
            // whoever waited may have gone
            let _told = sender.send(ended).is_ok();
        });
        receiver
    }

    async fn work(self: &Arc<Inner>, stored: Stored) -> Ended {
        let (live, run_id) = (stored.live.clone(), stored.run);
        let journaled = Arc::new(Journaled::new(
            self.journal.clone(),
            self.clock.clone(),
            run_id,
            (live.id.clone(), live.program.hash),
        ));
        let ((run, trigger, records), keep) = self.prepare(stored, Some(journaled.clone()));
        self.active().insert(run.id.clone(), run.clone());
        self.tell(EngineEvent::Started { flow: live.id.clone(), run: run.id.clone() });
        exec::work(&run, (trigger, 0), records).await;
        let ended = self.end(&live, &run, &journaled, keep.as_deref()).await;
        self.active().remove(&run.id);
        self.tell_end(&live, &ended);
        ended
    }

    async fn volatile(self: &Arc<Inner>, stored: Stored) -> Ended {
        let ((run, trigger, records), keep) = self.prepare(stored, None);
        exec::work(&run, (trigger, 0), records).await;
        let report = run.report();
        self.ended(&run, &report, keep.as_deref())
    }

    /// A run with its worlds, the trigger and the records it starts with, and where end records are kept.
    pub(crate) fn prepare(
        &self,
        stored: Stored,
        journaled: Option<Arc<Journaled>>,
    ) -> (Ready, Option<Arc<Keep>>) {
        let live = stored.live;
        let id = stored.run.to_string();
        let keep = stored.ends.is_none().then(|| Arc::new(Keep::default()));
        let ends: Arc<dyn EndSink> = match (&stored.ends, &keep) {
            (Some(ends), _) => ends.clone(),
            (None, Some(keep)) => keep.clone(),
            (None, None) => Arc::new(Keep::default()),
        };
        let land = Arc::new(Land {
            clock: self.clock.clone(),
            http: self.http.clone(),
            limits: self.limits.clone(),
            authority: live.authority.clone(),
            flow: live.id.clone(),
            caller: Some(self.me.clone() as Weak<dyn Caller>),
        });
        let begin = Begin {
            roots: live.roots(&id, (stored.started_ms, stored.seed), stored.records.first()),
            depth: stored.depth,
            keeps_answer: stored.keeps_answer,
            id,
            seed: stored.seed,
            started_ms: stored.started_ms,
            remembered: stored.remembered,
            ends,
            spill_folder: self.spill_folder.clone(),
        };
        let durable: Arc<dyn exec::Durable> = match &journaled {
            Some(journaled) => journaled.clone(),
            None => Arc::new(Volatile),
        };
        let worlds = Arc::new(RunWorlds { land, journaled });
        let run = Arc::new(Run::new(live.program.clone(), durable, worlds, begin));
        ((run, stored.trigger, stored.records), keep)
    }
}

/// The seed of a run's chance: the same after a restart, because it is stored with the run.
fn seed(run: RunId, now_ms: i64) -> u64 {
    let hash = blake3::hash(format!("{run}{now_ms}").as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default())
}
