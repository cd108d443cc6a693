//! What one evaluation costs on one thread: the median of many rounds, in nanoseconds.
//!
//! `cargo bench -p arna-formula`; the goals stand beside the figures.

use std::hint::black_box;
use std::time::Instant;

use arna_formula::{Formula, Roots, Scope};
use model::{Number, Record, Shape, Text, Value};

const ROUNDS: usize = 41;
const EVALS: u32 = 20_000;

fn order() -> Record {
    let keys =
        ["id", "status", "city", "qty", "price", "paid", "name", "phone", "email", "note", "zip", "total"];
    let shape = Shape::new(keys.into_iter().map(Text::from));
    let text = |text: &str| Value::from(text);
    let number = |text: &str| Value::Number(Number::parse(text).expect("a number"));
    Record::new(
        shape,
        vec![
            number("100042"),
            text("paid"),
            text("Almaty"),
            number("3"),
            number("12.50"),
            Value::Bool(true),
            text("Aliya Bekova"),
            text("+77010000000"),
            text("aliya@example.kz"),
            Value::Null,
            text("050000"),
            number("37.50"),
        ],
    )
}

fn measure(name: &str, goal: Option<u32>, mut run: impl FnMut()) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..EVALS {
                run();
            }
            start.elapsed().as_nanos() as f64 / f64::from(EVALS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let goal = goal.map_or(String::new(), |goal| format!("   goal {goal} ns"));
    println!("{name:<72} {:>8.1} ns{goal}", rounds[ROUNDS / 2]);
}

fn main() {
    let (record, roots) = (order(), Roots::default());
    for (text, goal) in [
        ("qty * price", Some(80)),
        ("if status = \"paid\" and qty > 2 then upper case(city) else \"x\"", Some(250)),
        (
            "{id: id, city: city, sum: qty * price, paid: paid, who: name, big: total > 30, mail: email, zip: zip}",
            Some(1_500),
        ),
        ("price / 3", None),
        ("sum(for i in 1..10 return i * qty)", None),
        ("[1, 2, 3, 4][item > qty]", None),
    ] {
        let formula = Formula::parse(text).expect("a formula");
        measure(&text.chars().take(70).collect::<String>(), goal, || {
            black_box(formula.eval_record(black_box(&record), &roots).expect("a value"));
        });
    }
    let formula = Formula::parse("qty * price").expect("a formula");
    measure("qty * price, with its outcome", None, || {
        black_box(formula.eval(&Scope::new(black_box(&record))));
    });
    measure("parse and compile: if status = \"paid\" and qty > 2 ..", None, || {
        black_box(
            Formula::parse("if status = \"paid\" and qty > 2 then upper case(city) else \"x\"")
                .expect("a formula"),
        );
    });
}
