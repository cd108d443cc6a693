//! What the fuzz targets check, over formulas put together from all forms and functions of the language, mostly without
//! brackets: faults hide where one form ends and the next begins.

use arna_formula::builtins;
use proptest::prelude::*;

use super::bodies;

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    proptest::sample::select(words).prop_map(str::to_owned)
}

/// Names that are bound: plain, of several words, with signs, and such as need backticks.
fn bound() -> impl Strategy<Value = String> + Clone {
    one_of(&[
        "n",
        "a b",
        "a-b",
        "if x",
        "date and time",
        "`in`",
        "`then`",
        "`a  \"b`",
        "``",
        "`1`",
        "`x.y`",
        "`n`",
        "`a b`",
        "partial",
        "сумма нетто",
    ])
}

/// Fields of the targets' sample, a record of all types, and literals.
fn leaf() -> impl Strategy<Value = String> {
    let field = one_of(&[
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
        "i",
        "j",
        "n",
        "`net total`",
        "net total",
        "item",
        "record",
    ]);
    let name = one_of(&[
        "x",
        "a-b",
        "a b",
        "`a b`",
        "`if`",
        "date",
        "time",
        "order",
        "not",
        "partial",
        "сумма нетто",
    ]);
    let literal = one_of(&[
        "0",
        "1",
        "2.50",
        ".5",
        "1e40",
        "1e-7",
        "34567890123456789012345678901234",
        "\"t\"",
        "\"2026-02-28\"",
        "\"P1Y\"",
        "\"\\\"\\\\\\n\\u00e9\\d\"",
        "\"// no comment\"",
        "null",
        "true",
        "false",
        "@\"P1D\"",
        "@\"2026-02-28\"",
        "[]",
        "{}",
    ]);
    prop_oneof![4 => field, 1 => name, 3 => literal]
}

fn function() -> impl Strategy<Value = String> + Clone {
    let names: Vec<String> = builtins::all().iter().map(|function| function.name.to_owned()).collect();
    prop_oneof![9 => proptest::sample::select(names), 1 => one_of(&["f", "x.date", "g.p"])]
}

fn of_type() -> impl Strategy<Value = String> + Clone {
    one_of(&[
        "number",
        "string",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "Any",
        "list",
        "list<list<number>>",
        "range<date>",
        "context",
        "context<>",
        "context<a b: number, c: date and time>",
        "function",
        "function<number, string> -> date",
    ])
}

fn formula() -> impl Strategy<Value = String> {
    leaf().prop_recursive(5, 32, 3, |inner| {
        let (x, y, z) = (inner.clone(), inner.clone(), inner.clone());
        let (pair, three) = ((x.clone(), y.clone()), (x.clone(), y, z));
        let sign = one_of(&["<", "<=", ">", ">=", "=", "!="]);
        let op = one_of(&["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"]);
        let name = one_of(&[
            "s", "p", "year", "days", "start", "a", "`a b`", "if", "`then`", "date", "order", "time offset", "start included", "``", "`x.y`",
        ]);
        let call = function();
        prop_oneof![
            4 => (pair.clone(), op).prop_map(|((x, y), op)| format!("{x} {op} {y}")),
            4 => x.clone().prop_map(|x| format!("({x})")),
            1 => x.clone().prop_map(|x| format!("-{x}")),
            1 => pair.clone().prop_map(|(x, y)| format!("[{x}, {y}]")),
            1 => (pair.clone(), sign.clone()).prop_map(|((x, y), sign)| format!("[{sign} {x}, {y}]")),
            2 => pair.clone().prop_map(|(x, y)| format!("{x}[{y}]")),
            2 => (x.clone(), name).prop_map(|(x, name)| format!("{x}.{name}")),
            1 => (pair.clone(), one_of(&["[", "(", "]"]), one_of(&["]", ")", "["]))
                .prop_map(|((x, y), open, close)| format!("{open}{x}..{y}{close}")),
            2 => (x.clone(), sign.clone()).prop_map(|(x, sign)| format!("({sign} {x})")),
            2 => pair.clone().prop_map(|(x, y)| format!("{x} in {y}")),
            2 => pair.clone().prop_map(|(x, y)| format!("{x} in ({y})")),
            1 => three.clone().prop_map(|(x, y, z)| format!("{x} in ({y}, {z})")),
            2 => (pair.clone(), sign.clone()).prop_map(|((x, y), sign)| format!("{x} in {sign} {y}")),
            2 => (pair.clone(), sign.clone()).prop_map(|((x, y), sign)| format!("{x} in ({sign} {y})")),
            1 => (three.clone(), sign).prop_map(|((x, y, z), sign)| format!("{x} in ({sign} {y}, {z})")),
            1 => three.clone().prop_map(|(x, y, z)| format!("{x} between {y} and {z}")),
            1 => (x.clone(), of_type()).prop_map(|(x, of)| format!("{x} instance of {of}")),
            1 => three.clone().prop_map(|(x, y, z)| format!("if {x} then {y} else {z}")),
            1 => (pair.clone(), bound()).prop_map(|((x, y), n)| format!("for {n} in {x} return {y}")),
            1 => (three.clone(), bound()).prop_map(|((x, y, z), n)| format!("for {n} in {x}..{y} return {z}")),
            1 => (three.clone(), bound()).prop_map(|((x, y, z), n)| format!("for n in {x}, {n} in {y} return {z}")),
            1 => (pair.clone(), bound(), one_of(&["some", "every"]))
                .prop_map(|((x, y), n, word)| format!("{word} {n} in {x} satisfies {y}")),
            1 => (x.clone(), bound(), of_type()).prop_map(|(x, n, of)| format!("function({n}: {of}, n) {x}")),
            1 => (pair.clone(), bound()).prop_map(|((x, y), n)| format!("{{{n}: {x}, \"c d\": {y}}}")),
            2 => (pair.clone(), call.clone()).prop_map(|((x, y), call)| format!("{call}({x}, {y})")),
            2 => (three.clone(), call.clone()).prop_map(|((x, y, z), call)| format!("{call}({x}, {y}, {z})")),
            3 => (x.clone(), call.clone()).prop_map(|(x, call)| format!("{call}({x})")),
            1 => (pair, call, bound()).prop_map(|((x, y), call, n)| format!("{call}({n}: {x}, b: {y})")),
            1 => (x, inner).prop_map(|(x, y)| format!("({x})({y})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_put_together_from_the_grammar_holds_what_the_targets_check(first in 0_u8..16, text in formula()) {
        let mut input = vec![first];
        input.extend_from_slice(text.as_bytes());
        bodies::parser(&input);
        bodies::evaluator(&input);
    }

    #[test]
    fn templates_of_such_formulas_hold_it_too(first in 0_u8..16, before in "[a-z/?=<&{ \\r\\n]{0,4}", text in formula()) {
        let mut input = vec![first];
        input.extend_from_slice(format!("{before}{{{{ {text} }}}}{before}").as_bytes());
        bodies::templates(&input);
    }
}
