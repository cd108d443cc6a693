//! Our own functions that read and write numbers, money and dates by locale (ru, kk, en) and pattern.

use std::sync::Arc;

use model::number::Rounding;
use model::{Date, DateTime, Number, Record, Time, Value};

use super::number::number;
use super::text::{text, whole};
use super::{Answer, Decl, Trouble, arg};
use crate::cx::Cx;

/// How a language writes numbers and names.
struct Locale {
    group: &'static str,
    decimal: &'static str,
    months: [&'static str; 12],
    weekdays: [&'static str; 7],
}

const RU: Locale = Locale {
    group: "\u{a0}",
    decimal: ",",
    months: [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
    weekdays: ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"],
};
const KK: Locale = Locale {
    group: "\u{a0}",
    decimal: ",",
    months: [
        "қаңтар",
        "ақпан",
        "наурыз",
        "сәуір",
        "мамыр",
        "маусым",
        "шілде",
        "тамыз",
        "қыркүйек",
        "қазан",
        "қараша",
        "желтоқсан",
    ],
    weekdays: ["дүйсенбі", "сейсенбі", "сәрсенбі", "бейсенбі", "жұма", "сенбі", "жексенбі"],
};
const EN: Locale = Locale {
    group: ",",
    decimal: ".",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
};

/// Signs and words of currencies, with their codes.
const CURRENCIES: [(&str, &str); 14] = [
    ("₸", "KZT"),
    ("тенге", "KZT"),
    ("теңге", "KZT"),
    ("тг", "KZT"),
    ("₽", "RUB"),
    ("руб", "RUB"),
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", "CNY"),
    ("KZT", "KZT"),
    ("RUB", "RUB"),
    ("USD", "USD"),
    ("EUR", "EUR"),
];

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "parse number",
        takes: "text: string, locale?: string",
        gives: "number",
        run: |_, args| {
            let locale = locale(args, 1, &RU)?;
            read_number(text(args, 0), locale)
                .map(Value::Number)
                .ok_or_else(|| format!("\"{}\" is no number.", text(args, 0)).into())
        },
        example: ("parse number(\"1 234,50\", \"ru\")", "1234.5"),
        help: [
            "A number as a language writes it (ru, kk, en).",
            "Число, как его пишет язык (ru, kk, en).",
            "Тіл жазатын түрдегі сан (ru, kk, en).",
        ],
    },
    Decl {
        name: "format number",
        takes: "number: number, decimals?: number, locale?: string",
        gives: "string",
        run: |_, args| {
            let decimals =
                if args.len() > 1 { whole(args, 1) } else { Some(i64::from(number(args, 0).decimals())) };
            let text = write_number(&number(args, 0), decimals, locale(args, 2, &RU)?)?;
            Ok(text.into())
        },
        example: ("format number(1234.5, 2, \"en\")", "\"1,234.50\""),
        help: [
            "A number with groups and so many decimals (ru, kk, en).",
            "Число с группами и знаками после запятой (ru, kk, en).",
            "Топтары мен үтірден кейінгі таңбалары бар сан (ru, kk, en).",
        ],
    },
    Decl {
        name: "parse money",
        takes: "text: string, locale?: string",
        gives: "context",
        run: parse_money,
        example: ("parse money(\"1 500,00 ₸\")", "{amount: 1500, currency: \"KZT\"}"),
        help: ["Amount and currency from a text.", "Сумма и валюта из текста.", "Мәтіндегі сома мен валюта."],
    },
    Decl {
        name: "format money",
        takes: "amount: number, currency: string, locale?: string",
        gives: "string",
        run: |_, args| {
            let locale = locale(args, 2, &RU)?;
            let amount = write_number(&number(args, 0), Some(2), locale)?;
            let code = text(args, 1);
            let sign = CURRENCIES.iter().find(|(_, known)| *known == code).map_or(code, |(sign, _)| sign);
            Ok(if locale.decimal == "." {
                format!("{sign}{amount}")
            } else {
                format!("{amount}\u{a0}{sign}")
            }
            .into())
        },
        example: ("format money(1500, \"USD\", \"en\")", "\"$1,500.00\""),
        help: [
            "An amount with two decimals and its currency.",
            "Сумма с двумя знаками и валютой.",
            "Екі таңбалы сома валютасымен.",
        ],
    },
    Decl {
        name: "parse date",
        takes: "text: string, pattern: string, locale?: string",
        gives: "any",
        run: parse_date,
        example: ("parse date(\"31.01.2026\", \"dd.MM.yyyy\")", "@\"2026-01-31\""),
        help: [
            "A date (with HH also its time) by a pattern: d dd M MM MMMM yy yyyy H HH mm ss.",
            "Дата (с HH и время) по образцу: d dd M MM MMMM yy yyyy H HH mm ss.",
            "Үлгі бойынша күн (HH болса, уақыты да): d dd M MM MMMM yy yyyy H HH mm ss.",
        ],
    },
    Decl {
        name: "format date",
        takes: "date: any, pattern: string, locale?: string",
        gives: "string",
        run: format_date,
        example: ("format date(@\"2026-01-31\", \"d MMMM yyyy\", \"ru\")", "\"31 января 2026\""),
        help: [
            "A date or time by a pattern: d dd M MM MMMM yy yyyy EEEE H HH mm ss.",
            "Дата или время по образцу: d dd M MM MMMM yy yyyy EEEE H HH mm ss.",
            "Күн не уақыт үлгі бойынша: d dd M MM MMMM yy yyyy EEEE H HH mm ss.",
        ],
    },
];

fn locale(args: &[Value], at: usize, usual: &'static Locale) -> Result<&'static Locale, Trouble> {
    match arg(args, at).as_text() {
        None => Ok(usual),
        Some("ru") => Ok(&RU),
        Some("kk") => Ok(&KK),
        Some("en") => Ok(&EN),
        Some(other) => Err(format!("there is no locale {other}; use ru, kk or en.").into()),
    }
}

fn read_number(text: &str, locale: &Locale) -> Option<Number> {
    let mut plain = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            ' ' | '\u{a0}' | '\u{202f}' | '\'' => {}
            ',' if locale.decimal == "." => {}
            c if locale.decimal.starts_with(c) => plain.push('.'),
            '\u{2212}' => plain.push('-'),
            '.' => return None,
            c => plain.push(c),
        }
    }
    Number::parse(&plain)
}

fn write_number(number: &Number, decimals: Option<i64>, locale: &Locale) -> Result<String, Trouble> {
    let decimals =
        decimals.filter(|decimals| (0..=30).contains(decimals)).ok_or("decimals lie between 0 and 30.")?;
    let rounded = number.round(decimals, Rounding::HalfUp).ok_or("the number is too large.")?;
    let plain = rounded.abs().to_string();
    if plain.contains('e') {
        return Err("the number is too large.".into());
    }
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::from(if rounded.is_negative() { "-" } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push_str(locale.group);
        }
        out.push(digit);
    }
    if decimals > 0 {
        out.push_str(locale.decimal);
        out.push_str(&format!("{fraction:0<width$}", width = decimals as usize));
    }
    Ok(out)
}

fn parse_money(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let source = text(args, 0).trim();
    let locale = locale(args, 1, &RU)?;
    let lower = source.to_lowercase();
    let found = CURRENCIES.iter().find(|(sign, _)| lower.contains(&sign.to_lowercase()));
    let amount: String = source.chars().filter(|c| !c.is_alphabetic() && !"₸₽$€£¥".contains(*c)).collect();
    let amount = read_number(amount.trim().trim_end_matches('.'), locale);
    let amount = amount.ok_or_else(|| format!("\"{source}\" is no amount of money."))?;
    let currency = found.map_or(Value::Null, |(_, code)| Value::from(*code));
    Ok(Value::Record(Record::of([("amount", Value::Number(amount)), ("currency", currency)])))
}

/// A pattern as runs of one letter, and literal text between them (or in single quotes).
fn pattern(text: &str) -> Vec<(char, String)> {
    let mut runs: Vec<(char, String)> = Vec::new();
    let mut quoted = false;
    for c in text.chars() {
        if c == '\'' {
            quoted = !quoted;
            continue;
        }
        let kind = if !quoted && "dMyEHms".contains(c) { c } else { ' ' };
        match runs.last_mut() {
            Some((last, run)) if *last == kind => run.push(c),
            _ => runs.push((kind, c.to_string())),
        }
    }
    runs
}

fn format_date(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let (date, time) = match arg(args, 0) {
        Value::Date(date) => (Some(*date), None),
        Value::DateTime(at) => (Some(at.date()), Some(at.time().clone())),
        Value::Time(time) => (None, Some((**time).clone())),
        other => {
            return Err(format!("a date or a time is needed, not {}.", crate::eval::describe(other)).into());
        }
    };
    let locale = locale(args, 2, &RU)?;
    let mut out = String::new();
    for (kind, run) in pattern(text(args, 1)) {
        let width = run.len();
        let number = match kind {
            ' ' => {
                out.push_str(&run);
                continue;
            }
            'd' | 'M' | 'y' | 'E' => {
                let date = date.ok_or("a time has no day, month or year.")?;
                match (kind, width) {
                    ('M', 4) => {
                        out.push_str(locale.months[usize::from(date.month()) - 1]);
                        continue;
                    }
                    ('E', _) => {
                        out.push_str(locale.weekdays[usize::from(date.weekday()) - 1]);
                        continue;
                    }
                    ('d', _) => i64::from(date.day()),
                    ('M', _) => i64::from(date.month()),
                    (_, 2) => i64::from(date.year().rem_euclid(100)),
                    _ => i64::from(date.year()),
                }
            }
            _ => {
                let time = time.as_ref().ok_or("a date has no hours, minutes or seconds.")?;
                i64::from(match kind {
                    'H' => time.hour(),
                    'm' => time.minute(),
                    _ => time.second(),
                })
            }
        };
        out.push_str(&format!("{number:0width$}", width = width.min(4)));
    }
    Ok(out.into())
}

fn parse_date(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let source = text(args, 0).trim();
    let trouble = || Trouble::from(format!("\"{source}\" is not of the form {}.", text(args, 1)));
    let locale = locale(args, 2, &RU)?;
    let (mut day, mut month, mut year) = (1, 1, None);
    let (mut clock, mut timed) = ([0_i64; 3], false);
    let mut rest = source;
    for (kind, run) in pattern(text(args, 1)) {
        if kind == ' ' {
            rest = rest.strip_prefix(run.as_str()).ok_or_else(trouble)?;
            continue;
        }
        if kind == 'M' && run.len() >= 4 {
            let lower = rest.to_lowercase();
            let at = locale
                .months
                .iter()
                .position(|name| lower.starts_with(&name.to_lowercase()))
                .ok_or_else(trouble)?;
            month = at as i64 + 1;
            let letters: usize =
                rest.chars().take(locale.months[at].chars().count()).map(char::len_utf8).sum();
            rest = &rest[letters..];
            continue;
        }
        let most = if kind == 'y' { run.len().max(2) } else { 2 };
        let length = rest.bytes().take_while(u8::is_ascii_digit).take(most).count();
        if length == 0 || (run.len() > 1 && length != run.len()) {
            return Err(trouble());
        }
        let value: i64 = rest[..length].parse().map_err(|_| trouble())?;
        rest = &rest[length..];
        match kind {
            'd' => day = value,
            'M' => month = value,
            'y' => {
                year = Some(if run.len() == 2 {
                    if value < 70 { 2_000 + value } else { 1_900 + value }
                } else {
                    value
                })
            }
            'H' => (clock[0], timed) = (value, true),
            'm' => (clock[1], timed) = (value, true),
            's' => (clock[2], timed) = (value, true),
            _ => return Err("weekdays (E) are only written, not read.".into()),
        }
    }
    if !rest.is_empty() {
        return Err(trouble());
    }
    let time = Time::of_clock(clock[0], clock[1], clock[2]).ok_or_else(trouble)?;
    match year {
        None if timed => Ok(Value::Time(Arc::new(time))),
        None => Err("the pattern has no year (yyyy).".into()),
        Some(year) => {
            let date = Date::new(year, month, day).ok_or_else(trouble)?;
            Ok(if timed { Value::DateTime(Arc::new(DateTime::new(date, time))) } else { Value::Date(date) })
        }
    }
}
