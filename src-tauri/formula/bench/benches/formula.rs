//! What one evaluation costs on one thread: ours, and dsntk on the same expressions over the same record.
//!
//! `node tests/bench/formula.mjs` runs it and puts the goals beside the figures.

use std::hint::black_box;

use arna_formula::{Escape, Formula, HitPolicy, OutputText, Path, Roots, Table, TableText, Template, pick};
use criterion::{Criterion, criterion_group, criterion_main};
use dsntk_feel::FeelScope;
use model::{Number, Record, Shape, Text, Value};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Name of the measurement, and the expression that both engines evaluate.
const BOTH: [(&str, &str); 6] = [
    ("product", "qty * price"),
    ("if", "if status = \"paid\" and qty > 2 then upper case(city) else \"x\""),
    (
        "map of 8",
        "{id: id, city: city, sum: qty * price, paid: paid, who: name, big: total > 30, mail: email, zip: zip}",
    ),
    ("quotient", "price / 3"),
    ("loop", "sum(for i in 1..10 return i * qty)"),
    ("filter", "[1, 2, 3, 4][item > qty]"),
];

/// The record of both, as the other engine reads it.
const ORDER: &str = "{id: 100042, status: \"paid\", city: \"Almaty\", qty: 3, price: 12.50, paid: true, \
    name: \"Aliya Bekova\", phone: \"+77010000000\", email: \"aliya@example.kz\", note: null, zip: \"050000\", \
    total: 37.50}";

fn order() -> Record {
    let text = |text: &str| Value::from(text);
    let number = |text: &str| Value::Number(Number::parse(text).expect("a number"));
    let fields = [
        ("id", number("100042")),
        ("status", text("paid")),
        ("city", text("Almaty")),
        ("qty", number("3")),
        ("price", number("12.50")),
        ("paid", Value::Bool(true)),
        ("name", text("Aliya Bekova")),
        ("phone", text("+77010000000")),
        ("email", text("aliya@example.kz")),
        ("note", Value::Null),
        ("zip", text("050000")),
        ("total", number("37.50")),
    ];
    let shape = Shape::new(fields.iter().map(|(name, _)| Text::from(*name)));
    Record::new(shape, fields.into_iter().map(|(_, value)| value).collect())
}

/// Both engines, after they have been seen to agree.
fn expressions(criterion: &mut Criterion) {
    let (record, roots) = (order(), Roots::default());
    let context = dsntk_feel_evaluator::evaluate_context(&FeelScope::default(), ORDER).expect("a context");
    let scope = FeelScope::from(context);
    for (name, text) in BOTH {
        let formula = Formula::parse(text).expect("a formula");
        let mut group = criterion.benchmark_group(name);
        group.bench_function("arna", |bench| {
            bench.iter(|| formula.eval_record(black_box(&record), &roots).expect("a value"));
        });
        let node = dsntk_feel_parser::parse_expression(&scope, text, false).expect("an expression");
        let evaluator = dsntk_feel_evaluator::prepare(&node);
        let (ours, theirs) = (formula.eval_record(&record, &roots).expect("a value"), evaluator(&scope));
        if !matches!(ours, Value::Record(_)) {
            let squeezed = |text: String| text.replace(' ', "");
            assert_eq!(squeezed(ours.to_string()), squeezed(theirs.to_string()), "{text}");
        }
        group.bench_function("dsntk", |bench| bench.iter(|| evaluator(black_box(&scope))));
        group.finish();
    }
}

/// What only ours has, or has in another form.
fn ours(criterion: &mut Criterion) {
    let (record, roots) = (order(), Roots::default());
    let template = Template::parse("Dear {{ name }}, {{ qty }} for {{ qty * price }}.").expect("a template");
    criterion.benchmark_group("template").bench_function("arna", |bench| {
        bench.iter(|| template.render(black_box(&record), &roots, Escape::Html).expect("a text"));
    });
    let lines = (0..10).map(|n| Value::Record(order().with("qty", Value::from(n)))).collect();
    let document = Value::Record(Record::of([("lines", Value::list(lines))]));
    let path = Path::parse("$.lines[?@.qty > 5].price").expect("a path");
    criterion
        .benchmark_group("path")
        .bench_function("arna", |bench| bench.iter(|| path.all(black_box(&document))));
    criterion.benchmark_group("pick").bench_function("arna", |bench| {
        bench.iter(|| pick(black_box(&document), "$.lines[0].city").expect("a path"));
    });
    let rule =
        |city: &str, qty: &str, rate: &str| (vec![city.to_owned(), qty.to_owned()], vec![rate.to_owned()]);
    let text = TableText {
        inputs: vec![("city".to_owned(), None), ("qty".to_owned(), None)],
        outputs: vec![OutputText::default()],
        rules: vec![
            rule("\"Astana\"", "-", "0.05"),
            rule("\"Almaty\", \"Shymkent\"", "< 2", "0.02"),
            rule("\"Almaty\", \"Shymkent\"", "[2..10]", "0.07"),
            rule("-", "> 10", "0.1"),
        ],
    };
    let table = Table::parse(&text, HitPolicy::First).expect("a table");
    criterion.benchmark_group("table of 4").bench_function("arna", |bench| {
        bench.iter(|| table.decide(black_box(&record), &roots).expect("a value"));
    });
    criterion.benchmark_group("parse of the if").bench_function("arna", |bench| {
        bench.iter(|| Formula::parse(black_box(BOTH[1].1)).expect("a formula"));
    });
}

criterion_group!(benches, expressions, ours);
criterion_main!(benches);
