//! One node at a time: what arrives at it, and a run of it alone.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::Start;
use engine::exec::EndSink;
use journal::RunFilter;
use model::document::{End, Flow as Document, Node, Retry, RetryName, Wire, parse};
use model::{Record, Value, codec};
use plan::Catalogue as _;
use sdk::{Code, Contract as Kept, NodeError};
use serde_json::json;

use crate::app::{App, engine_refusal, refusal};
use crate::contract::*;
use crate::datum;
use crate::flows::unreadable;
use crate::runs::given_records;
use crate::shelf::{REHEARSAL, TRY, missing};

/// Runs looked through for a sample.
const RUNS: u32 = 20;
/// Records handed to a tried node when nobody says which, and records shown of each output.
const FEW: usize = 20;
const MOST_SHOWN: usize = 100;
/// A tried call ends after so many seconds.
const MOST_SECONDS: u32 = 30;
/// A try as a whole.
const MOST_TIME: Duration = Duration::from_secs(60);

/// The step that begins a try, and the step its failed records go to: ids that nobody would choose.
const BEGIN: &str = "tried_node_begins_here";
const FAILED: &str = "tried_node_failed_here";

/// Sample records and where they come from.
struct Sampled {
    from: SampleOrigin,
    run: Option<String>,
    records: Vec<Record>,
}

impl App {
    async fn edited(&self, flow: &str, text: Option<&str>) -> Result<Document, Refusal> {
        let stored = self.stored(flow).await?;
        match text {
            Some(text) => parse(text).map_err(|found| unreadable(&found)),
            None => stored.document.map_err(|found| unreadable(&found)),
        }
    }

    /// The first record that arrives at a node, as far as known.
    pub(crate) async fn first_arriving(&self, flow: &str, node: &str) -> Result<Option<Record>, Refusal> {
        let document = self.edited(flow, None).await?;
        let port = self.inputs(&document, node)?.first().cloned().unwrap_or_default();
        Ok(self.sampled(flow, &document, (node, &port)).await?.records.into_iter().next())
    }

    pub(crate) async fn node_fields(&self, params: NodeFields) -> Result<Fields, Refusal> {
        let document = self.edited(&params.flow, params.text.as_deref()).await?;
        let inputs = self.inputs(&document, &params.node)?;
        let port = params.port.or_else(|| inputs.first().cloned()).unwrap_or_default();
        let sampled = self.sampled(&params.flow, &document, (&params.node, &port)).await?;
        let plan = self.shelf.check(&document).plan;
        let step = plan.as_ref().and_then(|it| it.steps.iter().find(|step| step.id == params.node));
        let told = step.and_then(|it| it.arriving.clone()).unwrap_or_default();
        Ok(Fields {
            from: sampled.from,
            run: sampled.run,
            record: sampled.records.first().map(datum::of_record).unwrap_or_default(),
            fields: fields(&sampled.records, told),
        })
    }

    fn inputs(&self, document: &Document, node: &str) -> Result<Vec<String>, Refusal> {
        let it = document.nodes.get(node).ok_or_else(|| no_node(node))?;
        let parsed = self.shelf.kinds().spec(&it.kind).and_then(|spec| spec.parse(&it.config).ok());
        let ports = parsed.map(|it| it.ports.inputs.into_iter().map(|port| port.name).collect());
        Ok(ports.unwrap_or_else(|| vec!["in".into()]))
    }

    /// The output that a wire leaves which names none; `None` for a kind or a form this program cannot read.
    fn first_output(&self, document: &Document, node: &str) -> Option<String> {
        let it = document.nodes.get(node)?;
        let parsed = self.shelf.kinds().spec(&it.kind)?.parse(&it.config).ok()?;
        parsed.ports.outputs.into_iter().next().map(|port| port.name)
    }

    /// Records that arrive at an input: pinned to what leads there, else left by the newest run that came so far.
    async fn sampled(
        &self,
        flow: &str,
        document: &Document,
        (node, port): (&str, &str),
    ) -> Result<Sampled, Refusal> {
        let first = self.inputs(document, node)?.first().cloned().unwrap_or_default();
        let ends: Vec<&End> = document
            .wires
            .iter()
            .filter(|wire| wire.to.node == node && wire.to.port.as_deref().unwrap_or(&first) == port)
            .map(|wire| &wire.from)
            .collect();
        let firsts: Vec<Option<String>> =
            ends.iter().map(|end| self.first_output(document, &end.node)).collect();
        let id = flow.to_owned();
        let pins = self.journal.look(move |it| it.pins(&id)).await.map_err(|e| refusal(&e))?;
        let pinned: Vec<Record> = pins
            .iter()
            .filter(|(at, _, _)| ends.iter().any(|end| end.node == *at))
            .flat_map(|(_, _, bytes)| codec::decode_records(bytes).unwrap_or_default())
            .collect();
        if !pinned.is_empty() {
            return Ok(Sampled { from: SampleOrigin::Pinned, run: None, records: pinned });
        }
        let filter = RunFilter { most: RUNS, ..RunFilter::default() };
        for row in self.run_rows(Some(flow), filter).await? {
            let run = row.run;
            let found = self.journal.look(move |it| it.run(run)).await.map_err(|e| refusal(&e))?;
            let samples = found.map(|it| it.samples).unwrap_or_default();
            let is_meant = |(at, name, _): &&(model::Text, model::Text, bytes::Bytes)| {
                ends.iter().zip(&firsts).any(|(end, first)| {
                    // a wire that names no port leaves the first one: what left the others never comes here
                    let port = end.port.as_deref().or(first.as_deref());
                    end.node == *at && port.map_or(name != "error", |port| name == port)
                })
            };
            let records: Vec<Record> = samples
                .iter()
                .filter(is_meant)
                .flat_map(|(_, _, bytes)| codec::decode_records(bytes).unwrap_or_default())
                .collect();
            if !records.is_empty() {
                return Ok(Sampled { from: SampleOrigin::Run, run: Some(row.run.to_string()), records });
            }
        }
        Ok(Sampled { from: SampleOrigin::Nothing, run: None, records: Vec::new() })
    }

    pub(crate) async fn node_try(&self, params: NodeTry) -> Result<NodeTried, Refusal> {
        let document = self.edited(&params.flow, params.text.as_deref()).await?;
        let inputs = self.inputs(&document, &params.node)?;
        let node = document.nodes.get(&*params.node).ok_or_else(|| no_node(&params.node))?;
        if self.shelf.kinds().spec(&node.kind).is_some_and(|it| it.contract == Kept::Trigger) {
            let sentence = "A start only gives what arrives; try the steps after it.";
            return Err(Refusal::new(RefusalCode::Refused, sentence).at("/node"));
        }
        let (from, arriving) = self.arriving(&params, &document, &inputs).await?;
        let parsed = self.shelf.kinds().spec(&node.kind).and_then(|spec| spec.parse(&node.config).ok());
        let outputs = parsed.map(|it| it.ports.outputs).unwrap_or_default();
        let outputs: Vec<String> = outputs.into_iter().map(|port| port.name).collect();
        let alone = alone(&document, (&params.node, node), (&inputs, &outputs));
        if params.act {
            let given = self.shelf.given(&params.flow).map_err(|e| engine_refusal(&e))?;
            if let Some(refusal) = missing(&alone, &self.shelf.touches(&alone), &given) {
                return Err(refusal);
            }
        }
        let id = format!("{}{}", params.flow, if params.act { TRY } else { REHEARSAL });
        let live = self.shelf.ready(&id, &alone).map_err(|e| engine_refusal(&e))?;
        self.save(&id, &alone, None).await?;
        let begin =
            Record::of(arriving.into_iter().map(|(port, records)| {
                (port, Value::list(records.into_iter().map(Value::Record).collect()))
            }));
        let first = Arc::new(First::default());
        let mut start = Start::new(BEGIN, vec![begin]);
        start.ends = Some(first.clone());
        let running = self.engine.run(live.clone(), start);
        let ended = tokio::time::timeout(MOST_TIME, running)
            .await
            .map_err(|_| {
                let sentence =
                    "The step has not ended after a minute; its run goes on and stands among the runs.";
                Refusal::new(RefusalCode::Unavailable, sentence)
            })?
            .map_err(|e| engine_refusal(&e))?;
        let mut seen = std::mem::take(&mut *first.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut shown = |step: &str| -> Vec<Datum> {
            let records = live.program.node(step).and_then(|at| seen.records.remove(&(at, 0)));
            records.unwrap_or_default().iter().map(datum::of_record).collect()
        };
        let rows = outputs.into_iter().enumerate();
        Ok(NodeTried {
            held: self.shelf.held().of(&ended.run),
            failed: shown(FAILED),
            outputs: rows.map(|(at, port)| PortRecords { port, records: shown(&output(at)) }).collect(),
            error: ended.error.filter(|_| !seen.is_cut).map(|(_, error)| crate::watch::failure(&error)),
            cut: seen.is_cut,
            run: ended.run,
            from,
        })
    }

    async fn arriving(
        &self,
        params: &NodeTry,
        document: &Document,
        inputs: &[String],
    ) -> Result<(SampleOrigin, HashMap<String, Vec<Record>>), Refusal> {
        let mut arriving = HashMap::new();
        if let Some(given) = &params.input {
            for (port, data) in given {
                if !inputs.contains(port) {
                    let sentence = format!("The step {} has no input {port}.", params.node);
                    return Err(Refusal::new(RefusalCode::BadRequest, sentence).at("/input"));
                }
                arriving.insert(port.clone(), given_records(data, &format!("/input/{port}"))?);
            }
            return Ok((SampleOrigin::Given, arriving));
        }
        let mut from = SampleOrigin::Nothing;
        for port in inputs {
            let mut sampled = self.sampled(&params.flow, document, (&params.node, port)).await?;
            if sampled.from != SampleOrigin::Nothing {
                from = sampled.from;
            }
            sampled.records.truncate(FEW);
            arriving.insert(port.clone(), sampled.records);
        }
        // a step that reads needs something to begin with
        let is_empty = arriving.values().all(Vec::is_empty);
        if let Some(first) = inputs.first().filter(|_| is_empty) {
            arriving.insert(first.clone(), vec![Record::empty()]);
        }
        Ok((from, arriving))
    }
}

fn no_node(node: &str) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("The flow has no step {node}.")).at("/node")
}

fn output(number: usize) -> String {
    format!("tried_node_output_{number}")
}

/// A flow of one step: its inputs are fed from lists in one record; what leaves it, also what failed, ends in steps of their own.
fn alone(
    document: &Document,
    (id, node): (&str, &Node),
    (inputs, outputs): (&[String], &[String]),
) -> Document {
    let end = |node: &str, port: Option<&str>| End { node: node.into(), port: port.map(Into::into) };
    let mut flow = Document::new(format!("{}: {id}", document.name));
    flow.zone.clone_from(&document.zone);
    flow.slots.clone_from(&document.slots);
    flow.nodes.insert(BEGIN.into(), Node::new("flow.input", json!({})));
    let mut tried = node.clone();
    tried.disabled = false;
    tried.policy.retry = Some(Retry::Named(RetryName::Never));
    tried.policy.timeout_s = Some(tried.policy.timeout_s.unwrap_or(MOST_SECONDS).min(MOST_SECONDS));
    flow.nodes.insert(id.into(), tried);
    for (number, port) in inputs.iter().enumerate() {
        let feed = format!("tried_node_input_{number}");
        flow.nodes
            .insert(feed.as_str().into(), Node::new("list.split", json!({"list": format!("= `{port}`")})));
        flow.wires.push(Wire { from: end(BEGIN, None), to: end(&feed, None) });
        flow.wires.push(Wire { from: end(&feed, Some("out")), to: end(id, Some(port)) });
    }
    if inputs.is_empty() {
        flow.wires.push(Wire { from: end(BEGIN, None), to: end(id, None) });
    }
    let leads = outputs.iter().enumerate().map(|(number, port)| (port.as_str(), output(number)));
    for (port, to) in leads.chain([("error", FAILED.to_owned())]) {
        flow.nodes.insert(to.as_str().into(), Node::new("list.filter", json!({"keep": "= true"})));
        flow.wires.push(Wire { from: end(id, Some(port)), to: end(&to, None) });
    }
    flow
}

fn fields(records: &[Record], told: Vec<String>) -> Vec<FieldRow> {
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for key in records.iter().flat_map(|it| it.shape().keys()) {
        if !seen.insert(key.to_string()) {
            continue;
        }
        let value = records.iter().filter_map(|it| it.get(key)).find(|it| !it.is_null());
        rows.push(FieldRow {
            name: key.to_string(),
            kind: value.map_or_else(String::new, |it| it.type_name().to_owned()),
            sample: value.map(datum::of).unwrap_or_default(),
        });
    }
    let told = told.into_iter().filter(|name| !seen.contains(name));
    rows.extend(told.map(|name| FieldRow { name, kind: String::new(), sample: Datum::Null }));
    rows
}

/// Keeps the first records of each end, and ends the run when a source gives more than anybody looks at.
#[derive(Default)]
struct First(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    records: BTreeMap<(usize, usize), Vec<Record>>,
    is_cut: bool,
}

impl EndSink for First {
    fn take(&self, node: usize, port: usize, records: &[Record]) -> Result<(), NodeError> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = seen.records.entry((node, port)).or_default();
        let room = MOST_SHOWN.saturating_sub(kept.len());
        kept.extend(records.iter().take(room).cloned());
        if records.len() > room {
            seen.is_cut = true;
            return Err(NodeError::new(Code::Cancelled, "The try has seen enough."));
        }
        Ok(())
    }
}
