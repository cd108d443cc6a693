//! One seed: flows, senders, faults, lives of the engine, and the reckoning at the end.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arna_engine::hook::HookRequest;
use arna_engine::{Authority, EndState, Engine, EngineEvent, Filled, Library, Live, Setup};
use journal::{Change, Journal, OpenRun, Options, RunId, Verdict};
use plan::Kinds;
use sdk::{Code, NodeError, Spec};
use tokio::sync::broadcast::error::TryRecvError;

use crate::dice::Dice;
use crate::flows::{self, Drawn};
use crate::kinds::{CallServer, Server};
use crate::reckoning;
use crate::world::{Commits, Figures, Weather, World};

/// Faults end by then, at the latest; milliseconds since the beginning.
const MOST_TROUBLE_MS: i64 = 400_000;
/// After the faults everything must have come to rest within this.
const CALM_MS: i64 = 5 * 3_600_000;
/// Lives of the engine in one story.
const MOST_LIVES: u32 = 12;
/// How often a story looks whether all is at rest, in steps of time.
const LOOK_EVERY: u32 = 16;
/// Steps without anybody waiting for a time.
const MOST_IDLE: u32 = 500;

/// Where an event stands with its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Waits,
    /// Sent, and no answer yet.
    Sent,
    /// The engine went away before it answered: it may have it or not.
    Unknown,
    /// Acknowledged, with its run.
    Taken(String),
}

/// An event that somebody sends.
#[derive(Clone, Debug)]
pub(crate) struct Send {
    pub(crate) flow: usize,
    pub(crate) order: String,
    pub(crate) lines: i64,
    at_ms: i64,
    customer: i64,
    is_bad: bool,
    /// The sender gives it a key and sends it again when it got no answer, and sometimes when it did.
    is_keyed: bool,
    is_doubled: bool,
    pub(crate) status: Status,
}

/// A story as it stands.
pub(crate) struct Story {
    pub(crate) world: Arc<World>,
    pub(crate) flows: Vec<Drawn>,
    pub(crate) sends: Mutex<Vec<Send>>,
    plans: Vec<plan::Plan>,
    dice: Mutex<Dice>,
    trouble_until_ms: i64,
}

/// What a story came to.
pub(crate) struct Told {
    pub(crate) trace: String,
    pub(crate) figures: Figures,
}

fn kinds() -> Kinds {
    connectors::catalogue().into_iter().chain([Spec::action::<CallServer>()]).collect()
}

fn weather(dice: &mut Dice) -> Weather {
    // from a calm day to a storm
    let storm = dice.of(0, 3) as u32;
    Weather {
        unreachable: 60 * storm,
        busy: 15 * storm,
        cut_before: 15 * storm,
        cut_after: 15 * storm,
        late: 8 * storm,
        crash_at_commit: 3 * storm,
        crash_in_call: 8 * storm,
    }
}

fn plan_sends(dice: &mut Dice, flows: &[Drawn]) -> Vec<Send> {
    let hooks: Vec<usize> =
        (0..flows.len()).filter(|it| !matches!(flows[*it].id, "called" | "clock")).collect();
    let count = dice.of(4, 24);
    let mut sends: Vec<Send> = (0..count)
        .map(|number| {
            let is_keyed = dice.chance(500);
            Send {
                flow: *dice.pick(&hooks),
                order: format!("o{number}"),
                lines: dice.of(1, 6),
                at_ms: dice.of(0, MOST_TROUBLE_MS / 2),
                customer: dice.of(1, 3),
                is_bad: dice.chance(120),
                is_keyed,
                is_doubled: is_keyed && dice.chance(300),
                status: Status::Waits,
            }
        })
        .collect();
    sends.sort_by_key(|it| it.at_ms);
    sends
}

/// Tells the story of a seed.
///
/// # Errors
/// A rule was broken; the text says which, and how it came to it.
pub(crate) fn tell(seed: u64) -> Result<Told, String> {
    let mut dice = Dice::new(seed);
    let flows = flows::draw(&mut dice);
    let kinds = kinds();
    let plans = flows
        .iter()
        .map(|it| {
            let document = model::document::parse(&it.text).unwrap_or_else(|e| panic!("{}: {e:#?}", it.id));
            let checked = plan::compile(&document, &kinds);
            checked.plan.unwrap_or_else(|| panic!("{}: {:#?}", it.id, checked.diagnostics))
        })
        .collect();
    let day_ms = 1_790_000_000_000 + dice.of(0, 365) * 86_400_000;
    let story = Arc::new(Story {
        world: Arc::new(World::new(seed, weather(&mut dice), day_ms)),
        sends: Mutex::new(plan_sends(&mut dice, &flows)),
        trouble_until_ms: dice.of(MOST_TROUBLE_MS / 2, MOST_TROUBLE_MS),
        flows,
        plans,
        dice: Mutex::new(dice),
    });
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    for life in 0.. {
        // no timers of its own: whoever waited past the engine's clock would stop at once
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|e| e.to_string())?;
        let ended = runtime.block_on(story.clone().live(folder.path(), life));
        drop(runtime);
        story.world.verdict().map_err(|why| format!("seed {seed}: {why}"))?;
        if ended == Ending::AtRest {
            break;
        }
        // after a while it is started again; sometimes only the next day
        let off = story.dice(|it| if it.chance(30) { it.of(0, 100_000_000) } else { it.of(100, 20_000) });
        story.world.clock.skip(off);
        story.world.start_again();
        if life >= i64::from(MOST_LIVES) {
            story.world.clear_up();
        }
    }
    reckoning::reckon(&story, folder.path());
    story.world.verdict().map_err(|why| format!("seed {seed}: {why}"))?;
    story.world.count(|it| it.passed_ms = story.world.clock.passed_ms());
    Ok(Told { trace: story.world.trace(), figures: story.world.figures() })
}

#[derive(PartialEq, Eq)]
enum Ending {
    Crashed,
    AtRest,
}

struct Shelf(HashMap<&'static str, Arc<Live>>);

impl Library for Shelf {
    fn live(&self, flow: &str, _: Option<&journal::Hash>) -> Result<Arc<Live>, NodeError> {
        let found = self.0.get(flow).cloned();
        found.ok_or_else(|| NodeError::new(Code::NotFound, format!("There is no flow {flow}.")))
    }
}

impl Story {
    fn dice<T>(&self, throw: impl FnOnce(&mut Dice) -> T) -> T {
        throw(&mut self.dice.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sends(&self) -> std::sync::MutexGuard<'_, Vec<Send>> {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn shelf(&self) -> HashMap<&'static str, Arc<Live>> {
        let mut shelf = HashMap::new();
        for (drawn, plan) in self.flows.iter().zip(&self.plans) {
            let mut authority = Authority::default();
            for name in ["one", "two"] {
                authority
                    .slots
                    .insert(name.into(), Filled::Connection(Server::new(name, self.world.clone())));
            }
            authority.slots.insert("sub".into(), Filled::Flow("called".into()));
            shelf.insert(drawn.id, Arc::new(Live::new(drawn.id, plan, authority)));
        }
        shelf
    }

    /// Opens the journal in this world.
    pub(crate) fn journal(&self, folder: &Path) -> (Journal, Vec<OpenRun>) {
        let simulation = Some(Arc::new(Commits(self.world.clone())) as Arc<dyn journal::Simulation>);
        // nobody cuts the power here (another proof does), so no commit waits for the disk
        let options = Options { ballast_bytes: 0, durable: false, simulation };
        let (journal, recovered) = Journal::open(folder, &options).expect("the journal opens");
        (journal, recovered.open_runs)
    }

    /// One life of the engine, from its start to a crash or to the end of the story.
    async fn live(self: Arc<Story>, folder: &Path, life: i64) -> Ending {
        let (journal, open) = self.journal(folder);
        self.world.tell(format_args!("start {life}, {} open runs", open.len()));
        let shelf = self.shelf();
        let engine = Engine::new(Setup {
            journal: journal.clone(),
            library: Arc::new(Shelf(shelf.clone())),
            clock: self.world.clock.clone(),
            spill_folder: folder.to_owned(),
        });
        let mut events = engine.events();
        let mut flows: Vec<Arc<Live>> =
            self.flows.iter().filter_map(|it| shelf.get(it.id).cloned()).collect();
        let story = self.clone();
        let (starting, store) = (engine.clone(), journal.clone());
        tokio::spawn(async move {
            if life == 0 {
                story.save(&store, &flows).await;
            }
            starting.resume(open).await;
            flows.retain(|it| it.id != "called");
            for live in flows {
                starting.arm(live).expect("a flow is armed");
            }
            story.clone().send_all(&starting);
            tokio::spawn(story.answer_questions(starting.clone(), store));
            starting.keep_parked().await;
        });
        let (mut step, mut idle, mut calm_since) = (0_u32, 0_u32, None);
        loop {
            for _ in 0..4 {
                tokio::task::yield_now().await;
                if self.world.is_crashed() {
                    return Ending::Crashed;
                }
            }
            self.listen(&mut events);
            step += 1;
            let now = self.world.clock.passed_ms();
            if now < self.trouble_until_ms {
                self.trouble(&engine);
            } else {
                self.world.clear_up();
                if step.is_multiple_of(LOOK_EVERY) && self.is_at_rest(&journal) {
                    return Ending::AtRest;
                }
                let since = *calm_since.get_or_insert(now);
                if now > since + CALM_MS {
                    self.world.wrong(format!("it never came to rest: {}", Self::unrest(&journal)));
                    return Ending::AtRest;
                }
            }
            if self.world.is_crashed() {
                return Ending::Crashed;
            }
            // nobody waits while all are at work; for long that cannot be
            idle = if self.world.clock.advance() { 0 } else { idle + 1 };
            if idle > MOST_IDLE {
                self.world.wrong("nobody waits for anything any more".into());
                return Ending::AtRest;
            }
        }
    }

    async fn save(&self, journal: &Journal, flows: &[Arc<Live>]) {
        for (live, drawn) in flows.iter().zip(&self.flows) {
            let save = Change::SaveFlow {
                flow: live.id.clone(),
                version: 1,
                hash: live.program.hash,
                text: drawn.text.clone().into_bytes().into(),
                at_ms: 0,
            };
            journal.commit(vec![save]).await.expect("a flow is saved");
        }
    }

    /// Faults from outside: crashes at any moment, servers that are down, a clock that is set, cancelled runs.
    fn trouble(&self, engine: &Engine) {
        let clock = &self.world.clock;
        let now = clock.passed_ms();
        match self.dice(|it| it.of(0, 999)) {
            0..2 => self.world.crash("at any moment"),
            2..6 => {
                let (server, time) = self.dice(|it| (*it.pick(&["one", "two"]), it.of(1_000, 90_000)));
                self.world.take_down(server, now + time);
            }
            6..8 => {
                let by = self.dice(|it| it.of(-3_600_000, 3_600_000));
                self.world.tell(format_args!("the clock is set by {by}"));
                clock.set_by(by);
            }
            8..10 => {
                let time = self.dice(|it| it.of(60_000, 7_200_000));
                self.world.tell(format_args!("the machine sleeps {time}"));
                clock.skip(time);
            }
            10..13 => {
                let runs: Vec<String> = self
                    .sends()
                    .iter()
                    .filter_map(|it| match &it.status {
                        Status::Taken(run) => Some(run.clone()),
                        _ => None,
                    })
                    .collect();
                if !runs.is_empty() {
                    let run = self.dice(|it| it.pick(&runs).clone());
                    let was_at_work = engine.cancel(&run);
                    self.world.tell(format_args!("cancel {run}: {was_at_work}"));
                }
            }
            _ => {}
        }
    }

    fn listen(&self, events: &mut tokio::sync::broadcast::Receiver<EngineEvent>) {
        loop {
            match events.try_recv() {
                Ok(EngineEvent::Ended { run, state, flow, .. }) => {
                    self.world.tell(format_args!("ended {flow} {run} {}", state.name()));
                    let order = self.order_of(&run);
                    if let (Some(order), EndState::Ok) = (order, state) {
                        self.world.ended_well(&order);
                    }
                }
                Ok(EngineEvent::Started { run, flow }) => self.world.tell(format_args!("begun {flow} {run}")),
                Ok(EngineEvent::Alert { .. }) | Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn order_of(&self, run: &str) -> Option<String> {
        let sends = self.sends();
        sends
            .iter()
            .find(|it| matches!(&it.status, Status::Taken(it) if it == run))
            .map(|it| it.order.clone())
    }

    fn is_at_rest(&self, journal: &Journal) -> bool {
        let sent = self.sends().iter().all(|it| matches!(it.status, Status::Taken(_) | Status::Unknown));
        let open = journal.read(|it| it.open_runs()).map_or(1, |it| it.len());
        let waiting = journal.read(|it| it.parked_due(i64::MAX, 1)).map_or(1, |it| it.len());
        sent && open == 0 && waiting == 0
    }

    /// A person looks at the questions every now and then, finds out what really happened, and says so.
    async fn answer_questions(self: Arc<Story>, engine: Engine, journal: Journal) {
        loop {
            self.world.clock.wait(20_000).await;
            let open = journal.read(|it| it.questions(100)).unwrap_or_default();
            for question in open.into_iter().filter(|it| it.verdict.is_none()) {
                let (node, unit) = reckoning::place(&question.flow, &question.at.node, &question.payload);
                let verdict = if self.world.is_done(&node, &unit) { Verdict::Sent } else { Verdict::NotSent };
                self.world.tell(format_args!("answer {node} {unit}: {verdict:?}"));
                match engine.answer_question(&question, (verdict, None), "a person").await {
                    Ok(()) => self.world.count(|it| it.questions += 1),
                    Err(error) => self.world.tell(format_args!("not answered: {error}")),
                }
            }
        }
    }

    /// What keeps a story from its end.
    fn unrest(journal: &Journal) -> String {
        let open = journal.read(|it| it.open_runs()).unwrap_or_default();
        let parked = journal.read(|it| it.parked_due(i64::MAX, 100)).unwrap_or_default();
        let runs: Vec<String> = open
            .iter()
            .map(|it| format!("{} {} {:?} {:?}", it.flow, it.run, it.state, it.order_key))
            .collect();
        let records: Vec<String> =
            parked.iter().map(|it| format!("{} {} due {}", it.at.run, it.at.node, it.due_ms)).collect();
        format!("open runs {runs:?}, parked {records:?}")
    }

    /// Sets the senders to work: one for each flow and customer, who waits for an answer before it sends the next.
    fn send_all(self: Arc<Story>, engine: &Engine) {
        let mut senders: Vec<(usize, i64)> = self.sends().iter().map(|it| (it.flow, it.customer)).collect();
        senders.sort_unstable();
        senders.dedup();
        for sender in senders {
            let (story, engine) = (self.clone(), engine.clone());
            let own: Vec<usize> = {
                let sends = self.sends();
                (0..sends.len()).filter(|it| (sends[*it].flow, sends[*it].customer) == sender).collect()
            };
            tokio::spawn(async move {
                for number in own {
                    story.send(number, &engine).await;
                }
            });
        }
    }

    async fn send(&self, number: usize, engine: &Engine) {
        let send = self.sends()[number].clone();
        match send.status {
            Status::Taken(_) | Status::Unknown => return,
            Status::Sent if !send.is_keyed => {
                self.sends()[number].status = Status::Unknown;
                return;
            }
            Status::Sent | Status::Waits => {}
        }
        self.world.clock.wait(send.at_ms - self.world.clock.passed_ms()).await;
        loop {
            self.sends()[number].status = Status::Sent;
            if let Some(run) = self.post(&send, engine).await {
                self.world.tell(format_args!("taken {} as {run}", send.order));
                self.world.count(|it| it.accepted += 1);
                self.sends()[number].status = Status::Taken(run.clone());
                if send.is_doubled {
                    let again = self.post(&send, engine).await;
                    if again.is_some_and(|it| it != run) {
                        self.world.wrong(format!("{}: the same key started two runs", send.order));
                    }
                }
                return;
            }
            self.sends()[number].status = Status::Waits;
            self.world.clock.wait(1_000).await;
        }
    }

    /// Posts an event. Gives its run when it was acknowledged.
    async fn post(&self, send: &Send, engine: &Engine) -> Option<String> {
        let lines: Vec<i64> = (1..=send.lines).collect();
        let body = serde_json::json!({
            "order": send.order, "bad": send.is_bad, "lines": lines, "key": format!("customer {}", send.customer),
        });
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(send.is_keyed.then(|| ("idempotency-key".to_owned(), send.order.clone())));
        let request = HookRequest {
            method: "POST".into(),
            path: self.flows[send.flow].id.into(),
            query: Vec::new(),
            headers,
            body: body.to_string().into(),
        };
        let answer = engine.hook(request).await;
        if answer.status != 202 {
            self.world.tell(format_args!("{} was answered with {}", send.order, answer.status));
            return None;
        }
        let said: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
        Some(said["run"].as_str()?.to_owned())
    }

    /// Whether a run has ended, as the journal has it.
    pub(crate) fn state_of(journal: &Journal, run: &str) -> Option<journal::RunState> {
        let run: RunId = run.parse().ok()?;
        journal.read(|it| it.run(run)).ok().flatten().map(|it| it.row.state)
    }
}
