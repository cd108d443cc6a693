//! The engine: armed flows, running runs, the way from an event to the end of its run.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use journal::{At, Change, Journal, RunId};
use model::{Record, Text, Value};
use sdk::{Code, NodeError};
use tokio::sync::{Notify, broadcast};

use crate::attached::Attached;
use crate::begin::Begun;
use crate::clock::Clock;
use crate::decide::EndState;
use crate::exec::{EndSink, Run};
use crate::limits::Limits;
use crate::line::Lines;
use crate::live::Live;
use crate::net::{Dialer, HttpClient};

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
    /// Something is not as it should be, beyond a run that failed.
    Alert {
        /// The flow it is about.
        flow: Option<Text>,
        /// The run it is about.
        run: Option<String>,
        /// `nothing_came`, `unusual_count`, `slow_run`, `silent_connection` or `disk_low`.
        kind: &'static str,
        /// What is not as it should be.
        sentence: String,
        /// When, milliseconds since 1970 UTC.
        at_ms: i64,
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
    /// A person looks at it: all its records are kept in this folder of its flow, see [`crate::watched`].
    pub keep_in: Option<PathBuf>,
    /// Somebody waits for the end.
    pub(crate) is_awaited: bool,
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
            keep_in: None,
            is_awaited: false,
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

/// A run at work.
pub(crate) struct AtWork {
    pub(crate) run: Arc<Run>,
    pub(crate) live: Arc<Live>,
    /// Since when, milliseconds since 1970 UTC.
    pub(crate) began_ms: i64,
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
    pub(crate) active: Mutex<HashMap<String, AtWork>>,
    pub(crate) lines: Lines,
    pub(crate) attached: Attached,
    /// Queued runs that were called up and have not had their turn.
    pub(crate) called_up: Mutex<HashSet<RunId>>,
    /// Runs that wait and will not begin, with how they end.
    pub(crate) called_off: Mutex<HashMap<RunId, Ended>>,
    /// Events of flows with a rule for overlapping runs come in one by one.
    pub(crate) doors: crate::overlap::Doors,
    /// Causes of alerts that were raised and are not over.
    pub(crate) raised: Mutex<HashSet<String>>,
    /// Who is asked about the disk instead of the system.
    pub(crate) disk: Mutex<Option<Arc<crate::alerts::AskDisk>>>,
    pub(crate) is_disk_full: AtomicBool,
    /// Parked records that are at work.
    pub(crate) going_on: Mutex<HashSet<At>>,
    /// Looks for due records at once.
    pub(crate) wake: Arc<Notify>,
    /// Tells whoever waits for a time of day that the clock was set.
    pub(crate) clock_set: Notify,
    /// Drawn at the start of the program: two copies of one data folder draw different seeds.
    pub(crate) salt: u64,
    events: broadcast::Sender<EngineEvent>,
    pub(crate) me: Weak<Inner>,
}

impl Engine {
    /// An engine at rest: nothing is armed, nothing resumed.
    pub fn new(setup: Setup) -> Engine {
        let salt =
            if setup.journal.is_simulated() { 0 } else { RandomState::new().hash_one(std::process::id()) };
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
            lines: Lines::default(),
            attached: Attached::default(),
            called_up: Mutex::default(),
            called_off: Mutex::default(),
            doors: crate::overlap::Doors::default(),
            raised: Mutex::default(),
            disk: Mutex::default(),
            is_disk_full: AtomicBool::new(false),
            going_on: Mutex::default(),
            wake: Arc::default(),
            clock_set: Notify::new(),
            salt,
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
        self.0.active().get(run).map(|it| it.run.clone())
    }

    /// How a connection has answered since the start; none when nobody called it yet.
    pub fn answering(&self, connection: &str) -> Option<crate::limits::Answering> {
        self.0.limits.answering(connection, self.0.clock.now_ms())
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
        let begun = self.0.clone().begin(live, Start { is_awaited: true, ..start }).await?;
        match begun {
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

impl Ended {
    /// An end of which nothing more is known.
    pub(crate) fn of(run: journal::RunId, state: EndState) -> Ended {
        Ended {
            run: run.to_string(),
            state,
            error: None,
            answer: None,
            ends: Vec::new(),
            counts: BTreeMap::new(),
            left_out: 0,
            is_duplicate: false,
        }
    }
}

impl Inner {
    pub(crate) fn active(&self) -> std::sync::MutexGuard<'_, HashMap<String, AtWork>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, event: EngineEvent) {
        // nobody listening is no failure
        let _heard = self.events.send(event).is_ok();
    }

    /// Tells that a run ended, to the flows that wait for failures and to the screens.
    pub(crate) fn tell_end(self: &Arc<Inner>, live: &Arc<Live>, ended: &Ended) {
        self.check_counts(live, ended);
        self.follow_up(live, ended);
        self.tell(EngineEvent::Ended {
            flow: live.id.clone(),
            run: ended.run.clone(),
            state: ended.state,
            error: ended.error.as_ref().map(|it| it.1.clone()),
        });
    }
}
