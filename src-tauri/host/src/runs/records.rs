//! Records that went in or out of a node of a run.

use std::collections::{BTreeMap, HashSet};

use engine::program::Program;
use model::{Record, codec};

use crate::app::App;
use crate::contract::*;
use crate::datum;
use crate::flows::no_flow;

const MOST_RECORDS: usize = 1_000;

impl App {
    pub(crate) async fn run_records(&self, params: RunRecords) -> Result<RecordsPage, Refusal> {
        let detail = self.detail(&params.run).await?;
        let program = self.program_of(&detail).ok_or_else(|| no_flow(&detail.row.flow))?;
        let ports = ports_of(&program, &params)?;
        let mut records = Vec::new();
        for (node, port) in &ports {
            let sample = detail.samples.iter().find(|(at, name, _)| at == node && name == port);
            if let Some((_, _, bytes)) = sample {
                records.extend(codec::decode_records(bytes).unwrap_or_default());
            }
        }
        let counts = self.counts_in(&detail, Some(&program));
        let total = total(&counts, &params, &ports).max(records.len() as u64);
        let whole = records.len() as u64 >= total;
        Ok(page(&records, &params, (total, whole)))
    }
}

/// Output ports whose records are asked for, as (node, port).
fn ports_of(program: &Program, params: &RunRecords) -> Result<Vec<(String, String)>, Refusal> {
    let no_node =
        || Refusal::new(RefusalCode::NotFound, format!("The run has no step {}.", params.node)).at("/node");
    let number = program.node(&params.node).ok_or_else(no_node)?;
    let node = &program.nodes[number];
    match params.side {
        Side::Out => {
            let port = params.port.clone().or_else(|| node.outputs.first().cloned()).unwrap_or_default();
            Ok(vec![(params.node.clone(), port)])
        }
        Side::In => {
            let port = params.port.clone().or_else(|| node.inputs.first().cloned()).unwrap_or_default();
            let end = format!("{}.{port}", params.node);
            let split =
                |from: &String| from.split_once('.').map(|(node, port)| (node.to_owned(), port.to_owned()));
            Ok(program
                .wire_names
                .iter()
                .filter(|(_, to)| *to == end)
                .filter_map(|(from, _)| split(from))
                .collect())
        }
    }
}

/// How many records went there, by the wires; by the node's own count where no wire tells.
fn total(counts: &RunCounts, params: &RunRecords, ports: &[(String, String)]) -> u64 {
    let froms: Vec<String> = ports.iter().map(|(node, port)| format!("{node}.{port}>")).collect();
    let begins = |name: &str| froms.iter().find(|from| name.starts_with(from.as_str())).cloned();
    let wires: BTreeMap<String, u64> =
        counts.wires.iter().filter_map(|(name, count)| Some((begins(name)?, *count))).collect();
    if !wires.is_empty() {
        return wires.values().sum();
    }
    counts
        .nodes
        .get(&params.node)
        .map_or(0, |it| if params.side == Side::In { it.records_in } else { it.records_out })
}

fn page(records: &[Record], params: &RunRecords, (total, whole): (u64, bool)) -> RecordsPage {
    let wanted = params.search.as_deref().map(str::to_lowercase).filter(|it| !it.is_empty());
    let data = records.iter().map(datum::of_record);
    let fits = |datum: &Datum| wanted.as_ref().is_none_or(|it| datum.to_string().to_lowercase().contains(it));
    let found: Vec<Datum> = data.filter(fits).collect();
    let total = if wanted.is_some() { found.len() as u64 } else { total };
    let mut columns: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for key in records.iter().flat_map(|it| it.shape().keys()) {
        if seen.insert(key.to_string()) {
            columns.push(key.to_string());
        }
    }
    let offset = usize::try_from(params.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(params.limit).unwrap_or(MOST_RECORDS).min(MOST_RECORDS);
    RecordsPage { columns, records: found.into_iter().skip(offset).take(limit).collect(), total, whole }
}
