//! Rounding to a number of decimals.

use super::dec::Dec;
use super::{Number, POW10, Repr};

/// What happens to the digits that are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards negative infinity.
    Floor,
    /// Towards positive infinity.
    Ceiling,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// To the nearest, a half away from zero: what schools teach.
    HalfUp,
    /// To the nearest, a half towards zero.
    HalfDown,
    /// To the nearest, a half to the even neighbour: what banks use.
    HalfEven,
}

/// Scales the standard allows for decimals.
const SCALES: std::ops::RangeInclusive<i64> = -6111..=6176;

impl Number {
    /// Rounded to `scale` decimals (negative: to tens, hundreds, ..). None when the scale is outside -6111..6176.
    pub fn round(&self, scale: i64, rounding: Rounding) -> Option<Number> {
        if !SCALES.contains(&scale) {
            return None;
        }
        if let Repr::Small { coef, scale: has } = &self.0
            && (0..=i64::from(*has)).contains(&scale)
        {
            let unit = POW10[*has as usize - scale as usize];
            let (quotient, rest) = (coef / unit, coef % unit);
            let up = rounds_away(
                rounding,
                Cut {
                    negative: *coef < 0,
                    odd: quotient % 2 != 0,
                    rest: rest != 0,
                    half: half(i128::from(rest), i128::from(unit)),
                },
            );
            let quotient = if up { quotient + coef.signum() } else { quotient };
            return Some(Number::small(quotient, scale as u8));
        }
        let dec = self.dec();
        let target = -(scale as i32);
        if dec.exp >= target || dec.coef == 0 {
            return Some(self.clone());
        }
        let drop = target.abs_diff(dec.exp);
        let (quotient, rest, half) = if drop > 38 {
            (0, true, std::cmp::Ordering::Less)
        } else {
            let unit = 10_i128.pow(drop);
            (dec.coef / unit, dec.coef % unit != 0, half(dec.coef % unit, unit))
        };
        let up = rounds_away(rounding, Cut { negative: dec.coef < 0, odd: quotient % 2 != 0, rest, half });
        let coef = if up { quotient + dec.coef.signum() } else { quotient };
        Some(Number::from_dec(Dec { coef, exp: target }))
    }

    /// The largest whole number that is not larger.
    pub fn floor(&self) -> Number {
        self.round(0, Rounding::Floor).unwrap_or_else(|| self.clone())
    }

    /// The smallest whole number that is not smaller.
    pub fn ceil(&self) -> Number {
        self.round(0, Rounding::Ceiling).unwrap_or_else(|| self.clone())
    }

    /// Without its fraction.
    pub fn trunc(&self) -> Number {
        self.round(0, Rounding::Down).unwrap_or_else(|| self.clone())
    }
}

/// What is known of the digits that are cut off.
struct Cut {
    negative: bool,
    odd: bool,
    rest: bool,
    half: std::cmp::Ordering,
}

fn half(rest: i128, unit: i128) -> std::cmp::Ordering {
    (rest.unsigned_abs() * 2).cmp(&unit.unsigned_abs())
}

fn rounds_away(rounding: Rounding, cut: Cut) -> bool {
    use std::cmp::Ordering::{Equal, Greater};
    if !cut.rest {
        return false;
    }
    match rounding {
        Rounding::Floor => cut.negative,
        Rounding::Ceiling => !cut.negative,
        Rounding::Up => true,
        Rounding::Down => false,
        Rounding::HalfUp => cut.half != std::cmp::Ordering::Less,
        Rounding::HalfDown => cut.half == Greater,
        Rounding::HalfEven => cut.half == Greater || (cut.half == Equal && cut.odd),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_rounds_as_its_name_says() {
        use Rounding::{Ceiling, Down, Floor, HalfDown, HalfEven, HalfUp, Up};
        let n = |text: &str| Number::parse(text).expect("a number");
        for (text, scale, mode, want) in [
            ("2.5", 0, HalfEven, "2"),
            ("3.5", 0, HalfEven, "4"),
            ("2.5", 0, HalfUp, "3"),
            ("-2.5", 0, HalfUp, "-3"),
            ("2.5", 0, HalfDown, "2"),
            ("-1.5", 0, Floor, "-2"),
            ("-1.5", 0, Ceiling, "-1"),
            ("1.121", 2, Up, "1.13"),
            ("1.126", 2, Down, "1.12"),
            ("1250", -2, HalfEven, "1200"),
            ("1e30", 2, HalfUp, "1e30"),
            ("1.23456789012345678901234567890", 25, HalfUp, "1.2345678901234567890123457"),
        ] {
            assert_eq!(n(text).round(scale, mode), Some(n(want)), "{text} to {scale} {mode:?}");
        }
        assert_eq!(n("1").round(7000, HalfUp), None);
    }
}
