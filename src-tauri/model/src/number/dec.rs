//! The wide form: a coefficient of up to 34 digits and an exponent, rounded half to even.

use std::cmp::Ordering;

use super::wide::{Wide, digits};

/// Significant digits that every result keeps.
pub(super) const DIGITS: u32 = 34;
/// Exponent of the smallest step; results below it round to it.
const MIN_EXP: i32 = -6176;
/// Largest exponent of a full coefficient.
const MAX_EXP: i32 = 6111;

/// `coef * 10^exp`, with |coef| below 10^34 (parsing may hand in up to 10^38).
#[derive(Clone, Copy)]
pub(super) struct Dec {
    pub(super) coef: i128,
    pub(super) exp: i32,
}

/// Whether the last decimal digit is a zero, without a division of 128 bits: 2^64 leaves 1 by five.
fn ends_in_zero(coef: i128) -> bool {
    let coef = coef.unsigned_abs();
    let (high, low) = ((coef >> 64) as u64, coef as u64);
    low % 2 == 0 && (high % 5 + low % 5) % 5 == 0
}

impl Dec {
    pub(super) const fn whole(coef: i128) -> Dec {
        Dec { coef, exp: 0 }
    }

    pub(super) fn negated(self) -> Dec {
        Dec { coef: -self.coef, exp: self.exp }
    }

    pub(super) fn is_integer(self) -> bool {
        self.stripped().exp >= 0 || self.coef == 0
    }

    /// Without trailing zeros in the coefficient; zero has exponent 0.
    pub(super) fn stripped(mut self) -> Dec {
        if self.coef == 0 {
            return Dec::whole(0);
        }
        if !ends_in_zero(self.coef) {
            return self;
        }
        while self.coef % 100_000_000 == 0 {
            self.coef /= 100_000_000;
            self.exp += 8;
        }
        while self.coef % 10 == 0 {
            self.coef /= 10;
            self.exp += 1;
        }
        self
    }

    /// Rounds to 34 digits and to the exponents in range. `sticky`: something non-zero lies below `value`.
    pub(super) fn rounded(negative: bool, mut value: Wide, exp: i64, mut sticky: bool) -> Option<Dec> {
        let length = value.digits();
        if length == 0 {
            return Some(Dec::whole(0));
        }
        let below = (i64::from(MIN_EXP) - exp).clamp(0, 100) as u32;
        let drop = length.saturating_sub(DIGITS).max(below);
        let mut exp = exp + i64::from(drop);
        let mut up = false;
        if drop > 0 {
            let mut left = drop - 1;
            while left > 0 {
                let step = left.min(19);
                let (quotient, rest) = value.divided(10_u64.pow(step));
                value = quotient;
                sticky |= rest != 0;
                left -= step;
            }
            let (quotient, last) = value.divided(10);
            value = quotient;
            up = last > 5 || (last == 5 && (sticky || value.divided(2).1 == 1));
        }
        let mut coef = value.to_u128()? + u128::from(up);
        if digits(coef) > DIGITS {
            coef /= 10;
            exp += 1;
        }
        while exp > i64::from(MAX_EXP) && coef != 0 && digits(coef) < DIGITS {
            coef *= 10;
            exp -= 1;
        }
        if coef == 0 {
            return Some(Dec::whole(0));
        }
        if exp > i64::from(MAX_EXP) {
            return None;
        }
        let coef = i128::try_from(coef).ok()?;
        Some(Dec { coef: if negative { -coef } else { coef }, exp: exp as i32 })
    }

    pub(super) fn add(self, other: Dec) -> Option<Dec> {
        if self.coef == 0 {
            return Some(other);
        }
        if other.coef == 0 {
            return Some(self);
        }
        let (high, low) = if self.exp >= other.exp { (self, other) } else { (other, self) };
        let gap = high.exp.abs_diff(low.exp);
        // Past 40 digits of shift the lower one can only decide how a tie rounds.
        let shift = gap.min(40);
        let exp = high.exp - shift as i32;
        let a = Wide::from_u128(high.coef.unsigned_abs()).shifted(shift);
        let drop = gap - shift;
        let magnitude = low.coef.unsigned_abs();
        let (b, sticky) = if drop == 0 {
            (magnitude, false)
        } else if drop > 38 {
            (0, true)
        } else {
            let unit = 10_u128.pow(drop);
            (magnitude / unit, magnitude % unit != 0)
        };
        let b = Wide::from_u128(b);
        let (high_negative, low_negative) = (high.coef < 0, low.coef < 0);
        if high_negative == low_negative {
            return Dec::rounded(high_negative, a.plus(b), i64::from(exp), sticky);
        }
        // What was cut from the lower one makes the difference smaller by less than one step.
        let b = if sticky { b.plus(Wide::from_u128(1)) } else { b };
        if a.at_least(b) {
            Dec::rounded(high_negative, a.minus(b), i64::from(exp), sticky)
        } else {
            Dec::rounded(low_negative, b.minus(a), i64::from(exp), sticky)
        }
    }

    pub(super) fn mul(self, other: Dec) -> Option<Dec> {
        let product = Wide::product(self.coef.unsigned_abs(), other.coef.unsigned_abs());
        let negative = (self.coef < 0) != (other.coef < 0);
        Dec::rounded(negative, product, i64::from(self.exp) + i64::from(other.exp), false)
    }

    pub(super) fn div(self, other: Dec) -> Option<Dec> {
        let divisor = other.coef.unsigned_abs();
        if divisor == 0 {
            return None;
        }
        let mut exp = i64::from(self.exp) - i64::from(other.exp);
        let mut quotient = self.coef.unsigned_abs() / divisor;
        let mut rest = self.coef.unsigned_abs() % divisor;
        // Two digits past the precision are enough to round; the rest only says whether it was exact.
        while rest != 0 && digits(quotient) < DIGITS + 2 {
            let room = (38 - digits(divisor)).min(38 - digits(quotient)).max(1);
            let unit = 10_u128.pow(room);
            rest *= unit;
            quotient = quotient * unit + rest / divisor;
            rest %= divisor;
            exp -= i64::from(room);
        }
        let negative = (self.coef < 0) != (other.coef < 0);
        Dec::rounded(negative, Wide::from_u128(quotient), exp, rest != 0)
    }

    /// Floor modulo, exact whatever the exponents: the remainder has the sign of the divisor.
    pub(super) fn rem(self, other: Dec) -> Option<Dec> {
        let divisor = other.coef.unsigned_abs();
        if divisor == 0 {
            return None;
        }
        let magnitude = self.coef.unsigned_abs();
        let gap = self.exp.abs_diff(other.exp);
        let (rest, exp) = if self.exp >= other.exp {
            // The dividend digit by digit, as one divides by hand; four more digits never reach 2^128.
            let (mut rest, mut left) = (magnitude % divisor, gap);
            while left > 0 && rest != 0 {
                let step = left.min(3);
                rest = rest * 10_u128.pow(step) % divisor;
                left -= step;
            }
            (rest, other.exp)
        } else {
            // A divisor too long for 128 bits is larger than the dividend.
            let unit = 10_u128.checked_pow(gap).and_then(|unit| unit.checked_mul(divisor));
            (unit.map_or(magnitude, |unit| magnitude % unit), self.exp)
        };
        let rest = Dec::rounded(self.coef < 0, Wide::from_u128(rest), i64::from(exp), false)?;
        if rest.coef != 0 && (rest.coef < 0) != (other.coef < 0) { rest.add(other) } else { Some(rest) }
    }

    pub(super) fn compare(self, other: Dec) -> Ordering {
        let sign = self.coef.signum().cmp(&other.coef.signum());
        if sign != Ordering::Equal || self.coef == 0 {
            return sign;
        }
        let (a, b) = (self.coef.unsigned_abs(), other.coef.unsigned_abs());
        let (top_a, top_b) = (digits(a) as i32 + self.exp, digits(b) as i32 + other.exp);
        let by_size = top_a.cmp(&top_b).then_with(|| {
            // Same magnitude, so the exponents differ by less than the digits do.
            let (x, y) = (Wide::from_u128(a), Wide::from_u128(b));
            let gap = self.exp.abs_diff(other.exp);
            let (x, y) = if self.exp >= other.exp { (x.shifted(gap), y) } else { (x, y.shifted(gap)) };
            match (x.at_least(y), y.at_least(x)) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                _ => Ordering::Less,
            }
        });
        if self.coef < 0 { by_size.reverse() } else { by_size }
    }
}
