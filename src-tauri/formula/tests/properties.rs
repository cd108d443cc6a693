//! What holds for all inputs: the formatter keeps the meaning, evaluation repeats itself, arithmetic is exact.

use arna_formula::{Formula, Roots, format};
use model::number::Rounding;
use model::{Number, Record, Value};
use proptest::prelude::*;

/// Formulas of every kind, over the fields a (number), b (text) and l (list).
fn formula() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0_i64..1000).prop_map(|n| n.to_string()),
        (0_i64..1000, 1_u8..5).prop_map(|(n, scale)| Number::from_parts(n, scale).to_string()),
        "[a-z \\\\\"]{0,6}"
            .prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("l".to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("@\"2026-02-28\"".to_owned()),
        Just("@\"P1D\"".to_owned()),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (pair.clone(), prop_oneof!["\\+", "-", "\\*", "/", "=", "!=", "<", ">=", "and", "or"])
                .prop_map(|((x, y), op)| format!("({x} {op} {y})")),
            pair.clone().prop_map(|(x, y)| format!("[{x}, {y}]")),
            pair.clone().prop_map(|(x, y)| format!("{{p: {x}, `q r`: {y}}}").replace("`q r`", "\"q r\"")),
            (pair.clone(), inner.clone()).prop_map(|((x, y), z)| format!("if {x} = {y} then {z} else {x}")),
            pair.clone().prop_map(|(x, y)| format!("({x})[item = {y}]")),
            pair.clone().prop_map(|(x, y)| format!("for i in [{x}, {y}] return i")),
            pair.clone().prop_map(|(x, y)| format!("some i in [{x}] satisfies i = {y}")),
            pair.clone().prop_map(|(x, y)| format!("{x} in ({y}, > 5, [1..3))")),
            inner.clone().prop_map(|x| format!("string({x})")),
            inner.prop_map(|x| format!("-({x})")),
        ]
    })
}

fn record() -> Record {
    Record::of([
        ("a", Value::from(7_i64)),
        ("b", Value::from("text")),
        ("l", Value::list(vec![Value::from(1_i64), Value::from(2_i64)])),
    ])
}

fn outcome(text: &str) -> String {
    match Formula::parse(text) {
        Ok(formula) => match formula.eval_record(&record(), &Roots::default()) {
            Ok(value) => value.to_string(),
            Err(fault) => fault.message,
        },
        Err(error) => error.message,
    }
}

fn decimal() -> impl Strategy<Value = (i64, u8)> {
    (-1_000_000_000_000_i64..1_000_000_000_000, 0_u8..9)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_formatter_keeps_the_formula(text in formula()) {
        if let Ok(shown) = format(&text) {
            prop_assert_eq!(format(&shown), Ok(shown.clone()), "from {}", text);
            prop_assert_eq!(outcome(&shown), outcome(&text), "{} became {}", text, shown);
        }
    }

    #[test]
    fn the_same_formula_gives_the_same_bytes(text in formula()) {
        prop_assert_eq!(outcome(&text), outcome(&text));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
        let _ = outcome(&text);
        let _ = arna_formula::Template::parse(&text);
        let _ = arna_formula::Path::parse(&text);
        let _ = arna_formula::complete(&text, text.len() / 2, &record(), arna_formula::Language::En);
        let _ = arna_formula::hover(&text, text.len() / 2, &record(), arna_formula::Language::Kk);
    }

    #[test]
    fn formula_like_text_makes_nothing_panic(text in "[a-l0-9 \"@`(){}\\[\\]<>=.,:+*/?|-]{0,40}") {
        let _ = outcome(&text);
        let _ = format(&text);
    }

    #[test]
    fn sums_and_products_are_exact((x, sx) in decimal(), (y, sy) in decimal()) {
        let (a, b) = (Number::from_parts(x, sx), Number::from_parts(y, sy));
        let scale = sx.max(sy);
        let wide = |value: i64, from: u8| i128::from(value) * 10_i128.pow(u32::from(scale - from));
        let text = |coefficient: i128, scale: u8| Number::parse(&format!("{coefficient}e-{scale}")).expect("a number");
        prop_assert_eq!(a.checked_add(&b), Some(text(wide(x, sx) + wide(y, sy), scale)));
        prop_assert_eq!(a.checked_sub(&b), Some(text(wide(x, sx) - wide(y, sy), scale)));
        prop_assert_eq!(a.checked_mul(&b), Some(text(i128::from(x) * i128::from(y), sx + sy)));
        prop_assert_eq!(a.cmp(&b), wide(x, sx).cmp(&wide(y, sy)));
        prop_assert_eq!(Number::parse(&a.to_string()), Some(a));
    }

    #[test]
    fn division_and_modulo_belong_together((x, sx) in decimal(), (y, sy) in decimal()) {
        let (a, b) = (Number::from_parts(x, sx), Number::from_parts(y, sy));
        prop_assume!(!b.is_zero());
        let rest = a.checked_rem(&b).expect("a remainder");
        prop_assert!(rest.abs() < b.abs());
        prop_assert!(rest.is_zero() || rest.is_negative() == b.is_negative());
        let times = a.checked_sub(&rest).and_then(|whole| whole.checked_div(&b)).expect("a quotient");
        prop_assert!(times.is_integer(), "{a} / {b}: {times}");
        let back = a.checked_div(&b).and_then(|quotient| quotient.checked_mul(&b)).expect("a product");
        let gap = back.checked_sub(&a).expect("a difference").abs();
        prop_assert!(gap <= a.abs().checked_mul(&Number::parse("1e-32").expect("a number")).expect("a limit"));
    }

    #[test]
    fn rounding_moves_by_less_than_one_step((x, sx) in decimal(), scale in 0_i64..6) {
        let a = Number::from_parts(x, sx);
        let step = Number::from_parts(1, scale as u8);
        for rounding in [Rounding::Floor, Rounding::Ceiling, Rounding::Up, Rounding::Down, Rounding::HalfUp, Rounding::HalfEven] {
            let rounded = a.round(scale, rounding).expect("a number");
            prop_assert!(rounded.checked_sub(&a).expect("a difference").abs() < step);
        }
    }
}
