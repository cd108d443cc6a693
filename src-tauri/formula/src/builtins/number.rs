//! Functions on numbers.

use model::number::Rounding;
use model::{Number, Value};

use super::{Answer, Decl, arg};

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "decimal",
        takes: "n: number, scale: number",
        gives: "number",
        run: |_, args| round(args, Rounding::HalfEven),
        example: ("decimal(2.345, 2)", "2.34"),
        help: [
            "Rounds to so many decimals, a half to the even neighbour.",
            "Округляет до знаков после запятой, половину к чётному.",
            "Үтірден кейінгі таңбаға дейін дөңгелектейді, жартысын жұпқа.",
        ],
    },
    Decl {
        name: "floor",
        takes: "n: number, scale?: number",
        gives: "number",
        run: |_, args| round(args, Rounding::Floor),
        example: ("floor(1.9)", "1"),
        help: ["Rounds down.", "Округляет вниз.", "Төмен қарай дөңгелектейді."],
    },
    Decl {
        name: "ceiling",
        takes: "n: number, scale?: number",
        gives: "number",
        run: |_, args| round(args, Rounding::Ceiling),
        example: ("ceiling(1.1)", "2"),
        help: ["Rounds up.", "Округляет вверх.", "Жоғары қарай дөңгелектейді."],
    },
    Decl {
        name: "round up",
        takes: "n: number, scale: number",
        gives: "number",
        run: |_, args| round(args, Rounding::Up),
        example: ("round up(1.121, 2)", "1.13"),
        help: ["Rounds away from zero.", "Округляет от нуля.", "Нөлден алысқа дөңгелектейді."],
    },
    Decl {
        name: "round down",
        takes: "n: number, scale: number",
        gives: "number",
        run: |_, args| round(args, Rounding::Down),
        example: ("round down(1.129, 2)", "1.12"),
        help: ["Rounds towards zero.", "Округляет к нулю.", "Нөлге қарай дөңгелектейді."],
    },
    Decl {
        name: "round half up",
        takes: "n: number, scale: number",
        gives: "number",
        run: |_, args| round(args, Rounding::HalfUp),
        example: ("round half up(1.125, 2)", "1.13"),
        help: [
            "Rounds as taught at school: a half goes up.",
            "Округляет по-школьному: половина вверх.",
            "Мектептегідей дөңгелектейді: жартысы жоғары.",
        ],
    },
    Decl {
        name: "round half down",
        takes: "n: number, scale: number",
        gives: "number",
        run: |_, args| round(args, Rounding::HalfDown),
        example: ("round half down(1.125, 2)", "1.12"),
        help: [
            "Rounds with a half going down.",
            "Округляет, половина вниз.",
            "Дөңгелектейді, жартысы төмен.",
        ],
    },
    Decl {
        name: "abs",
        takes: "n: any",
        gives: "any",
        run: |_, args| abs(args),
        example: ("abs(-5)", "5"),
        help: [
            "A number or duration without its sign.",
            "Число или длительность без знака.",
            "Санның не ұзақтықтың таңбасыз мәні.",
        ],
    },
    Decl {
        name: "modulo",
        takes: "dividend: number, divisor: number",
        gives: "number",
        run: |_, args| {
            let rest = number(args, 0).checked_rem(&number(args, 1));
            Ok(Value::Number(rest.ok_or("division by zero.")?))
        },
        example: ("modulo(10, 3)", "1"),
        help: ["The remainder of a division.", "Остаток от деления.", "Бөлудің қалдығы."],
    },
    Decl {
        name: "sqrt",
        takes: "number: number",
        gives: "number",
        run: |_, args| {
            Ok(Value::Number(
                number(args, 0).sqrt().ok_or("there is no square root of a number below zero.")?,
            ))
        },
        example: ("sqrt(16)", "4"),
        help: ["The square root.", "Квадратный корень.", "Квадрат түбір."],
    },
    Decl {
        name: "log",
        takes: "number: number",
        gives: "number",
        run: |_, args| {
            Ok(Value::Number(number(args, 0).ln().ok_or("only numbers above zero have a logarithm.")?))
        },
        example: ("decimal(log(10), 4)", "2.3026"),
        help: ["The natural logarithm.", "Натуральный логарифм.", "Натурал логарифм."],
    },
    Decl {
        name: "exp",
        takes: "number: number",
        gives: "number",
        run: |_, args| Ok(Value::Number(number(args, 0).exp().ok_or("the result is too large.")?)),
        example: ("decimal(exp(1), 4)", "2.7183"),
        help: ["e to this power.", "Число e в этой степени.", "e санының осы дәрежесі."],
    },
    Decl {
        name: "odd",
        takes: "number: number",
        gives: "boolean",
        run: |_, args| parity(args, true),
        example: ("odd(5)", "true"),
        help: ["Whether a whole number is odd.", "Нечётное ли целое число.", "Бүтін сан тақ па."],
    },
    Decl {
        name: "even",
        takes: "number: number",
        gives: "boolean",
        run: |_, args| parity(args, false),
        example: ("even(4)", "true"),
        help: ["Whether a whole number is even.", "Чётное ли целое число.", "Бүтін сан жұп па."],
    },
];

pub(super) fn number(args: &[Value], at: usize) -> Number {
    arg(args, at).as_number().cloned().unwrap_or_default()
}

fn round(args: &[Value], rounding: Rounding) -> Answer {
    let scale = match arg(args, 1) {
        Value::Number(scale) => scale.trunc().to_i64().ok_or("the scale is out of range.")?,
        _ if args.len() > 1 => return Err("the scale is empty (null).".into()),
        _ => 0,
    };
    let rounded = number(args, 0).round(scale, rounding);
    Ok(Value::Number(rounded.ok_or("the scale lies between -6111 and 6176.")?))
}

fn abs(args: &[Value]) -> Answer {
    match arg(args, 0) {
        Value::Number(number) => Ok(Value::Number(number.abs())),
        Value::Days(days) if days.nanos() < 0 => Ok(Value::Days(std::sync::Arc::new(days.neg()))),
        Value::Months(months) if months.months() < 0 => Ok(Value::Months(months.neg())),
        value @ (Value::Days(_) | Value::Months(_)) => Ok(value.clone()),
        Value::List(items) if items.len() == 1 => abs(items),
        other => {
            Err(format!("a number or a duration is needed, not {}.", crate::eval::describe(other)).into())
        }
    }
}

fn parity(args: &[Value], odd: bool) -> Answer {
    let number = number(args, 0);
    if !number.is_integer() {
        return Err(format!("{number} is no whole number.").into());
    }
    let rest = number.checked_rem(&Number::from(2)).unwrap_or_default();
    Ok(Value::Bool(rest.is_zero() != odd))
}
