//! The power goes: what was acknowledged is there afterwards, and only because commits wait for the disk.
//!
//! `ARNA_CUTS=1000` sets how often (200 unless set, 1,000 in the full proof); the database file and its log are on a disk in memory that keeps only what was synced.

mod common;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arna_journal::{Code, EventId, Journal, Options};
use common::{Outcome, begin};

fn options(durable: bool) -> Options {
    Options { durable, ballast_bytes: 0, ..Options::default() }
}

fn dice(seed: u64) -> u64 {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    state ^= state >> 30;
    state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state ^ (state >> 27)
}

/// Commits from three threads until the power is gone, closing and opening in between, and returns what was acknowledged.
fn work_until_dark(folder: &Path, durable: bool) -> Vec<EventId> {
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let place = folder.to_string_lossy().into_owned();
    while powercut::has_power(&place) {
        let Ok((journal, _)) = Journal::open(folder, &options(durable)) else { break };
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..15 {
                        let Ok((event, ..)) = begin(&journal, None) else { break };
                        acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(event);
                    }
                });
            }
        });
        // Moves the log into the database, so that the power also goes in the middle of that.
        let _ = journal.close();
    }
    let mut acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut acknowledged)
}

/// One cut: how many events were acknowledged, and how many of them are gone.
fn cut(seed: u64, durable: bool) -> Result<(usize, usize), Box<dyn std::error::Error>> {
    let (before, after) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (from, to) =
        (before.path().to_string_lossy().into_owned(), after.path().to_string_lossy().into_owned());
    powercut::cut_after(&from, 5 + dice(seed) % 900);
    let acknowledged = work_until_dark(before.path(), durable);
    powercut::restore(&from, &to, seed);
    let lost = {
        let (journal, _) = Journal::open(after.path(), &options(true))
            .map_err(|error| format!("seed {seed}: {error} {:?}", error.cause))?;
        let gone = |event: &&EventId| !matches!(journal.read(|reader| reader.event(**event)), Ok(Some(_)));
        acknowledged.iter().filter(gone).count()
    };
    let connection = rusqlite::Connection::open(after.path().join("journal.db"))?;
    let verdict: String = connection.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
    assert_eq!(verdict, "ok", "seed {seed}: the file is damaged");
    Ok((acknowledged.len(), lost))
}

fn cuts() -> u64 {
    proof::rounds("ARNA_CUTS", 200, 1_000)
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_goes() -> Outcome {
    powercut::install();
    let mut sum = (0, 0);
    for seed in 0..cuts() {
        let (acknowledged, lost) = cut(seed, true)?;
        assert_eq!(lost, 0, "seed {seed}: {lost} of {acknowledged} acknowledged events are gone");
        sum = (sum.0 + acknowledged, sum.1 + lost);
    }
    assert!(sum.0 > 0, "the test must have acknowledged something");
    let found = format!("{} cuts, {} events acknowledged, {} lost, 0 files damaged", cuts(), sum.0, sum.1);
    proof::note("power cut", &found);
    Ok(())
}

#[test]
fn the_same_test_finds_losses_when_commits_do_not_wait_for_the_disk() -> Outcome {
    powercut::install();
    let (mut acknowledged, mut lost) = (0, 0);
    let cuts = cuts().min(100);
    for seed in 0..cuts {
        let outcome = cut(100_000 + seed, false)?;
        (acknowledged, lost) = (acknowledged + outcome.0, lost + outcome.1);
    }
    assert!(lost > 0, "a power test that cannot fail is no test");
    let found = format!("{cuts} cuts, {acknowledged} events acknowledged, {lost} lost: the proof can fail");
    proof::note("power cut, with synchronous=NORMAL", &found);
    Ok(())
}

#[test]
fn an_error_while_syncing_leaves_the_outcome_open_until_the_journal_is_opened_again() -> Outcome {
    powercut::install();
    let folder = tempfile::tempdir()?;
    let place = folder.path().to_string_lossy().into_owned();
    let (journal, _) = Journal::open(folder.path(), &options(true))?;
    let (kept, ..) = begin(&journal, None)?;
    powercut::fail_sync_after(&place, 1);
    let unknown = begin(&journal, None);
    assert_eq!(unknown.err().map(|error| error.code), Some(Code::OutcomeUnknown));
    let refused = begin(&journal, None);
    assert_eq!(
        refused.err().map(|error| error.code),
        Some(Code::Stopped),
        "nothing is accepted after a fault"
    );
    journal.reopen()?;
    assert!(journal.read(|reader| reader.event(kept))?.is_some());
    let (later, ..) = begin(&journal, None)?;
    assert!(journal.read(|reader| reader.event(later))?.is_some());
    Ok(())
}
