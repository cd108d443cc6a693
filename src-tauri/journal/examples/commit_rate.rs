//! How many events a second the journal makes durable: tasks that each wait for their own commit of an event and its run.
//!
//! `cargo run --release -p arna-journal --example commit_rate -- [TASKS] [SECONDS] [PAYLOAD BYTES] [FOLDER]`

use std::time::{Duration, Instant};

use arna_journal::{Accept, Change, EndRun, Journal, Options, RunState, StartRun};
use bytes::Bytes;

fn changes(journal: &Journal, payload: &Bytes) -> Vec<Change> {
    let (event, run) = (journal.fresh(), journal.fresh());
    let accept = Accept {
        event,
        run: Some(run),
        source: "orders/hook".into(),
        dedupe_key: None,
        received_ms: 1,
        payload: payload.clone(),
    };
    let start = StartRun {
        run,
        flow: "orders".into(),
        flow_hash: [7; 32],
        trigger: "hook".into(),
        event: Some(event),
        order_key: None,
        parent: None,
        seed: 1,
        started_ms: 1,
        state: RunState::Running,
    };
    let end = EndRun {
        run,
        state: RunState::Ok,
        ended_ms: 2,
        counts: Bytes::new(),
        answer: Some(payload.clone()),
        error: None,
    };
    vec![Change::Accept(accept), Change::WholeRun(Box::new((start, end)))]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |place: usize, usual: usize| words.get(place).and_then(|word| word.parse().ok()).unwrap_or(usual);
    let (tasks, seconds, bytes) = (number(0, 64), number(1, 5), number(2, 300));
    let temporary = tempfile::tempdir()?;
    let folder = words.get(3).map_or(temporary.path().to_owned(), std::path::PathBuf::from);
    let (journal, _) = Journal::open(&folder, &Options { ballast_bytes: 0, ..Options::default() })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let payload = Bytes::from(vec![b'x'; bytes]);
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds as u64);
    let mut waits = runtime.block_on(async {
        let workers: Vec<_> = (0..tasks)
            .map(|_| {
                let (journal, payload) = (journal.clone(), payload.clone());
                tokio::spawn(async move {
                    let mut waits = Vec::new();
                    while Instant::now() < until {
                        let asked = Instant::now();
                        journal.commit(changes(&journal, &payload)).await?;
                        waits.push(asked.elapsed());
                    }
                    Ok::<_, arna_journal::Error>(waits)
                })
            })
            .collect();
        let mut waits = Vec::new();
        for worker in workers {
            waits.extend(worker.await??);
        }
        Ok::<_, Box<dyn std::error::Error>>(waits)
    })?;
    let took = begun.elapsed();
    waits.sort_unstable();
    let part = |share: f64| waits.get((waits.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!(
        "{tasks} tasks, {bytes} bytes: {:.0} events/s, p50 {:?}, p99 {:?}, {} events",
        waits.len() as f64 / took.as_secs_f64(),
        part(0.5),
        part(0.99),
        waits.len()
    );
    Ok(())
}
