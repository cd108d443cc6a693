//! Lines of runs with equal order keys: first in, first out, whatever version of the flow they run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::Text;

use crate::room::Room;

/// Beyond so many lines those that nobody stands in are forgotten.
const KEPT: usize = 1_000;

/// The lines of all flows: one place each.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Known>);

#[derive(Default)]
struct Known {
    lines: HashMap<(Text, Text), Arc<Room>>,
    /// How many there were after the last look for empty ones.
    after_look: usize,
}

impl Lines {
    /// The line of a flow and key.
    pub(crate) fn of(&self, flow: &Text, key: &Text) -> Arc<Room> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // with very many lines that are all in use, not every one that comes looks through all
        if known.lines.len() > KEPT.max(2 * known.after_look) {
            known.lines.retain(|_, line| !line.is_empty());
            known.after_look = known.lines.len();
        }
        known.lines.entry((flow.clone(), key.clone())).or_insert_with(|| Room::new(1)).clone()
    }
}
