//! Functions from one type to another.

use std::fmt::Write as _;

use model::{Number, Value};

use super::text::text;
use super::{Answer, Decl, arg};
use crate::cx::Cx;
use crate::special::{self, Range};

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "number",
        takes: "from: string, grouping separator?: string or null, decimal separator?: string or null | from: number",
        gives: "number",
        run: number,
        example: ("number(\"1 000,5\", \" \", \",\")", "1000.5"),
        help: [
            "A number from a text, with its separators where they differ.",
            "Число из текста, с разделителями, если они особые.",
            "Мәтіннен алынған сан, бөлгіштері ерекше болса, солармен.",
        ],
    },
    Decl {
        name: "string",
        takes: "from: any",
        gives: "string",
        run: |_, args| match arg(args, 0) {
            Value::Null => Err("there is nothing to write: the value is empty (null).".into()),
            value => Ok(show(value).into()),
        },
        example: ("string(12.50)", "\"12.5\""),
        help: ["A value as text.", "Значение текстом.", "Мән мәтін түрінде."],
    },
    Decl {
        name: "not",
        takes: "negand: any",
        gives: "boolean",
        run: |_, args| match arg(args, 0) {
            Value::Bool(bool) => Ok(Value::Bool(!bool)),
            Value::List(items) if matches!(items.as_slice(), [Value::Bool(_)]) => {
                Ok(Value::Bool(items[0] == Value::Bool(false)))
            }
            other => Err(format!("true or false is needed, not {}.", crate::eval::describe(other)).into()),
        },
        example: ("not(true)", "false"),
        help: [
            "The opposite of true or false.",
            "Противоположность истине или лжи.",
            "Ақиқаттың не жалғанның кері мәні.",
        ],
    },
];

fn number(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    if let Value::Number(number) = arg(args, 0) {
        if args.len() > 1 {
            return Err("a text is needed where separators are given.".into());
        }
        return Ok(Value::Number(number.clone()));
    }
    let from = text(args, 0);
    let grouping = arg(args, 1).as_text();
    let decimal = arg(args, 2).as_text();
    if grouping.is_some_and(|sign| ![" ", ",", ".", "\u{a0}"].contains(&sign)) {
        return Err("the grouping separator is a space, a comma or a point.".into());
    }
    if decimal.is_some_and(|sign| ![",", "."].contains(&sign)) {
        return Err("the decimal separator is a comma or a point.".into());
    }
    if grouping.is_some() && grouping == decimal {
        return Err("the two separators have to differ.".into());
    }
    let mut plain = from.to_owned();
    if let Some(sign) = grouping {
        plain = plain.replace(sign, "");
    }
    if let Some(sign) = decimal {
        // What is left of the other sign is no number.
        if sign != "." && plain.contains('.') {
            return Err(format!("\"{from}\" is no number.").into());
        }
        plain = plain.replace(sign, ".");
    }
    let found = Number::parse(plain.trim()).map(Value::Number);
    found.ok_or_else(|| {
        let advice = if plain.contains(',') && decimal.is_none() {
            " Decimals are written with a point; parse number(..) reads other forms."
        } else {
            ""
        };
        format!("\"{from}\" is no number.{advice}").into()
    })
}

/// A value as the standard writes it: text as it is, texts inside lists and records in quotes.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => {
            let mut out = String::new();
            write_value(other, &mut out);
            out
        }
    }
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
        Value::Text(text) => {
            out.push('"');
            out.push_str(&text.replace('\\', "\\\\").replace('"', "\\\""));
            out.push('"');
        }
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Record(record) => {
            out.push('{');
            for (at, (key, value)) in record.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                if crate::lex::is_plain(key) {
                    out.push_str(key);
                } else {
                    write_value(&Value::Text(key.clone()), out);
                }
                out.push_str(": ");
                write_value(value, out);
            }
            out.push('}');
        }
        Value::Special(_) => match special::of::<Range>(value) {
            Some(range) => write_range(range, out),
            None => {
                let _ = write!(out, "{:?}", value.type_name());
            }
        },
        other => out.push_str(&other.to_plain()),
    }
}

/// A range as it is written in a formula.
pub(crate) fn write_range(range: &Range, out: &mut String) {
    out.push(if range.low_in { '[' } else { '(' });
    if let Some(low) = &range.low {
        write_value(low, out);
    }
    out.push_str("..");
    if let Some(high) = &range.high {
        write_value(high, out);
    }
    out.push(if range.high_in { ']' } else { ')' });
}
