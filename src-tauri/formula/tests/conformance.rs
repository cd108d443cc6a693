//! The public vectors: FEEL of the DMN TCK and the JSONPath compliance suite, through the same lines as the command.

use std::path::PathBuf;

use arna_formula::lines::{self, Mode};
use model::temporal::Zone;
use model::{DateTime, Number, Record, Value};

/// FEEL vectors that may fail; each is explained in docs/formula-conformance.md.
const FEEL_FAILURES: usize = 0;
/// JSONPath tests that may fail.
const PATH_FAILURES: usize = 0;

/// The folder with the vectors: `ARNA_SHARED`, or `shared` beside the repository.
fn vectors() -> Option<PathBuf> {
    let shared = std::env::var_os("ARNA_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("conformance");
    if !folder.is_dir() {
        println!("left out: there are no vectors at {} (set ARNA_SHARED)", folder.display());
        return None;
    }
    Some(folder)
}

fn answers(requests: &[Value], paths: bool) -> Vec<Record> {
    let mut input = Vec::new();
    for request in requests {
        model::json::write(request, &mut input);
        input.push(b'\n');
    }
    let mode = Mode { paths, now: DateTime::from_unix_ms(1_790_000_000_000, Zone::UTC) };
    let mut output = Vec::new();
    lines::run(input.as_slice(), &mut output, &mode).expect("memory can be read and written");
    let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| model::json::parse(line).expect("JSON").as_record().expect("an object").clone())
        .collect()
}

/// Equal as the vectors' README says: numbers within 1e-8, everything else exactly.
fn same(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::Number(want), Value::Number(got)) => {
            let gap = want.checked_sub(got).map_or(Number::ONE, |gap| gap.abs());
            let size = want.abs().max(got.abs());
            let limit = size.checked_mul(&Number::parse("1e-8").expect("a number")).unwrap_or_default();
            gap <= limit.max(Number::parse("1e-12").expect("a number"))
        }
        (Value::List(want), Value::List(got)) => {
            want.len() == got.len() && want.iter().zip(got.iter()).all(|(want, got)| same(want, got))
        }
        (Value::Record(want), Value::Record(got)) => {
            want.shape().len() == got.shape().len()
                && want.iter().all(|(key, want)| got.get(key).is_some_and(|got| same(want, got)))
        }
        (want, got) => want == got,
    }
}

#[test]
fn feel_vectors_pass() {
    let Some(folder) = vectors() else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("feel"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort();
    let (mut count, mut failed) = (0, Vec::new());
    for file in files {
        let text = std::fs::read(&file).expect("a file of vectors");
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let vectors: Vec<Value> = lines.map(|line| model::json::parse(line).expect("a vector")).collect();
        for (vector, answer) in vectors.iter().zip(answers(&vectors, false)) {
            count += 1;
            let vector = vector.as_record().expect("an object");
            let want = lines::decode(vector.get("expected").expect("an expected value"));
            let error = vector.get("error") == Some(&Value::Bool(true));
            let passed = match (answer.get("value"), answer.get("error")) {
                (Some(Value::Null), _) if error => true,
                (Some(got), _) => same(&want, &lines::decode(got)),
                _ => error,
            };
            if !passed {
                failed.push(vector.get("id").map(Value::to_plain).unwrap_or_default());
            }
        }
    }
    assert!(count > 3_000, "only {count} vectors were found");
    assert!(failed.len() <= FEEL_FAILURES, "{} of {count} failed: {failed:#?}", failed.len());
}

#[test]
fn jsonpath_tests_pass() {
    let Some(folder) = vectors() else { return };
    let text = std::fs::read(folder.join("jsonpath/cts.json")).expect("the suite");
    let suite = model::json::parse(&text).expect("JSON");
    let tests =
        suite.as_record().and_then(|suite| suite.get("tests")).and_then(Value::as_list).expect("tests");
    let requests: Vec<Value> = tests
        .iter()
        .map(|test| {
            let test = test.as_record().expect("a test");
            let part = |key: &str| test.get(key).cloned().unwrap_or_default();
            Value::Record(Record::of([
                ("id", part("name")),
                ("path", part("selector")),
                ("document", part("document")),
            ]))
        })
        .collect();
    let mut failed = Vec::new();
    for (test, answer) in tests.iter().zip(answers(&requests, true)) {
        let test = test.as_record().expect("a test");
        let invalid = test.get("invalid_selector") == Some(&Value::Bool(true));
        let several: Vec<Value> =
            test.get("results").and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
        let passed = match answer.get("values") {
            Some(got) => !invalid && (test.get("result") == Some(got) || several.contains(got)),
            None => invalid,
        };
        if !passed {
            failed.push(test.get("name").map(Value::to_plain).unwrap_or_default());
        }
    }
    assert!(tests.len() > 700, "only {} tests were found", tests.len());
    assert!(failed.len() <= PATH_FAILURES, "{} of {} failed: {failed:#?}", failed.len(), tests.len());
}
