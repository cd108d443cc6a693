//! From an event to its run: stored first, then set to work in its turn.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use journal::{Accept, At, Change, Committed, EventId, RunId, RunState, StartRun};
use model::document::Overlap;
use model::{Record, Text, codec};
use sdk::{Code, NodeError};
use tokio::sync::oneshot;

use crate::decide::EndState;
use crate::durable::{Journaled, Volatile, storage};
use crate::ending::{earlier_end, found_by, history};
use crate::engine::{Ended, Inner, Keep, Start};
use crate::exec::{self, Begin, EndSink, Entrance, Outcome, Place, Resent, Run};
use crate::live::Live;
use crate::watched::Keeper;
use crate::world::{Caller, Land, RunWorlds};

/// So many runs of a flow may wait for their turn behind order keys; beyond it events are refused until some are through.
const MOST_QUEUED: u64 = 10_000;
/// An event of more bytes is large: while its run waits, it is better read again than kept.
const LARGE_EVENT: usize = 8 << 10;

/// A run that was stored and waits for its turn.
pub(crate) struct Stored {
    pub(crate) live: Arc<Live>,
    pub(crate) run: RunId,
    pub(crate) seed: u64,
    pub(crate) started_ms: i64,
    pub(crate) entrance: Entrance,
    pub(crate) records: Vec<Record>,
    /// What formulas see as `event`; the first record unless said.
    pub(crate) event: Option<Record>,
    pub(crate) remembered: HashMap<Place, Outcome>,
    pub(crate) ends: Option<Arc<dyn EndSink>>,
    pub(crate) order_key: Option<Text>,
    pub(crate) depth: usize,
    /// The event may come again: its answer is kept.
    pub(crate) keeps_answer: bool,
    /// It was open when the engine started: from the moment it is at work a crash counts against it.
    pub(crate) is_resumed: bool,
    /// It goes on with a record that left another run.
    pub(crate) continues: Option<At>,
    pub(crate) resent: Option<(usize, Resent)>,
    /// Where all its records are kept, to be looked at.
    pub(crate) keep_in: Option<std::path::PathBuf>,
    /// While it waits for a place its id is enough: all it starts with stands in the journal, and nobody here awaits its end.
    pub(crate) is_row: bool,
    /// Its event is large.
    pub(crate) is_large: bool,
}

impl Stored {
    /// A run with nothing but where it starts.
    pub(crate) fn new(live: Arc<Live>, run: RunId, entrance: Entrance, started: (i64, u64)) -> Stored {
        Stored {
            live,
            run,
            seed: started.1,
            started_ms: started.0,
            entrance,
            records: Vec::new(),
            event: None,
            remembered: HashMap::new(),
            ends: None,
            order_key: None,
            depth: 0,
            keeps_answer: false,
            is_resumed: false,
            continues: None,
            resent: None,
            keep_in: None,
            is_row: false,
            is_large: false,
        }
    }
}

/// A run that can begin: the run, where records enter it, the records it starts with.
pub(crate) type Ready = (Arc<Run>, Entrance, Vec<Record>);

/// What is stored together with a new run: gates first, then what must not be without it.
pub(crate) struct Opening {
    pub(crate) accept: Accept,
    pub(crate) run: StartRun,
    due: Option<(journal::Due, Change)>,
}

impl Opening {
    pub(crate) fn changes(self, begin: impl FnOnce(StartRun) -> Change) -> Vec<Change> {
        let mut changes = Vec::with_capacity(4);
        let mark = self.due.map(|(due, mark)| {
            changes.push(Change::Due(journal::Due { run: Some(self.run.run), ..due }));
            mark
        });
        changes.push(Change::Accept(self.accept));
        changes.push(begin(self.run));
        changes.extend(mark);
        changes
    }
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
        /// The event had been accepted before; its run goes on.
        is_duplicate: bool,
    },
}

impl Inner {
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
        let mut stored = Stored::new(live, run, Entrance::Leaving(trigger, 0), (now, self.seed(run)));
        stored.records = start.records;
        stored.ends = start.ends;
        stored.depth = start.depth;
        stored.keep_in = start.keep_in;
        stored.keeps_answer = start.dedupe_key.is_some();
        stored.is_row = !start.is_awaited && stored.ends.is_none() && stored.depth == 0;
        if stored.live.program.is_volatile {
            return Ok(Begun::Ended(Box::new(self.volatile(stored).await)));
        }
        let (accept, run) = self.opening(&stored, &start.trigger, (start.dedupe_key, start.parent))?;
        let opening = Opening { accept, run, due: start.due };
        if stored.live.program.is_inline() && !stored.live.program.has_effects {
            return self.compute_then_store(stored, opening).await.map(|it| Begun::Ended(Box::new(it)));
        }
        if stored.live.overlap != Overlap::Queue {
            return self.begin_by_rule(stored, opening).await;
        }
        self.store_then_run(stored, opening, Vec::new()).await
    }

    /// The seed of a run's chance: stored with the run, so the same after a restart; drawn anew in every copy of a data folder.
    pub(crate) fn seed(&self, run: RunId) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.salt.to_le_bytes());
        hasher.update(&self.journal.installation());
        hasher.update(&run.0.to_le_bytes());
        u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().unwrap_or_default())
    }

    fn opening(
        &self,
        stored: &Stored,
        trigger: &Text,
        from: (Option<String>, Option<At>),
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
        exec::inline::run(&run.0, run.1, run.2).await;
        run.0.has_worked();
        let report = run.0.report();
        let ended = self.ended(&run.0, &report, keep.as_deref());
        let end = self.end_run(&live, &run.0, run_id, (&report, &ended));
        let mut changes = opening.changes(|start| Change::WholeRun(Box::new((start, end))));
        changes.extend(self.letters(&live, run_id, &run.0, &report));
        changes.extend(found_by(run_id, &run.0, &report));
        if report.state != EndState::Ok {
            changes.extend(history(run_id, &run.0, &report));
        }
        match self.journal.commit(changes).await.map_err(|e| storage(&e))? {
            Committed::Stored => {
                if report.state == EndState::Ok && live.keeps_samples(self.clock.now_ms()) {
                    // the first thing to go when the disk is busy
                    self.journal.offer(history(run_id, &run.0, &report));
                }
                self.tell_end(&live, &ended);
                Ok(ended)
            }
            Committed::Duplicate(earlier) => Ok(earlier_end(&earlier)),
        }
    }

    pub(crate) async fn store_then_run(
        self: Arc<Inner>,
        mut stored: Stored,
        opening: Opening,
        beside: Vec<Change>,
    ) -> Result<Begun, NodeError> {
        stored.order_key.clone_from(&opening.run.order_key);
        stored.is_large = opening.accept.payload.len() > LARGE_EVENT;
        if let Some(waiting) = stored.live.crowd.too_many() {
            let sentence = format!(
                "{waiting} runs of this flow wait for a place: events come faster than it works. Send again later."
            );
            return Err(NodeError::new(Code::Busy, sentence).retry_after_ms(60_000));
        }
        if stored.order_key.is_some() {
            let flow = stored.live.id.clone();
            let queued = self.journal.read(|it| it.queued_count(&flow)).map_err(|e| storage(&e))?;
            if queued >= MOST_QUEUED {
                let sentence = format!(
                    "{queued} runs of this flow wait for their turn behind a record that waits. Look at what waits, and send again later."
                );
                return Err(NodeError::new(Code::Busy, sentence).retry_after_ms(60_000));
            }
        }
        let mut changes = opening.changes(Change::StartRun);
        changes.extend(beside);
        match self.journal.commit(changes).await.map_err(|e| storage(&e))? {
            Committed::Duplicate(earlier) => Ok(match (earlier.run, earlier.state) {
                // whoever asks again for what is at work gets the same end
                (Some(run), Some(RunState::Running)) => {
                    Begun::Running { run: run.to_string(), ended: self.attach(run), is_duplicate: true }
                }
                _ => Begun::Ended(Box::new(earlier_end(&earlier))),
            }),
            Committed::Stored => {
                let run = stored.run.to_string();
                let journaled = Arc::new(self.journaled(&stored));
                Ok(Begun::Running { run, ended: self.dispatch(stored, journaled), is_duplicate: false })
            }
        }
    }

    /// Where a run is remembered.
    pub(crate) fn journaled(&self, stored: &Stored) -> Journaled {
        let mut journaled = Journaled::new(
            (self.journal.clone(), self.wake.clone()),
            self.clock.clone(),
            stored.run,
            (stored.live.id.clone(), stored.live.program.hash, stored.order_key.clone()),
        );
        journaled.is_watched = stored.ends.is_some();
        journaled
    }

    async fn volatile(self: &Arc<Inner>, stored: Stored) -> Ended {
        let ((run, entrance, records), keep) = self.prepare(stored, None);
        exec::work(&run, entrance, records).await;
        let report = run.report();
        self.ended(&run, &report, keep.as_deref())
    }

    /// A run with its worlds, where and with which records it starts, and where end records are kept.
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
        let event = stored.event.as_ref().or(stored.records.first());
        let begin = Begin {
            roots: live.roots(&id, (stored.started_ms, stored.seed), event),
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
        // what keeps nothing has no history, and what has no effect is over at once
        let is_stored = journaled.is_some();
        let worlds = Arc::new(RunWorlds { land, journaled });
        let mut run = Run::new(live.program.clone(), durable, worlds, begin);
        run.installation = self.journal.installation();
        run.resent = stored.resent;
        run.keeper = stored.keep_in.and_then(|folder| match Keeper::new(&folder, &run.id) {
            Ok(keeper) => Some(keeper),
            Err(error) => {
                tracing::warn!(run = run.id, %error, "the records of a run are not kept");
                None
            }
        });
        run.keeps_moments = is_stored || run.keeper.is_some();
        let entered = stored.entrance.node();
        run.continues_at = stored.continues.as_ref().map(|_| entered);
        let called_at = live.program.called_at();
        run.is_called = called_at.is_some_and(|it| it == entered || stored.continues.is_some());
        ((Arc::new(run), stored.entrance, stored.records), keep)
    }
}
