//! Decimal arithmetic beside an independent library (bigdecimal): the same value to the last of 34 digits, also past
//! them and at the ends of the range.

use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode, Zero};
use model::Number;
use model::number::Rounding;
use proptest::prelude::*;

/// Significant digits of a number.
const DIGITS: u64 = 34;
/// Decimals of the smallest step.
const LEAST: i64 = 6_176;
/// Digits before the point of the largest number.
const MOST: i64 = 6_145;

/// What decimal128 makes of an exact value: rounded once, half to even; none past the range.
fn kept(exact: &BigDecimal) -> Option<BigDecimal> {
    if exact.is_zero() {
        return Some(exact.clone());
    }
    let (digits, scale) = (exact.digits(), exact.fractional_digit_count());
    let too_many = i64::try_from(digits.saturating_sub(DIGITS)).expect("few digits");
    let kept = if scale - too_many > LEAST {
        exact.with_scale_round(LEAST, RoundingMode::HalfEven)
    } else if too_many > 0 {
        exact.with_scale_round(scale - too_many, RoundingMode::HalfEven)
    } else {
        exact.clone()
    };
    let before_point = i64::try_from(kept.digits()).expect("few digits") - kept.fractional_digit_count();
    (kept.is_zero() || before_point <= MOST).then_some(kept)
}

fn big(number: &Number) -> BigDecimal {
    BigDecimal::from_str(&number.to_string()).expect("its text is a number")
}

fn of(number: Option<Number>) -> Option<BigDecimal> {
    number.as_ref().map(big)
}

/// Texts of numbers: short ones, ones longer than 34 digits, near neighbours, and the ends of the range.
fn text() -> impl Strategy<Value = String> {
    let digits = prop_oneof![
        3 => "[1-9][0-9]{0,5}",
        2 => "[1-9][0-9]{15,20}",
        2 => "[1-9][0-9]{30,40}",
        1 => "(9{30,36}|10{28,36}[0-5]?|50{0,33}|49{30,36}|[1-9]0{0,12}5)",
        1 => Just("0".to_owned()),
    ];
    let exponent = prop_oneof![5 => -20_i32..20, 2 => -60..60, 1 => -6_220..-6_100, 1 => 6_060..6_150];
    (any::<bool>(), digits, exponent)
        .prop_map(|(minus, digits, exponent)| format!("{}{digits}e{exponent}", if minus { "-" } else { "" }))
}

/// A number that is in range, with the other library's.
fn number() -> impl Strategy<Value = (Number, BigDecimal)> {
    text().prop_filter_map("out of range", |text| {
        let number = Number::parse(&text)?;
        let exact = big(&number);
        Some((number, exact))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_are_read_and_written_alike(text in text()) {
        let number = Number::parse(&text);
        prop_assert_eq!(of(number.clone()), kept(&BigDecimal::from_str(&text).expect("a number")));
        if let Some(number) = number {
            prop_assert_eq!(Number::parse(&number.to_string()), Some(number));
        }
    }

    #[test]
    fn sums_agree((a, x) in number(), (b, y) in number()) {
        prop_assert_eq!(of(a.checked_add(&b)), kept(&(&x + &y)), "{} + {}", a, b);
        prop_assert_eq!(of(a.checked_sub(&b)), kept(&(&x - &y)), "{} - {}", a, b);
    }

    #[test]
    fn products_agree((a, x) in number(), (b, y) in number()) {
        prop_assert_eq!(of(a.checked_mul(&b)), kept(&(&x * &y)), "{} * {}", a, b);
    }

    #[test]
    fn quotients_agree((a, x) in number(), (b, y) in number()) {
        // The other library gives 100 digits: no quotient of numbers of 34 digits is nearer to a tie than that.
        let exact = (!y.is_zero()).then(|| &x / &y);
        prop_assert_eq!(of(a.checked_div(&b)), exact.and_then(|exact| kept(&exact)), "{} / {}", a, b);
    }

    #[test]
    fn remainders_agree((a, x) in number(), (b, y) in number()) {
        prop_assume!(!y.is_zero());
        let rest = &x % &y;
        let wrong_sign = !rest.is_zero() && (rest < BigDecimal::zero()) != (y < BigDecimal::zero());
        let exact = if wrong_sign { rest + &y } else { rest };
        prop_assert_eq!(of(a.checked_rem(&b)), kept(&exact), "{} modulo {}", a, b);
    }

    #[test]
    fn order_agrees((a, x) in number(), (b, y) in number()) {
        prop_assert_eq!(a.cmp(&b), x.cmp(&y), "{} and {}", a, b);
        prop_assert_eq!(a == b, x == y);
        prop_assert_eq!(big(&a.neg()), -&x);
        prop_assert_eq!(big(&a.abs()), x.abs());
        prop_assert_eq!(a.is_integer(), x.is_integer(), "{}", a);
    }

    #[test]
    fn rounding_agrees((a, x) in number(), scale in -40_i64..40) {
        for (ours, theirs) in [
            (Rounding::Up, RoundingMode::Up),
            (Rounding::Down, RoundingMode::Down),
            (Rounding::Floor, RoundingMode::Floor),
            (Rounding::Ceiling, RoundingMode::Ceiling),
            (Rounding::HalfUp, RoundingMode::HalfUp),
            (Rounding::HalfDown, RoundingMode::HalfDown),
            (Rounding::HalfEven, RoundingMode::HalfEven),
        ] {
            let rounded = x.with_scale_round(scale, theirs);
            prop_assert_eq!(of(a.round(scale, ours)), kept(&rounded), "{} to {} {:?}", a, scale, ours);
        }
    }
}
