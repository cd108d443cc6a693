//! `arna formula eval`: one formula over records, from the command line.

use std::io::Write;
use std::process::{Command, Stdio};

/// The code, the output and the error stream of `arna formula eval` with this standard input.
fn eval(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(arna_tests::arna::program())
        .args(["formula", "eval"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // a program that does not read its input has closed it
    let _was_read = child.stdin.take().expect("a pipe").write_all(input.as_bytes()).is_ok();
    let done = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (done.status.code().expect("a code"), text(done.stdout), text(done.stderr))
}

const ORDERS: &str = "{\"qty\": 3, \"price\": 12.5}\n{\"qty\": null, \"price\": 1}\n";

#[test]
fn each_record_gets_its_result_on_a_line() {
    let (code, out, err) = eval(&["= price * 2", "--record", "-"], ORDERS);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "25\n2\n", ""));
    let (code, out, _) = eval(&["price", "--record", "-"], "[{\"price\": 1}, {\"price\": 2}]");
    assert_eq!((code, out.as_str()), (0, "1\n2\n"), "an array of records is records");
    let (code, out, _) = eval(&["1 + 1"], "");
    assert_eq!((code, out.as_str()), (0, "2\n"), "without --record there is one, and it is empty");
}

#[test]
fn a_record_that_fails_is_told_with_the_place_and_the_code_says_so() {
    let (code, out, err) = eval(&["qty * price", "--record", "-"], ORDERS);
    assert_eq!((code, out.as_str()), (3, "37.5\n"));
    assert_eq!(err, "Record 2: qty is empty (null), so * has no result.\n  qty * price\n  ^^^^^^^^^^^\n");
    let (code, _, err) = eval(&["qtty * price", "--record", "-"], "{\"qty\": 3, \"price\": 1}");
    assert_eq!(code, 1, "no record has a result");
    assert_eq!(err, "There is no field qtty. Did you mean qty?\n  qtty * price\n  ^^^^\n");
}

#[test]
fn a_formula_that_cannot_be_read_is_a_wrong_command_line() {
    let (code, out, err) = eval(&["сумма +"], "");
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(
        err,
        "The formula ends too early: a value is missing. (at character 8)\n  сумма +\n         ^\n"
    );
    let (code, out, _) = eval(&["status == 1", "--json"], "");
    assert_eq!(code, 2);
    assert!(out.contains("\"from\":8,\"to\":10,\"suggestion\":\"Equality is one sign: =\""), "{out}");
}

#[test]
fn values_that_json_has_not_are_given_and_told_in_their_forms() {
    let (code, out, _) =
        eval(&["d + @\"P1D\"", "--record", "-", "--json"], "{\"d\": {\"$date\": \"2026-01-31\"}}");
    assert_eq!((code, out.as_str()), (0, "{\"value\":{\"$date\":\"2026-02-01\"}}\n"));
    let (_, out, _) = eval(&["d", "--record", "-"], "{\"d\": {\"$date\": \"2026-01-31\"}}");
    assert_eq!(out, "\"2026-01-31\"\n");
}

#[test]
fn a_formula_says_what_it_reads_and_gives() {
    let (code, out, _) = eval(&["qty*price", "--record", "-", "--explain"], ORDERS);
    assert_eq!((code, out.as_str()), (0, "qty * price\n\nresult: number\nreads: price, qty\nnever empty\n"));
    let (_, out, _) =
        eval(&["lines[1].sku", "--record", "-", "--explain", "--json"], "{\"lines\": [{\"sku\": \"a\"}]}");
    assert!(out.contains("\"result\":\"string\",\"can_be_empty\":true"), "{out}");
    assert!(out.contains("\"reads\":[\"lines.sku\"]"), "{out}");
}

#[test]
fn what_cannot_be_used_is_named() {
    let (code, _, err) = eval(&["1", "--record", "/not/there.json"], "");
    assert_eq!(code, 4);
    assert!(err.starts_with("/not/there.json cannot be read"), "{err}");
    let (code, _, err) = eval(&["1", "--record", "-"], "{\"a\": ");
    assert_eq!(code, 2, "{err}");
    let (code, _, err) = eval(&["1", "--now", "today"], "");
    assert_eq!((code, err.contains("2026-01-05T09:00:00Z")), (2, true), "{err}");
}
