//! Old shapes of the flow file are brought up to the current one here, never tolerated elsewhere.
//!
//! Step `n` turns shape `n + 1` into shape `n + 2`. Steps are numbered by their place and never edited afterwards.

use crate::document::tree::Tree;

/// The shape of the file that this program writes.
pub const CURRENT: u32 = 1;

type Step = fn(&mut Tree);

/// One entry for each shape that was ever published and is no longer current.
const STEPS: [Step; (CURRENT - 1) as usize] = [];

/// Brings a file of an older shape up to [`CURRENT`].
pub(crate) fn bring_up(tree: &mut Tree, from: u32) {
    for step in STEPS.iter().skip(from.saturating_sub(1) as usize) {
        step(tree);
    }
}
