use arna_engine::{EngineEvent, Start};
use journal::DueOutcome;

use crate::common::Bench;
use crate::stand::{Hands, record, until};

/// 2026-01-05 09:00 in Almaty, a Monday; ten o'clock there is 05:00 UTC.
const MONDAY: i64 = 1_767_585_600_000;
const HOUR: i64 = 3_600_000;

const DAILY: &str = r#"{ "arna": 1, "name": "Daily", "zone": "Asia/Almaty",
  "nodes": { "start": { "kind": "flow.input" }, "big": { "kind": "list.filter", "config": { "keep": "= n > 0" } } },
  "wires": [ ["start", "big"] ], "expect": { "by": "10:00", "records": [1, 2] } }"#;

const WEEKDAYS: &str = r#"{ "arna": 1, "name": "Weekdays", "zone": "Asia/Almaty",
  "nodes": { "clock": { "kind": "schedule.cron", "config": { "cron": "0 9 * * TUE" } }, "big": { "kind": "list.filter", "config": { "keep": "= true" } } },
  "wires": [ ["clock", "big"] ], "expect": { "by": "08:00" } }"#;

fn alerts(
    events: &mut tokio::sync::broadcast::Receiver<EngineEvent>,
    into: &mut Vec<(String, String)>,
) -> usize {
    while let Ok(event) = events.try_recv() {
        if let EngineEvent::Alert { kind, sentence, .. } = event {
            into.push((kind.to_owned(), sentence));
        }
    }
    into.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_a_good_run_raises_one_alert_and_a_day_with_one_raises_none() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(MONDAY);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("daily", DAILY).await;
    let (mut events, mut told) = (bench.engine.events(), Vec::new());
    bench.engine.arm(live.clone()).unwrap();
    let ledger = || bench.journal.read(|it| it.ledger("daily//expect", i64::MAX, 9)).unwrap();
    let is_watched = || bench.journal.read(|it| it.schedule_mark("daily//expect")).unwrap().is_some();
    until("it is watched", is_watched).await;
    clock.forward(HOUR + 1);
    until("it is told", || {
        bench.engine.look_now();
        alerts(&mut events, &mut told) == 1
    })
    .await;
    assert_eq!(told[0], ("nothing_came".into(), "No run of Daily has ended well by 10:00.".into()));
    bench.engine.run(live, Start::new("start", vec![record(r#"{"n":1}"#)])).await.unwrap();
    clock.forward(24 * HOUR);
    until("the next day has its verdict", || {
        bench.engine.look_now();
        ledger().len() == 2
    })
    .await;
    let outcomes: Vec<DueOutcome> = ledger().iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [DueOutcome::Fired, DueOutcome::Missed], "newest first");
    assert_eq!(alerts(&mut events, &mut told), 1);
    let kept = bench.journal.read(|it| it.audit(9)).unwrap();
    assert_eq!(kept.iter().filter(|it| it.action == "alert.nothing_came").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_is_not_missed_on_a_day_on_which_its_schedule_does_not_start_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at(MONDAY);
    let bench = Bench::at(folder.path(), clock.clone());
    let live = bench.flow("week", WEEKDAYS).await;
    bench.engine.arm(live).unwrap();
    let ledger = || bench.journal.read(|it| it.ledger("week//expect", i64::MAX, 9)).unwrap();
    until("it is watched", || bench.journal.read(|it| it.schedule_mark("week//expect")).unwrap().is_some())
        .await;
    // Tuesday eight o'clock: its schedule was due last on Tuesday of the week before
    clock.forward(24 * HOUR);
    until("the day has its verdict", || {
        bench.engine.look_now();
        ledger().len() == 1
    })
    .await;
    assert_eq!(ledger()[0].outcome, DueOutcome::Skipped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_moves_an_unusual_number_of_records_raises_an_alert() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Hands::at(MONDAY));
    let live = bench.flow("daily", DAILY).await;
    let (mut events, mut told) = (bench.engine.events(), Vec::new());
    let given = |many: usize| Start::new("start", vec![record(r#"{"n":1}"#); many]);
    bench.engine.run(live.clone(), given(2)).await.unwrap();
    bench.engine.run(live, given(3)).await.unwrap();
    until("it is told", || alerts(&mut events, &mut told) > 0).await;
    assert_eq!(
        told,
        [(
            "unusual_count".to_owned(),
            "A run of Daily moved 3 records; between 1 and 2 are normal.".to_owned()
        )]
    );
}
