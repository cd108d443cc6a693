use std::time::Duration;

use journal::DueOutcome;

use crate::common::Bench;
use crate::stand::{Hands, until};

const HOURLY: &str = r#"{ "arna": 1, "name": "Hourly",
  "nodes": { "clock": { "kind": "schedule.cron", "config": { "cron": "0 * * * *" } },
    "shape": { "kind": "list.map", "config": { "fields": [ { "name": "due", "value": "= due" } ] } } },
  "wires": [ ["clock", "shape"] ] }"#;

/// Longer than it takes on a busy machine, and shorter than a schedule waits between two looks.
const AT_ONCE: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn after_the_machine_slept_a_schedule_looks_at_the_clock_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(1_800_000_000_000);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("hourly", HOURLY).await;
    bench.engine.arm(live).unwrap();
    let mark = || bench.journal.read(|it| it.schedule_mark("hourly/clock")).unwrap();
    until("it is armed", || mark().is_some()).await;
    let before = bench.engine.moment();
    let before = bench.engine.look_at_time(&before);
    clock.forward(3 * 3_600_000);
    bench.engine.look_at_time(&before);
    let ledger = || bench.journal.read(|it| it.ledger("hourly/clock", i64::MAX, 9)).unwrap();
    tokio::time::timeout(AT_ONCE, until("the due times are decided", || ledger().len() == 3)).await.unwrap();
    let outcomes: Vec<_> = ledger().into_iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [DueOutcome::Fired, DueOutcome::Merged, DueOutcome::Merged]);
    assert!(ledger()[0].run.is_some());
}
