//! Division of small numbers, in machine words: what most divisions are.

use super::POW10;
use super::dec::{DIGITS, Dec};

/// Divisors below 10^9 leave room for at least ten more digits a step.
const MAX_DIVISOR: u64 = 1_000_000_000;

/// The quotient of two coefficients, rounded half to even to 34 digits, times 10^`exp`; none where the divisor is zero or
/// too long for this way. As by hand: the rest times a power of ten, divided again, until 34 digits are found.
pub(super) fn quotient(dividend: i64, divisor: i64, mut exp: i32) -> Option<Dec> {
    let negative = (dividend < 0) != (divisor < 0);
    let (mut dividend, divisor) = (dividend.unsigned_abs(), divisor.unsigned_abs());
    if dividend == 0 || divisor == 0 || divisor >= MAX_DIVISOR {
        return None;
    }
    // The first digit found is not a zero, so that all are significant.
    while dividend < divisor {
        dividend *= 10;
        exp -= 1;
    }
    let (whole, mut rest) = (dividend / divisor, dividend % divisor);
    let mut coef = i128::from(whole);
    let mut missing = DIGITS - 1 - whole.ilog10();
    // The rest is below the divisor, so with so many more digits it stays below 10^19.
    let room = 18 - divisor.ilog10();
    while missing > 0 && rest != 0 {
        let step = missing.min(room);
        let unit = POW10[step as usize].unsigned_abs();
        let longer = rest * unit;
        coef = coef * i128::from(unit) + i128::from(longer / divisor);
        rest = longer % divisor;
        missing -= step;
        exp -= step as i32;
    }
    let twice = rest * 2;
    if twice > divisor || (twice == divisor && coef % 2 == 1) {
        coef += 1;
    }
    let dec = Dec { coef: if negative { -coef } else { coef }, exp };
    // What ended early has the zeros of its last step.
    Some(if rest == 0 { dec.stripped() } else { dec })
}
