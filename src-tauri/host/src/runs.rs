//! Runs: starting, stopping, looking at them.

mod records;

use std::collections::{BTreeMap, HashSet};

use engine::exec::NodeCount;
use engine::program::Program;
use engine::{Library, Start};
use journal::{Change, RunDetail, RunFilter};
use model::document::{Flow as Document, parse};
use model::{Record, codec};
use sdk::Behaviour;

use crate::app::{App, engine_refusal, refusal};
use crate::contract::*;
use crate::datum;
use crate::flows::unreadable;
use crate::shelf::{REHEARSAL, TRY, base, missing};
use crate::watch::{counts, counts_now};

const RUNS: u32 = 50;
const MOST_RUNS: u32 = 500;
/// Records handed in by a person or pinned.
const MOST_GIVEN: usize = 1_000;

impl App {
    pub(crate) async fn run_start(&self, params: RunStart) -> Result<RunId, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let document = match &params.text {
            Some(text) => parse(text).map_err(|found| unreadable(&found))?,
            None => stored.document.map_err(|found| unreadable(&found))?,
        };
        let document = match &params.to_node {
            Some(node) => up_to(&document, node)?,
            None => document,
        };
        // a rehearsal sends nothing, so it needs no leave to send; what it may not read fails where it reads
        if !params.rehearse {
            let given = self.shelf.given(&params.flow).map_err(|e| engine_refusal(&e))?;
            if let Some(refusal) = missing(&document, &self.shelf.touches(&document), &given) {
                return Err(refusal);
            }
        }
        let is_tried = params.text.is_some() || params.to_node.is_some();
        let id = match (params.rehearse, is_tried) {
            (true, _) => format!("{}{REHEARSAL}", params.flow),
            (false, true) => format!("{}{TRY}", params.flow),
            (false, false) => params.flow.clone(),
        };
        let live = self.shelf.ready(&id, &document).map_err(|e| engine_refusal(&e))?;
        let trigger = trigger_of(&live.program, params.trigger.as_deref())?;
        let records = match params.input {
            Some(data) => given_records(&data, "/input")?,
            None => self.pinned(&params.flow, &trigger).await?.unwrap_or_else(|| vec![Record::empty()]),
        };
        if id != params.flow {
            // runs are resumed and shown by the hash of their text, so a tried text is kept like a version
            self.save(&id, &document, None).await?;
        }
        let keep_in = Some(engine::watched::folder_of(&self.watched(), &params.flow));
        let mut start = Start::new(&trigger, records);
        start.keep_in = keep_in;
        let run = self.engine.start(live, start).await.map_err(|e| engine_refusal(&e))?;
        Ok(RunId { run })
    }

    /// The records pinned to a node's first output.
    async fn pinned(&self, flow: &str, node: &str) -> Result<Option<Vec<Record>>, Refusal> {
        let id = flow.to_owned();
        let pins = self.journal.look(move |it| it.pins(&id)).await.map_err(|e| refusal(&e))?;
        let found = pins.into_iter().find(|(at, _, _)| at == node);
        Ok(found.and_then(|(_, _, bytes)| codec::decode_records(&bytes).ok()))
    }

    pub(crate) async fn run_cancel(&self, params: RunId) -> Result<Nothing, Refusal> {
        let run = run_id(&params.run)?;
        let is_cancelled = self.engine.cancel(&params.run)
            || self.engine.cancel_resting(run).await.map_err(|e| engine_refusal(&e))?;
        if is_cancelled {
            return Ok(Nothing {});
        }
        let found = self.journal.look(move |it| it.run(run)).await.map_err(|e| refusal(&e))?;
        match found {
            None => Err(no_run(&params.run)),
            Some(_) => {
                Err(Refusal::new(RefusalCode::Refused, format!("The run {} is not at work.", params.run)))
            }
        }
    }

    pub(crate) async fn run_release(&self, params: RunId) -> Result<Nothing, Refusal> {
        let run = run_id(&params.run)?;
        if self.engine.release(run).await.map_err(|e| engine_refusal(&e))? {
            return Ok(Nothing {});
        }
        let found = self.journal.look(move |it| it.run(run)).await.map_err(|e| refusal(&e))?;
        Err(match found {
            None => no_run(&params.run),
            Some(_) => {
                Refusal::new(RefusalCode::Refused, format!("The run {} is not held back.", params.run))
            }
        })
    }

    pub(crate) async fn runs_list(&self, params: RunsList) -> Result<RunRows, Refusal> {
        let most = params.limit.unwrap_or(RUNS).clamp(1, MOST_RUNS);
        let filter = RunFilter {
            flow: None,
            states: params.states.iter().flat_map(|it| stored_states(*it)).copied().collect(),
            from_ms: params.from_ms,
            until_ms: params.before_ms,
            value: params.value.as_deref().map(Into::into),
            before: params.cursor.as_deref().map(run_id).transpose()?,
            most,
        };
        let rows = self.run_rows(params.flow.as_deref(), filter).await?;
        let cursor =
            (rows.len() == most as usize).then(|| rows.last().map(|it| it.run.to_string())).flatten();
        let mut runs = Vec::with_capacity(rows.len());
        for row in rows {
            let run = row.run;
            let detail = self.journal.look(move |it| it.run(run)).await.map_err(|e| refusal(&e))?;
            if let Some(detail) = detail {
                runs.push(self.run_row(&detail).await);
            }
        }
        Ok(RunRows { runs, cursor })
    }

    /// Runs of a flow with its tries and rehearsals, or of all flows; newest first.
    pub(crate) async fn run_rows(
        &self,
        flow: Option<&str>,
        filter: RunFilter,
    ) -> Result<Vec<journal::RunRow>, Refusal> {
        let ids: Vec<Option<String>> = match flow {
            None => vec![None],
            Some(flow) => ["", TRY, REHEARSAL].iter().map(|end| Some(format!("{flow}{end}"))).collect(),
        };
        let mut rows = Vec::new();
        for id in ids {
            let filter = RunFilter { flow: id.map(Into::into), ..filter.clone() };
            rows.extend(self.journal.look(move |it| it.runs(&filter)).await.map_err(|e| refusal(&e))?);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.run));
        rows.truncate(filter.most as usize);
        Ok(rows)
    }

    async fn run_row(&self, detail: &RunDetail) -> RunRow {
        let row = &detail.row;
        let program = self.program_of(detail);
        let counts = self.counts_in(detail, program.as_deref());
        let flow = row.flow.to_string();
        let versions = self.journal.look(move |it| it.versions(&flow)).await.unwrap_or_default();
        RunRow {
            run: row.run.to_string(),
            flow: base(&row.flow).to_owned(),
            rehearsal: row.flow.ends_with(REHEARSAL),
            flow_name: program.as_ref().map_or_else(|| row.flow.to_string(), |it| it.name.clone()),
            // a tried text is a version of nothing
            version: versions
                .iter()
                .filter(|_| !row.flow.contains('~'))
                .find(|it| it.hash == row.flow_hash)
                .map_or(0, |it| it.version),
            trigger: row.trigger.to_string(),
            state: state(row.state),
            started_ms: row.started_ms,
            ended_ms: row.ended_ms,
            records: moved(&counts),
            failed: counts.nodes.values().map(|it| it.failed).sum(),
            parked: detail.parked,
            error: row.error.as_ref().map(|it| Failure {
                code: it.code.to_string(),
                sentence: it.message.clone(),
                cause: None,
            }),
        }
    }

    /// The program a run ran, when its version can still be compiled.
    fn program_of(&self, detail: &RunDetail) -> Option<std::sync::Arc<Program>> {
        self.shelf.live(&detail.row.flow, Some(&detail.row.flow_hash)).ok().map(|live| live.program.clone())
    }

    fn counts_in(&self, detail: &RunDetail, program: Option<&Program>) -> RunCounts {
        if let Some(run) = self.engine.active(&detail.row.run.to_string()) {
            return counts_now(&run);
        }
        program.map(|program| read_counts(program, &detail.counts, false)).unwrap_or_default()
    }

    /// The counts of a run, now or at its end.
    pub(crate) async fn counts_of(&self, run: &str) -> Option<RunCounts> {
        let id = run_id(run).ok()?;
        let detail = self.journal.look(move |it| it.run(id)).await.ok()??;
        let program = self.program_of(&detail);
        Some(self.counts_in(&detail, program.as_deref()))
    }

    pub(crate) async fn run_get(&self, params: RunId) -> Result<Run, Refusal> {
        let detail = self.detail(&params.run).await?;
        let program = self.program_of(&detail);
        let counts = self.counts_in(&detail, program.as_deref());
        let (flow, hash) = (detail.row.flow.to_string(), detail.row.flow_hash);
        let text =
            self.journal.look(move |it| it.flow_by_hash(&flow, &hash)).await.map_err(|e| refusal(&e))?;
        let stored =
            |bytes: &[u8]| program.as_deref().map(|it| read_counts(it, bytes, true)).unwrap_or_default();
        let steps = counts.nodes.iter().map(|(node, it)| StepRow {
            node: node.clone(),
            state: it.state,
            records_in: it.records_in,
            records_out: it.records_out,
            failed: it.failed,
            error: None,
        });
        let ended_ms = detail.row.ended_ms.filter(|_| !detail.snapshots.is_empty());
        let moments = detail
            .snapshots
            .iter()
            .filter(|(at_ms, _)| Some(*at_ms) != ended_ms)
            .map(|(at_ms, bytes)| RunSnapshot { at_ms: *at_ms, counts: stored(bytes) });
        let end = ended_ms.map(|at_ms| RunSnapshot { at_ms, counts: counts.clone() });
        Ok(Run {
            held: self.shelf.held().of(&params.run),
            row: self.run_row(&detail).await,
            text: text.map(|it| String::from_utf8_lossy(&it).into_owned()).unwrap_or_default(),
            steps: steps.collect(),
            snapshots: moments.chain(end).collect(),
            counts,
        })
    }

    pub(crate) async fn detail(&self, run: &str) -> Result<RunDetail, Refusal> {
        let id = run_id(run)?;
        let found = self.journal.look(move |it| it.run(id)).await.map_err(|e| refusal(&e))?;
        found.ok_or_else(|| no_run(run))
    }

    pub(crate) async fn sample_pin(&self, params: SamplePin) -> Result<Nothing, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let records = params.records.map(|it| given_records(&it, "/records")).transpose()?;
        let pin = Change::Pin {
            flow: stored.row.flow,
            node: params.node.as_str().into(),
            port: "out".into(),
            records: records.map(|it| codec::encode_records(&it).into()),
        };
        self.commit(vec![pin]).await?;
        self.tell_flow(&params.flow).await;
        Ok(Nothing {})
    }
}

/// The document cut to a node and everything that leads to it.
fn up_to(document: &Document, node: &str) -> Result<Document, Refusal> {
    if !document.nodes.contains_key(node) {
        return Err(
            Refusal::new(RefusalCode::NotFound, format!("The flow has no step {node}.")).at("/to_node")
        );
    }
    let mut kept: HashSet<String> = HashSet::from([node.to_owned()]);
    let mut ahead = vec![node.to_owned()];
    while let Some(at) = ahead.pop() {
        for wire in document.wires.iter().filter(|wire| wire.to.node == at) {
            if kept.insert(wire.from.node.to_string()) {
                ahead.push(wire.from.node.to_string());
            }
        }
    }
    let mut cut = document.clone();
    cut.nodes.retain(|id, _| kept.contains(id.as_str()));
    cut.wires.retain(|wire| kept.contains(wire.from.node.as_str()) && kept.contains(wire.to.node.as_str()));
    cut.layout.retain(|id, _| kept.contains(id.as_str()));
    Ok(cut)
}

pub(crate) fn trigger_of(program: &Program, wanted: Option<&str>) -> Result<String, Refusal> {
    let mut triggers = program.nodes.iter().filter(|it| matches!(it.behaviour, Behaviour::Trigger(_)));
    let found = match wanted {
        Some(wanted) => triggers.find(|it| it.id == wanted),
        None => triggers.next(),
    };
    found.map(|it| it.id.to_string()).ok_or_else(|| {
        let sentence = wanted.map_or_else(
            || "The flow has no trigger to start at. Add one.".to_owned(),
            |it| format!("The flow has no trigger {it}."),
        );
        Refusal::new(RefusalCode::BadRequest, sentence).at("/trigger")
    })
}

/// Records from the editor.
pub(crate) fn given_records(data: &[Datum], field: &str) -> Result<Vec<Record>, Refusal> {
    let wrong = |sentence: String| Refusal::new(RefusalCode::BadRequest, sentence).at(field);
    if data.len() > MOST_GIVEN {
        return Err(wrong(format!(
            "At most {MOST_GIVEN} records can be handed in; these are {}.",
            data.len()
        )));
    }
    data.iter()
        .enumerate()
        .map(|(at, it)| datum::read_record(it).map_err(|why| wrong(format!("Record {}: {why}", at + 1))))
        .collect()
}

/// The same of stored counts, without the program they belong to.
pub(crate) fn moved_in(bytes: &[u8]) -> u64 {
    #[derive(serde::Deserialize)]
    struct Stored {
        nodes: BTreeMap<String, Vec<u64>>,
    }
    let stored = serde_json::from_slice::<Stored>(bytes);
    stored.map_or(0, |it| it.nodes.values().flat_map(|it| it.iter().take(2)).max().copied().unwrap_or(0))
}

/// Counts as the engine stores them: `{"wires": [n], "nodes": {"id": [in, out, failed, parked, busy µs]}}`; older ones have three.
fn read_counts(program: &Program, bytes: &[u8], is_at_work: bool) -> RunCounts {
    #[derive(serde::Deserialize)]
    struct Stored {
        wires: Vec<u64>,
        nodes: BTreeMap<String, Vec<u64>>,
    }
    match serde_json::from_slice::<Stored>(bytes) {
        Ok(stored) => {
            let count = |of: &[u64], at: usize| of.get(at).copied().unwrap_or(0);
            let nodes = stored.nodes.into_iter().map(|(node, of)| {
                let it = NodeCount {
                    taken: count(&of, 0),
                    emitted: count(&of, 1),
                    failed: count(&of, 2),
                    parked: count(&of, 3),
                    busy_us: count(&of, 4),
                };
                (node, it)
            });
            counts(program, &stored.wires, nodes, is_at_work)
        }
        // an old or cut row: nothing is known, which the canvas shows as no counts
        Err(_) => RunCounts::default(),
    }
}

/// The records a run read: what entered its widest step.
pub(crate) fn moved(counts: &RunCounts) -> u64 {
    counts.nodes.values().map(|it| it.records_in.max(it.records_out)).max().unwrap_or(0)
}

pub(crate) fn run_id(text: &str) -> Result<journal::RunId, Refusal> {
    text.parse()
        .map_err(|e: journal::NotAnId| Refusal::new(RefusalCode::BadRequest, e.to_string()).at("/run"))
}

fn no_run(run: &str) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("There is no run {run}. Old runs are removed after a while."))
        .at("/run")
}

/// A state of the journal in the words of the contract.
pub(crate) fn state(state: journal::RunState) -> RunState {
    match state {
        journal::RunState::Queued | journal::RunState::Waiting => RunState::Waiting,
        journal::RunState::Running => RunState::Running,
        journal::RunState::Ok => RunState::Ok,
        journal::RunState::Partial => RunState::Partial,
        journal::RunState::Cancelled => RunState::Cancelled,
        journal::RunState::Failed => RunState::Failed,
        journal::RunState::Quarantined => RunState::Held,
        journal::RunState::Skipped => RunState::Skipped,
    }
}

fn stored_states(state: RunState) -> &'static [journal::RunState] {
    match state {
        RunState::Waiting => &[journal::RunState::Queued, journal::RunState::Waiting],
        RunState::Running => &[journal::RunState::Running],
        RunState::Ok => &[journal::RunState::Ok],
        RunState::Partial => &[journal::RunState::Partial],
        RunState::Failed => &[journal::RunState::Failed],
        RunState::Held => &[journal::RunState::Quarantined],
        RunState::Cancelled => &[journal::RunState::Cancelled],
        RunState::Skipped => &[journal::RunState::Skipped],
        RunState::Asking => &[journal::RunState::Partial, journal::RunState::Waiting],
    }
}
