//! What the fuzz targets do with their input, and what must hold for it. The targets of libFuzzer and the replay of the
//! corpus in `cargo test` share this file.

use std::sync::{Arc, LazyLock};

use arna_formula::{
    Escape, Formula, Language, MAX_BYTES, MAX_OUTPUT, Outcome, Path, Roots, Scope, Template, complete,
    format, hover, lines, pick,
};
use model::temporal::Zone;
use model::{Date, DateTime, DaysDuration, MonthsDuration, Number, Record, Time, Value};

/// Longest text that is taken: most of what there is to find is short, and short is fast.
const MAX_TEXT: usize = 512;
/// Steps that most evaluations may take, so that many fit into a second.
const FEW_STEPS: u32 = 3_000;

/// A formula is read, formatted, explained and completed: its places lie in the text, and the formatter keeps its tree.
pub(crate) fn parser(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let text = text(rest);
    let record = sample();
    match Formula::parse(&text) {
        Ok(formula) => {
            let shown = format(&text).expect("what can be read can be formatted");
            let again =
                Formula::parse(&shown).unwrap_or_else(|error| panic!("{text} became {shown}: {error}"));
            assert!(formula.is_same_tree(&again), "{text} became {shown}, which means something else");
            assert_eq!(format(&shown).as_ref(), Ok(&shown), "{text} is not formatted at once");
            let told = formula.explain(&record);
            assert_eq!(told.reads.as_slice(), formula.reads());
        }
        Err(error) => {
            let (start, end) = (error.span.start, error.span.end);
            assert!(start <= end && end <= text.len(), "{text}: {error:?}");
            assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{text}: {error:?}");
            assert!((1..=text.chars().count() + 1).contains(&error.character), "{text}: {error:?}");
            assert!(error.message.ends_with('.'), "{text}: {error:?}");
        }
    }
    let _ = Formula::parse_with_names(&text, ["net total", "a-b", "x.y"]);
    // Completion walks through all functions; a part of the inputs is enough for it.
    if !is_one_in(8, input) {
        return;
    }
    let mut at = usize::from(*first).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let language = [Language::En, Language::Ru, Language::Kk][usize::from(*first) % 3];
    let proposed = complete(&text, at, &record, language);
    assert!(proposed.from <= text.len() && text.is_char_boundary(proposed.from), "{text} at {at}");
    let _ = hover(&text, at, &record, language);
}

/// A formula is evaluated over a record of all types: twice the same, and never more than the budget.
pub(crate) fn evaluator(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let (text, record) = text_and_record(rest);
    let formula = if first & 1 == 0 {
        Formula::parse(&text)
    } else {
        Formula::parse_with_names(&text, record.shape().keys().iter().map(|key| key.as_str()))
    };
    let Ok(formula) = formula else { return };
    let roots = roots(u64::from(*first));
    let scope = Scope::with(&record, &roots);
    let scope = if is_one_in(512, input) { scope } else { scope.within(FEW_STEPS) };
    let outcome = formula.eval(&scope);
    if let Some(fault) = &outcome.fault {
        assert!(fault.message.ends_with(['.', '?']), "{text}: {}", fault.message);
        assert!(fault.span.end <= text.len(), "{text}: {fault:?}");
    }
    let size = outcome.value.size_bytes();
    assert!(size <= 2 * MAX_BYTES, "{text} gives {size} bytes");
    assert_eq!(bytes(&outcome), bytes(&formula.eval(&scope)), "{text} gives something else the second time");
    if first & 1 == 0 && outcome.fault.is_none() {
        says_the_truth(&formula, &record, &roots, &outcome.value);
    }
}

/// What a formula says about itself beforehand is what happens: where it can be empty, and which fields it reads.
fn says_the_truth(formula: &Formula, record: &Record, roots: &Roots, value: &Value) {
    let told = formula.explain(record);
    let read = record.iter().filter(|(name, _)| formula.fields().contains(name));
    let only = Record::of(read.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>());
    assert!(
        !value.is_null() || !told.empty_because.is_empty() || record_holds_null(&only),
        "{} is empty, but was said never to be",
        formula.text()
    );
    let outcome = formula.eval(&Scope::with(&only, roots));
    assert_eq!(
        lines::encode(&outcome.value),
        lines::encode(value),
        "{} gives something else when it gets only what it reads",
        formula.text()
    );
}

/// A template is rendered for a place: within its size, and what is filled in cannot leave its place.
pub(crate) fn templates(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let (text, record) = text_and_record(rest);
    let Ok(template) = Template::parse(&text) else { return };
    let roots = roots(u64::from(*first));
    let escapes = [
        Escape::None,
        Escape::Url,
        Escape::UrlPath,
        Escape::UrlQuery,
        Escape::Header,
        Escape::Html,
        Escape::Json,
    ];
    let escape = escapes[usize::from(*first) % escapes.len()];
    // What is not evaluated in few steps is the evaluator's to try.
    let scope = Scope::with(&record, &roots).within(FEW_STEPS);
    if template.formulas().any(|formula| formula.eval(&scope).fault.is_some()) {
        return;
    }
    let rendered = template.render(&record, &roots, escape);
    assert_eq!(
        rendered,
        template.render(&record, &roots, escape),
        "{text} renders differently the second time"
    );
    let _ = template.value(&record, &roots);
    let Ok(rendered) = rendered else { return };
    assert!(rendered.len() <= MAX_OUTPUT);
    let breaks = |text: &str| text.matches(['\r', '\n', '\0']).count();
    let marks = |text: &str| text.matches(['<', '>']).count();
    match escape {
        Escape::Header => assert!(breaks(&rendered) <= breaks(&text), "{text} breaks the header: {rendered}"),
        Escape::Html if !template.is_formula() => {
            assert!(marks(&rendered) <= marks(&text), "{text} breaks the page: {rendered}");
        }
        Escape::UrlPath | Escape::Url | Escape::UrlQuery => {
            let (slashes, was) = (rendered.matches('/').count(), text.matches('/').count());
            assert!(slashes <= was, "{text} gets another path: {rendered}");
        }
        _ => {}
    }
}

/// A path is run over a document: in agreement with itself, and with `pick`.
pub(crate) fn paths(input: &[u8]) {
    let (text, record) = text_and_record(input);
    let document = Value::Record(record);
    let Ok(path) = Path::parse(&text) else { return };
    let all = path.all(&document);
    assert_eq!(path.first(&document).as_ref(), all.first(), "{text}");
    assert!(!path.is_single() || all.len() <= 1, "{text} gives {} values", all.len());
    let _ = path.fields();
    let picked = pick(&document, &text).expect("the path was read");
    if path.is_single() {
        assert_eq!(picked, all.into_iter().next().unwrap_or_default(), "{text}");
    } else {
        assert_eq!(picked, Value::list(all), "{text}");
    }
}

/// Whether the input is one of so many, by its bytes alone.
fn is_one_in(many: u32, input: &[u8]) -> bool {
    let sum = input.iter().fold(7_u32, |sum, byte| sum.wrapping_mul(0x0100_0193) ^ u32::from(*byte));
    (sum >> 8) % many == 0
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_TEXT)]).into_owned()
}

/// The text up to the first zero byte, and a record made from the bytes behind it; without any, the sample.
fn text_and_record(input: &[u8]) -> (String, Record) {
    let end = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let mut bytes = Bytes(input.get(end + 1..).unwrap_or_default());
    let record = if bytes.0.is_empty() { sample() } else { bytes.record(0) };
    (text(&input[..end]), record)
}

fn roots(seed: u64) -> Roots {
    static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
        let one = |name: &str, value: Value| Record::of([(name, value)]);
        Roots {
            slots: one("limit", Value::from(5_i64)),
            run: one("id", Value::from("run-1")),
            event: one("body", Value::Record(sample())),
            now: DateTime::from_unix_ms(1_790_000_000_000, Zone::UTC),
            seed: 0,
            ..Roots::default()
        }
    });
    ROOTS.seeded(seed)
}

/// A record with a field of every type, under short names that a fuzzer finds.
fn sample() -> Record {
    static SAMPLE: LazyLock<Record> = LazyLock::new(|| {
        let line = |sku: &str, price: i64| {
            Value::Record(Record::of([("s", Value::from(sku)), ("p", Value::from(price))]))
        };
        let days = DaysDuration::parse("P1DT2H").map(|days| Value::Days(Arc::new(days)));
        let moment = DateTime::parse("2026-01-05T09:00:00+05:00").map(|at| Value::DateTime(Arc::new(at)));
        let time = Time::parse("10:30:00").map(|time| Value::Time(Arc::new(time)));
        Record::of([
            ("a", Value::from(7_i64)),
            ("b", Value::from("text")),
            ("c", Value::list(vec![Value::from(1_i64), Value::from(2_i64), Value::from(3_i64)])),
            ("d", Date::parse("2026-02-28").map(Value::Date).unwrap_or_default()),
            ("e", days.unwrap_or_default()),
            ("f", Value::Bool(true)),
            ("g", Value::list(vec![line("x", 1), line("y", 2)])),
            ("h", moment.unwrap_or_default()),
            ("i", time.unwrap_or_default()),
            ("j", Value::Months(MonthsDuration::new(14))),
            ("n", Value::Null),
            ("net total", Number::parse("12.50").map(Value::Number).unwrap_or_default()),
        ])
    });
    SAMPLE.clone()
}

fn record_holds_null(record: &Record) -> bool {
    record.values().iter().any(holds_null)
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.iter().any(holds_null),
        Value::Record(record) => record_holds_null(record),
        _ => false,
    }
}

fn bytes(outcome: &Outcome) -> Vec<u8> {
    let mut out = Vec::new();
    model::json::write(&lines::encode(&outcome.value), &mut out);
    if let Some(fault) = &outcome.fault {
        out.extend_from_slice(fault.message.as_bytes());
    }
    out
}

/// Bytes that are taken as values: a tag, then what the type needs; at the end everything is null.
struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn whole(&mut self, bytes: usize) -> i64 {
        let first = i64::from(self.byte() as i8);
        (1..bytes).fold(first, |sum, _| sum.wrapping_mul(256).wrapping_add(i64::from(self.byte())))
    }

    fn text(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        let (head, tail) = self.0.split_at(length);
        self.0 = tail;
        String::from_utf8_lossy(head).into_owned()
    }

    fn record(&mut self, depth: u32) -> Record {
        const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "s", "p", "net total"];
        let count = usize::from(self.byte()) % (NAMES.len() + 1);
        Record::of(NAMES[..count].iter().map(|name| (*name, self.value(depth + 1))).collect::<Vec<_>>())
    }

    fn value(&mut self, depth: u32) -> Value {
        let tag = self.byte();
        match tag % 16 {
            1 => Value::Bool(self.byte() & 1 == 1),
            2 => Value::from(self.whole(1)),
            3 => Value::from(self.whole(8)),
            4 => {
                let (coefficient, exponent) = (self.whole(8), self.whole(2) % 6_300);
                Number::parse(&format!("{coefficient}e{exponent}")).map(Value::Number).unwrap_or_default()
            }
            5 | 6 => Value::from(self.text()),
            7 => Date::from_days(self.whole(3)).map(Value::Date).unwrap_or_default(),
            8 => Time::of_clock(self.whole(1), self.whole(1), self.whole(1))
                .map(|time| Value::Time(Arc::new(time)))
                .unwrap_or_default(),
            9 => {
                let zone = Zone::offset(self.whole(2)).unwrap_or(Zone::UTC);
                DateTime::from_unix_ms(self.whole(6), zone)
                    .map(|at| Value::DateTime(Arc::new(at)))
                    .unwrap_or_default()
            }
            10 => Value::Days(Arc::new(DaysDuration::of_seconds(self.whole(5)))),
            11 => Value::Months(MonthsDuration::new(self.whole(2))),
            12 | 13 if depth < 4 => {
                let count = usize::from(self.byte()) % 8;
                Value::list((0..count).map(|_| self.value(depth + 1)).collect())
            }
            14 | 15 if depth < 4 => Value::Record(self.record(depth)),
            _ => Value::Null,
        }
    }
}
