//! Formulas that want too much end with a sentence: no hang, no overflow of the stack, no abort.

use arna_formula::{FaultKind, Formula, MAX_BYTES, Path, Roots, Template};
use model::{Record, Value};

fn run(text: &str) -> Result<Value, String> {
    let record = Record::of([("n", Value::from(40_i64)), ("a", Value::from("aaaaaaaaaaaaaaaa"))]);
    let formula = Formula::parse(text).map_err(|error| error.message)?;
    formula.eval_record(&record, &Roots::default()).map_err(|fault| fault.message)
}

#[test]
fn deep_texts_are_refused_when_they_are_read() {
    let deep = 20_000;
    for text in [
        "(".repeat(deep),
        "[".repeat(deep),
        "{a:".repeat(deep),
        "-".repeat(deep),
        "not(".repeat(deep),
        "if ".repeat(deep),
        "n[".repeat(deep),
        "for x in ".repeat(deep),
        "function(a) ".repeat(deep),
        "1 in (".repeat(deep),
        format!("1{}", "+1".repeat(deep)),
        format!("n{}", ".a".repeat(deep)),
        format!("1 instance of {}", "list<".repeat(deep)),
        "]".repeat(deep),
    ] {
        assert!(run(&text).is_err(), "{}", &text[..20]);
    }
    assert!(Template::parse(&"{{".repeat(deep)).is_err());
    assert!(Path::parse(&format!("${}", "[?@".repeat(deep))).is_err());
}

#[test]
fn reading_takes_time_in_proportion_to_the_text() {
    // Work that doubles with every bracket would not end here.
    for part in ["1 in (", "1 in ((", "1 in (1, (2 in (", "f(a b c ", "a(b: ", "not(", "{a: ", "[[", "(if ", "some x in ("] {
        for count in [20, 60, 2_000] {
            assert!(run(&part.repeat(count)).is_err(), "{part}");
        }
    }
    assert_eq!(run(&format!("{}1{}", "1 in (".repeat(25), ")".repeat(25))), Ok(Value::Bool(true)));
}

#[test]
fn budgets_end_an_evaluation_with_a_sentence() {
    for (text, part) in [
        ("count(for x in 1..10000, y in 1..10000 return x)", "1,000,000 steps"),
        ("some x in 1..100000000 satisfies x < 0", "1,000,000 steps"),
        ("{f: function(x) f(x + 1), r: f(0)}.r", "64 function calls"),
        ("for x in 1..900000 return [x, x, x, x]", "16 MiB"),
        ("{b: a + a, c: b + b, d: string join(for x in 1..300000 return c, \"\")}.d", "16 MiB"),
    ] {
        let message = run(text).expect_err(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn a_spent_budget_is_told_as_such() {
    let formula =
        Formula::parse("try(count(for x in 1..10000, y in 1..10000 return x), 0)").expect("a formula");
    let fault = formula.eval_record(&Record::empty(), &Roots::default()).expect_err("a fault");
    assert_eq!(fault.kind, FaultKind::Budget, "try does not catch it");
}

#[test]
fn a_recursive_function_may_go_as_deep_as_is_promised() {
    assert_eq!(
        run("{f: function(x) if x <= 1 then 1 else x * f(x - 1), r: f(20)}.r"),
        Ok(Value::from(2_432_902_008_176_640_000_i64))
    );
    assert!(run("{f: function(x) if x <= 1 then 1 else x + f(x - 1), r: f(60)}.r").is_ok());
}

#[test]
fn patterns_take_linear_time() {
    assert_eq!(
        run("matches(string join(for i in 1..1000 return a, \"\"), \"(a+)+$b\")"),
        Ok(Value::Bool(false))
    );
    assert!(run("matches(a, \"(a{1000}){1000}\")").is_err());
}

#[test]
fn built_values_stay_within_the_budget() {
    assert_eq!(MAX_BYTES, 16 * 1024 * 1024);
    assert!(run("pad left(a, 1000000)").is_err());
}
