//! Typical mistakes and the sentence each gets: `mistakes.txt` is for a person to judge.
//!
//! `UPDATE=1 cargo test -p arna-formula --test mistakes` writes the file anew.

use arna_formula::{Formula, Roots};
use model::{Record, Value};

/// Formulas as people get them wrong, over the record of an order.
const MISTAKES: [&str; 66] = [
    "",
    "qty *",
    "* qty",
    "(qty + 1",
    "qty + 1)",
    "[1, 2",
    "{a: 1",
    "{a 1}",
    "{a: 1, a: 2}",
    "\"paid",
    "'paid'",
    "\u{201c}paid\u{201d}",
    "status == \"paid\"",
    "status <> \"paid\"",
    "qty => 2",
    "qty =< 2",
    "paid && sent",
    "paid || sent",
    "!paid",
    "qty % 2",
    "1,5 + 2",
    "f(1;2)",
    "if qty > 2 then \"a\"",
    "if qty > 2 \"a\" else \"b\"",
    "if qty then 1 else 2",
    "then 1",
    "for x in items return",
    "for in items return x",
    "for x items return x",
    "some x in items",
    "qty between 1",
    "qty between 1, 5",
    "qty in",
    "net total * 2",
    "`net total",
    "qty price",
    "@\"31.01.2026\"",
    "@\"2026-02-30\"",
    "date(\"31.01.2026\")",
    "uper case(city)",
    "UPPER(city)",
    "len(city)",
    "round(price)",
    "average(items)",
    "concat(city, status)",
    "substring(city)",
    "substring(text: city)",
    "upper case(qty)",
    "qtty * price",
    "Qty * price",
    "ст\u{430}tus",
    "st\u{430}tus = \"paid\"",
    "client.nmae",
    "qty + city",
    "city - 1",
    "qty * none",
    "none > 5",
    "qty / 0",
    "status = 5",
    "city < qty",
    "number(\"12,5\")",
    "date(2026, 2, 30)",
    "paid + 1",
    "client + 1",
    "[1, 2][\"a\"]",
    "\"a\\u12\"",
];

fn order() -> Record {
    Record::of([
        ("status", Value::from("paid")),
        ("qty", Value::from(3_i64)),
        ("price", Value::from(10_i64)),
        ("city", Value::from("Almaty")),
        ("paid", Value::Bool(true)),
        ("sent", Value::Bool(false)),
        ("none", Value::Null),
        ("items", Value::list(vec![Value::from(1_i64), Value::from(2_i64)])),
        ("client", Value::Record(Record::of([("name", Value::from("Aliya"))]))),
        ("net total", Value::from(30_i64)),
    ])
}

#[test]
fn every_mistake_gets_its_sentence() {
    let record = order();
    let mut table = String::new();
    for text in MISTAKES {
        let sentence = match Formula::parse(text) {
            Err(error) => error.to_string(),
            Ok(formula) => match formula.eval_record(&record, &Roots::default()) {
                Err(fault) => format!("{} (at character {})", fault.message, fault.span.start + 1),
                Ok(value) => panic!("{text} is no mistake: {value}"),
            },
        };
        table.push_str(&format!("{text}\n    {sentence}\n"));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mistakes.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &table).expect("the table can be written");
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(golden == table, "the sentences differ from {path}:\n{table}");
}
