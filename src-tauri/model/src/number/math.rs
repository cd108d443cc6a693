//! Roots, powers, exponentials and logarithms, to about 30 digits.

use super::Number;
use super::dec::Dec;
use super::wide::digits;

const LN10: Dec = Dec { coef: 2_302_585_092_994_045_684_017_991_454_684_364, exp: -33 };
const TWO: Dec = Dec::whole(2);
/// Whole powers past this overflow or underflow for every base that is not 0, 1 or -1 to 34 digits.
const MAX_POWER: i64 = 999_999_999;

impl Number {
    /// Square root; none below zero.
    pub fn sqrt(&self) -> Option<Number> {
        if self.is_negative() {
            return None;
        }
        if self.is_zero() {
            return Some(Number::ZERO);
        }
        let dec = self.dec();
        // A mantissa of 1 to 100 with an even exponent keeps the first guess within a float.
        let mut exp = dec.exp + digits(dec.coef.unsigned_abs()) as i32 - 1;
        exp -= exp.rem_euclid(2);
        let mantissa = Dec { coef: dec.coef, exp: dec.exp - exp };
        let mut root = Number::from_f64(Number::from_dec(mantissa).to_f64().sqrt())?.dec();
        for _ in 0..3 {
            root = root.add(mantissa.div(root)?)?.div(TWO)?;
        }
        Some(Number::from_dec(Dec { coef: root.coef, exp: root.exp + exp / 2 }))
    }

    /// e to this power; none past the largest number.
    pub fn exp(&self) -> Option<Number> {
        exp(self.dec()).map(Number::from_dec)
    }

    /// Natural logarithm; none for zero and below.
    pub fn ln(&self) -> Option<Number> {
        ln(self.dec()).map(Number::from_dec)
    }

    /// This number to a power. None where there is no real result or past the largest number.
    pub fn checked_pow(&self, power: &Number) -> Option<Number> {
        if let Some(times) = power.to_i64() {
            if self.is_zero() {
                return match times {
                    0 => Some(Number::ONE),
                    1.. => Some(Number::ZERO),
                    _ => None,
                };
            }
            if times.abs() > MAX_POWER {
                return None;
            }
            let (mut base, mut result, mut left) = (self.clone(), Number::ONE, times.unsigned_abs());
            while left > 0 {
                if left & 1 == 1 {
                    result = result.checked_mul(&base)?;
                }
                left >>= 1;
                if left > 0 {
                    base = base.checked_mul(&base)?;
                }
            }
            return if times < 0 { Number::ONE.checked_div(&result) } else { Some(result) };
        }
        if *power == Number::from_parts(5, 1) {
            return self.sqrt();
        }
        if self.is_zero() && !power.is_negative() {
            return Some(Number::ZERO);
        }
        self.ln()?.checked_mul(power)?.exp()
    }
}

fn exp(x: Dec) -> Option<Dec> {
    let size = Number::from_dec(x).to_f64();
    if size > 14_200.0 {
        return None;
    }
    if size < -14_300.0 {
        return Some(Dec::whole(0));
    }
    // e^x = 10^n * (e^(r / 256))^256 with a small r.
    let n = (size / std::f64::consts::LN_10).round() as i32;
    let rest = x.add(LN10.mul(Dec::whole(i128::from(n)))?.negated())?.div(Dec::whole(256))?;
    let (mut sum, mut term) = (Dec::whole(1), Dec::whole(1));
    for k in 1..=16 {
        term = term.mul(rest)?.div(Dec::whole(k))?;
        sum = sum.add(term)?;
    }
    for _ in 0..8 {
        sum = sum.mul(sum)?;
    }
    Dec::rounded(false, super::wide::Wide::from_u128(sum.coef.unsigned_abs()), i64::from(sum.exp + n), false)
}

fn ln(x: Dec) -> Option<Dec> {
    if x.coef <= 0 {
        return None;
    }
    let shift = digits(x.coef.unsigned_abs()) as i32 - 1 + x.exp;
    let mantissa = Dec { coef: x.coef, exp: x.exp - shift };
    let guess = Number::from_f64(Number::from_dec(mantissa).to_f64().ln())?.dec();
    // One step of Halley's method takes the 16 digits of a float past 34.
    let power = exp(guess)?;
    let step = TWO.mul(mantissa.add(power.negated())?)?.div(mantissa.add(power)?)?;
    guess.add(step)?.add(LN10.mul(Dec::whole(i128::from(shift)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: Option<Number>, want: &str) {
        let (got, want) = (got.expect("a result"), Number::parse(want).expect("a number"));
        let gap = got.checked_sub(&want).expect("a difference").abs();
        let limit = want.abs().checked_mul(&Number::parse("1e-28").expect("a number")).expect("a limit");
        assert!(gap <= limit, "{got} is not {want}");
    }

    #[test]
    fn functions_agree_with_known_digits() {
        let n = |text: &str| Number::parse(text).expect("a number");
        close(n("2").sqrt(), "1.414213562373095048801688724209698");
        close(n("1").exp(), "2.718281828459045235360287471352662");
        close(n("-10").exp(), "0.00004539992976248485153559151556055061");
        close(n("10").ln(), "2.302585092994045684017991454684364");
        close(n("0.001").ln(), "-6.907755278982137052053974364053093");
        close(n("1e3000").sqrt(), "1e1500");
        close(n("2").checked_pow(&n("0.25")), "1.189207115002721066717499970560476");
        assert_eq!(n("16").sqrt(), Some(n("4")));
        assert_eq!(n("2").checked_pow(&n("10")), Some(n("1024")));
        assert_eq!(n("2").checked_pow(&n("-2")), Some(n("0.25")));
        assert_eq!(n("-1").sqrt(), None);
        assert_eq!(n("0").ln(), None);
    }
}
