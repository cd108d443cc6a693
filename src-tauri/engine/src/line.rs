//! Lines of runs with equal order keys: first in, first out, whatever version of the flow they run.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::Text;
use tokio::sync::oneshot;

/// Beyond so many lines those that nobody stands in are forgotten.
const KEPT: usize = 1_000;

/// The lines of all flows.
#[derive(Default)]
pub(crate) struct Lines(Mutex<HashMap<(Text, Text), oneshot::Receiver<()>>>);

/// A place in a line. Dropped, the next one has its turn.
pub(crate) struct InLine {
    before: Option<oneshot::Receiver<()>>,
    _done: oneshot::Sender<()>,
}

impl Lines {
    /// Takes the place behind all that stand in the line now.
    pub(crate) fn join(&self, flow: &Text, key: &Text) -> InLine {
        let (done, gone) = oneshot::channel();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() > KEPT {
            lines.retain(|_, last| matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        let before = lines.insert((flow.clone(), key.clone()), gone);
        InLine { before, _done: done }
    }
}

impl InLine {
    /// Waits until all that stood before are gone.
    pub(crate) async fn turn(&mut self) {
        if let Some(before) = self.before.take() {
            // nothing is ever sent: whoever stood before drops its end when it leaves
            let _gone = before.await.is_err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_joined_first_has_the_first_turn_however_late_it_waits() {
        let lines = Lines::default();
        let (flow, key) = (Text::from("f"), Text::from("k"));
        let mut first = lines.join(&flow, &key);
        let mut second = lines.join(&flow, &key);
        let mut other = lines.join(&flow, &Text::from("other"));
        other.turn().await;
        first.turn().await;
        assert!(futures_util::FutureExt::now_or_never(second.turn()).is_none());
        drop(first);
        let mut third = lines.join(&flow, &key);
        drop(second);
        third.turn().await;
    }
}
