//! The world around the engine: servers with moods, senders' memory, crashes; and the rules that must hold whatever happens.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arna_engine::Clock;
use journal::{Point, Simulation};
use sdk::{Code, Effect, NodeError};

use crate::clock::SimClock;
use crate::dice::Dice;

/// Calls to one connection at once, as the engine promises.
const MOST_AT_ONCE: u32 = 8;
/// Lines of the story that are kept to be shown when a rule is broken.
const KEPT_LINES: usize = 400;

/// How often what goes wrong, in a thousand.
#[derive(Clone, Default)]
pub(crate) struct Weather {
    pub(crate) unreachable: u32,
    pub(crate) busy: u32,
    pub(crate) cut_before: u32,
    pub(crate) cut_after: u32,
    pub(crate) late: u32,
    pub(crate) crash_at_commit: u32,
    pub(crate) crash_in_call: u32,
}

/// An effect that took place at a server.
struct Done {
    effect: Effect,
    key: String,
    is_finished: bool,
}

/// What happened, in figures.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) accepted: u64,
    pub(crate) calls: u64,
    pub(crate) effects: u64,
    pub(crate) repeated: u64,
    pub(crate) crashes: u64,
    pub(crate) questions: u64,
    pub(crate) letters: u64,
    pub(crate) fired: u64,
    pub(crate) passed_ms: i64,
}

struct State {
    dice: Dice,
    weather: Weather,
    is_crashed: bool,
    down_until: BTreeMap<String, i64>,
    in_flight: BTreeMap<String, u32>,
    done: BTreeMap<(String, String), Done>,
    ended_well: BTreeSet<String>,
    figures: Figures,
    trace: blake3::Hasher,
    lines: VecDeque<String>,
    wrong: Vec<String>,
}

/// The world.
pub(crate) struct World {
    pub(crate) clock: Arc<SimClock>,
    state: Mutex<State>,
}

/// A call of a step, as a server sees it.
pub(crate) struct Asked<'a> {
    pub(crate) server: &'a str,
    pub(crate) node: &'a str,
    /// What the call is about: an order, or a line of one.
    pub(crate) unit: &'a str,
    pub(crate) key: &'a str,
    pub(crate) effect: Effect,
    pub(crate) is_refused: bool,
}

enum Mood {
    Down,
    Busy(u64),
    CutBefore,
    CutAfter,
    Late,
    Crash { is_done: bool },
    Good,
}

impl World {
    pub(crate) fn new(seed: u64, weather: Weather, day_ms: i64) -> World {
        let state = State {
            dice: Dice::new(seed ^ 0x0070_726f_6f66),
            weather,
            is_crashed: false,
            down_until: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            done: BTreeMap::new(),
            ended_well: BTreeSet::new(),
            figures: Figures::default(),
            trace: blake3::Hasher::new(),
            lines: VecDeque::new(),
            wrong: Vec::new(),
        };
        World { clock: Arc::new(SimClock::starting_at(day_ms)), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn with_dice<T>(&self, throw: impl FnOnce(&mut Dice) -> T) -> T {
        throw(&mut self.state().dice)
    }

    pub(crate) fn figures(&self) -> Figures {
        self.state().figures
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Figures)) {
        count(&mut self.state().figures);
    }

    /// Adds to the story. Two stories with the same hash went the same way at the same times.
    pub(crate) fn tell(&self, what: fmt::Arguments<'_>) {
        let line = format!("{} {what}", self.clock.passed_ms());
        let mut state = self.state();
        state.trace.update(line.as_bytes());
        state.trace.update(b"\n");
        if state.lines.len() == KEPT_LINES {
            state.lines.pop_front();
        }
        state.lines.push_back(line);
    }

    pub(crate) fn trace(&self) -> String {
        self.state().trace.finalize().to_hex().to_string()
    }

    /// A rule was broken.
    pub(crate) fn wrong(&self, what: String) {
        self.tell(format_args!("WRONG: {what}"));
        self.state().wrong.push(what);
    }

    /// What was broken, with the end of the story.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        let state = self.state();
        let Some(first) = state.wrong.first() else { return Ok(()) };
        let lines: Vec<&str> = state.lines.iter().map(String::as_str).collect();
        Err(format!("{first}\n(and {} more)\n{}", state.wrong.len() - 1, lines.join("\n")))
    }

    pub(crate) fn is_crashed(&self) -> bool {
        self.state().is_crashed
    }

    /// The machine stops here and now.
    pub(crate) fn crash(&self, why: &str) {
        self.tell(format_args!("crash: {why}"));
        let mut state = self.state();
        state.is_crashed = true;
        state.figures.crashes += 1;
    }

    /// The machine is started again.
    pub(crate) fn start_again(&self) {
        let mut state = self.state();
        state.is_crashed = false;
        state.in_flight.clear();
    }

    /// From now on nothing goes wrong.
    pub(crate) fn clear_up(&self) {
        let mut state = self.state();
        state.weather = Weather::default();
        state.down_until.clear();
    }

    /// A server does not answer until then.
    pub(crate) fn take_down(&self, server: &str, until_ms: i64) {
        self.tell(format_args!("{server} is down until {until_ms}"));
        self.state().down_until.insert(server.into(), until_ms);
    }

    /// Whether an effect took place.
    pub(crate) fn is_done(&self, node: &str, unit: &str) -> bool {
        self.state().done.contains_key(&(node.to_owned(), unit.to_owned()))
    }

    /// What led to this was finished: it must never be called again.
    pub(crate) fn finish(&self, node: &str, unit: &str) {
        if let Some(done) = self.state().done.get_mut(&(node.to_owned(), unit.to_owned())) {
            done.is_finished = true;
        }
    }

    /// A run ended with everything done: none of the calls for its order may come again.
    pub(crate) fn ended_well(&self, order: &str) {
        self.state().ended_well.insert(order.into());
    }

    fn mood(&self, asked: &Asked<'_>) -> Mood {
        let now = self.clock.passed_ms();
        let mut state = self.state();
        if state.down_until.get(asked.server).is_some_and(|it| now < *it) {
            return Mood::Down;
        }
        let weather = state.weather.clone();
        let dice = &mut state.dice;
        match () {
            () if dice.chance(weather.unreachable) => Mood::Down,
            () if dice.chance(weather.busy) => Mood::Busy(dice.of(0, 20_000).unsigned_abs()),
            () if dice.chance(weather.cut_before) => Mood::CutBefore,
            () if dice.chance(weather.cut_after) => Mood::CutAfter,
            () if dice.chance(weather.late) => Mood::Late,
            () if dice.chance(weather.crash_in_call) => Mood::Crash { is_done: dice.chance(500) },
            () => Mood::Good,
        }
    }

    async fn stop(&self) {
        if self.is_crashed() {
            std::future::pending::<()>().await;
        }
    }

    /// A server gets a call and answers it, or not.
    pub(crate) async fn call(self: &Arc<World>, asked: Asked<'_>) -> Result<i64, NodeError> {
        self.stop().await;
        self.tell(format_args!("call {} {} at {}", asked.node, asked.unit, asked.server));
        let _place = self.enter(asked.server);
        self.check_finished(&asked);
        let (before, after) = self.with_dice(|it| (it.of(0, 150), it.of(0, 150)));
        let mood = self.mood(&asked);
        self.clock.wait(before).await;
        self.stop().await;
        match mood {
            Mood::Down => return Err(NodeError::new(Code::Unavailable, "nobody answers")),
            Mood::Busy(wait_ms) => {
                return Err(NodeError::new(Code::Busy, "come back later").retry_after_ms(wait_ms));
            }
            Mood::CutBefore => return Err(NodeError::new(Code::Ambiguous, "the line broke")),
            Mood::Crash { is_done } => {
                if is_done {
                    self.perform(&asked);
                }
                self.crash("in a call");
                self.stop().await;
            }
            Mood::CutAfter | Mood::Late | Mood::Good => {}
        }
        if asked.is_refused {
            return Err(NodeError::new(Code::Refused, "no, for good"));
        }
        self.perform(&asked);
        match mood {
            Mood::CutAfter => return Err(NodeError::new(Code::Ambiguous, "the line broke")),
            // longer than any step waits
            Mood::Late => self.clock.wait(400_000).await,
            _ => self.clock.wait(after).await,
        }
        self.stop().await;
        Ok(after)
    }

    fn enter(self: &Arc<World>, server: &str) -> InFlight {
        let mut state = self.state();
        let count = state.in_flight.entry(server.to_owned()).or_default();
        *count += 1;
        let count = *count;
        state.figures.calls += 1;
        drop(state);
        if count > MOST_AT_ONCE {
            self.wrong(format!("{count} calls at once to {server}"));
        }
        InFlight { world: self.clone(), server: server.to_owned() }
    }

    fn check_finished(&self, asked: &Asked<'_>) {
        let order = asked.unit.split('/').next().unwrap_or_default().to_owned();
        let state = self.state();
        let place = (asked.node.to_owned(), asked.unit.to_owned());
        let again = state.done.get(&place).is_some_and(|it| it.is_finished);
        let late = state.ended_well.contains(&order);
        drop(state);
        if again || late {
            self.wrong(format!("{} {}: a call that was finished came again", asked.node, asked.unit));
        }
    }

    /// The effect takes place.
    fn perform(&self, asked: &Asked<'_>) {
        self.tell(format_args!("done {} {}", asked.node, asked.unit));
        let place = (asked.node.to_owned(), asked.unit.to_owned());
        let mut broken = None;
        let mut state = self.state();
        state.figures.effects += 1;
        match state.done.get(&place) {
            None => {
                let done = Done { effect: asked.effect, key: asked.key.into(), is_finished: false };
                state.done.insert(place, done);
            }
            Some(before) => {
                if before.effect == Effect::Ambiguous {
                    broken = Some("was repeated without a question, though it may have happened");
                } else if before.key != asked.key {
                    broken = Some("was repeated with another key");
                }
                state.figures.repeated += 1;
            }
        }
        drop(state);
        if let Some(broken) = broken {
            self.wrong(format!("{} {} {broken}", asked.node, asked.unit));
        }
    }
}

struct InFlight {
    world: Arc<World>,
    server: String,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(count) = self.world.state().in_flight.get_mut(&self.server) {
            *count = count.saturating_sub(1);
        }
    }
}

/// The journal's part of the world.
pub(crate) struct Commits(pub(crate) Arc<World>);

impl fmt::Debug for Commits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Commits")
    }
}

impl Simulation for Commits {
    fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }

    fn pass(&self, point: Point) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let world = self.0.clone();
        Box::pin(async move {
            world.stop().await;
            let (turns, is_crash) = {
                let mut state = world.state();
                let chance = state.weather.crash_at_commit;
                (state.dice.of(0, 2), state.dice.chance(chance))
            };
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            world.stop().await;
            if is_crash {
                world.crash(if point == Point::BeforeCommit { "before a commit" } else { "after a commit" });
                world.stop().await;
            }
        })
    }
}
