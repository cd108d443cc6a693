//! Functions on records.

use model::record::RecordBuilder;
use model::{Record, Text, Value};

use super::list::items;
use super::{Answer, Decl, Trouble, arg};
use crate::cx::Cx;

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "get value",
        takes: "m: context, key: string | context: context, keys: list",
        gives: "any",
        run: get_value,
        example: ("get value({a: 1}, \"a\")", "1"),
        help: [
            "The value of a field whose name is computed.",
            "Значение поля, имя которого вычисляется.",
            "Аты есептелетін өрістің мәні.",
        ],
    },
    Decl {
        name: "get entries",
        takes: "m: context",
        gives: "list",
        run: |cx, args| {
            let record = record(args);
            cx.work(record.shape().len(), Default::default());
            let entry = |(key, value): (&Text, &Value)| {
                Value::Record(Record::of([("key", Value::Text(key.clone())), ("value", value.clone())]))
            };
            Ok(Value::list(record.iter().map(entry).collect()))
        },
        example: ("get entries({a: 1})", "[{key: \"a\", value: 1}]"),
        help: [
            "The fields of a record as a list of key and value.",
            "Поля записи списком из ключа и значения.",
            "Жазба өрістері кілт пен мән тізімі ретінде.",
        ],
    },
    Decl {
        name: "context",
        takes: "entries: list",
        gives: "context",
        run: context,
        example: ("context([{key: \"a\", value: 1}])", "{a: 1}"),
        help: [
            "A record from a list of key and value.",
            "Запись из списка ключей и значений.",
            "Кілт пен мән тізімінен жазба.",
        ],
    },
    Decl {
        name: "context put",
        takes: "context: context, key: string, value: any | context: context, keys: list, value: any",
        gives: "context",
        run: |_, args| {
            let Value::List(keys) = arg(args, 1) else {
                let key = arg(args, 1).as_text().unwrap_or_default();
                return Ok(Value::Record(record(args).with(key, arg(args, 2).clone())));
            };
            put(record(args), keys, arg(args, 2)).map(Value::Record)
        },
        example: ("context put({a: 1}, \"b\", 2)", "{a: 1, b: 2}"),
        help: ["The record with a field set.", "Запись с установленным полем.", "Өрісі қойылған жазба."],
    },
    Decl {
        name: "context merge",
        takes: "contexts: list",
        gives: "context",
        run: |cx, args| {
            let mut merged = RecordBuilder::default();
            for item in items(args) {
                let Value::Record(record) = item else {
                    return Err("the list has to hold only records.".into());
                };
                cx.work(record.shape().len() * 2, Default::default());
                for (key, value) in record.iter() {
                    merged.set(key.clone(), value.clone());
                }
            }
            Ok(Value::Record(merged.build()))
        },
        example: ("context merge([{a: 1}, {b: 2}])", "{a: 1, b: 2}"),
        help: [
            "Several records as one; later fields win.",
            "Несколько записей одной; поздние поля важнее.",
            "Бірнеше жазба біреу болып; кейінгі өрістер басым.",
        ],
    },
];

fn record(args: &[Value]) -> Record {
    arg(args, 0).as_record().cloned().unwrap_or_else(Record::empty)
}

fn get_value(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let missing = |key: &str| Trouble::from(format!("the record has no field {key}."));
    match arg(args, 1) {
        Value::Text(key) => record(args).get(key).cloned().ok_or_else(|| missing(key)),
        Value::List(keys) => {
            let mut at = arg(args, 0).clone();
            for key in keys.iter() {
                let key = key.as_text().ok_or("the keys have to be texts.")?;
                at =
                    at.as_record().and_then(|record| record.get(key)).cloned().ok_or_else(|| missing(key))?;
            }
            Ok(at)
        }
        _ => Ok(Value::Null),
    }
}

fn context(cx: &mut Cx<'_>, args: &[Value]) -> Answer {
    let mut built = RecordBuilder::default();
    let mut seen: Vec<Text> = Vec::new();
    for entry in items(args) {
        cx.work(seen.len() + 1, Default::default());
        let entry = entry.as_record().ok_or("the list has to hold records with key and value.")?;
        let Some(Value::Text(key)) = entry.get("key") else {
            return Err("an entry has no key that is a text.".into());
        };
        let value = entry.get("value").ok_or("an entry has no value.")?;
        if seen.contains(key) {
            return Err(format!("the key {key} stands twice.").into());
        }
        seen.push(key.clone());
        built.set(key.clone(), value.clone());
    }
    Ok(Value::Record(built.build()))
}

fn put(into: Record, keys: &[Value], value: &Value) -> Result<Record, Trouble> {
    let (first, rest) = keys.split_first().ok_or("the list of keys is empty.")?;
    let key = first.as_text().ok_or("the keys have to be texts.")?;
    if rest.is_empty() {
        return Ok(into.with(key, value.clone()));
    }
    if keys.len() > crate::cx::MAX_CALLS as usize {
        return Err("there are too many keys.".into());
    }
    let inner = into.get(key).and_then(Value::as_record).cloned();
    let inner = inner.ok_or_else(|| format!("the field {key} is no record."))?;
    let inner = put(inner, rest, value)?;
    Ok(into.with(key, Value::Record(inner)))
}
