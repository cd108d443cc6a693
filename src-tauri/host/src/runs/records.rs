//! Records that went in or out of a node of a run.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use engine::program::Program;
use engine::watched::{self, Asked, Page, folder_of};
use model::{Record, codec};

use crate::app::App;
use crate::contract::*;
use crate::datum;
use crate::flows::no_flow;
use crate::shelf::base;

const MOST_RECORDS: usize = 1_000;
/// Bytes that are kept of all watched runs together.
const MOST_KEPT_BYTES: u64 = 2 << 30;

impl App {
    /// Where the records of watched runs are kept.
    pub(crate) fn watched(&self) -> PathBuf {
        self.journal.folder().join("watched")
    }

    pub(crate) async fn run_records(&self, params: RunRecords) -> Result<RecordsPage, Refusal> {
        let detail = self.detail(&params.run).await?;
        let program = self.program_of(&detail).ok_or_else(|| no_flow(&detail.row.flow))?;
        let ports = ports_of(&program, &params)?;
        let counts = self.counts_in(&detail, Some(&program));
        let total = total(&counts, &params, &ports);
        let numbers = ports.iter().filter_map(|(node, port)| {
            let node = program.node(node)?;
            Some((node, program.nodes[node].outputs.iter().position(|it| it == port)?))
        });
        let kept = self.kept_page(&params, base(&detail.row.flow), numbers.collect()).await?;
        if let Some(kept) = kept {
            let is_searched = wanted(&params).is_some();
            return Ok(RecordsPage {
                columns: columns(&kept.records),
                records: kept.records.iter().map(datum::of_record).collect(),
                total: if is_searched || kept.is_whole { kept.total } else { total.max(kept.total) },
                whole: kept.is_whole,
            });
        }
        let mut records = Vec::new();
        for (node, port) in &ports {
            let sample = detail.samples.iter().find(|(at, name, _)| at == node && name == port);
            if let Some((_, _, bytes)) = sample {
                records.extend(codec::decode_records(bytes).unwrap_or_default());
            }
        }
        let total = total.max(records.len() as u64);
        let whole = records.len() as u64 >= total;
        Ok(page(&records, &params, (total, whole)))
    }

    /// A page of what was kept whole of a watched run; none when it was not watched.
    async fn kept_page(
        &self,
        params: &RunRecords,
        flow: &str,
        ports: Vec<(usize, usize)>,
    ) -> Result<Option<Page>, Refusal> {
        let (folder, run) = (folder_of(&self.watched(), flow), params.run.clone());
        let (offset, search) = (params.offset, wanted(params));
        let limit = usize::try_from(params.limit).unwrap_or(MOST_RECORDS).min(MOST_RECORDS);
        let read = tokio::task::spawn_blocking(move || {
            let holds = search.map(|search| {
                move |record: &Record| datum::of_record(record).to_string().to_lowercase().contains(&search)
            });
            let fits = holds.as_ref().map(|it| it as &dyn Fn(&Record) -> bool);
            watched::page(&folder, &run, &ports, &Asked { offset, limit, fits })
        });
        let unreadable = |why: String| {
            Refusal::new(RefusalCode::Unavailable, "The kept records cannot be read.").because(why)
        };
        read.await.map_err(|e| unreadable(e.to_string()))?.map_err(|e| unreadable(e.to_string()))
    }

    /// Removes the kept records of runs that are gone or too old, and the oldest beyond the budget; all of them while the disk is low.
    pub(crate) fn tidy_watched(&self, now_ms: i64, is_low: bool) {
        let oldest_ms = now_ms.saturating_sub(journal::Retention::default().sample_ms);
        let mut bytes = 0;
        for (run, folder, size) in watched::kept(&self.watched()).into_iter().rev() {
            bytes += size;
            let known = run.parse().ok().map(|run| self.journal.read(|it| it.resumable(run)));
            let is_kept = match known {
                Some(Ok(Some(it))) => {
                    let has_room = bytes <= MOST_KEPT_BYTES && !is_low && it.started_ms >= oldest_ms;
                    has_room || !it.state.has_ended()
                }
                // the journal cannot be read now: nothing is known
                Some(Err(_)) => true,
                Some(Ok(None)) | None => false,
            };
            if !is_kept && let Err(error) = std::fs::remove_dir_all(&folder) {
                tracing::warn!(%run, %error, "the kept records of a run could not be removed");
            }
        }
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

/// The text that records must hold.
fn wanted(params: &RunRecords) -> Option<String> {
    params.search.as_deref().map(str::to_lowercase).filter(|it| !it.is_empty())
}

/// Field names in the order of the data.
fn columns(records: &[Record]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for key in records.iter().flat_map(|it| it.shape().keys()) {
        if seen.insert(key.to_string()) {
            columns.push(key.to_string());
        }
    }
    columns
}

fn page(records: &[Record], params: &RunRecords, (total, whole): (u64, bool)) -> RecordsPage {
    let wanted = wanted(params);
    let data = records.iter().map(datum::of_record);
    let fits = |datum: &Datum| wanted.as_ref().is_none_or(|it| datum.to_string().to_lowercase().contains(it));
    let found: Vec<Datum> = data.filter(fits).collect();
    let total = if wanted.is_some() { found.len() as u64 } else { total };
    let columns = columns(records);
    let offset = usize::try_from(params.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(params.limit).unwrap_or(MOST_RECORDS).min(MOST_RECORDS);
    RecordsPage { columns, records: found.into_iter().skip(offset).take(limit).collect(), total, whole }
}
