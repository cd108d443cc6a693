//! Counts of a run while it went on, so that a person can step through it afterwards.

use super::run::Counts;

/// Moments of one run; with its end there are two hundred.
const MOST: usize = 199;
/// Moments of one run as they are stored, bytes: those of a flow of a thousand nodes are few.
const MOST_BYTES: usize = 1 << 20;
/// A stored node and a stored wire, bytes.
const NODE_BYTES: usize = 48;
const WIRE_BYTES: usize = 8;

/// What was counted at one moment.
#[derive(Debug)]
pub struct Moment {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What had passed by then.
    pub counts: Counts,
}

/// The moments so far. A quick run has one each millisecond; the longer it takes, the further they lie apart.
pub(super) struct Moments {
    every_ms: i64,
    pub(super) kept: Vec<Moment>,
}

impl Default for Moments {
    fn default() -> Moments {
        Moments { every_ms: 1, kept: Vec::new() }
    }
}

impl Moments {
    /// Keeps the counts of now, when enough time has passed.
    pub(super) fn pass(&mut self, at_ms: i64, counts: impl FnOnce() -> Counts) {
        if self.is_too_soon(at_ms) {
            return;
        }
        let counts = counts();
        let bytes = NODE_BYTES * counts.nodes.len() + WIRE_BYTES * counts.wires.len();
        if self.kept.len() >= MOST.min(MOST_BYTES / bytes.max(1)) {
            let mut number = 0_usize;
            self.kept.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.every_ms = self.every_ms.saturating_mul(2);
            if self.is_too_soon(at_ms) {
                return;
            }
        }
        self.kept.push(Moment { at_ms, counts });
    }

    fn is_too_soon(&self, at_ms: i64) -> bool {
        self.kept.last().is_some_and(|last| at_ms - last.at_ms < self.every_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::NodeCount;
    use super::*;

    #[test]
    fn moments_lie_further_apart_the_longer_a_run_takes_and_are_few_where_they_are_large() {
        let of = |nodes: usize, last_ms: i64| {
            let mut moments = Moments::default();
            for at_ms in 0..=last_ms {
                let counts = || Counts { nodes: vec![NodeCount::default(); nodes], wires: vec![0; nodes] };
                moments.pass(at_ms, counts);
                moments.pass(at_ms, || panic!("two in one millisecond"));
            }
            moments.kept.iter().map(|it| it.at_ms).collect::<Vec<i64>>()
        };
        assert_eq!(of(3, 5), [0, 1, 2, 3, 4, 5]);
        let long = of(3, 10_000);
        assert!((100..=200).contains(&long.len()), "{}", long.len());
        assert!(long.windows(2).all(|pair| (64..=128).contains(&(pair[1] - pair[0]))), "{long:?}");
        assert!((5..=22).contains(&of(1_000, 10_000).len()));
    }
}
