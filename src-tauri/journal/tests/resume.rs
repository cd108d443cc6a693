//! What a start finds: open runs in order, crashes counted, things that are due.

mod common;

use arna_journal::{
    At, Change, ConnectionRow, EndRun, Grant, Journal, Park, Question, RunFilter, RunState, Verdict,
};
use bytes::Bytes;
use common::{Outcome, begin, end, options};

#[test]
fn a_run_in_flight_at_three_crashes_is_known_by_its_count_and_can_be_taken_up_again() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut run = None;
    for crash in 0..3_u32 {
        let (journal, recovered) = Journal::open(folder.path(), &options())?;
        assert_eq!(recovered.recent_crashes, crash);
        match recovered.open_runs.first() {
            None => run = Some(begin(&journal, None)?.1),
            Some(open) => assert_eq!(open.boot_attempts, crash),
        }
        journal.commit_blocking(vec![Change::Dispatch { run: run.ok_or("no run")? }])?;
    }
    let run = run.ok_or("no run")?;
    let (journal, recovered) = Journal::open(folder.path(), &options())?;
    assert_eq!(recovered.open_runs[0].boot_attempts, 3);
    journal.close()?;
    let (journal, recovered) = Journal::open(folder.path(), &options())?;
    assert_eq!(recovered.open_runs[0].boot_attempts, 0, "three in a row: an orderly end is none");
    let at = At { run, node: "post".into(), batch: 0, index: 0 };
    journal.commit_blocking(vec![Change::Intent { at: at.clone(), key: "k".into() }])?;
    journal
        .commit_blocking(vec![Change::EndRun(EndRun { answer: None, ..end(run, RunState::Quarantined) })])?;
    assert!(journal.read(arna_journal::Reader::open_runs)?.is_empty());
    let listed = journal.read(|reader| {
        reader.runs(&RunFilter {
            states: vec![RunState::Failed, RunState::Quarantined],
            ..RunFilter::default()
        })
    })?;
    assert_eq!(listed.len(), 1);
    journal.commit_blocking(vec![Change::SetState { run, state: RunState::Running }])?;
    let again = journal.read(arna_journal::Reader::open_runs)?;
    assert_eq!((again[0].run, again[0].boot_attempts), (run, 0));
    assert_eq!(journal.read(|reader| reader.results(run))?[0].at, at, "it keeps what it had");
    Ok(())
}

#[test]
fn parked_records_come_back_when_they_are_due() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (_, run, _) = begin(&journal, None)?;
    let at = At { run, node: "post".into(), batch: 1, index: 2 };
    let park = |due_ms, attempt| {
        Change::Park(Park {
            at: at.clone(),
            due_ms,
            attempt,
            connection: Some("ledger".into()),
            order_key: Some("customer-7".into()),
            payload: Bytes::from_static(b"input"),
        })
    };
    journal.commit_blocking(vec![park(500, 1)])?;
    journal.commit_blocking(vec![park(900, 2)])?;
    assert_eq!(journal.read(arna_journal::Reader::next_due)?, Some(900));
    assert!(journal.read(|reader| reader.parked_due(899, 10))?.is_empty());
    assert_eq!(journal.read(|reader| reader.parked_due(900, 10))?[0].attempt, 2);
    let parked = journal.read(|reader| reader.parked_of(run))?;
    assert_eq!((parked.len(), parked[0].attempt, &parked[0].payload[..]), (1, 2, &b"input"[..]));
    assert!(journal.read(|reader| reader.is_key_parked("orders", "customer-7"))?);
    assert!(!journal.read(|reader| reader.is_key_parked("orders", "customer-8"))?);
    journal.commit_blocking(vec![Change::Unpark { at }])?;
    assert_eq!(journal.read(arna_journal::Reader::next_due)?, None);
    assert!(journal.read(|reader| reader.parked_due(i64::MAX, 10))?.is_empty());
    Ok(())
}

#[test]
fn a_question_is_answered_once() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (_, run, _) = begin(&journal, None)?;
    let question = journal.fresh();
    journal.commit_blocking(vec![Change::Question(Question {
        question,
        at: At { run, node: "mail".into(), batch: 0, index: 0 },
        flow: "orders".into(),
        key: "flw1-abc".into(),
        asked_ms: 5,
        sentence: "Was the mail to the customer sent?".into(),
        payload: Bytes::from_static(b"Dear customer"),
    })])?;
    assert_eq!(&journal.read(|reader| reader.questions(10))?[0].payload[..], b"Dear customer");
    let answer = |verdict| Change::Answer { question, verdict, by: "owner".into(), at_ms: 6 };
    journal.commit_blocking(vec![answer(Verdict::Sent)])?;
    assert!(journal.commit_blocking(vec![answer(Verdict::NotSent)]).is_err());
    assert!(journal.read(|reader| reader.questions(10))?.is_empty());
    assert_eq!(
        journal.read(|reader| reader.question(question))?.and_then(|row| row.verdict),
        Some(Verdict::Sent)
    );
    Ok(())
}

#[test]
fn flows_keep_their_versions_and_lose_their_rights_when_removed() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let save = |version, hash: [u8; 32], text: &'static [u8]| Change::SaveFlow {
        flow: "orders".into(),
        version,
        hash,
        text: Bytes::from_static(text),
        at_ms: 1,
    };
    let grant =
        Grant { flow: "orders".into(), node: "post".into(), resource: "host:api.example.com:443".into() };
    journal.commit_blocking(vec![
        save(1, [1; 32], b"one"),
        save(2, [2; 32], b"two"),
        Change::ArmFlow { flow: "orders".into(), armed: true },
        Change::Slot { flow: "orders".into(), slot: "ledger".into(), value: Some("conn".into()) },
        Change::Grant(grant.clone(), 1),
        Change::Connection(ConnectionRow {
            id: "conn".into(),
            kind: "http".into(),
            config: "{}".into(),
            secret: Some(Bytes::from_static(b"sealed")),
            changed_ms: 1,
        }),
    ])?;
    assert!(journal.commit_blocking(vec![save(1, [9; 32], b"other")]).is_err(), "a version does not change");
    let flows = journal.read(arna_journal::Reader::flows)?;
    assert_eq!((flows.len(), flows[0].version, flows[0].armed), (1, 2, true));
    assert_eq!(journal.read(|reader| reader.grants("orders"))?, vec![grant]);
    journal.commit_blocking(vec![Change::RemoveFlow { flow: "orders".into() }])?;
    assert!(journal.read(arna_journal::Reader::flows)?.is_empty());
    assert!(journal.read(|reader| reader.grants("orders"))?.is_empty());
    assert!(journal.read(|reader| reader.slots("orders"))?.is_empty());
    let pinned = journal.read(|reader| reader.flow_by_hash("orders", &[1; 32]))?;
    assert_eq!(pinned.as_deref(), Some(&b"one"[..]), "runs of it still find their text");
    assert_eq!(journal.read(arna_journal::Reader::connections)?.len(), 1);
    Ok(())
}

#[test]
fn samples_that_nobody_waits_for_are_stored_before_the_journal_closes() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (_, run, _) = begin(&journal, None)?;
    let sample =
        Change::Sample { run, node: "map".into(), port: "out".into(), records: Bytes::from_static(b"[1]") };
    assert!(journal.offer(vec![sample]));
    assert!(!journal.offer(vec![Change::Progress { run }]), "only what may be lost can be offered");
    journal.close()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let detail = journal.read(|reader| reader.run(run))?.ok_or("no run")?;
    assert_eq!(&detail.samples[0].2[..], b"[1]");
    assert!(journal.room()?.is_none_or(|room| room > 0));
    Ok(())
}

#[test]
#[ignore = "makes a journal of a million runs and prints how long its start takes"]
fn a_start_finds_fifty_thousand_open_runs_among_a_million() -> Outcome {
    let folder = tempfile::tempdir()?;
    Journal::open(folder.path(), &options())?.0.close()?;
    let file = folder.path().join("journal.db");
    let filler = rusqlite::Connection::open(&file)?;
    filler.execute_batch(
        "PRAGMA synchronous=OFF; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) \
         INSERT INTO run (id, flow, flow_hash, trigger_node, seed, started_ms, state) \
         SELECT i, 'flow' || (i % 50), zeroblob(32), 'hook', i, i, CASE i % 20 WHEN 0 THEN 1 ELSE 10 END FROM n; \
         PRAGMA wal_checkpoint(TRUNCATE);",
    )?;
    drop(filler);
    let begun = std::time::Instant::now();
    let (journal, recovered) = Journal::open(folder.path(), &options())?;
    println!("opened with {} open runs in {:?}", recovered.open_runs.len(), begun.elapsed());
    assert_eq!(recovered.open_runs.len(), 50_000);
    let filter = RunFilter { states: vec![RunState::Failed], ..RunFilter::default() };
    for (what, filter) in [("failed", filter), ("newest", RunFilter::default())] {
        let begun = std::time::Instant::now();
        let found = journal.read(|reader| reader.runs(&filter))?.len();
        println!("{what}: {found} in {:?}", begun.elapsed());
    }
    let begun = std::time::Instant::now();
    journal.read(arna_journal::Reader::stats)?;
    println!("stats in {:?}", begun.elapsed());
    Ok(())
}
