//! What the tests share: small lists of changes.
#![allow(dead_code, reason = "each test file uses its part")]

use arna_journal::{Accept, Change, Committed, EndRun, EventId, Journal, Options, RunId, RunState, StartRun};
use bytes::Bytes;

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Without ballast, so that small disks and many folders stay small.
pub(crate) fn options() -> Options {
    Options { ballast_bytes: 0, ..Options::default() }
}

pub(crate) fn accept(event: EventId, run: RunId, key: Option<&str>) -> Change {
    Change::Accept(Accept {
        event,
        run: Some(run),
        source: "orders/hook".into(),
        dedupe_key: key.map(Into::into),
        received_ms: 1_000,
        payload: Bytes::from_static(b"{\"order\":1}"),
    })
}

pub(crate) fn start(run: RunId, event: Option<EventId>) -> StartRun {
    StartRun {
        run,
        flow: "orders".into(),
        flow_hash: [7; 32],
        trigger: "hook".into(),
        event,
        order_key: None,
        parent: None,
        seed: u64::MAX,
        started_ms: 1_000,
        state: RunState::Running,
    }
}

pub(crate) fn end(run: RunId, state: RunState) -> EndRun {
    EndRun {
        run,
        state,
        ended_ms: 2_000,
        counts: Bytes::from_static(b"{}"),
        answer: Some(Bytes::from_static(b"done")),
        error: None,
    }
}

/// An event and its run, stored.
pub(crate) fn begin(
    journal: &Journal,
    key: Option<&str>,
) -> Result<(EventId, RunId, Committed), arna_journal::Error> {
    let (event, run) = (journal.fresh(), journal.fresh());
    let committed =
        journal.commit_blocking(vec![accept(event, run, key), Change::StartRun(start(run, Some(event)))])?;
    Ok((event, run, committed))
}
