//! Every example of the function reference is executed: what the guide says is what happens.

use arna_formula::{Formula, Roots, Scope, builtins};
use model::temporal::Zone;
use model::{DateTime, Record};

#[test]
fn every_example_gives_the_result_it_states() {
    let record = Record::empty();
    let roots = Roots { now: DateTime::from_unix_ms(1_790_000_000_000, Zone::UTC), ..Roots::default() };
    let mut wrong = Vec::new();
    for function in builtins::all() {
        let value = |text: &str| {
            let formula = Formula::parse(text).map_err(|error| error.to_string())?;
            let outcome = formula.eval(&Scope::with(&record, &roots));
            outcome.fault.map_or(Ok(outcome.value), |fault| Err(fault.message))
        };
        let same = Formula::parse(&format!("({}) = ({})", function.example, function.result))
            .map(|formula| formula.eval(&Scope::with(&record, &roots)).value);
        if same != Ok(model::Value::Bool(true)) {
            wrong.push(format!(
                "{}: {} gives {:?}, not {:?}",
                function.name,
                function.example,
                value(function.example),
                value(function.result)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_function_is_explained_in_three_languages() {
    for function in builtins::all() {
        for text in function.help {
            assert!(text.ends_with('.'), "{}: {text}", function.name);
        }
        assert!(!function.forms.is_empty(), "{}", function.name);
    }
}
