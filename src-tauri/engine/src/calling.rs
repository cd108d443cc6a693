//! Flows that call each other.

use async_trait::async_trait;
use model::Record;
use sdk::{Code, NodeError};

use crate::begin::Begun;
use crate::decide::EndState;
use crate::engine::{Inner, Start, stopping};
use crate::exec::Run;
use crate::world::Caller;

/// Flows may call each other this deep.
const MOST_DEEP: usize = 16;

#[async_trait]
impl Caller for Inner {
    async fn call(
        &self,
        flow: &str,
        records: Vec<Record>,
        parent: (&Run, &str),
    ) -> Result<Vec<Record>, NodeError> {
        let Some(inner) = self.me.upgrade() else { return Err(stopping()) };
        let (run, key) = parent;
        let depth = run.depth + 1;
        if depth > MOST_DEEP {
            return Err(NodeError::new(
                Code::Limit,
                format!("Flows call each other more than {MOST_DEEP} deep. Does one call itself?"),
            ));
        }
        let live = self.library.live(flow, None)?;
        let trigger =
            live.program.called_at().map(|it| live.program.nodes[it].id.clone()).ok_or_else(|| {
                NodeError::new(
                    Code::Config,
                    format!(
                        "The flow {} cannot be called: it has no step \"flow.called\".",
                        live.program.name
                    ),
                )
            })?;
        let start = Start {
            dedupe_key: Some(key.to_owned()),
            depth,
            is_awaited: true,
            ..Start::new(&trigger, records)
        };
        let mut ended = match inner.clone().begin(live, start).await? {
            Begun::Ended(ended) => *ended,
            Begun::Running { ended, .. } => ended.await.map_err(|_| stopping())?,
        };
        // a called run that rests is waited for, and so is one that was called before a restart and still goes on
        if ended.state == EndState::Waiting || ended.is_duplicate {
            let called = ended.run.parse().map_err(|e: journal::NotAnId| {
                NodeError::new(Code::Internal, "A run has no id.").because(e)
            })?;
            ended = inner.attach(called).await.map_err(|_| stopping())?;
        }
        match (ended.state, ended.error) {
            (EndState::Ok | EndState::Partial | EndState::Waiting, _) => Ok(ended.ends),
            (_, Some((node, error))) => Err(NodeError::new(
                error.code,
                format!("The called flow failed at {node}: {}", error.sentence),
            )),
            (state, None) => {
                Err(NodeError::new(Code::Refused, format!("The called flow ended as {}.", state.name())))
            }
        }
    }
}
