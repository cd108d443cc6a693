//! The end of a run: what is stored of it, and what its caller gets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use journal::{Change, EndRun, RunId, RunState};
use model::{Text, Value, codec};
use sdk::NodeError;

use crate::decide::EndState;
use crate::durable::{Journaled, is_storage, storage};
use crate::engine::{Ended, Inner, Keep};
use crate::exec::{Counts, Kept, Place, Report, Run};
use crate::kept::failure;
use crate::live::Live;
use crate::program::Program;

impl Inner {
    /// Stores the end of a run together with the results that nothing follows, failed records, moved cursors and samples; a run
    /// whose records only wait comes to rest. An error is one of the journal: the run stays open there.
    pub(crate) async fn end(
        self: &Arc<Inner>,
        live: &Arc<Live>,
        run: &Run,
        journaled: &Journaled,
        keep: Option<&Keep>,
    ) -> Result<Ended, (Ended, NodeError)> {
        let report = run.report();
        let mut ended = self.ended(run, &report, keep);
        if let Some((_, error)) = report.stop.as_ref().filter(|(_, error)| is_storage(error)) {
            return Err((ended, error.clone()));
        }
        if journaled.has_left() {
            return Ok(ended);
        }
        let mut changes = journaled.take_opening();
        if report.state == EndState::Waiting {
            // the end of a run drops its results, so what nothing follows is stored only when it goes on later
            changes.extend(report.late.iter().map(|(place, outcome)| journaled.result(run, *place, outcome)));
        }
        changes.extend(self.letters(live, journaled.run, run, &report));
        if !matches!(report.state, EndState::Failed | EndState::Cancelled) {
            changes.extend(journaled.marks());
        }
        changes.extend(found_by(journaled.run, run, &report));
        let end = self.end_run(live, run, journaled.run, (&report, &ended));
        let at_ms = end.ended_ms;
        changes.push(match report.state {
            EndState::Waiting => Change::Rest(end),
            _ => Change::EndRun(end),
        });
        let parent = journaled.parent();
        let origin = parent.and_then(|run| self.journal.read(|it| it.resumable(run)).ok().flatten());
        changes.extend(parent.map(|run| Change::Settle { run, at_ms }));
        if let Err(error) = self.journal.commit(changes).await {
            return Err((ended, storage(&error)));
        }
        // samples are the first thing to go when the disk is busy; of runs that end well a few a second are enough
        if report.state != EndState::Ok || live.keeps_samples(at_ms) {
            self.journal.offer(history(journaled.run, run, &report));
        }
        if report.state == EndState::Waiting {
            // its records may have gone on before it came to rest
            let now = self.journal.read(|it| it.resumable(journaled.run)).ok().flatten();
            match now.map(|it| it.state) {
                Some(RunState::Ok) => ended.state = EndState::Ok,
                Some(RunState::Partial) => ended.state = EndState::Partial,
                _ => {}
            }
        }
        self.tell_end(live, &ended);
        if ended.state != EndState::Waiting {
            self.settled(journaled.run);
        }
        if let Some(origin) = origin {
            self.after_parked(&origin).await;
        }
        Ok(ended)
    }

    pub(crate) fn ended(&self, run: &Run, report: &Report, keep: Option<&Keep>) -> Ended {
        let names = run.program.nodes.iter().map(|it| it.id.to_string());
        Ended {
            run: run.id.clone(),
            state: report.state,
            error: report
                .stop
                .as_ref()
                .map(|(node, error)| (run.program.nodes[*node].id.to_string(), error.clone())),
            answer: report.answer.clone(),
            ends: keep
                .map(|it| std::mem::take(&mut *it.0.lock().unwrap_or_else(PoisonError::into_inner)))
                .unwrap_or_default(),
            counts: names
                .zip(report.counts.nodes.iter().map(|it| (it.taken, it.emitted, it.failed)))
                .collect(),
            left_out: report.failed_count + report.parked_count,
            is_duplicate: false,
        }
    }

    pub(crate) fn end_run(&self, live: &Live, run: &Run, id: RunId, by: (&Report, &Ended)) -> EndRun {
        let (report, ended) = by;
        EndRun {
            run: id,
            state: match report.state {
                EndState::Ok => RunState::Ok,
                EndState::Partial => RunState::Partial,
                EndState::Waiting => RunState::Waiting,
                EndState::Failed => RunState::Failed,
                EndState::Cancelled => RunState::Cancelled,
                EndState::Quarantined => RunState::Quarantined,
                EndState::Skipped => RunState::Skipped,
            },
            ended_ms: self.clock.now_ms(),
            counts: Bytes::from(counts(&live.program, &report.counts)),
            answer: if run.keeps_answer { crate::hook::stored_answer(ended) } else { None },
            error: report.stop.as_ref().map(|(_, error)| failure(error)),
        }
    }

    /// Records that transforms and sources gave up: pure steps come to them again after a restart, so they are stored at the end.
    pub(crate) fn letters(&self, live: &Live, run_id: RunId, run: &Run, report: &Report) -> Vec<Change> {
        let now = self.clock.now_ms();
        // an action stores its failures itself, but for those that came too late to be taken
        let of_actions = |node: usize| {
            let it = &run.program.nodes[node];
            matches!(it.behaviour, sdk::Behaviour::Action(_)) && !it.takes_all
        };
        report
            .failed
            .iter()
            .enumerate()
            .filter(|(_, it)| !of_actions(it.node))
            .map(|(index, it)| {
                let place = Place { node: it.node, batch: 0, index: index as u32 };
                let kept = Kept {
                    place,
                    port: it.port,
                    record: it.record.clone(),
                    key: run.key(place),
                    attempts: 1,
                    slow: 0,
                    parked_ms: 0,
                    error: it.error.clone(),
                    answer: None,
                    is_cut: false,
                };
                Change::DeadLetter(journal::DeadLetter {
                    letter: self.journal.fresh(),
                    at: journal::At {
                        run: run_id,
                        node: run.program.nodes[it.node].id.clone(),
                        batch: 0,
                        index: index as u32,
                    },
                    flow: live.id.clone(),
                    flow_hash: live.program.hash,
                    error: failure(&it.error),
                    attempts: 1,
                    failed_ms: now,
                    inputs: crate::kept::encode_kept(&kept),
                })
            })
            .collect()
    }
}

/// Counts of wires and nodes as JSON: `{"nodes": {"id": [in, out, failed]}, "wires": [n]}`. Written by hand: every run ends with it.
pub(crate) fn counts(program: &Program, counts: &Counts) -> Vec<u8> {
    let mut text = String::with_capacity(32 + 24 * counts.nodes.len() + 8 * counts.wires.len());
    text.push_str("{\"nodes\":{");
    for (at, (node, it)) in program.nodes.iter().zip(&counts.nodes).enumerate() {
        let comma = if at > 0 { "," } else { "" };
        // an id is letters, digits and underscores, so it needs no escapes; writing into a text cannot fail
        let _written = write!(
            text,
            "{comma}\"{}\":[{},{},{},{},{}]",
            node.id, it.taken, it.emitted, it.failed, it.parked, it.busy_us
        );
    }
    text.push_str("},\"wires\":[");
    for (at, count) in counts.wires.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _written = write!(text, "{comma}{count}");
    }
    text.push_str("]}");
    text.into_bytes()
}

/// The first records of each port and the moments of a run, for the history.
pub(crate) fn history(run_id: RunId, run: &Run, report: &Report) -> Vec<Change> {
    let samples = report.samples.iter().map(|((node, port), records)| {
        let it = &run.program.nodes[*node];
        Change::Sample {
            run: run_id,
            node: it.id.clone(),
            port: Text::from(it.outputs[*port].as_str()),
            records: Bytes::from(codec::encode_records(records)),
        }
    });
    let moments = report.moments.iter().map(|it| Change::Counts {
        run: run_id,
        at_ms: it.at_ms,
        snapshot: Bytes::from(counts(&run.program, &it.counts)),
    });
    samples.chain(moments).collect()
}

/// The business values by which the run can be found.
pub(crate) fn found_by(run_id: RunId, run: &Run, report: &Report) -> impl Iterator<Item = Change> {
    report.found_by.iter().map(move |(field, value)| Change::Index {
        run: run_id,
        field: Text::from(run.program.search[*field].as_str()),
        value: Text::from(value.as_str()),
    })
}

pub(crate) fn earlier_end(earlier: &journal::Earlier) -> Ended {
    let state = match earlier.state {
        Some(RunState::Ok) | None => EndState::Ok,
        Some(RunState::Queued | RunState::Running | RunState::Waiting) => EndState::Waiting,
        Some(RunState::Partial) => EndState::Partial,
        Some(RunState::Failed) => EndState::Failed,
        Some(RunState::Cancelled) => EndState::Cancelled,
        Some(RunState::Quarantined) => EndState::Quarantined,
        Some(RunState::Skipped) => EndState::Skipped,
    };
    let answer: Option<Value> = earlier.answer.as_ref().and_then(|it| codec::decode(it).ok());
    Ended {
        ends: crate::hook::kept_ends(answer.as_ref()),
        run: earlier.run.map(|it| it.to_string()).unwrap_or_default(),
        state,
        error: None,
        answer,
        counts: BTreeMap::new(),
        left_out: 0,
        is_duplicate: true,
    }
}
