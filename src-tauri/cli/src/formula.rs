//! `arna formula`: JSON lines in, JSON lines out; and one formula over records.

use std::io::{self, BufReader, BufWriter, Write};

use formula::lines::{self, Mode};
use formula::{Explanation, Fault, FormulaError, Roots, Scope, Span, pointed};
use model::{DateTime, Record, Value, json};

use crate::arguments::{Eval, Formula, FormulaWhat};
use crate::exit::{Code, Exit};
use crate::{once, out};

pub(crate) fn run(arguments: &Formula) -> Result<Code, Exit> {
    if let Some(FormulaWhat::Eval(eval)) = &arguments.what {
        return evaluate(eval).map_err(|exit| exit.in_json(eval.json));
    }
    let mode = Mode { paths: arguments.jsonpath, now: time(arguments.now.as_deref())? };
    let (input, output) = (BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock()));
    written(lines::run(input, output, &mode)).map(|()| Code::Done)
}

fn time(text: Option<&str>) -> Result<Option<DateTime>, Exit> {
    let Some(text) = text else { return Ok(None) };
    let now = DateTime::parse(text);
    now.map(Some).ok_or_else(|| Exit::usage(format!("--now {text}: a time is written 2026-01-05T09:00:00Z.")))
}

/// What came of writing; when the reader went away nobody is left to tell.
fn written(result: io::Result<()>) -> Result<(), Exit> {
    match result {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => {
            Err(Exit::unusable(format!("Lines cannot be read or written: {why}.")))
        }
        _ => Ok(()),
    }
}

/// `arna formula eval`: the results go to the output, what went wrong to the error stream, or both as JSON.
fn evaluate(arguments: &Eval) -> Result<Code, Exit> {
    let text = arguments.formula.trim_start();
    let text = text.strip_prefix('=').unwrap_or(text).trim();
    let formula = match formula::Formula::parse(text) {
        Ok(formula) => formula,
        Err(error) => return Ok(misread(text, &error, arguments.json)),
    };
    let records = match &arguments.record {
        Some(file) => once::records(file)?,
        None => vec![Record::empty()],
    };
    let mut decoded = records.iter().map(|record| match lines::decode(&Value::Record(record.clone())) {
        Value::Record(record) => record,
        _ => record.clone(),
    });
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.explain {
        let told = formula.explain(&decoded.next().unwrap_or_else(Record::empty));
        let shown = formula::format(text).unwrap_or_else(|_| text.to_owned());
        let told = explained(&shown, &told, arguments.json);
        return written(out.write_all(told.as_bytes()).and_then(|()| out.flush())).map(|()| Code::Done);
    }
    let roots = Roots { now: time(arguments.now.as_deref())?, ..Roots::default() };
    let (mut good, mut bad) = (0_usize, 0_usize);
    for (at, record) in decoded.enumerate() {
        let outcome = formula.eval(&Scope::with(&record, &roots));
        let wrote = match outcome.fault {
            None => {
                good += 1;
                let value = outcome.value;
                let line = if arguments.json { answer("value", lines::encode(&value)) } else { value };
                writeln!(out, "{line}")
            }
            Some(fault) if arguments.json => {
                bad += 1;
                let told = placed(text, &fault.message, fault.span, None);
                writeln!(out, "{}", answer("error", told))
            }
            Some(fault) => {
                bad += 1;
                // What was found before stands before it, also where both streams go to one terminal.
                let flushed = out.flush();
                let place = if records.len() > 1 { format!("Record {}: ", at + 1) } else { String::new() };
                eprintln!("{place}{}", told_at(text, &fault));
                flushed
            }
        };
        if wrote.is_err() {
            return written(wrote).map(|()| Code::Done);
        }
    }
    written(out.flush())?;
    Ok(match (good, bad) {
        (_, 0) => Code::Done,
        (0, _) => Code::Failed,
        _ => Code::Partial,
    })
}

fn told_at(text: &str, fault: &Fault) -> String {
    format!("{}\n{}", fault.message, pointed(text, fault.span))
}

/// A formula that cannot be read makes no sense on the command line.
fn misread(text: &str, error: &FormulaError, is_json: bool) -> Code {
    if is_json {
        let told = placed(text, &error.message, error.span, error.suggestion.as_deref());
        out::line!("{}", answer("error", told));
    } else {
        eprintln!("{error}\n{}", pointed(text, error.span));
    }
    Code::Usage
}

fn answer(key: &str, value: Value) -> Value {
    Value::Record(Record::of([(key, value)]))
}

/// A sentence with its place: characters from 1, the end beyond the last.
fn placed(text: &str, sentence: &str, span: Span, suggestion: Option<&str>) -> Value {
    let character = |byte: usize| {
        let count = text.char_indices().take_while(|(at, _)| *at < byte).count();
        Value::from(i64::try_from(count).unwrap_or(i64::MAX).saturating_add(1))
    };
    Value::Record(Record::of([
        ("sentence", Value::from(sentence)),
        ("from", character(span.start)),
        ("to", character(span.end)),
        ("suggestion", suggestion.map(Value::from).unwrap_or_default()),
    ]))
}

fn explained(shown: &str, told: &Explanation, is_json: bool) -> String {
    if !is_json {
        let never = if told.empty_because.is_empty() { "never empty\n" } else { "" };
        return format!("{shown}\n\n{told}\n{never}");
    }
    let reads = told.reads.iter().map(|read| Value::from(read.to_string())).collect();
    let reasons = told.empty_because.iter().map(|reason| Value::from(reason.as_str())).collect();
    let record = Record::of([
        ("formula", Value::from(shown)),
        ("result", Value::from(told.result.to_string())),
        ("can_be_empty", Value::Bool(!told.empty_because.is_empty())),
        ("empty_because", Value::list(reasons)),
        ("reads", Value::list(reads)),
    ]);
    let mut out = Vec::new();
    json::write_record(&record, &mut out);
    out.push(b'\n');
    String::from_utf8_lossy(&out).into_owned()
}
