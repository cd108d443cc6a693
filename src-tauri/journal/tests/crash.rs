//! Processes that die: killed from outside at any moment, and aborted at each named point inside.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use arna_journal::{At, Change, EventId, Journal, Outcome as How};
use bytes::Bytes;
use common::{Outcome, begin, options};

const FOLDER: &str = "ARNA_TEST_FOLDER";

/// Not a test by itself: the process that the tests below end.
#[test]
#[ignore = "run by the other tests as a process of its own"]
fn process_that_acknowledges() -> Outcome {
    let Ok(folder) = std::env::var(FOLDER) else { return Ok(()) };
    let (journal, _) = Journal::open(Path::new(&folder), &options())?;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let journal = &journal;
            scope.spawn(move || {
                for number in 0..1_000_000_u32 {
                    let Ok((event, run, _)) = begin(journal, None) else { return };
                    println!("ack {event}");
                    if thread == 0 && number % 5 == 0 {
                        // Large, so that the points around files are passed too.
                        let payload = Bytes::from(vec![number as u8; 70_000]);
                        let at = At { run, node: "post".into(), batch: 0, index: 0 };
                        let stored = journal.commit_blocking(vec![Change::Result {
                            at,
                            outcome: How::Finished,
                            payload,
                        }]);
                        if stored.is_ok() {
                            println!("result {run}");
                        }
                    }
                }
            });
        }
    });
    Ok(())
}

fn child(folder: &Path) -> Result<Command, std::io::Error> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--ignored", "--exact", "process_that_acknowledges", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null());
    Ok(command)
}

/// Every line that was printed is true of the journal: the event is there, the result is there and readable.
fn check(folder: &Path, lines: &[String]) -> Outcome {
    let (journal, _) = Journal::open(folder, &options())?;
    for line in lines {
        let Some((word, id)) = line.split_once(' ') else { continue };
        match word {
            "ack" => {
                let event: EventId = id.parse()?;
                assert!(
                    journal.read(|reader| reader.event(event))?.is_some(),
                    "acknowledged event {id} is gone"
                );
            }
            "result" => {
                let run = id.parse()?;
                assert_eq!(
                    journal.read(|reader| reader.results(run))?.len(),
                    1,
                    "finished result of {id} is gone"
                );
            }
            _ => {}
        }
    }
    for open in journal.read(arna_journal::Reader::open_runs)? {
        let event = open.event.ok_or("a run without its event")?;
        assert!(journal.read(|reader| reader.event(event))?.is_some(), "half of a list was stored");
    }
    Ok(())
}

fn whole_lines(reader: impl std::io::Read) -> Vec<String> {
    // A line that the kill cut in two was never acknowledged.
    let mut text = String::new();
    let mut lines = BufReader::new(reader);
    let mut whole = Vec::new();
    while lines.read_line(&mut text).is_ok_and(|count| count > 0) {
        if text.ends_with('\n') {
            whole.push(text.trim().trim_start_matches("test process_that_acknowledges ... ").to_owned());
        }
        text.clear();
    }
    whole
}

#[test]
fn events_acknowledged_before_a_kill_are_there_after_it() -> Outcome {
    let folder = tempfile::tempdir()?;
    let kills = proof::rounds("ARNA_JOURNAL_KILLS", 30, 200);
    let mut acknowledged = Vec::new();
    for kill in 0..kills {
        let mut process = child(folder.path())?.spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let reader = std::thread::spawn(move || whole_lines(output));
        std::thread::sleep(Duration::from_millis(15 + kill * 37 % 110));
        process.kill()?;
        process.wait()?;
        acknowledged.extend(reader.join().map_err(|_| "the reader failed")?);
        // Looking each time would make the tail quadratic; the last look covers all.
        if kill % 10 == 9 {
            check(folder.path(), &acknowledged)?;
        }
    }
    let count = acknowledged.iter().filter(|line| line.starts_with("ack ")).count();
    assert!(count > 0, "no process came so far as to acknowledge anything");
    check(folder.path(), &acknowledged)?;
    proof::note("journal, kill -9", &format!("{kills} kills, {count} lists acknowledged, 0 lost"));
    Ok(())
}

#[cfg(debug_assertions)]
#[test]
fn a_crash_at_any_named_point_stores_lists_whole_and_keeps_what_was_acknowledged() -> Outcome {
    // by count, so that every way through the writer is cut somewhere; then each point by its name, so that none is left out
    let counts = (1..=60_u32).map(|count| format!("*:{count}"));
    let names = [
        "open.recovered",
        "begin.before",
        "statement",
        "commit.before",
        "commit.after",
        "ack.before",
        "ack.after",
        "blob.write",
        "blob.rename.before",
        "blob.rename.after",
    ];
    for point in counts.chain(names.map(|name| format!("{name}:1"))) {
        let folder = tempfile::tempdir()?;
        let mut command = child(folder.path())?;
        let output = command.env("ARNA_FAILPOINT", &point).spawn()?.wait_with_output()?;
        assert!(!output.status.success(), "{point} did not end the process");
        check(folder.path(), &whole_lines(&output.stdout[..]))?;
    }
    Ok(())
}
