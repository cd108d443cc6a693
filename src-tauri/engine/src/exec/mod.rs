//! One run: stages that pass batches over bounded wires, results of actions remembered before anything follows from them.
//!
//! A run without sources goes through memory in one go ([`inline`]); any other streams ([`stream`]). Both share how a stage works:
//! [`group`] for transforms, [`acting`] for actions, [`reading`] for sources. A restart executes the run again from its start: pure
//! steps are recomputed, remembered results stand in for the calls that were made.

pub(crate) mod acting;
mod attempt;
mod cancel;
mod chunk;
mod entrance;
mod found_by;
pub(crate) mod group;
pub(crate) mod inline;
mod memory;
mod moments;
mod placed;
pub(crate) mod reading;
mod report;
pub(crate) mod run;
pub(crate) mod stream;
pub(crate) mod wire;
mod writing;

pub use cancel::Cancel;
pub use entrance::Entrance;
pub(crate) use entrance::Routes;
pub use memory::{Durable, Kept, Outcome, Place, Resent};
pub use moments::Moment;
pub use report::{FailedRecord, Report};
pub(crate) use run::seed_of;
pub use run::{Begin, Counts, EndSink, NodeCount, Run, SAMPLE_RECORDS, Worlds};

/// Works through a run from where records enter it, in one go or streaming, as what follows needs. What fails is noted in the run.
pub(crate) async fn work(run: &std::sync::Arc<Run>, from: impl Into<Entrance>, records: Vec<model::Record>) {
    let from = from.into();
    if run.program.route(from).is_inline {
        inline::run(run, from, records).await;
    } else {
        stream::run(run, from, records).await;
    }
    run.has_worked();
}
