//! Our own functions on values and lists: paths, defaults, JSON, grouping, check digits.

use std::collections::HashMap;

use model::record::RecordBuilder;
use model::{Record, Text, Value};

use super::list::items;
use super::text::{text, whole};
use super::{Decl, Trouble, arg};
use crate::cx::Cx;
use crate::eval::{describe, invoke};
use crate::special::{self, Function};

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "try",
        takes: "expression: any, default: any",
        gives: "any",
        run: |_, args| Ok(arg(args, 0).clone()),
        example: ("try(1 / 0, 0)", "0"),
        help: [
            "The value of a formula, or the default where it fails.",
            "Значение формулы или запасное, если она не удалась.",
            "Формуланың мәні, ол сәтсіз болса, қосалқы мән.",
        ],
    },
    Decl {
        name: "pick",
        takes: "value: any, path: string",
        gives: "any",
        run: |_, args| crate::path::pick(arg(args, 0), text(args, 1)).map_err(|error| error.message.into()),
        example: ("pick({a: [{b: 1}, {b: 2}]}, \"$.a[*].b\")", "[1, 2]"),
        help: [
            "What a JSONPath selects in a value.",
            "То, что выбирает JSONPath в значении.",
            "JSONPath мәннен таңдайтын нәрсе.",
        ],
    },
    Decl {
        name: "to json",
        takes: "value: any",
        gives: "string",
        run: |_, args| Ok(arg(args, 0).to_string().into()),
        example: ("to json({a: [1, null]})", "\"{\\\"a\\\":[1,null]}\""),
        help: ["A value as JSON text.", "Значение текстом JSON.", "Мән JSON мәтіні түрінде."],
    },
    Decl {
        name: "parse json",
        takes: "text: string",
        gives: "any",
        run: |_, args| {
            model::json::parse(text(args, 0).as_bytes()).map_err(|error| Trouble::from(format!("{error}.")))
        },
        example: ("parse json(\"[1, 2]\")", "[1, 2]"),
        help: ["The value behind JSON text.", "Значение из текста JSON.", "JSON мәтініндегі мән."],
    },
    Decl {
        name: "group by",
        takes: "list: list, key: string | list: list, key: function",
        gives: "list",
        run: |cx, args| {
            let groups = grouped(cx, args)?;
            let group = |(key, items): (Value, Vec<Value>)| {
                Value::Record(Record::of([("key", key), ("items", Value::list(items))]))
            };
            Ok(Value::list(groups.into_iter().map(group).collect()))
        },
        example: (
            "(group by([{c: \"a\", n: 1}, {c: \"b\", n: 2}, {c: \"a\", n: 3}], \"c\")).key",
            "[\"a\", \"b\"]",
        ),
        help: [
            "Groups of items with the same key: a list of key and items.",
            "Группы элементов с одним ключом: список из key и items.",
            "Кілті бірдей элементтер топтары: key мен items тізімі.",
        ],
    },
    Decl {
        name: "index by",
        takes: "list: list, key: string | list: list, key: function",
        gives: "context",
        run: |cx, args| {
            let mut index = RecordBuilder::default();
            let groups = grouped(cx, args)?;
            cx.work(groups.len().saturating_mul(groups.len() / 8), Default::default());
            if cx.dead {
                return Ok(Value::Null);
            }
            for (key, items) in groups {
                let last = items.into_iter().next_back().unwrap_or_default();
                index.set(Text::from(key.to_plain()), last);
            }
            Ok(Value::Record(index.build()))
        },
        example: ("(index by([{id: \"x\", n: 1}, {id: \"y\", n: 2}], \"id\")).y.n", "2"),
        help: [
            "A record that gives the item for each key; the last one wins.",
            "Запись, где по ключу находится элемент; последний важнее.",
            "Кілт бойынша элемент табылатын жазба; соңғысы басым.",
        ],
    },
    Decl {
        name: "chunk",
        takes: "list: list, size: number",
        gives: "list",
        run: |cx, args| {
            let size = whole(args, 1).and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
            let size = size.ok_or("the size has to be at least 1.")?;
            cx.work(items(args).len(), Default::default());
            Ok(Value::list(items(args).chunks(size).map(|part| Value::list(part.to_vec())).collect()))
        },
        example: ("chunk([1, 2, 3], 2)", "[[1, 2], [3]]"),
        help: [
            "The list in parts of a size.",
            "Список частями заданного размера.",
            "Тізім берілген өлшемді бөліктермен.",
        ],
    },
    Decl {
        name: "is valid bin",
        takes: "text: string",
        gives: "boolean",
        run: |_, args| {
            Ok(Value::Bool(
                digits12(text(args, 0)).is_some_and(|d| check12(&d) && month(&d) && (4..=6).contains(&d[4])),
            ))
        },
        example: ("is valid bin(\"990540000389\")", "true"),
        help: [
            "Whether this is a business number of Kazakhstan (BIN) with a right check digit.",
            "Верный ли это БИН Казахстана, с контрольным разрядом.",
            "Бұл бақылау разряды дұрыс Қазақстан БСН-і ме.",
        ],
    },
    Decl {
        name: "is valid iin",
        takes: "text: string",
        gives: "boolean",
        run: |_, args| {
            Ok(Value::Bool(
                digits12(text(args, 0))
                    .is_some_and(|d| check12(&d) && month(&d) && day(&d) && (0..=6).contains(&d[6])),
            ))
        },
        example: ("is valid iin(\"880101300014\")", "false"),
        help: [
            "Whether this is a personal number of Kazakhstan (IIN) with a right check digit.",
            "Верный ли это ИИН Казахстана, с контрольным разрядом.",
            "Бұл бақылау разряды дұрыс Қазақстан ЖСН-і ме.",
        ],
    },
    Decl {
        name: "is valid iban",
        takes: "text: string",
        gives: "boolean",
        run: |_, args| Ok(Value::Bool(iban(text(args, 0)))),
        example: ("is valid iban(\"GB82 WEST 1234 5698 7654 32\")", "true"),
        help: [
            "Whether this is a bank account number (IBAN) with right check digits.",
            "Верный ли это счёт IBAN, с контрольными цифрами.",
            "Бұл бақылау цифрлары дұрыс IBAN шоты ма.",
        ],
    },
];

/// Groups in the order in which their keys first come.
fn grouped(cx: &mut Cx<'_>, args: &[Value]) -> Result<Vec<(Value, Vec<Value>)>, Trouble> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    cx.work(items(args).len(), Default::default());
    for item in items(args) {
        let key = match arg(args, 1) {
            Value::Text(name) => {
                let record = item
                    .as_record()
                    .ok_or_else(|| format!("the list holds {}, not only records.", describe(item)))?;
                record.get(name).cloned().ok_or_else(|| format!("an item has no field {name}."))?
            }
            function if special::of::<Function>(function).is_some() => {
                invoke(function, vec![item.clone()], Default::default(), cx)
            }
            other => {
                return Err(format!("the key is a field name or a function, not {}.", describe(other)).into());
            }
        };
        if cx.dead {
            return Ok(Vec::new());
        }
        // The type stands in front, so that the text "1" and the number 1 are different keys.
        let place = *places.entry(format!("{} {key}", key.type_name())).or_insert_with(|| {
            groups.push((key.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(item.clone());
    }
    Ok(groups)
}

fn digits12(text: &str) -> Option<[u32; 12]> {
    let digits: Vec<u32> = text.trim().chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    digits.try_into().ok()
}

/// The check digit of BIN and IIN: weights 1 to 11, or 3 to 11, 1, 2 where the first give 10.
fn check12(d: &[u32; 12]) -> bool {
    let sum = |shift: u32| (0..11_u32).map(|at| d[at as usize] * ((at + shift) % 11 + 1)).sum::<u32>() % 11;
    let rest = match sum(0) {
        10 => sum(2),
        rest => rest,
    };
    rest < 10 && rest == d[11]
}

fn month(d: &[u32; 12]) -> bool {
    (1..=12).contains(&(d[2] * 10 + d[3]))
}

fn day(d: &[u32; 12]) -> bool {
    (1..=31).contains(&(d[4] * 10 + d[5]))
}

fn iban(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    if !(15..=34).contains(&plain.len()) || !plain.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let bytes = plain.as_bytes();
    if !bytes[..2].iter().all(u8::is_ascii_uppercase) || !bytes[2..4].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let rest = plain[4..].chars().chain(plain[..4].chars()).fold(0_u64, |rest, c| match c.to_digit(36) {
        Some(digit) if digit < 10 => (rest * 10 + u64::from(digit)) % 97,
        Some(letter) => (rest * 100 + u64::from(letter)) % 97,
        None => rest,
    });
    rest == 1
}
