//! Folders and disks that misbehave, and engines that meet.

mod common;

use std::path::Path;
use std::process::Command;

use arna_journal::{
    At, Audit, Change, Code, DeadLetter, Failure, Journal, LetterFilter, Options, Retention, RunFilter,
    RunState,
};
use bytes::Bytes;
use common::{Outcome, begin, end, options};

fn code<T>(outcome: Result<T, arna_journal::Error>) -> Option<Code> {
    outcome.err().map(|error| error.code)
}

#[test]
fn a_second_engine_is_refused_with_a_sentence_and_learns_where_the_first_is() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    journal.announce("/run/user/1000/arna.sock")?;
    let refused = Journal::open(folder.path(), &options()).err().ok_or("two engines in one folder")?;
    assert_eq!(refused.code, Code::Locked);
    assert!(refused.message.contains("is in use by another engine"), "{refused}");
    assert_eq!(arna_journal::holder(folder.path()).as_deref(), Some("/run/user/1000/arna.sock"));
    drop(journal);
    assert_eq!(arna_journal::holder(folder.path()), None);
    Journal::open(folder.path(), &options())?;
    Ok(())
}

#[test]
fn an_engine_that_was_replaced_cannot_write_any_more() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    begin(&journal, None)?;
    let other = rusqlite::Connection::open(folder.path().join("journal.db"))?;
    other.execute("UPDATE tail SET epoch = epoch + 1", [])?;
    assert_eq!(code(begin(&journal, Some("late"))), Some(Code::Fenced));
    assert_eq!(code(begin(&journal, None)), Some(Code::Fenced));
    assert_eq!(code(journal.reopen()), Some(Code::Fenced));
    assert_eq!(code(journal.tidy(0, &Retention::default())), Some(Code::Fenced));
    let events: i64 = other.query_row("SELECT count(*) FROM event", [], |row| row.get(0))?;
    assert_eq!(events, 1);
    Ok(())
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_left_alone() -> Outcome {
    let folder = tempfile::tempdir()?;
    drop(Journal::open(folder.path(), &options())?);
    let file = folder.path().join("journal.db");
    rusqlite::Connection::open(&file)?.pragma_update(None, "user_version", 99)?;
    let refused = Journal::open(folder.path(), &options()).err().ok_or("opened")?;
    assert_eq!(refused.code, Code::Newer);
    assert!(refused.message.contains("journal version 99"), "{refused}");
    let version: i64 =
        rusqlite::Connection::open(&file)?.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    assert_eq!(version, 99);
    Ok(())
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_alone() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("journal.db");
    std::fs::write(&file, vec![b'x'; 8192])?;
    assert_eq!(code(Journal::open(folder.path(), &options())), Some(Code::Damaged));
    assert_eq!(std::fs::read(&file)?, vec![b'x'; 8192]);
    Ok(())
}

/// A small disk of its own, where this user may mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Result<Option<Self>, std::io::Error> {
        let folder = tempfile::tempdir()?;
        let mounted = cfg!(target_os = "linux")
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"])
                .arg(folder.path())
                .status()?
                .success();
        if !mounted {
            println!("not shown here: this user may not mount a small disk");
        }
        Ok(mounted.then_some(Self(folder)))
    }

    fn remount(&self, how: &str) -> Result<(), std::io::Error> {
        Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.path()).status().map(|_| ())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn on_a_full_disk_nothing_false_is_acknowledged_and_work_goes_on_once_there_is_room() -> Outcome {
    let Some(disk) = SmallDisk::mount("4m")? else { return Ok(()) };
    let (journal, _) = Journal::open(disk.path(), &Options { ballast_bytes: 256 << 10, ..options() })?;
    let mut acknowledged = Vec::new();
    let refused = loop {
        match begin(&journal, None) {
            Ok((event, ..)) => acknowledged.push(event),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.code, Code::DiskFull, "{refused:?}");
    assert!(refused.message.contains("is full"), "{refused}");
    // The room held back lets the end of work be stored; fill that up too.
    while let Ok((event, ..)) = begin(&journal, None) {
        acknowledged.push(event);
    }
    for event in &acknowledged {
        assert!(journal.read(|reader| reader.event(*event))?.is_some(), "an acknowledged event is gone");
    }
    disk.remount("size=64m")?;
    let (event, ..) = begin(&journal, None)?;
    acknowledged.push(event);
    drop(journal);
    let (journal, recovered) = Journal::open(disk.path(), &options())?;
    assert_eq!(recovered.open_runs.len(), acknowledged.len());
    drop(journal);
    Ok(())
}

#[test]
fn a_read_only_folder_is_named_in_a_sentence_and_no_second_journal_is_made() -> Outcome {
    let Some(disk) = SmallDisk::mount("8m")? else { return Ok(()) };
    drop(Journal::open(disk.path(), &options())?);
    disk.remount("ro")?;
    let refused = Journal::open(disk.path(), &options()).err().ok_or("opened")?;
    assert_eq!(refused.code, Code::ReadOnly);
    assert!(refused.message.contains("cannot be written"), "{refused}");
    let inside = Journal::open(&disk.path().join("new"), &options()).err().ok_or("opened")?;
    assert_eq!(inside.code, Code::ReadOnly);
    Ok(())
}

#[test]
fn old_runs_go_in_small_steps_but_not_those_a_person_must_see() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let large = Bytes::from(vec![1_u8; 100_000]);
    let mut kept = None;
    for number in 0..1_200 {
        let (_, run, _) = begin(&journal, (number % 2 == 0).then(|| format!("key-{number}")).as_deref())?;
        let mut last = end(run, RunState::Ok);
        if number == 0 {
            last.answer = Some(large.clone());
        }
        let mut changes = vec![
            Change::EndRun(last),
            Change::Index { run, field: "order".into(), value: format!("N{number}").into() },
        ];
        if number == 7 {
            kept = Some(run);
            changes.push(Change::DeadLetter(DeadLetter {
                letter: journal.fresh(),
                at: At { run, node: "post".into(), batch: 0, index: 1 },
                flow: "orders".into(),
                flow_hash: [7; 32],
                error: Failure { code: "http-status".into(), message: "The ledger answered 500.".into() },
                attempts: 5,
                failed_ms: 9,
                inputs: Bytes::from_static(b"{}"),
            }));
        }
        journal.commit_blocking(changes)?;
    }
    let found = journal
        .read(|reader| reader.runs(&RunFilter { value: Some("n119".into()), ..RunFilter::default() }))?;
    assert_eq!(found.len(), 11, "N119 and N1190 to N1199");
    let groups = journal.read(arna_journal::Reader::letter_groups)?;
    assert_eq!(
        (groups.len(), groups[0].count, groups[0].message.as_str()),
        (1, 1, "The ledger answered 500.")
    );
    let year_later = i64::from(u32::MAX) * 1000;
    let tidied = journal.tidy(year_later, &Retention::default())?;
    assert_eq!((tidied.runs, tidied.payload_bytes, tidied.over_budget), (1_199, 100_000, false));
    let left = journal.read(|reader| reader.runs(&RunFilter::default()))?;
    assert_eq!(left.iter().map(|row| row.run).collect::<Vec<_>>(), kept.into_iter().collect::<Vec<_>>());
    assert_eq!(journal.read(|reader| reader.letters(&LetterFilter::default()))?.len(), 1);
    assert_eq!(journal.read(arna_journal::Reader::stats)?.events, 1);
    Ok(())
}

#[test]
fn a_backup_is_a_folder_that_opens_with_everything_in_it() -> Outcome {
    let (folder, shelf) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (journal, _) = Journal::open(folder.path(), &options())?;
    let (event, run, _) = begin(&journal, None)?;
    let mut last = end(run, RunState::Ok);
    last.answer = Some(Bytes::from(vec![5_u8; 90_000]));
    journal.commit_blocking(vec![Change::EndRun(last)])?;
    for name in ["2026-01-01", "2026-01-02", "2026-01-03"] {
        journal.backup(shelf.path(), name, 2)?;
    }
    assert_eq!(code(journal.backup(shelf.path(), "2026-01-03", 2)), Some(Code::Invalid));
    begin(&journal, None)?;
    assert!(!shelf.path().join("2026-01-01").exists(), "only two are kept");
    let (restored, _) = Journal::open(&shelf.path().join("2026-01-03"), &options())?;
    assert!(restored.read(|reader| reader.event(event))?.is_some());
    let detail = restored.read(|reader| reader.run(run))?.ok_or("the run is gone")?;
    assert_eq!(detail.answer.map(|answer| answer.len()), Some(90_000));
    assert_eq!(restored.read(arna_journal::Reader::stats)?.events, 1);
    Ok(())
}

#[test]
fn a_changed_line_of_the_audit_trail_is_found() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (journal, _) = Journal::open(folder.path(), &options())?;
    for number in 0..5 {
        journal.commit_blocking(vec![Change::Audit(Audit {
            at_ms: number,
            actor: "owner".into(),
            action: "grant.give".into(),
            subject: "orders/post".into(),
            detail: format!("host number {number}"),
        })])?;
    }
    assert_eq!(journal.read(arna_journal::Reader::check_audit)?, 5);
    rusqlite::Connection::open(folder.path().join("journal.db"))?
        .execute("UPDATE audit SET detail = 'x' WHERE seq = 3", [])?;
    let found = journal.read(arna_journal::Reader::check_audit).err().ok_or("not found")?;
    assert!(found.message.contains("Line 3"), "{found}");
    Ok(())
}
