//! Cases: a flow run in a made-up world, and what it did there compared with what was expected.
//!
//! Nothing real is touched: the clock stands still, files are in memory, the network answers what the case says, and steps of other
//! systems are replaced by what the case gives for them. So a case gives the same on every machine.

mod compare;
mod given;
mod pack;
mod print;
mod stand_in;
mod typed;
mod world;

pub use compare::{Difference, compare};
pub use given::Given;
pub use pack::pack;
pub use print::pretty;
pub use typed::{marked, unmarked};

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use formula::Roots;
use model::document::Flow;
use model::{Record, Value, json};
use plan::{Catalogue, Plan};
use sdk::{Code, NodeError};

use crate::decide::EndState;
use crate::exec::{self, Begin, Durable, EndSink, Kept, Outcome, Place, Report, Run};
use crate::program::Program;
use world::CaseWorlds;

/// What a flow did in a case.
#[derive(Clone, Debug)]
pub struct Seen {
    value: Value,
    /// Records that reached end ports.
    pub records: u64,
}

impl Seen {
    /// Everything that is compared, as one value: `state`, `ends`, `calls`, `files`, `lines`, `left`, `kept`, `answer`; what is
    /// empty is left out.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The text of an expected file.
    pub fn text(&self) -> String {
        pretty(&self.value)
    }

    /// What differs from an expected file.
    ///
    /// # Errors
    /// The text is not JSON; the sentence says where.
    pub fn against(&self, expected: &str) -> Result<Vec<Difference>, String> {
        let expected =
            json::parse(expected.as_bytes()).map_err(|e| format!("The expected result is not JSON: {e}."))?;
        Ok(compare(&expected, &self.value))
    }
}

/// How a case of a flow went.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The case.
    pub name: String,
    /// What the flow did; none when the case could not be run.
    pub seen: Option<Seen>,
    /// What differs from the expected; everything when nothing is expected yet.
    pub differences: Vec<Difference>,
    /// Whether the case says what it expects.
    pub has_expected: bool,
    /// Why it could not be run.
    pub problem: Option<String>,
}

impl CaseResult {
    /// Whether all is as expected.
    pub fn is_same(&self) -> bool {
        self.problem.is_none() && self.has_expected && self.differences.is_empty()
    }
}

/// Runs all cases of a flow. `folder` is where its bundled data lies (`data/` below it), for cases that name files of it.
pub async fn run_cases(
    flow: &Flow,
    plan: &Plan,
    catalogue: &dyn Catalogue,
    folder: Option<&Path>,
) -> Vec<CaseResult> {
    let mut results = Vec::with_capacity(flow.cases.len());
    for (name, case) in &flow.cases {
        let mut result = CaseResult {
            name: name.clone(),
            seen: None,
            differences: Vec::new(),
            has_expected: case.expected.is_some(),
            problem: None,
        };
        let given = Given::parse(case.given.as_str(), flow, folder);
        match given {
            Err(problem) => result.problem = Some(problem),
            Ok(given) => match run_case(plan, catalogue, given).await {
                Err(error) => result.problem = Some(error.sentence),
                Ok(seen) => {
                    let expected = case.expected.as_ref().map_or("{}", |it| it.as_str());
                    match seen.against(expected) {
                        Ok(differences) => result.differences = differences,
                        Err(problem) => result.problem = Some(problem),
                    }
                    result.seen = Some(seen);
                }
            },
        }
        results.push(result);
    }
    results
}

/// Runs a plan in the world of a case. A failed run is no error: it is part of what is seen.
///
/// # Errors
/// The case names a step that the flow does not have.
pub async fn run_case(plan: &Plan, catalogue: &dyn Catalogue, given: Given) -> Result<Seen, NodeError> {
    let calls = world::Calls::default();
    let plan = stand_in::replaced(plan, &given, &calls)?;
    let trigger = trigger_of(&plan, &given)?;
    let program = Arc::new(Program::of(&plan));
    let about = Record::of([("id", Value::from("case")), ("flow", Value::from(program.name.as_str()))]);
    let roots = Roots {
        slots: given.slots.clone(),
        run: about,
        event: given.records.first().cloned().unwrap_or_else(Record::empty),
        now: crate::live::now_in(given.now_ms, plan.zone.as_deref()),
        seed: given.seed,
        ..Roots::default()
    };
    let worlds = Arc::new(CaseWorlds::new(&given, &roots, calls));
    let durable = Arc::new(Left::default());
    let ends = Arc::new(Ends::default());
    let begin = Begin {
        id: "case".into(),
        seed: given.seed,
        started_ms: given.now_ms,
        roots,
        depth: 0,
        remembered: HashMap::new(),
        ends: ends.clone(),
        spill_folder: std::env::temp_dir(),
        keeps_answer: true,
    };
    let run = Arc::new(Run::new(program.clone(), durable.clone(), worlds.clone(), begin));
    exec::work(&run, (trigger, 0), given.records.clone()).await;
    let report = run.report();
    let ends = std::mem::take(&mut *lock(&ends.0));
    let records = ends.values().map(|it| it.len() as u64).sum();
    let mut seen: Vec<(&str, Value)> = vec![("state", Value::from(state_name(report.state)))];
    if let Some((node, error)) = &report.stop {
        seen.push(("stopped", failure(&program.nodes[*node].id, error, None)));
    }
    let ends: Vec<(String, Value)> = ends
        .into_iter()
        .map(|((node, port), records)| {
            let it = &program.nodes[node];
            (
                format!("{}.{}", it.id, it.outputs[port]),
                Value::list(records.into_iter().map(Value::Record).collect()),
            )
        })
        .collect();
    push(&mut seen, "ends", object(ends));
    push(&mut seen, "answer", report.answer.clone().unwrap_or_default());
    push(&mut seen, "calls", Value::list(worlds.calls(&program)));
    push(&mut seen, "files", object(worlds.files(&given, catalogue).await));
    push(&mut seen, "lines", Value::list(worlds.lines().into_iter().map(Value::from).collect()));
    push(&mut seen, "left", Value::list(left_out(&program, &report, &durable)));
    push(&mut seen, "kept", object(worlds.kept(&given)));
    // what is compared has gone through a file: dates are text there
    let mut text = Vec::new();
    json::write_record(&Record::of(seen), &mut text);
    let broken = |e| NodeError::new(Code::Internal, "What the case did cannot be written down.").because(e);
    Ok(Seen { value: json::parse(&text).map_err(broken)?, records })
}

fn push<'a>(seen: &mut Vec<(&'a str, Value)>, name: &'a str, value: Value) {
    let is_empty = match &value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Record(record) => record.shape().is_empty(),
        _ => false,
    };
    if !is_empty {
        seen.push((name, value));
    }
}

fn object(fields: Vec<(String, Value)>) -> Value {
    Value::Record(Record::of(fields))
}

fn state_name(state: EndState) -> &'static str {
    match state {
        EndState::Ok => "ok",
        EndState::Partial => "partial",
        EndState::Waiting => "waiting",
        EndState::Failed => "failed",
        EndState::Cancelled => "cancelled",
        EndState::Quarantined => "quarantined",
        EndState::Skipped => "skipped",
    }
}

fn failure(node: &str, error: &NodeError, record: Option<&Record>) -> Value {
    let mut fields = vec![
        ("node", Value::from(node)),
        ("code", Value::from(error.code.name())),
        ("message", Value::from(error.sentence.as_str())),
    ];
    if let Some(record) = record {
        fields.push(("record", Value::Record(record.clone())));
    }
    Value::Record(Record::of(fields))
}

fn trigger_of(plan: &Plan, given: &Given) -> Result<usize, NodeError> {
    let config = |sentence: String| NodeError::new(Code::Config, sentence);
    match (&given.trigger, plan.triggers.as_slice()) {
        (Some(id), triggers) => {
            let found = plan.step(id).filter(|it| triggers.contains(it));
            found.ok_or_else(|| config(format!("The case starts at {id}, but the flow has no such start.")))
        }
        (None, [one]) => Ok(*one),
        (None, []) => Err(config("The flow has no start, so the case cannot begin.".into())),
        (None, _) => {
            Err(config("The flow has several starts; the case must name one as \"trigger\".".into()))
        }
    }
}

fn left_out(program: &Program, report: &Report, left: &Left) -> Vec<Value> {
    let failed =
        report.failed.iter().map(|it| failure(&program.nodes[it.node].id, &it.error, Some(&it.record)));
    let kept = std::mem::take(&mut *lock(&left.0));
    let waiting = kept.into_iter().map(|(why, kept)| {
        let fields = vec![
            ("node", Value::from(program.nodes[kept.place.node].id.as_str())),
            ("why", Value::from(why)),
            ("code", Value::from(kept.error.code.name())),
            ("message", Value::from(kept.error.sentence.as_str())),
            ("record", Value::Record(kept.record)),
        ];
        Value::Record(Record::of(fields))
    });
    failed.chain(waiting).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All end records of a case, by node and port.
#[derive(Default)]
struct Ends(Mutex<BTreeMap<(usize, usize), Vec<Record>>>);

impl EndSink for Ends {
    fn take(&self, node: usize, port: usize, records: &[Record]) -> Result<(), NodeError> {
        lock(&self.0).entry((node, port)).or_default().extend_from_slice(records);
        Ok(())
    }
}

/// Keeps records that left the run to wait or to be asked about.
#[derive(Default)]
struct Left(Mutex<Vec<(&'static str, Kept)>>);

#[async_trait]
impl Durable for Left {
    async fn intend(&self, _: &Run, _: Place, _: &(dyn Fn() -> Kept + Sync)) -> Result<(), NodeError> {
        Ok(())
    }

    async fn remember(&self, _: &Run, _: Vec<(Place, Outcome)>) -> Result<(), NodeError> {
        Ok(())
    }

    async fn park(&self, _: &Run, kept: Kept, _: u64) -> Result<(), NodeError> {
        lock(&self.0).push(("waits", kept));
        Ok(())
    }

    async fn give_up(&self, _: &Run, kept: Kept, is_question: bool) -> Result<(), NodeError> {
        if is_question {
            lock(&self.0).push(("asks", kept));
        }
        Ok(())
    }

    fn has_changes(&self, _: usize) -> bool {
        false
    }
}
