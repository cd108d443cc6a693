//! Unsigned 256-bit integers: just enough for exact products and aligned sums before rounding.

/// An unsigned integer of 256 bits, as four limbs, least first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Wide([u64; 4]);

impl Wide {
    pub(super) const fn from_u128(value: u128) -> Wide {
        Wide([value as u64, (value >> 64) as u64, 0, 0])
    }

    /// The value when it fits 128 bits.
    pub(super) fn to_u128(self) -> Option<u128> {
        (self.0[2] == 0 && self.0[3] == 0).then(|| u128::from(self.0[0]) | (u128::from(self.0[1]) << 64))
    }

    pub(super) fn product(a: u128, b: u128) -> Wide {
        let (a, b) = ([a as u64, (a >> 64) as u64], [b as u64, (b >> 64) as u64]);
        let mut limbs = [0_u64; 4];
        for (i, x) in a.iter().enumerate() {
            let mut carry = 0_u128;
            for (j, y) in b.iter().enumerate() {
                let cell = u128::from(*x) * u128::from(*y) + u128::from(limbs[i + j]) + carry;
                limbs[i + j] = cell as u64;
                carry = cell >> 64;
            }
            limbs[i + 2] = carry as u64;
        }
        Wide(limbs)
    }

    /// Times a small factor; the caller keeps the product below 2^256.
    fn times(self, factor: u64) -> Wide {
        let mut limbs = [0_u64; 4];
        let mut carry = 0_u128;
        for (at, limb) in self.0.iter().enumerate() {
            let cell = u128::from(*limb) * u128::from(factor) + carry;
            limbs[at] = cell as u64;
            carry = cell >> 64;
        }
        Wide(limbs)
    }

    /// Times 10^power; the caller keeps the product below 2^256.
    pub(super) fn shifted(mut self, mut power: u32) -> Wide {
        while power > 0 {
            let step = power.min(19);
            self = self.times(10_u64.pow(step));
            power -= step;
        }
        self
    }

    /// Quotient and remainder by a small divisor that is not zero.
    pub(super) fn divided(self, divisor: u64) -> (Wide, u64) {
        let mut limbs = [0_u64; 4];
        let mut rest = 0_u128;
        for at in (0..4).rev() {
            let cell = (rest << 64) | u128::from(self.0[at]);
            limbs[at] = (cell / u128::from(divisor)) as u64;
            rest = cell % u128::from(divisor);
        }
        (Wide(limbs), rest as u64)
    }

    pub(super) fn plus(self, other: Wide) -> Wide {
        let mut limbs = [0_u64; 4];
        let mut carry = 0_u128;
        #[expect(clippy::needless_range_loop, reason = "two arrays are walked side by side")]
        for at in 0..4 {
            let cell = u128::from(self.0[at]) + u128::from(other.0[at]) + carry;
            limbs[at] = cell as u64;
            carry = cell >> 64;
        }
        Wide(limbs)
    }

    /// Difference; `other` is not larger than `self`.
    pub(super) fn minus(self, other: Wide) -> Wide {
        let mut limbs = [0_u64; 4];
        let mut borrow = false;
        #[expect(clippy::needless_range_loop, reason = "two arrays are walked side by side")]
        for at in 0..4 {
            let (step, first) = self.0[at].overflowing_sub(other.0[at]);
            let (step, second) = step.overflowing_sub(u64::from(borrow));
            limbs[at] = step;
            borrow = first || second;
        }
        Wide(limbs)
    }

    pub(super) fn at_least(self, other: Wide) -> bool {
        self.0.iter().rev().ge(other.0.iter().rev())
    }

    /// Number of decimal digits; 0 for zero.
    pub(super) fn digits(self) -> u32 {
        let (mut rest, mut count) = (self, 0);
        loop {
            if let Some(low) = rest.to_u128() {
                return if low == 0 && count == 0 { 0 } else { count + digits(low) };
            }
            rest = rest.divided(10_u64.pow(19)).0;
            count += 19;
        }
    }
}

/// Number of decimal digits; 0 for zero.
pub(super) fn digits(value: u128) -> u32 {
    value.checked_ilog10().map_or(0, |log| log + 1)
}
