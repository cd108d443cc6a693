//! Exact decimal numbers: what every number of a record and of a formula is.
//!
//! Small integers and decimals (a 64-bit coefficient with up to 18 decimals) are stored in place; everything
//! else has 34 significant digits behind a pointer, as IEEE 754 decimal128 does. `1.0` and `1` are the same number.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

mod convert;
mod dec;
mod math;
mod quotient;
mod round;
mod text;
mod wide;

use dec::{DIGITS, Dec};
pub use round::Rounding;
use wide::digits;

/// Most decimals a number stored in place can have.
const MAX_SCALE: u8 = 18;

pub(crate) const POW10: [i64; 19] = {
    let mut table = [1_i64; 19];
    let mut at = 1;
    while at < 19 {
        table[at] = table[at - 1] * 10;
        at += 1;
    }
    table
};

/// An exact decimal number of at least 34 significant digits. 16 bytes; cheap to clone.
#[derive(Clone)]
pub struct Number(Repr);

#[derive(Clone)]
enum Repr {
    /// `coef / 10^scale`, scale at most 18.
    Small {
        coef: i64,
        scale: u8,
    },
    Big(Arc<Dec>),
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number::small(0, 0);
    /// One.
    pub const ONE: Number = Number::small(1, 0);

    const fn small(coef: i64, scale: u8) -> Number {
        Number(Repr::Small { coef, scale })
    }

    /// `coefficient / 10^scale`, for example `from_parts(1250, 2)` is 12.5.
    pub fn from_parts(coefficient: i64, scale: u8) -> Number {
        if scale <= MAX_SCALE {
            Number::small(coefficient, scale)
        } else {
            Number::from_dec(Dec { coef: i128::from(coefficient), exp: -i32::from(scale) })
        }
    }

    fn dec(&self) -> Dec {
        match &self.0 {
            Repr::Small { coef, scale } => Dec { coef: i128::from(*coef), exp: -i32::from(*scale) },
            Repr::Big(dec) => **dec,
        }
    }

    /// Stored in place where it fits, behind a pointer otherwise.
    fn from_dec(dec: Dec) -> Number {
        if let Some(small) = Number::fit(dec) {
            return small;
        }
        let dec = dec.stripped();
        Number::fit(dec).unwrap_or_else(|| Number(Repr::Big(Arc::new(dec))))
    }

    fn fit(dec: Dec) -> Option<Number> {
        let coef = i64::try_from(dec.coef).ok()?;
        match dec.exp {
            -18..=0 => Some(Number::small(coef, dec.exp.unsigned_abs() as u8)),
            1..=18 => Some(Number::small(coef.checked_mul(POW10[dec.exp as usize])?, 0)),
            _ if coef == 0 => Some(Number::ZERO),
            _ => None,
        }
    }

    /// The nearest decimal with the shortest text, as a person would read it; none for NaN and infinities.
    pub fn from_f64(value: f64) -> Option<Number> {
        if value.is_finite() { Number::parse(&format!("{value:e}")) } else { None }
    }

    /// The same whole number as an `i64`; none when it has a fraction or is too large.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small { coef, scale: 0 } => Some(*coef),
            Repr::Small { coef, scale } => {
                let unit = POW10[*scale as usize];
                (coef % unit == 0).then(|| coef / unit)
            }
            Repr::Big(_) => None,
        }
    }

    /// The nearest 64-bit float.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small { coef, scale: 0 } => *coef as f64,
            // Both are exact below 2^53, so the quotient is correctly rounded.
            Repr::Small { coef, scale } if coef.unsigned_abs() < 1 << 53 => {
                *coef as f64 / POW10[*scale as usize] as f64
            }
            _ => {
                let dec = self.dec();
                format!("{}e{}", dec.coef, dec.exp).parse().unwrap_or(f64::NAN)
            }
        }
    }

    /// Whether it has no fraction.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small { scale: 0, .. } => true,
            _ => self.dec().is_integer(),
        }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small { coef: 0, .. })
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small { coef, .. } => *coef < 0,
            Repr::Big(dec) => dec.coef < 0,
        }
    }

    /// How many decimals its shortest text has: 2 for 12.50 + 0.01, 0 for whole numbers.
    pub fn decimals(&self) -> u32 {
        let dec = self.dec().stripped();
        if dec.coef == 0 || dec.exp >= 0 { 0 } else { dec.exp.unsigned_abs() }
    }

    /// Sum; none past the largest number (about 10^6144).
    #[inline]
    pub fn checked_add(&self, other: &Number) -> Option<Number> {
        if let (Repr::Small { coef: a, scale: sa }, Repr::Small { coef: b, scale: sb }) = (&self.0, &other.0)
            && let Some((a, b, scale)) = align(*a, *sa, *b, *sb)
            && let Some(sum) = a.checked_add(b)
        {
            return Some(Number::small(sum, scale));
        }
        self.dec().add(other.dec()).map(Number::from_dec)
    }

    /// Difference; none past the largest number.
    #[inline]
    pub fn checked_sub(&self, other: &Number) -> Option<Number> {
        if let (Repr::Small { coef: a, scale: sa }, Repr::Small { coef: b, scale: sb }) = (&self.0, &other.0)
            && let Some((a, b, scale)) = align(*a, *sa, *b, *sb)
            && let Some(difference) = a.checked_sub(b)
        {
            return Some(Number::small(difference, scale));
        }
        self.dec().add(other.dec().negated()).map(Number::from_dec)
    }

    /// Product; none past the largest number.
    #[inline]
    pub fn checked_mul(&self, other: &Number) -> Option<Number> {
        if let (Repr::Small { coef: a, scale: sa }, Repr::Small { coef: b, scale: sb }) = (&self.0, &other.0)
            && sa + sb <= MAX_SCALE
            && let Some(product) = a.checked_mul(*b)
        {
            return Some(Number::small(product, sa + sb));
        }
        self.dec().mul(other.dec()).map(Number::from_dec)
    }

    /// Quotient to 34 digits; none when dividing by zero or past the largest number.
    pub fn checked_div(&self, other: &Number) -> Option<Number> {
        if let (Repr::Small { coef: a, scale: sa }, Repr::Small { coef: b, scale: sb }) = (&self.0, &other.0)
            && *b != 0
            && sa >= sb
        {
            if a.checked_rem(*b) == Some(0) {
                return Some(Number::small(a / b, sa - sb));
            }
            // a division by ten, a hundred, .. moves the point
            if let Ok(zeros) = POW10.binary_search(b)
                && usize::from(sa - sb) + zeros <= usize::from(MAX_SCALE)
            {
                return Some(Number::small(*a, sa - sb + zeros as u8));
            }
        }
        if let (Repr::Small { coef: a, scale: sa }, Repr::Small { coef: b, scale: sb }) = (&self.0, &other.0)
            && let Some(dec) = quotient::quotient(*a, *b, i32::from(*sb) - i32::from(*sa))
        {
            return Some(Number::from_dec(dec));
        }
        self.dec().div(other.dec()).map(Number::from_dec)
    }

    /// Floor modulo: the remainder has the sign of the divisor. None when the divisor is zero.
    pub fn checked_rem(&self, other: &Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        if let (Repr::Small { coef: a, scale: sa }, Repr::Small { coef: b, scale: sb }) = (&self.0, &other.0)
        {
            let scale = *sa.max(sb);
            let a = i128::from(*a) * i128::from(POW10[(scale - sa) as usize]);
            let b = i128::from(*b) * i128::from(POW10[(scale - sb) as usize]);
            let rest = a % b;
            let rest = if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest };
            // A sum of remainder and divisor may have more digits than are kept.
            if digits(rest.unsigned_abs()) <= DIGITS {
                return Some(Number::from_dec(Dec { coef: rest, exp: -i32::from(scale) }));
            }
        }
        self.dec().rem(other.dec()).map(Number::from_dec)
    }

    /// The number with the other sign.
    pub fn neg(&self) -> Number {
        match &self.0 {
            Repr::Small { coef, scale } if *coef != i64::MIN => Number::small(-coef, *scale),
            _ => Number::from_dec(self.dec().negated()),
        }
    }

    /// The number without its sign.
    pub fn abs(&self) -> Number {
        if self.is_negative() { self.neg() } else { self.clone() }
    }
}

/// Two small coefficients at one scale.
#[inline]
fn align(a: i64, sa: u8, b: i64, sb: u8) -> Option<(i64, i64, u8)> {
    match sa.cmp(&sb) {
        Ordering::Equal => Some((a, b, sa)),
        Ordering::Less => Some((a.checked_mul(POW10[(sb - sa) as usize])?, b, sb)),
        Ordering::Greater => Some((a, b.checked_mul(POW10[(sa - sb) as usize])?, sa)),
    }
}

impl PartialEq for Number {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Small { coef: a, scale: sa }, Repr::Small { coef: b, scale: sb }) = (&self.0, &other.0)
        {
            if sa == sb {
                return a.cmp(b);
            }
            let scale = *sa.max(sb);
            let a = i128::from(*a) * i128::from(POW10[(scale - sa) as usize]);
            let b = i128::from(*b) * i128::from(POW10[(scale - sb) as usize]);
            return a.cmp(&b);
        }
        self.dec().compare(other.dec())
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            // what fits in place never stands behind a pointer, so the two need not hash alike
            Repr::Small { coef, scale } => {
                let (mut coef, mut scale) = (*coef, *scale);
                while scale > 0 && coef % 10 == 0 {
                    coef /= 10;
                    scale -= 1;
                }
                state.write_u64(coef.cast_unsigned());
                if scale > 0 {
                    state.write_u8(scale);
                }
            }
            Repr::Big(dec) => {
                let dec = dec.stripped();
                dec.coef.hash(state);
                dec.exp.hash(state);
            }
        }
    }
}

impl Default for Number {
    fn default() -> Self {
        Number::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        Number::parse(text).expect("a number")
    }

    #[test]
    fn tenths_add_up_exactly() {
        assert_eq!(n("0.1").checked_add(&n("0.2")), Some(n("0.3")));
        assert_eq!(n("0.1").checked_add(&n("0.2")).map(|s| s.to_string()), Some("0.3".into()));
    }

    #[test]
    fn a_number_takes_sixteen_bytes() {
        assert_eq!(size_of::<Number>(), 16);
    }

    #[test]
    fn equal_numbers_hash_alike_however_they_were_written() {
        use std::hash::DefaultHasher;
        let hash = |text: &str| {
            let mut state = DefaultHasher::new();
            n(text).hash(&mut state);
            state.finish()
        };
        for (a, b) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0", "0.000"),
            ("1e40", "10000000000000000000000000000000000000000"),
        ] {
            assert_eq!(n(a), n(b));
            assert_eq!(hash(a), hash(b));
        }
    }

    #[test]
    fn past_the_small_form_arithmetic_keeps_34_digits() {
        let product = n("12345678901234567890").checked_mul(&n("98765432109876543210"));
        assert_eq!(product.map(|p| p.to_string()), Some("1219326311370217952237463801111264000000".into()));
        let third = Number::ONE.checked_div(&n("3")).expect("a third");
        assert_eq!(third.to_string(), "0.3333333333333333333333333333333333");
        assert_eq!(n("9223372036854775807").checked_add(&n("1")), Some(n("9223372036854775808")));
        assert_eq!(n("-9223372036854775808").neg(), n("9223372036854775808"));
        assert_eq!(n("1e30").checked_sub(&n("1")), Some(n("999999999999999999999999999999")));
        assert_eq!(n("1e60").checked_sub(&n("1")), Some(n("1e60")));
        assert_eq!(n("10").checked_div(&n("4")), Some(n("2.5")));
        assert_eq!(n("1").checked_div(&n("0")), None);
    }

    #[test]
    fn modulo_takes_the_sign_of_the_divisor() {
        for (a, b, rest) in [("10", "4", "2"), ("10", "-4", "-2"), ("-10", "4", "2"), ("-10", "-4", "-2")] {
            assert_eq!(n(a).checked_rem(&n(b)), Some(n(rest)), "{a} modulo {b}");
        }
        assert_eq!(n("10.1").checked_rem(&n("4.5")), Some(n("1.1")));
        assert_eq!(n("1e40").checked_rem(&n("3")), Some(n("1")));
        assert_eq!(
            n("1e6144").checked_rem(&n("-7")),
            n("1e6144").checked_rem(&n("7")).and_then(|r| r.checked_sub(&n("7")))
        );
    }

    #[test]
    fn order_is_by_value() {
        assert!(n("1e20") > n("99999999999999999999"));
        assert!(n("-1e20") < n("0.1"));
        assert!(n("0.10") < n("0.11"));
        assert!(n("1e-30") > n("0"));
    }
}
