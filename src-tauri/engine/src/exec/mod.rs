//! One run: stages that pass batches over bounded wires, results of actions remembered before anything follows from them.
//!
//! A run without sources goes through memory in one go ([`inline`]); any other streams ([`stream`]). Both share how a stage works:
//! [`group`] for transforms, [`acting`] for actions, [`reading`] for sources. A restart executes the run again from its start: pure
//! steps are recomputed, remembered results stand in for the calls that were made.

pub(crate) mod acting;
pub(crate) mod group;
pub(crate) mod inline;
pub(crate) mod reading;
pub(crate) mod run;
pub(crate) mod stream;
pub(crate) mod wire;

pub use run::{
    Begin, Cancel, Durable, EndSink, FailedRecord, Kept, Outcome, Place, Report, Run, SAMPLE_RECORDS, Worlds,
};

/// Works through a run from records that leave a node's port, in one go or streaming, as its program needs. What fails is noted in
/// the run.
pub(crate) async fn work(run: &std::sync::Arc<Run>, from: (usize, usize), records: Vec<model::Record>) {
    if run.program.is_inline() {
        inline::run(run, from, records).await;
    } else {
        stream::run(run, from, records).await;
    }
}
