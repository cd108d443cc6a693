//! The real engine over the real journal in a simulated world: time, servers, senders, crashes and a clock that is set come from a seed.
//! After every step rules must hold, and at the end everything that was acknowledged must have come to one outcome.
//!
//! `ARNA_SEEDS` says how many seeds (500 unless set, 2,000 in the full proof), `ARNA_SEED` tells the story of one.
//! docs/decisions/simulation.md says what is simulated and what is not.

mod clock;
mod dice;
mod flows;
mod kinds;
mod reckoning;
mod story;
mod world;

use world::Figures;

/// Every so many seeds are told a second time; in the full proof all are.
const AGAIN_EVERY: u64 = 10;

#[test]
fn whatever_goes_wrong_nothing_accepted_is_lost_and_nothing_finished_is_repeated() {
    if let Some(seed) = std::env::var("ARNA_SEED").ok().and_then(|it| it.parse().ok()) {
        let told = story::tell(seed).unwrap_or_else(|why| panic!("{why}"));
        println!("seed {seed}: trace {}", told.trace);
        return;
    }
    let seeds = proof::rounds("ARNA_SEEDS", 500, 2_000);
    let again_every = if proof::is_full() { 1 } else { AGAIN_EVERY };
    let mut sum = Figures::default();
    let mut again = 0;
    for seed in 0..seeds {
        let told = story::tell(seed).unwrap_or_else(|why| panic!("{why}\nARNA_SEED={seed} tells it again"));
        if seed.is_multiple_of(again_every) {
            let same = story::tell(seed).unwrap_or_else(|why| panic!("{why}"));
            assert_eq!(told.trace, same.trace, "seed {seed} went another way the second time");
            again += 1;
        }
        sum.accepted += told.figures.accepted;
        sum.calls += told.figures.calls;
        sum.effects += told.figures.effects;
        sum.repeated += told.figures.repeated;
        sum.crashes += told.figures.crashes;
        sum.questions += told.figures.questions;
        sum.letters += told.figures.letters;
        sum.fired += told.figures.fired;
        sum.passed_ms += told.figures.passed_ms;
    }
    // a world in which nothing happens proves nothing
    for count in [sum.accepted, sum.crashes, sum.repeated, sum.questions, sum.letters, sum.fired] {
        assert!(count > seeds / 20, "the seeds reach everything: {count}");
    }
    proof::note(
        "simulation",
        &format!(
            "{seeds} seeds, {} simulated hours, {} crashes, {} events accepted, {} due times fired, {} calls, {} effects ({} repetitions, \
             all with the same key), {} failed records, {} questions; 0 rules broken; {again} seeds told twice, every trace hash the same",
            sum.passed_ms / 3_600_000,
            sum.crashes,
            sum.accepted,
            sum.fired,
            sum.calls,
            sum.effects,
            sum.repeated,
            sum.letters,
            sum.questions
        ),
    );
}
