//! Functions on text. Positions count characters, not bytes.

use model::{Number, Text, Value};

use super::pattern::pattern;
use super::{Answer, Decl, arg};
use crate::cx::Cx;

/// Parts of a text that is split; more is beyond the budget anyway.
const MAX_PARTS: usize = 400_000;

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "substring",
        takes: "string: string, start position: number, length?: number",
        gives: "string",
        run: substring,
        example: ("substring(\"invoice 42\", 9)", "\"42\""),
        help: [
            "The part of a text from a position on; below 0 it counts from the end.",
            "Часть текста с указанной позиции; отрицательная считает с конца.",
            "Мәтіннің көрсетілген орыннан басталатын бөлігі; теріс сан соңынан санайды.",
        ],
    },
    Decl {
        name: "string length",
        takes: "string: string",
        gives: "number",
        run: |_, args| Ok(Value::Number(Number::from(text(args, 0).chars().count()))),
        example: ("string length(\"Алматы\")", "6"),
        help: ["How many characters a text has.", "Сколько символов в тексте.", "Мәтінде неше таңба бар."],
    },
    Decl {
        name: "upper case",
        takes: "string: string",
        gives: "string",
        run: |_, args| Ok(Value::Text(upper(text(args, 0)))),
        example: ("upper case(\"kz\")", "\"KZ\""),
        help: ["The text in capital letters.", "Текст заглавными буквами.", "Мәтін бас әріптермен."],
    },
    Decl {
        name: "lower case",
        takes: "string: string",
        gives: "string",
        run: |_, args| Ok(text(args, 0).to_lowercase().into()),
        example: ("lower case(\"KZ\")", "\"kz\""),
        help: ["The text in small letters.", "Текст строчными буквами.", "Мәтін кіші әріптермен."],
    },
    Decl {
        name: "substring before",
        takes: "string: string, match: string",
        gives: "string",
        run: |_, args| Ok(text(args, 0).split_once(text(args, 1)).map_or("", |(before, _)| before).into()),
        example: ("substring before(\"a@b.kz\", \"@\")", "\"a\""),
        help: [
            "What stands before the first match; empty without a match.",
            "То, что стоит до первого совпадения; без совпадения пусто.",
            "Алғашқы сәйкестікке дейінгі бөлік; сәйкестік жоқ болса бос.",
        ],
    },
    Decl {
        name: "substring after",
        takes: "string: string, match: string",
        gives: "string",
        run: |_, args| Ok(text(args, 0).split_once(text(args, 1)).map_or("", |(_, after)| after).into()),
        example: ("substring after(\"a@b.kz\", \"@\")", "\"b.kz\""),
        help: [
            "What stands after the first match; empty without a match.",
            "То, что стоит после первого совпадения; без совпадения пусто.",
            "Алғашқы сәйкестіктен кейінгі бөлік; сәйкестік жоқ болса бос.",
        ],
    },
    Decl {
        name: "replace",
        takes: "input: string, pattern: string, replacement: string, flags?: string",
        gives: "string",
        run: replace,
        example: ("replace(\"8 701 000\", \" \", \"\")", "\"8701000\""),
        help: [
            "Replaces every match of a pattern (regular expression).",
            "Заменяет все совпадения с шаблоном (регулярным выражением).",
            "Үлгіге (тұрақты өрнекке) сәйкес барлық бөліктерді ауыстырады.",
        ],
    },
    Decl {
        name: "contains",
        takes: "string: string, match: string",
        gives: "boolean",
        run: |_, args| Ok(Value::Bool(text(args, 0).contains(text(args, 1)))),
        example: ("contains(\"invoice\", \"voice\")", "true"),
        help: [
            "Whether a text holds another.",
            "Содержит ли текст другой текст.",
            "Мәтін басқа мәтінді қамти ма.",
        ],
    },
    Decl {
        name: "starts with",
        takes: "string: string, match: string",
        gives: "boolean",
        run: |_, args| Ok(Value::Bool(text(args, 0).starts_with(text(args, 1)))),
        example: ("starts with(\"KZ123\", \"KZ\")", "true"),
        help: [
            "Whether a text begins with another.",
            "Начинается ли текст с другого.",
            "Мәтін басқа мәтіннен басталады ма.",
        ],
    },
    Decl {
        name: "ends with",
        takes: "string: string, match: string",
        gives: "boolean",
        run: |_, args| Ok(Value::Bool(text(args, 0).ends_with(text(args, 1)))),
        example: ("ends with(\"a.xlsx\", \".xlsx\")", "true"),
        help: [
            "Whether a text ends with another.",
            "Заканчивается ли текст другим.",
            "Мәтін басқа мәтінмен аяқтала ма.",
        ],
    },
    Decl {
        name: "matches",
        takes: "input: string, pattern: string, flags?: string",
        gives: "boolean",
        run: |_, args| {
            pattern(text(args, 1), arg(args, 2).as_text().unwrap_or(""), |re| {
                Value::Bool(re.is_match(text(args, 0)))
            })
        },
        example: ("matches(\"870100000\", \"^[0-9]+$\")", "true"),
        help: [
            "Whether a pattern (regular expression) is found in a text.",
            "Находится ли шаблон (регулярное выражение) в тексте.",
            "Мәтінде үлгі (тұрақты өрнек) табыла ма.",
        ],
    },
    Decl {
        name: "split",
        takes: "string: string, delimiter: string",
        gives: "list",
        run: |cx, args| {
            let parts = pattern(text(args, 1), "", |re| {
                Value::list(re.split(text(args, 0)).take(MAX_PARTS).map(Value::from).collect())
            })?;
            cx.work(parts.as_list().map_or(0, <[Value]>::len), Default::default());
            Ok(parts)
        },
        example: ("split(\"a;b;c\", \";\")", "[\"a\", \"b\", \"c\"]"),
        help: [
            "The parts of a text between delimiters (a regular expression).",
            "Части текста между разделителями (регулярное выражение).",
            "Бөлгіштер (тұрақты өрнек) арасындағы мәтін бөліктері.",
        ],
    },
    Decl {
        name: "string join",
        takes: "list: list, delimiter?: string or null",
        gives: "string",
        run: join,
        example: ("string join([\"a\", \"b\"], \", \")", "\"a, b\""),
        help: [
            "Joins texts, with a delimiter between them; nulls are left out.",
            "Соединяет тексты через разделитель; пустые (null) пропускаются.",
            "Мәтіндерді бөлгіш арқылы біріктіреді; null өткізіп жіберіледі.",
        ],
    },
];

/// The text argument `at`; signatures have made sure that it is one.
pub(super) fn text(args: &[Value], at: usize) -> &str {
    arg(args, at).as_text().unwrap_or("")
}

/// Capital letters; short texts without a second allocation.
fn upper(text: &str) -> Text {
    if text.is_ascii() {
        let mut buffer = [0_u8; 23];
        if let Some(part) = buffer.get_mut(..text.len()) {
            part.copy_from_slice(text.as_bytes());
            part.make_ascii_uppercase();
            if let Ok(text) = std::str::from_utf8(part) {
                return text.into();
            }
        }
    }
    text.to_uppercase().into()
}

fn substring(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let text = text(args, 0);
    let start = whole(args, 1).ok_or("the start position has to be a whole number.")?;
    if start == 0 {
        return Err("positions count from 1, or from -1 at the end.".into());
    }
    let count = text.chars().count() as i64;
    let from = if start > 0 { start - 1 } else { count + start };
    if from < 0 || from > count {
        return Err(format!("the text has {count} characters, so there is no position {start}.").into());
    }
    let length = match arg(args, 2) {
        Value::Null => None,
        given => {
            let length = given.as_number().map(|n| n.trunc()).and_then(|n| n.to_i64());
            let length = length.filter(|length| *length > 0).ok_or("the length has to be at least 1.")?;
            Some(usize::try_from(length).unwrap_or(usize::MAX))
        }
    };
    let mut starts = text.char_indices().map(|(at, _)| at).skip(from as usize);
    let start = starts.next().unwrap_or(text.len());
    let end = length.and_then(|length| starts.nth(length - 1)).unwrap_or(text.len());
    Ok(Value::from(&text[start..end]))
}

/// A number argument without its fraction.
pub(super) fn whole(args: &[Value], at: usize) -> Option<i64> {
    arg(args, at).as_number().map(Number::trunc).and_then(|n| n.to_i64())
}

fn join(cx: &mut Cx<'_>, args: &[Value]) -> Answer {
    let items = args[0].as_list().unwrap_or_default();
    let delimiter = arg(args, 1).as_text().unwrap_or("");
    cx.work(items.len(), Default::default());
    let mut out = String::new();
    let mut first = true;
    for item in items {
        let part = match item {
            Value::Null => continue,
            Value::Text(text) => text,
            other => {
                return Err(
                    format!("the list holds {}, not only texts.", crate::eval::describe(other)).into()
                );
            }
        };
        if !first {
            out.push_str(delimiter);
        }
        first = false;
        out.push_str(part);
        if out.len() > crate::cx::MAX_BYTES {
            return Err("the text is longer than 16 MiB.".into());
        }
    }
    Ok(out.into())
}

fn replace(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let with = replacement(text(args, 2));
    let input = text(args, 0);
    let replaced = pattern(text(args, 1), arg(args, 3).as_text().unwrap_or(""), |re| {
        let (mut out, mut last) = (String::new(), 0);
        for found in re.captures_iter(input) {
            let Some(whole) = found.get(0) else { continue };
            out.push_str(&input[last..whole.start()]);
            found.expand(&with, &mut out);
            last = whole.end();
            if out.len() > crate::cx::MAX_BYTES {
                return Value::Null;
            }
        }
        out.push_str(&input[last..]);
        out.into()
    })?;
    if replaced.is_null() { Err("the text is longer than 16 MiB.".into()) } else { Ok(replaced) }
}

/// `$1` of the standard as the regex crate reads it.
fn replacement(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '$' if chars.peek().is_some_and(char::is_ascii_digit) => {
                let digits: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_digit)).collect();
                out.push_str(&format!("${{{digits}}}"));
            }
            '$' => out.push_str("$$"),
            '\\' if matches!(chars.peek(), Some('$' | '\\')) => {
                if let Some(c) = chars.next() {
                    out.push_str(if c == '$' { "$$" } else { "\\" });
                }
            }
            c => out.push(c),
        }
    }
    out
}
