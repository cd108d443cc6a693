//! The hash of keys in tables: a multiplication for each sixteen bytes.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Makes the hashers of one table. Its seed is drawn anew for every table, so nobody can send keys that are known to fall together.
#[derive(Clone, Debug)]
pub(super) struct Seeded {
    start: u64,
    factor: u64,
}

impl Default for Seeded {
    fn default() -> Seeded {
        let random = RandomState::new();
        // an even factor would lose a bit with every step
        Seeded { start: random.hash_one(0_u8), factor: random.hash_one(1_u8) | 1 }
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folding;

    #[inline]
    fn build_hasher(&self) -> Folding {
        Folding { state: self.start, factor: self.factor }
    }
}

/// Folds the two halves of a product into each other, as wyhash and its relatives do.
#[derive(Clone, Debug)]
pub(super) struct Folding {
    state: u64,
    factor: u64,
}

/// An odd number without pattern (the golden ratio in 64 bits).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

#[inline]
fn four(bytes: &[u8], at: usize) -> u64 {
    let part = bytes.get(at..at + 4).and_then(|it| <[u8; 4]>::try_from(it).ok());
    u64::from(u32::from_le_bytes(part.unwrap_or_default()))
}

#[inline]
fn eight(bytes: &[u8], at: usize) -> u64 {
    let part = bytes.get(at..at + 8).and_then(|it| <[u8; 8]>::try_from(it).ok());
    u64::from_le_bytes(part.unwrap_or_default())
}

impl Folding {
    #[inline]
    fn take(&mut self, low: u64, high: u64) {
        self.state = folded(self.state ^ low, self.factor ^ high);
    }
}

impl Hasher for Folding {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let length = bytes.len();
        let mut at = 0;
        while length - at > 16 {
            self.take(eight(bytes, at), eight(bytes, at + 8));
            at += 16;
        }
        // the rest, its two parts overlapping where it is short of sixteen bytes
        let rest = length - at;
        match rest {
            8.. => self.take(eight(bytes, at), eight(bytes, length - 8)),
            4.. => self.take(four(bytes, at), four(bytes, length - 4)),
            1.. => {
                let (first, middle) = (u64::from(bytes[at]), u64::from(bytes[at + rest / 2]));
                self.take(first, middle << 8 | u64::from(bytes[length - 1]));
            }
            0 => {}
        }
        self.state ^= (length as u64).wrapping_mul(MIX);
    }

    #[inline]
    fn write_u8(&mut self, it: u8) {
        self.take(u64::from(it), 1);
    }

    #[inline]
    fn write_u64(&mut self, it: u64) {
        self.take(it, 8);
    }

    #[inline]
    fn write_usize(&mut self, it: usize) {
        self.take(it as u64, 8);
    }

    #[inline]
    fn finish(&self) -> u64 {
        folded(self.state, MIX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_that_differ_in_one_byte_or_in_length_spread_over_a_table() {
        let table = Seeded::default();
        let mut seen = HashSet::new();
        let mut buckets = vec![0_u32; 1 << 10];
        let mut count = 0;
        for length in 0..40_usize {
            for at in 0..length.max(1) {
                for byte in 0..16_u8 {
                    let mut text = vec![b'a'; length];
                    if let Some(place) = text.get_mut(at) {
                        *place = b'b' + byte;
                    }
                    let mut hasher = table.build_hasher();
                    hasher.write(&text);
                    if seen.insert(hasher.finish()) {
                        buckets[(hasher.finish() & 1023) as usize] += 1;
                    }
                    count += 1;
                }
            }
        }
        // the empty text comes sixteen times
        assert_eq!(seen.len(), count - 15);
        assert!(buckets.iter().all(|it| *it < 50), "{buckets:?}");
    }
}
