//! Functions that make one value of a list: sums, extremes, statistics.

use model::{Number, Value};
use std::cmp::Ordering;

use super::{Answer, Decl, Trouble, arg};
use crate::cx::Cx;
use crate::eval::compare::order;
use crate::eval::describe;

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "count",
        takes: "list: list",
        gives: "number",
        run: |_, args| Ok(Value::Number(Number::from(items(args).len()))),
        example: ("count([5, 6, 7])", "3"),
        help: ["How many items a list has.", "Сколько элементов в списке.", "Тізімде неше элемент бар."],
    },
    Decl {
        name: "sum",
        takes: "list: list | values...: any",
        gives: "number",
        run: |cx, args| {
            let items = spread(cx, args);
            if items.is_empty() {
                return Ok(Value::Null);
            }
            Ok(Value::Number(total(items)?))
        },
        example: ("sum([1.5, 2, 3])", "6.5"),
        help: ["The sum of numbers.", "Сумма чисел.", "Сандардың қосындысы."],
    },
    Decl {
        name: "min",
        takes: "list: list | values...: any",
        gives: "any",
        run: |cx, args| extreme(spread(cx, args), Ordering::Less),
        example: ("min([3, 1, 2])", "1"),
        help: ["The smallest value.", "Наименьшее значение.", "Ең кіші мән."],
    },
    Decl {
        name: "max",
        takes: "list: list | values...: any",
        gives: "any",
        run: |cx, args| extreme(spread(cx, args), Ordering::Greater),
        example: ("max([3, 1, 2])", "3"),
        help: ["The largest value.", "Наибольшее значение.", "Ең үлкен мән."],
    },
    Decl {
        name: "mean",
        takes: "list: list | values...: any",
        gives: "number",
        run: |cx, args| mean(spread(cx, args)).map(Value::Number),
        example: ("mean([1, 2, 6])", "3"),
        help: ["The average of numbers.", "Среднее чисел.", "Сандардың орташасы."],
    },
    Decl {
        name: "median",
        takes: "list: list | values...: any",
        gives: "number",
        run: |cx, args| {
            let sorted = sorted_numbers(spread(cx, args))?;
            let middle = sorted.len() / 2;
            match (sorted.get(middle), sorted.len() % 2) {
                (None, _) => Ok(Value::Null),
                (Some(value), 1) => Ok(Value::Number(value.clone())),
                (Some(value), _) => {
                    let both = sorted[middle - 1]
                        .checked_add(value)
                        .and_then(|sum| sum.checked_div(&Number::from(2)));
                    Ok(both.map_or(Value::Null, Value::Number))
                }
            }
        },
        example: ("median([8, 2, 5])", "5"),
        help: ["The number in the middle.", "Число в середине ряда.", "Қатардың ортасындағы сан."],
    },
    Decl {
        name: "mode",
        takes: "list: list | values...: any",
        gives: "list",
        run: |cx, args| {
            let sorted = sorted_numbers(spread(cx, args))?;
            let mut best: Vec<Value> = Vec::new();
            let mut most = 0;
            for run in sorted.chunk_by(|a, b| a == b) {
                if run.len() > most {
                    most = run.len();
                    best.clear();
                }
                if run.len() == most {
                    best.push(Value::Number(run[0].clone()));
                }
            }
            Ok(Value::list(best))
        },
        example: ("mode([6, 3, 9, 6])", "[6]"),
        help: [
            "The numbers that come most often.",
            "Числа, которые встречаются чаще всего.",
            "Ең жиі кездесетін сандар.",
        ],
    },
    Decl {
        name: "stddev",
        takes: "list: list | values...: any",
        gives: "number",
        run: |cx, args| stddev(spread(cx, args)),
        example: ("stddev([2, 4, 6])", "2"),
        help: [
            "The standard deviation of a sample.",
            "Стандартное отклонение выборки.",
            "Іріктеменің стандартты ауытқуы.",
        ],
    },
    Decl {
        name: "product",
        takes: "list: list | values...: any",
        gives: "number",
        run: |cx, args| {
            let mut result = Number::ONE;
            let items = spread(cx, args);
            if items.is_empty() {
                return Ok(Value::Null);
            }
            for item in items {
                result = result.checked_mul(of_number(item)?).ok_or("the product is too large.")?;
            }
            Ok(Value::Number(result))
        },
        example: ("product([2, 3, 4])", "24"),
        help: ["The product of numbers.", "Произведение чисел.", "Сандардың көбейтіндісі."],
    },
    Decl {
        name: "all",
        takes: "list: list | values...: any",
        gives: "boolean",
        run: |cx, args| quantified(spread(cx, args), true),
        example: ("all([true, false])", "false"),
        help: ["Whether all items are true.", "Все ли элементы истинны.", "Барлық элементтер ақиқат па."],
    },
    Decl {
        name: "any",
        takes: "list: list | values...: any",
        gives: "boolean",
        run: |cx, args| quantified(spread(cx, args), false),
        example: ("any([true, false])", "true"),
        help: [
            "Whether at least one item is true.",
            "Истинен ли хотя бы один элемент.",
            "Кем дегенде бір элемент ақиқат па.",
        ],
    },
];

/// The items of the list that is the first argument.
pub(super) fn items(args: &[Value]) -> &[Value] {
    arg(args, 0).as_list().unwrap_or_default()
}

/// One list, or all arguments.
fn spread<'v>(cx: &mut Cx<'_>, args: &'v [Value]) -> &'v [Value] {
    let items = match args {
        [Value::List(items)] => items.as_slice(),
        _ => args,
    };
    cx.work(items.len(), Default::default());
    items
}

pub(super) fn of_number(value: &Value) -> Result<&Number, Trouble> {
    value
        .as_number()
        .ok_or_else(|| format!("only numbers are allowed, but {} is among them.", describe(value)).into())
}

fn total(items: &[Value]) -> Result<Number, Trouble> {
    let mut sum = Number::ZERO;
    for item in items {
        sum = sum.checked_add(of_number(item)?).ok_or("the sum is too large.")?;
    }
    Ok(sum)
}

fn mean(items: &[Value]) -> Result<Number, Trouble> {
    if items.is_empty() {
        return Err("the list is empty.".into());
    }
    let mean = total(items)?.checked_div(&Number::from(items.len()));
    mean.ok_or_else(|| "the sum is too large.".into())
}

fn extreme(items: &[Value], wanted: Ordering) -> Answer {
    let Some((first, rest)) = items.split_first() else { return Ok(Value::Null) };
    let mut best = first;
    if order(best, best).is_none() {
        return Err(format!("{} has no order.", describe(best)).into());
    }
    for item in rest {
        match order(item, best) {
            Some(found) if found == wanted => best = item,
            Some(_) => {}
            None => {
                return Err(format!("{} and {} cannot be compared.", describe(best), describe(item)).into());
            }
        }
    }
    Ok(best.clone())
}

fn sorted_numbers(items: &[Value]) -> Result<Vec<Number>, Trouble> {
    let mut numbers = items.iter().map(|item| of_number(item).cloned()).collect::<Result<Vec<_>, _>>()?;
    numbers.sort();
    Ok(numbers)
}

fn stddev(items: &[Value]) -> Answer {
    if items.len() < 2 {
        return Err("at least two numbers are needed.".into());
    }
    let mean = mean(items)?;
    let mut sum = Number::ZERO;
    for item in items {
        let gap = of_number(item)?.checked_sub(&mean).ok_or("the sum is too large.")?;
        let square = gap.checked_mul(&gap).ok_or("the sum is too large.")?;
        sum = sum.checked_add(&square).ok_or("the sum is too large.")?;
    }
    let variance = sum.checked_div(&Number::from(items.len() - 1)).and_then(|variance| variance.sqrt());
    variance.map(Value::Number).ok_or_else(|| "the sum is too large.".into())
}

fn quantified(items: &[Value], every: bool) -> Answer {
    if let Some(other) = items.iter().find(|item| !matches!(item, Value::Bool(_) | Value::Null)) {
        if items.iter().any(|item| *item == Value::Bool(!every)) {
            return Ok(Value::Bool(!every));
        }
        return Err(format!("only true and false are allowed, but {} is among them.", describe(other)).into());
    }
    if items.iter().any(|item| *item == Value::Bool(!every)) {
        return Ok(Value::Bool(!every));
    }
    if items.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    Ok(Value::Bool(every))
}
