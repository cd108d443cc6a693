//! Functions on lists.

use std::cmp::Ordering;
use std::sync::Arc;

use model::{Number, Value};

use super::text::whole;
use super::{Answer, Decl, Trouble, arg};
use crate::cx::Cx;
use crate::eval::compare::{equal, order};
use crate::eval::{describe, invoke};
use crate::special::{self, Function};

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

pub(super) const MORE: &[Decl] = &[
    Decl {
        name: "list contains",
        takes: "list: list, element: any",
        gives: "boolean",
        run: |cx, args| {
            cx.work(items(args).len(), Default::default());
            Ok(Value::Bool(items(args).iter().any(|item| equal(item, arg(args, 1)) == Some(true))))
        },
        example: ("list contains([1, 2], 2)", "true"),
        help: ["Whether a list holds a value.", "Есть ли значение в списке.", "Тізімде мән бар ма."],
    },
    Decl {
        name: "sublist",
        takes: "list: list, start position: number, length?: number",
        gives: "list",
        run: sublist,
        example: ("sublist([4, 5, 6], 1, 2)", "[4, 5]"),
        help: ["A part of a list.", "Часть списка.", "Тізімнің бөлігі."],
    },
    Decl {
        name: "append",
        takes: "list: list, item...: any",
        gives: "list",
        run: |cx, args| {
            cx.work(items(args).len(), Default::default());
            Ok(Value::list(items(args).iter().chain(&args[1..]).cloned().collect()))
        },
        example: ("append([1], 2, 3)", "[1, 2, 3]"),
        help: [
            "The list with items added at the end.",
            "Список с добавленными в конец элементами.",
            "Соңына элементтер қосылған тізім.",
        ],
    },
    Decl {
        name: "concatenate",
        takes: "list...: list",
        gives: "list",
        run: |cx, args| joined(cx, args).map(Value::list),
        example: ("concatenate([1, 2], [3])", "[1, 2, 3]"),
        help: ["Several lists as one.", "Несколько списков одним.", "Бірнеше тізім біреу ретінде."],
    },
    Decl {
        name: "insert before",
        takes: "list: list, position: number, newItem: any",
        gives: "list",
        run: |cx, args| {
            let at = place(args, items(args).len())?;
            edited(cx, args, |list| list.insert(at, arg(args, 2).clone()))
        },
        example: ("insert before([1, 3], 2, 2)", "[1, 2, 3]"),
        help: [
            "The list with an item put before a position.",
            "Список с элементом, вставленным перед позицией.",
            "Орынның алдына элемент қойылған тізім.",
        ],
    },
    Decl {
        name: "remove",
        takes: "list: list, position: number",
        gives: "list",
        run: |cx, args| {
            let at = place(args, items(args).len())?;
            edited(cx, args, |list| {
                list.remove(at);
            })
        },
        example: ("remove([1, 2, 3], 2)", "[1, 3]"),
        help: [
            "The list without the item at a position.",
            "Список без элемента на позиции.",
            "Орындағы элементсіз тізім.",
        ],
    },
    Decl {
        name: "list replace",
        takes: "list: list, position: number, newItem: any | list: list, match: function, newItem: any",
        gives: "list",
        run: list_replace,
        example: ("list replace([1, 5, 3], 2, 2)", "[1, 2, 3]"),
        help: [
            "The list with items replaced, by position or by a function.",
            "Список с заменёнными элементами, по позиции или функции.",
            "Орны не функция бойынша элементтері ауыстырылған тізім.",
        ],
    },
    Decl {
        name: "reverse",
        takes: "list: list",
        gives: "list",
        run: |cx, args| edited(cx, args, |list| list.reverse()),
        example: ("reverse([1, 2, 3])", "[3, 2, 1]"),
        help: ["The list from its end.", "Список с конца.", "Тізім соңынан бастап."],
    },
    Decl {
        name: "index of",
        takes: "list: list, match: any",
        gives: "list",
        run: |cx, args| {
            cx.work(items(args).len(), Default::default());
            let places =
                items(args).iter().enumerate().filter(|(_, item)| equal(item, arg(args, 1)) == Some(true));
            Ok(Value::list(places.map(|(at, _)| Value::Number(Number::from(at + 1))).collect()))
        },
        example: ("index of([1, 2, 1], 1)", "[1, 3]"),
        help: [
            "The positions at which a value stands.",
            "Позиции, на которых стоит значение.",
            "Мән тұрған орындар.",
        ],
    },
    Decl {
        name: "union",
        takes: "list...: list",
        gives: "list",
        run: |cx, args| {
            let all = joined(cx, args)?;
            distinct(cx, &all)
        },
        example: ("union([1, 2], [2, 3])", "[1, 2, 3]"),
        help: [
            "Several lists as one, without repeats.",
            "Несколько списков одним, без повторов.",
            "Бірнеше тізім қайталаусыз біреу ретінде.",
        ],
    },
    Decl {
        name: "distinct values",
        takes: "list: list",
        gives: "list",
        run: |cx, args| distinct(cx, items(args)),
        example: ("distinct values([1, 2, 1])", "[1, 2]"),
        help: ["The list without repeats.", "Список без повторов.", "Қайталаусыз тізім."],
    },
    Decl {
        name: "flatten",
        takes: "list: list",
        gives: "list",
        run: |cx, args| {
            let mut out = Vec::new();
            flatten(cx, items(args), &mut out, 0)?;
            Ok(Value::list(out))
        },
        example: ("flatten([[1, 2], [[3]]])", "[1, 2, 3]"),
        help: [
            "Lists inside a list as one flat list.",
            "Вложенные списки одним плоским.",
            "Ішкі тізімдер бір жазық тізім болып.",
        ],
    },
    Decl {
        name: "sort",
        takes: "list: list, precedes?: function or null",
        gives: "list",
        run: sort,
        example: ("sort([3, 1, 2], function(a, b) a < b)", "[1, 2, 3]"),
        help: [
            "The list in the order that a function gives.",
            "Список в порядке, который задаёт функция.",
            "Функция берген ретпен тізім.",
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

/// A position argument as an index of the list; below 0 it counts from the end.
fn place(args: &[Value], count: usize) -> Result<usize, Trouble> {
    let position = whole(args, 1).ok_or("the position has to be a whole number.")?;
    let at = if position > 0 {
        Some(position - 1)
    } else if position < 0 {
        Some(count as i64 + position)
    } else {
        None
    };
    at.and_then(|at| usize::try_from(at).ok())
        .filter(|at| *at < count)
        .ok_or_else(|| format!("the list has {count} items, so there is no position {position}.").into())
}

fn edited(cx: &mut Cx<'_>, args: &[Value], edit: impl FnOnce(&mut Vec<Value>)) -> Answer {
    let mut list = items(args).to_vec();
    cx.work(list.len(), Default::default());
    edit(&mut list);
    Ok(Value::list(list))
}

fn sublist(cx: &mut Cx<'_>, args: &[Value]) -> Answer {
    let list = items(args);
    let start = place(args, list.len())?;
    let length = match arg(args, 2) {
        Value::Null => list.len() - start,
        _ => {
            let length = whole(args, 2).and_then(|length| usize::try_from(length).ok());
            length.ok_or("the length has to be a whole number from 0 on.")?
        }
    };
    let end = start.checked_add(length).filter(|end| *end <= list.len());
    let end = end.ok_or_else(|| format!("the list has only {} items.", list.len()))?;
    cx.work(length, Default::default());
    Ok(Value::list(list[start..end].to_vec()))
}

fn joined(cx: &mut Cx<'_>, lists: &[Value]) -> Result<Vec<Value>, Trouble> {
    let count = lists.iter().map(|list| list.as_list().map_or(0, <[Value]>::len)).sum();
    cx.work(count, Default::default());
    let mut all = Vec::with_capacity(count);
    for list in lists {
        all.extend(list.as_list().unwrap_or_default().iter().cloned());
    }
    Ok(all)
}

fn distinct(cx: &mut Cx<'_>, items: &[Value]) -> Answer {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        cx.work(kept.len() + 1, Default::default());
        if cx.dead {
            return Ok(Value::Null);
        }
        if !kept.iter().any(|known| equal(known, item) == Some(true)) {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn flatten(cx: &mut Cx<'_>, items: &[Value], out: &mut Vec<Value>, depth: u32) -> Result<(), Trouble> {
    if depth > crate::cx::MAX_CALLS {
        return Err("the lists are nested too deeply.".into());
    }
    cx.work(items.len(), Default::default());
    for item in items {
        match item {
            Value::List(inner) => flatten(cx, inner, out, depth + 1)?,
            other => out.push(other.clone()),
        }
    }
    Ok(())
}

fn list_replace(cx: &mut Cx<'_>, args: &[Value]) -> Answer {
    let Some(function) = special::of::<Function>(arg(args, 1)) else {
        let at = place(args, items(args).len())?;
        return edited(cx, args, |list| list[at] = arg(args, 2).clone());
    };
    if !function.takes(2) {
        return Err("the function has to take two arguments: item and newItem.".into());
    }
    let mut list = items(args).to_vec();
    for item in &mut list {
        let given = vec![item.clone(), arg(args, 2).clone()];
        match invoke(arg(args, 1), given, Default::default(), cx) {
            Value::Bool(true) => *item = arg(args, 2).clone(),
            Value::Bool(false) => {}
            other => {
                return Err(
                    format!("the function has to give true or false, not {}.", describe(&other)).into()
                );
            }
        }
    }
    Ok(Value::list(list))
}

/// A merge sort: stable, and safe with a function that gives no real order.
fn sort(cx: &mut Cx<'_>, args: &[Value]) -> Answer {
    let precedes = arg(args, 1);
    if special::of::<Function>(precedes).is_some_and(|function| !function.takes(2)) {
        return Err("the function has to take two arguments.".into());
    }
    let mut from = items(args).to_vec();
    let mut width = 1;
    while width < from.len() {
        let mut to = Vec::with_capacity(from.len());
        for pair in from.chunks(width * 2) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            let (mut l, mut r) = (0, 0);
            while l < left.len() && r < right.len() {
                cx.work(1, Default::default());
                if cx.dead {
                    return Ok(Value::Null);
                }
                if before(cx, precedes, &right[r], &left[l])? && !before(cx, precedes, &left[l], &right[r])? {
                    to.push(right[r].clone());
                    r += 1;
                } else {
                    to.push(left[l].clone());
                    l += 1;
                }
            }
            to.extend_from_slice(&left[l..]);
            to.extend_from_slice(&right[r..]);
        }
        from = to;
        width *= 2;
    }
    Ok(Value::List(Arc::new(from)))
}

fn before(cx: &mut Cx<'_>, precedes: &Value, a: &Value, b: &Value) -> Result<bool, Trouble> {
    if precedes.is_null() {
        let found =
            order(a, b).ok_or_else(|| format!("{} and {} cannot be compared.", describe(a), describe(b)))?;
        return Ok(found.is_lt());
    }
    match invoke(precedes, vec![a.clone(), b.clone()], Default::default(), cx) {
        Value::Bool(bool) => Ok(bool),
        other => Err(format!("the function has to give true or false, not {}.", describe(&other)).into()),
    }
}
