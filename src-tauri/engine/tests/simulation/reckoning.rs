//! The end of a story: every event that was acknowledged has come to one outcome, and every due time too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arna_engine::Clock as _;
use arna_engine::due::Schedule;
use journal::{DueOutcome, DueRow, Journal, LetterFilter, RunState};
use model::{Value, codec};

use crate::kinds::unit;
use crate::story::{Status, Story};

/// A schedule looks this often at the least, and once more when the story ends between two looks.
const BEHIND_MS: i64 = 60_000;

/// What stands in the failed inbox and among the questions: node and unit.
struct Inbox {
    letters: BTreeMap<(String, String), usize>,
    questions: BTreeSet<(String, String)>,
}

/// The step and the unit of a record that left its run.
pub(crate) fn place(flow: &str, node: &str, payload: &[u8]) -> (String, String) {
    let unit = match codec::decode(payload) {
        Ok(Value::Record(whole)) => {
            whole.get("record").and_then(Value::as_record).map(unit).unwrap_or_default()
        }
        _ => String::new(),
    };
    (format!("{flow}.{node}"), unit)
}

impl Inbox {
    fn read(journal: &Journal) -> Inbox {
        let mut letters: BTreeMap<(String, String), usize> = BTreeMap::new();
        let filter = LetterFilter { most: 1_000, ..LetterFilter::default() };
        for it in journal.read(|it| it.letters(&filter)).expect("the letters") {
            *letters.entry(place(&it.flow, &it.at.node, &it.inputs)).or_default() += 1;
        }
        let questions = journal.read(|it| it.questions(1_000)).expect("the questions");
        let open = questions.iter().filter(|it| it.verdict.is_none());
        let questions = open.map(|it| place(&it.flow, &it.at.node, &it.payload)).collect();
        Inbox { letters, questions }
    }

    fn has(&self, unit: &str) -> bool {
        let order = unit.split('/').next().unwrap_or_default();
        let is_it = |it: &(String, String)| it.1 == unit || it.1 == order;
        self.letters.keys().any(is_it) || self.questions.iter().any(is_it)
    }
}

/// Compares what was accepted with what became of it.
pub(crate) fn reckon(story: &Story, folder: &Path) {
    let (journal, open) = story.journal(folder);
    let world = &story.world;
    if !open.is_empty() {
        world.wrong(format!("{} runs are open and nobody works on them", open.len()));
    }
    let inbox = Inbox::read(&journal);
    for ((node, unit), count) in &inbox.letters {
        if *count > 1 {
            world.wrong(format!("{node} {unit} stands {count} times in the failed inbox"));
        }
        if inbox.questions.contains(&(node.clone(), unit.clone())) {
            world.wrong(format!("{node} {unit} failed and is asked about"));
        }
    }
    world.count(|it| {
        it.letters = inbox.letters.values().map(|it| *it as u64).sum();
    });
    orders(story, &journal, &inbox);
    schedule(story, &journal, &inbox);
}

fn orders(story: &Story, journal: &Journal, inbox: &Inbox) {
    let sends = story.sends.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for send in sends.iter() {
        let Status::Taken(run) = &send.status else { continue };
        let drawn = &story.flows[send.flow];
        let state = Story::state_of(journal, run);
        let Some(state) = state.filter(|it| it.has_ended()) else {
            story.world.wrong(format!("{}: its run {run} never ended ({state:?})", send.order));
            continue;
        };
        if matches!(state, RunState::Failed | RunState::Cancelled | RunState::Quarantined) {
            continue;
        }
        let units: Vec<String> = if drawn.has_lines {
            (1..=send.lines).map(|line| format!("{}/{line}", send.order)).collect()
        } else {
            vec![send.order.clone()]
        };
        for unit in units {
            let has_arrived = drawn.last.iter().any(|it| story.world.is_done(it, &unit));
            if !has_arrived && !inbox.has(&unit) {
                story.world.wrong(format!("{} {unit}: acknowledged, ended as {state:?}, and lost", drawn.id));
            }
        }
    }
}

fn schedule(story: &Story, journal: &Journal, inbox: &Inbox) {
    let name = "clock/start";
    let ledger = journal.read(|it| it.ledger(name, i64::MAX, 100_000)).expect("the ledger");
    complete(story, journal, (name, &ledger));
    for due in ledger {
        if due.outcome != DueOutcome::Fired {
            continue;
        }
        story.world.count(|it| it.fired += 1);
        let Ok(text) = due_text(due.due_ms) else { continue };
        let is_failed = due.run.is_some_and(|run| {
            Story::state_of(journal, &run.to_string()).is_some_and(|it| {
                matches!(it, RunState::Failed | RunState::Cancelled | RunState::Quarantined)
            })
        });
        if !is_failed && !story.world.is_done("clock.t", &text) && !inbox.has(&text) {
            story.world.wrong(format!("the due time {text} was fired and lost"));
        }
    }
}

/// Every due time since the first one has its line, and the schedule has not fallen behind.
fn complete(story: &Story, journal: &Journal, (name, ledger): (&str, &[DueRow])) {
    let timed = story.shelf()["clock"].timed().next().expect("it starts by the clock");
    let rule = Schedule::parse(&timed.cron, &timed.zone).expect("a schedule");
    for pair in ledger.windows(2) {
        if rule.next_after(pair[1].due_ms) != Some(pair[0].due_ms) {
            story.world.wrong(format!("a due time after {} has no outcome", pair[1].due_ms));
        }
    }
    let mark = journal.read(|it| it.schedule_mark(name)).expect("the mark");
    let next = mark.and_then(|it| rule.next_after(it));
    let clock = &story.world.clock;
    if clock.unset_ms() > BEHIND_MS && next.is_some_and(|it| it + BEHIND_MS < clock.now_ms()) {
        story.world.wrong(format!("the schedule stands still at {mark:?}"));
    }
}

/// A due time as the flow sees it.
fn due_text(due_ms: i64) -> Result<String, jiff::Error> {
    jiff::Timestamp::from_millisecond(due_ms).map(|it| it.to_string())
}
