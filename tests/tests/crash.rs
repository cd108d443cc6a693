//! The program is ended again and again while events come in: from outside at any moment, and by itself at each named point of the
//! journal. What it acknowledged is never lost, what it finished is never repeated, what was cut off is repeated with the same key only,
//! and what may have happened is asked about.
//!
//! `ARNA_KILLS` says how often it is killed (50 unless set, 300 in the full proof).

use std::collections::BTreeMap;
use std::time::Duration;

use arna_tests::failpoints;
use arna_tests::siege::{Dice, Found, Siege};

/// A point that the load comes to is reached within this.
const REACHED: Duration = Duration::from_secs(30);

fn figures(found: &Found) -> String {
    format!(
        "{} events acknowledged, 0 lost; {} calls, {} runs seen done, 0 of their calls repeated; {} cut-off calls repeated, all with \
         the same key; {} asked about, 0 repeated unasked; {} runs held back after three crashes and set to work again",
        found.acknowledged, found.calls, found.done, found.repeated, found.asked, found.held
    )
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_done_is_repeated_however_often_the_program_is_killed() {
    let kills = proof::rounds("ARNA_KILLS", 50, 300);
    let folder = tempfile::tempdir().unwrap();
    let siege = Siege::begin(folder.path());
    let mut server = siege.start(None);
    let mut dice = Dice(0x5eed_0fa2_0a11);
    for round in 0..kills {
        siege.wait_for_more(&mut server);
        if round % 5 == 4 {
            siege.wait_for_done(&mut server);
        }
        std::thread::sleep(Duration::from_millis(dice.roll(5, 180)));
        server.kill();
        server = siege.start(None);
    }
    let found = siege.judge(&mut server);
    assert!(found.acknowledged > kills as usize, "the program took events between the kills");
    assert!(found.done > 0, "runs were seen done");
    assert!(found.asked > 0, "some letters were cut off");
    proof::note("kill -9 under webhook load", &format!("{kills} kills, {}", figures(&found)));
}

/// Needs a program with debug assertions: a release has no failpoints.
#[cfg(debug_assertions)]
#[test]
fn a_crash_at_any_named_point_of_the_journal_loses_nothing_and_repeats_nothing_that_was_done() {
    let points = failpoints::all();
    let passes: &[u32] = if proof::is_full() { &[1, 2, 3, 5, 8, 13] } else { &[1, 3] };
    // then every point in the order in which they are passed, one after the other
    let in_a_row = proof::rounds("ARNA_POINTS", 20, 120);
    let named = points.iter().flat_map(|name| passes.iter().map(move |pass| (name.as_str(), *pass)));
    let all = named.chain((1..=in_a_row as u32).map(|pass| ("*", pass)));

    let folder = tempfile::tempdir().unwrap();
    let siege = Siege::begin(folder.path());
    let mut crashes: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, pass) in all {
        let mut server = siege.start(Some(&format!("{name}:{pass}")));
        if name.starts_with("open.") && pass > 1 {
            // passed once a start
            siege.wait_for_more(&mut server);
            server.kill();
            continue;
        }
        assert!(
            siege.wait_for_end(&mut server, REACHED),
            "{name} was not reached {pass} times:\n{}",
            siege.story()
        );
        *crashes.entry(name).or_default() += 1;
    }
    let mut server = siege.start(None);
    let found = siege.judge(&mut server);
    for name in &points {
        assert!(crashes.get(name.as_str()).is_some_and(|it| *it > 0), "no crash at {name}");
    }
    let crashes: u32 = crashes.values().sum();
    let found =
        format!("{} of {} points, {crashes} crashes, {}", points.len(), points.len(), figures(&found));
    proof::note("a crash at every journal failpoint", &found);
}
