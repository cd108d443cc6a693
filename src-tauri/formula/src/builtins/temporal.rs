//! Functions on dates, times and durations.

use std::sync::Arc;

use model::temporal::Zone;
use model::{Date, DateTime, DaysDuration, MonthsDuration, Number, Text, Time, Value};

use super::{Answer, Decl, arg};
use crate::cx::Cx;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
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
];

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "date",
        takes: "from: any | year: number, month: number, day: number",
        gives: "date",
        run: date,
        example: ("date(\"2026-01-31\")", "@\"2026-01-31\""),
        help: [
            "A date from a text, from a date and time, or from year, month and day.",
            "Дата из текста, из даты со временем или из года, месяца и дня.",
            "Мәтіннен, күн мен уақыттан не жыл, ай, күннен алынған күн.",
        ],
    },
    Decl {
        name: "time",
        takes: "from: any | hour: number, minute: number, second: number, offset?: days or null",
        gives: "time",
        run: time,
        example: ("time(\"10:30:00\")", "@\"10:30:00\""),
        help: [
            "A time from a text, from a date and time, or from its parts.",
            "Время из текста, из даты со временем или из частей.",
            "Мәтіннен, күн мен уақыттан не бөліктерінен алынған уақыт.",
        ],
    },
    Decl {
        name: "date and time",
        takes: "from: any | date: moment, time: time",
        gives: "date and time",
        run: date_and_time,
        example: ("date and time(\"2026-01-31T10:30:00\")", "@\"2026-01-31T10:30:00\""),
        help: [
            "A date and time from a text, or from a date and a time.",
            "Дата и время из текста или из даты и времени.",
            "Мәтіннен не күн мен уақыттан алынған күн мен уақыт.",
        ],
    },
    Decl {
        name: "duration",
        takes: "from: string",
        gives: "any",
        run: |_, args| {
            let text = super::text::text(args, 0);
            let found = MonthsDuration::parse(text)
                .map(Value::Months)
                .or_else(|| DaysDuration::parse(text).map(|days| Value::Days(Arc::new(days))));
            found.ok_or_else(|| format!("\"{text}\" is no duration; write P1DT2H or P1Y2M.").into())
        },
        example: ("duration(\"P1DT2H\")", "@\"P1DT2H\""),
        help: ["A duration from a text.", "Длительность из текста.", "Мәтіннен алынған ұзақтық."],
    },
    Decl {
        name: "years and months duration",
        takes: "from: moment, to: moment",
        gives: "years and months duration",
        run: |_, args| match (day(arg(args, 0)), day(arg(args, 1))) {
            (Some(from), Some(to)) => Ok(Value::Months(from.months_until(to))),
            _ => Err("two dates are needed.".into()),
        },
        example: ("years and months duration(@\"2024-01-15\", @\"2026-03-20\")", "@\"P2Y2M\""),
        help: [
            "Whole years and months between two days.",
            "Полные годы и месяцы между двумя днями.",
            "Екі күн арасындағы толық жылдар мен айлар.",
        ],
    },
    Decl {
        name: "now",
        takes: "",
        gives: "date and time",
        run: |cx, _| {
            let now = cx.roots.and_then(|roots| roots.now.clone());
            now.map(|now| Value::DateTime(Arc::new(now))).ok_or_else(|| "there is no clock here.".into())
        },
        example: ("now() instance of date and time", "true"),
        help: ["The time of the run.", "Время запуска.", "Іске қосылған уақыт."],
    },
    Decl {
        name: "today",
        takes: "",
        gives: "date",
        run: |cx, _| {
            let now = cx.roots.and_then(|roots| roots.now.as_ref());
            now.map(|now| Value::Date(now.date())).ok_or_else(|| "there is no clock here.".into())
        },
        example: ("today() instance of date", "true"),
        help: ["The day of the run.", "День запуска.", "Іске қосылған күн."],
    },
    Decl {
        name: "day of year",
        takes: "date: moment",
        gives: "number",
        run: |_, args| of_day(args, |date| Value::Number(Number::from(u32::from(date.day_of_year())))),
        example: ("day of year(@\"2026-02-01\")", "32"),
        help: ["The number of the day in its year.", "Номер дня в году.", "Жылдағы күннің нөмірі."],
    },
    Decl {
        name: "day of week",
        takes: "date: moment",
        gives: "string",
        run: |_, args| of_day(args, |date| WEEKDAYS[usize::from(date.weekday()) - 1].into()),
        example: ("day of week(@\"2026-02-02\")", "\"Monday\""),
        help: [
            "The English name of the weekday.",
            "Английское название дня недели.",
            "Апта күнінің ағылшынша атауы.",
        ],
    },
    Decl {
        name: "month of year",
        takes: "date: moment",
        gives: "string",
        run: |_, args| of_day(args, |date| MONTHS[usize::from(date.month()) - 1].into()),
        example: ("month of year(@\"2026-02-02\")", "\"February\""),
        help: ["The English name of the month.", "Английское название месяца.", "Айдың ағылшынша атауы."],
    },
    Decl {
        name: "week of year",
        takes: "date: moment",
        gives: "number",
        run: |_, args| of_day(args, |date| Value::Number(Number::from(u32::from(date.week_of_year())))),
        example: ("week of year(@\"2026-01-01\")", "1"),
        help: [
            "The week of the year by ISO 8601.",
            "Неделя года по ISO 8601.",
            "ISO 8601 бойынша жыл аптасы.",
        ],
    },
    Decl {
        name: "is",
        takes: "value1?: any, value2?: any",
        gives: "boolean",
        run: |_, args| Ok(Value::Bool(same(arg(args, 0), arg(args, 1)))),
        example: ("is(@\"10:00:00Z\", @\"10:00:00+05:00\")", "false"),
        help: [
            "Whether two values are the same in every part, zones too.",
            "Одинаковы ли два значения во всём, включая пояса.",
            "Екі мән белдеулерімен қоса толық бірдей ме.",
        ],
    },
];

/// The day of a date or a date and time.
fn day(value: &Value) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        Value::DateTime(at) => Some(at.date()),
        _ => None,
    }
}

fn of_day(args: &[Value], give: impl FnOnce(Date) -> Value) -> Answer {
    day(arg(args, 0)).map(give).ok_or_else(|| "a date is needed.".into())
}

fn number(args: &[Value], at: usize) -> Option<i64> {
    arg(args, at).as_number().and_then(Number::to_i64)
}

/// A list of one is its item.
fn single(value: &Value) -> &Value {
    match value {
        Value::List(items) if items.len() == 1 => &items[0],
        other => other,
    }
}

fn date(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    if args.len() == 3 {
        let date = (|| Date::new(number(args, 0)?, number(args, 1)?, number(args, 2)?))();
        return date.map(Value::Date).ok_or_else(|| "there is no such day.".into());
    }
    let found = match single(arg(args, 0)) {
        Value::Date(date) => Some(*date),
        Value::DateTime(at) => Some(at.date()),
        Value::Text(text) => {
            let parsed = Date::parse(text);
            if parsed.is_none() {
                return Err(no_date(text).into());
            }
            parsed
        }
        _ => None,
    };
    found.map(Value::Date).ok_or_else(|| {
        format!("a text or a date is needed, not {}.", crate::eval::describe(arg(args, 0))).into()
    })
}

fn no_date(text: &Text) -> String {
    format!("\"{text}\" is no date; write 2026-01-31, or use parse date(..) for other forms.")
}

fn time(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    if args.len() >= 3 {
        let zone = match arg(args, 3) {
            Value::Days(offset) => {
                Some(Zone::offset(offset.total_seconds()).ok_or("the offset is too large.")?)
            }
            _ => None,
        };
        let second = super::number::number(args, 2);
        let whole = second.floor();
        let fraction =
            second.checked_sub(&whole).and_then(|rest| rest.checked_mul(&Number::from(1_000_000_000_i64)));
        let made = (|| {
            let time = Time::of_clock(number(args, 0)?, number(args, 1)?, whole.to_i64()?)?;
            let nanos = fraction?.trunc().to_i64()?;
            Time::new(time.nanos() + nanos as u64, zone)
        })();
        return made.map(|time| Value::Time(Arc::new(time))).ok_or_else(|| "there is no such time.".into());
    }
    let found = match single(arg(args, 0)) {
        Value::Time(time) => Some((**time).clone()),
        Value::DateTime(at) => Some(at.time().clone()),
        Value::Date(_) => Some(Time::MIDNIGHT.with_zone(Some(Zone::UTC))),
        Value::Text(text) => {
            let parsed = Time::parse(text);
            if parsed.is_none() {
                return Err(format!("\"{text}\" is no time; write 10:30:00.").into());
            }
            parsed
        }
        _ => None,
    };
    let found = found.map(|time| Value::Time(Arc::new(time)));
    found.ok_or_else(|| {
        format!("a text or a time is needed, not {}.", crate::eval::describe(arg(args, 0))).into()
    })
}

fn date_and_time(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let found = match (single(arg(args, 0)), single(arg(args, 1))) {
        (Value::DateTime(at), Value::Null) => Some((**at).clone()),
        (Value::Date(date), Value::Null) if args.len() == 1 => Some(crate::eval::midnight_utc(*date)),
        (Value::Text(text), Value::Null) => {
            let parsed = DateTime::parse(text);
            if parsed.is_none() {
                return Err(format!("\"{text}\" is no date and time; write 2026-01-31T10:30:00.").into());
            }
            parsed
        }
        (value, Value::Time(time)) => day(value).map(|date| DateTime::new(date, (**time).clone())),
        _ => None,
    };
    let found = found.map(|at| Value::DateTime(Arc::new(at)));
    found.ok_or_else(|| {
        format!("a text, or a date and a time, are needed, not {}.", crate::eval::describe(arg(args, 0)))
            .into()
    })
}

/// The same in every part.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Special(_), Value::Special(_)) => crate::eval::compare::equal(a, b) == Some(true),
        _ => a == b,
    }
}
