//! Commits: whole or not at all, once, and shared.
#![allow(missing_docs)]

mod common;

use arna_journal::{
    At, Change, Code, Committed, DedupeKey, Due, DueOutcome, Journal, Outcome as How, RunState,
};
use bytes::Bytes;
use common::{Outcome, accept, begin, end, options, start};

fn at(run: arna_journal::RunId, index: u32) -> At {
    At { run, node: "post".into(), batch: 3, index }
}

fn result(at: At, payload: &'static [u8]) -> Change {
    Change::Result { at, outcome: How::Finished, payload: Bytes::from_static(payload) }
}

#[test]
fn what_was_committed_is_there_after_the_journal_was_dropped_without_closing() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (event, run, _) = begin(&Journal::open(folder.path(), &options())?.0, Some("a"))?;
    let (journal, recovered) = Journal::open(folder.path(), &options())?;
    assert!(!recovered.clean_shutdown);
    assert_eq!(recovered.recent_crashes, 1);
    assert_eq!(recovered.epoch, 2);
    assert_eq!(recovered.open_runs.len(), 1);
    assert_eq!((recovered.open_runs[0].run, recovered.open_runs[0].seed), (run, u64::MAX));
    let stored = journal.read(|reader| reader.event(event))?.ok_or("the event is gone")?;
    assert_eq!(&stored.payload[..], b"{\"order\":1}");
    journal.close()?;
    let (journal, recovered) = Journal::open(folder.path(), &options())?;
    assert!(recovered.clean_shutdown);
    assert!(journal.fresh::<arna_journal::RunId>() > run, "ids never go back");
    Ok(())
}

#[test]
fn a_list_with_one_bad_change_leaves_nothing_and_harms_no_neighbour() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (_, run, _) = begin(&journal, None)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    let outcomes = runtime.block_on(async {
        let tasks: Vec<_> = (0..60_u32)
            .map(|index| {
                let journal = journal.clone();
                tokio::spawn(async move {
                    // Every third list ends with a change that names a run which does not exist.
                    let last = if index % 3 == 0 { journal.fresh() } else { run };
                    let state = Change::SetState { run: last, state: RunState::Waiting };
                    journal.commit(vec![result(at(run, index), b"x"), state]).await
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await);
        }
        outcomes
    });
    for (index, outcome) in outcomes.into_iter().enumerate() {
        match outcome? {
            Ok(_) => assert_ne!(index % 3, 0),
            Err(error) => {
                assert_eq!((index % 3, error.code), (0, Code::Missing));
                assert!(error.message.contains("is not open"), "{error}");
            }
        }
    }
    let stored = journal.read(|reader| reader.results(run))?;
    assert_eq!(stored.len(), 40);
    assert!(stored.iter().all(|result| result.at.index % 3 != 0));
    Ok(())
}

#[test]
fn the_same_event_twice_is_stored_once_and_the_second_sender_gets_the_first_answer() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (event, run, _) = begin(&journal, Some("order-1"))?;
    let (_, second, committed) = begin(&journal, Some("order-1"))?;
    let Committed::Duplicate(earlier) = committed else { return Err("stored twice".into()) };
    assert_eq!(
        (earlier.event, earlier.run, earlier.state),
        (Some(event), Some(run), Some(RunState::Running))
    );
    assert!(earlier.answer.is_none());
    assert!(journal.read(|reader| reader.resumable(second))?.is_none());
    journal.commit_blocking(vec![Change::EndRun(end(run, RunState::Ok))])?;
    let (.., committed) = begin(&journal, Some("order-1"))?;
    let Committed::Duplicate(earlier) = committed else { return Err("stored twice".into()) };
    assert_eq!(earlier.answer.as_deref(), Some(&b"done"[..]));
    let (.., without_key) = begin(&journal, None)?;
    assert!(matches!(without_key, Committed::Stored));
    let two_gates = vec![accept(journal.fresh(), run, None), accept(journal.fresh(), run, None)];
    assert_eq!(journal.commit_blocking(two_gates).err().map(|error| error.code), Some(Code::Invalid));
    Ok(())
}

#[test]
fn a_finished_step_cannot_get_another_result() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (_, run, _) = begin(&journal, None)?;
    journal.commit_blocking(vec![Change::Intent { at: at(run, 0), key: "k".into() }])?;
    let stored = journal.read(|reader| reader.results(run))?;
    assert_eq!((stored[0].outcome, stored[0].key.as_deref()), (None, Some("k")));
    journal.commit_blocking(vec![result(at(run, 0), b"first")])?;
    journal.commit_blocking(vec![result(at(run, 0), b"first")])?;
    let second = journal.commit_blocking(vec![result(at(run, 0), b"second")]);
    assert_eq!(second.err().map(|error| error.code), Some(Code::Conflict));
    let again = journal.commit_blocking(vec![Change::Intent { at: at(run, 0), key: "k".into() }]);
    assert_eq!(again.err().map(|error| error.code), Some(Code::Conflict));
    Ok(())
}

#[test]
fn a_due_time_has_one_outcome_and_a_key_one_owner() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let run = journal.fresh();
    let due = |outcome, run| {
        Change::Due(Due { schedule: "nightly/clock".into(), due_ms: 50, outcome, run, at_ms: 51 })
    };
    journal.commit_blocking(vec![due(DueOutcome::Fired, Some(run)), Change::StartRun(start(run, None))])?;
    let again = journal.commit_blocking(vec![due(DueOutcome::Missed, None)])?;
    assert!(matches!(again, Committed::Duplicate(earlier) if earlier.run == Some(run)));
    for due_ms in [50, 40] {
        journal.commit_blocking(vec![Change::ScheduleMark { schedule: "nightly/clock".into(), due_ms }])?;
    }
    assert_eq!(journal.read(|reader| reader.schedule_mark("nightly/clock"))?, Some(50));
    let key = |index| {
        Change::DedupeKey(DedupeKey { scope: "f/d".into(), key: "7".into(), owner: at(run, index), at_ms: 1 })
    };
    journal.commit_blocking(vec![key(0)])?;
    journal.commit_blocking(vec![key(0)])?;
    let taken = journal.commit_blocking(vec![result(at(run, 1), b"new"), key(1)]);
    assert_eq!(taken.err().map(|error| error.code), Some(Code::KeyTaken));
    assert!(
        journal.read(|reader| reader.results(run))?.is_empty(),
        "the result must not outlive the refused key"
    );
    assert_eq!(journal.read(|reader| reader.dedupe_owner("f/d", "7"))?, Some(at(run, 0)));
    Ok(())
}

#[test]
fn a_large_payload_becomes_a_file_and_comes_back_checked() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (_, run, _) = begin(&journal, None)?;
    let large = Bytes::from(vec![42_u8; 200_000]);
    let change = Change::Result { at: at(run, 0), outcome: How::Finished, payload: large.clone() };
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    runtime.block_on(journal.commit(vec![change]))?;
    assert_eq!(journal.read(|reader| reader.results(run))?[0].payload, large);
    let name = blake3::hash(&large).to_hex();
    let path = folder.path().join("blobs").join(&name[..2]).join(&name[2..]);
    let mut bytes = std::fs::read(&path)?;
    bytes[100_000] ^= 1;
    std::fs::write(&path, bytes)?;
    assert_eq!(journal.read(|reader| reader.results(run)).err().map(|error| error.code), Some(Code::Damaged));
    Ok(())
}

#[test]
fn a_run_computed_before_it_was_stored_is_one_row_with_its_answer() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (event, run) = (journal.fresh(), journal.fresh());
    let whole = Change::WholeRun(Box::new((start(run, Some(event)), end(run, RunState::Ok))));
    journal.commit_blocking(vec![accept(event, run, Some("k")), whole])?;
    let stored = journal.read(|reader| reader.resumable(run))?.ok_or("no run")?;
    assert_eq!(stored.state, RunState::Ok);
    assert!(journal.read(arna_journal::Reader::open_runs)?.is_empty());
    let ended = journal.commit_blocking(vec![Change::EndRun(end(run, RunState::Failed))]);
    assert_eq!(ended.err().map(|error| error.code), Some(Code::Missing), "a run ends once");
    Ok(())
}
