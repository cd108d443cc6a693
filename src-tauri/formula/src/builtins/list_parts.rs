//! Functions that make lists of lists: parts, joins, edits, order.

use std::sync::Arc;

use model::{Number, Value};

use super::list::items;
use super::text::whole;
use super::{Answer, Decl, Trouble, arg};
use crate::cx::Cx;
use crate::eval::compare::{equal, order};
use crate::eval::{describe, invoke};
use crate::special::{self, Function};

pub(super) const LIST: &[Decl] = &[
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
