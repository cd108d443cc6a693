//! The formatter: one form for every formula, on one line where it fits, else with a part a line.

use model::Text;

use crate::ast::{Args, Expr, Kind, Op};
use crate::builtins;
use crate::error::FormulaError;
use crate::lex::{KEYWORDS, Names, is_plain};
use crate::parse::{PROPERTIES, Parser};

/// Characters of a line before it is broken.
const WIDTH: usize = 100;

/// The formula in its usual form. A text with comments is given back as it is, so that no comment is lost.
///
/// # Errors
///
/// The formula cannot be read.
pub fn format(text: &str) -> Result<String, FormulaError> {
    let read = Parser::new(text, Names::new(builtins::long_names())).and_then(Parser::whole);
    let expr = read.map_err(|error| error.within(text))?;
    if has_comment(text) {
        return Ok(text.to_owned());
    }
    Ok(show(&expr, 0))
}

/// Whether a comment stands outside of texts.
fn has_comment(text: &str) -> bool {
    let (mut quote, mut escaped, mut last) = (None, false, ' ');
    for c in text.chars() {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '`') => quote = Some(c),
            None if last == '/' && matches!(c, '/' | '*') => return true,
            None => {}
        }
        last = if quote.is_none() { c } else { ' ' };
    }
    false
}

/// The text of a part; broken over lines where one is too long.
fn show(expr: &Expr, indent: usize) -> String {
    let flat = flat(expr);
    if indent + flat.chars().count() <= WIDTH {
        return flat;
    }
    let inner = indent + 2;
    let (pad, close) = (" ".repeat(inner), " ".repeat(indent));
    let lines = |open: &str, parts: Vec<String>, end: &str| {
        let parts: Vec<String> = parts.into_iter().map(|part| format!("{pad}{part}")).collect();
        format!("{open}\n{}\n{close}{end}", parts.join(",\n"))
    };
    match &expr.kind {
        Kind::List(parts) if !parts.is_empty() => {
            let item = |part: &Expr| match &part.kind {
                Kind::Test { .. } => test(part),
                _ => show(part, inner),
            };
            lines("[", parts.iter().map(item).collect(), "]")
        }
        Kind::Context(entries) if !entries.is_empty() => {
            let entry = |(name, value): &(Text, Expr)| format!("{}: {}", key(name), show(value, inner));
            lines("{", entries.iter().map(entry).collect(), "}")
        }
        Kind::Call { callee, args } => {
            let open = format!("{}(", self::flat(callee));
            let parts: Vec<String> = match args {
                Args::Positional(parts) => parts.iter().map(|part| show(part, inner)).collect(),
                Args::Named(parts) => {
                    parts.iter().map(|(name, part)| format!("{}: {}", key(name), show(part, inner))).collect()
                }
            };
            if parts.is_empty() { flat } else { lines(&open, parts, ")") }
        }
        Kind::If { test, then, other } => format!(
            "if {} then {}\n{close}else {}",
            show(test, indent),
            show(then, inner),
            show(other, indent)
        ),
        Kind::Paren(inner) => format!("({})", show(inner, indent + 1)),
        Kind::Binary { op: op @ (Op::And | Op::Or), left, right } => {
            format!("{}\n{close}{} {}", show(left, indent), op.sign(), show(right, indent + 4))
        }
        Kind::For { over, body } => format!("for {}\n{pad}return {}", iterators(over), show(body, inner)),
        _ => flat,
    }
}

/// The part on one line.
pub(crate) fn flat(expr: &Expr) -> String {
    match &expr.kind {
        Kind::Null => "null".into(),
        Kind::Bool(bool) => bool.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => quoted(text),
        Kind::At(text) => format!("@{}", quoted(text)),
        Kind::Name { name, quoted: true } => format!("`{name}`"),
        Kind::Name { name, quoted: false } => name.to_string(),
        Kind::List(parts) => format!("[{}]", parts.iter().map(test).collect::<Vec<_>>().join(", ")),
        Kind::Context(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(name, part)| format!("{}: {}", key(name), flat(part))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Kind::Range { low, high, low_in, high_in } => {
            let (open, close) = (if *low_in { '[' } else { '(' }, if *high_in { ']' } else { ')' });
            format!("{open}{}..{}{close}", flat(low), flat(high))
        }
        Kind::Steps { low, high } => format!("{}..{}", flat(low), flat(high)),
        Kind::Test { op, value } => format!("({} {})", op.sign(), flat(value)),
        Kind::Neg(value) => {
            let value = flat(value);
            if value.starts_with('-') { format!("- {value}") } else { format!("-{value}") }
        }
        Kind::Binary { op, left, right } => format!("{} {} {}", flat(left), op.sign(), flat(right)),
        Kind::Between { value, low, high } => {
            format!("{} between {} and {}", flat(value), flat(low), flat(high))
        }
        Kind::In { value, tests } => match tests.as_slice() {
            [only] if is_closed(only) => format!("{} in {}", flat(value), test(only)),
            many => {
                let tests: Vec<String> = many.iter().map(test).collect();
                format!("{} in ({})", flat(value), tests.join(", "))
            }
        },
        Kind::InstanceOf { value, of } => format!("{} instance of {of}", flat(value)),
        Kind::If { test, then, other } => {
            format!("if {} then {} else {}", flat(test), flat(then), flat(other))
        }
        Kind::For { over, body } => format!("for {} return {}", iterators(over), flat(body)),
        Kind::Quantified { every, over, body } => {
            let word = if *every { "every" } else { "some" };
            format!("{word} {} satisfies {}", iterators(over), flat(body))
        }
        Kind::Function { params, body } => {
            let params: Vec<String> = params
                .iter()
                .map(|(name, of)| match of {
                    Some(of) => format!("{}: {of}", bound(name)),
                    None => bound(name),
                })
                .collect();
            format!("function({}) {}", params.join(", "), flat(body))
        }
        Kind::Call { callee, args } => match args {
            Args::Positional(parts) => format!("{}({})", flat(callee), joined(parts)),
            Args::Named(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|(name, part)| format!("{}: {}", key(name), flat(part))).collect();
                format!("{}({})", flat(callee), parts.join(", "))
            }
        },
        Kind::Path { value, name } => {
            let is_property = PROPERTIES.contains(&name.as_str());
            let name = if is_plain(name) || is_property { name.to_string() } else { in_backticks(name) };
            format!("{}.{name}", flat(value))
        }
        Kind::Filter { value, test } => format!("{}[{}]", flat(value), flat(test)),
        Kind::Paren(inner) => format!("({})", flat(inner)),
        Kind::Anything => "-".into(),
        Kind::NotTests(tests) => format!("not({})", tests.iter().map(test).collect::<Vec<_>>().join(", ")),
        Kind::AnyOf(tests) => tests.iter().map(test).collect::<Vec<_>>().join(", "),
    }
}

/// A test behind `in` or in a list needs no brackets of its own.
fn test(expr: &Expr) -> String {
    match &expr.kind {
        Kind::Test { op, value } => format!("{} {}", op.sign(), flat(value)),
        _ => flat(expr),
    }
}

/// Whether a lone test behind `in` ends by itself: it neither begins with a bracket, which would be taken for that of `in`, nor has an
/// operator that could be taken for the one behind it.
fn is_closed(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Null
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::Text(_)
        | Kind::At(_)
        | Kind::Name { .. }
        | Kind::List(_)
        | Kind::Context(_)
        | Kind::Range { .. } => true,
        Kind::Test { value, .. } | Kind::Neg(value) => is_closed(value),
        Kind::Call { callee: value, .. } | Kind::Path { value, .. } | Kind::Filter { value, .. } => {
            is_closed(value)
        }
        _ => false,
    }
}

fn joined(parts: &[Expr]) -> String {
    parts.iter().map(flat).collect::<Vec<_>>().join(", ")
}

fn iterators(over: &[(Text, Expr)]) -> String {
    let one = |(name, domain): &(Text, Expr)| format!("{} in {}", bound(name), flat(domain));
    over.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A name where it is bound; in backticks where it would not be read as this name without.
fn bound(name: &Text) -> String {
    let is_word = |word: &str| is_plain(word) && !KEYWORDS.contains(&word);
    if name.split(' ').all(is_word) { name.to_string() } else { in_backticks(name) }
}

/// A name that holds a backtick can only have been written without them, since it was bound as a text before.
fn in_backticks(name: &Text) -> String {
    if name.contains('`') { name.to_string() } else { format!("`{name}`") }
}

fn key(name: &Text) -> String {
    if is_plain(name) && !KEYWORDS.contains(&name.as_str()) { name.to_string() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_get_one_form() {
        for (text, want) in [
            ("qty*price", "qty * price"),
            ("if   a then 1 else\n2", "if a then 1 else 2"),
            ("x in (<5,[1 .. 3))", "x in (< 5, [1..3))"),
            ("x in (<5)", "x in < 5"),
            ("x in (<5)+1", "x in ((< 5) + 1)"),
            ("x in ((1..2].start)", "x in (1..2].start"),
            ("x in (y) instance of number", "x in ((y) instance of number)"),
            ("[(<5), 2]", "[< 5, 2]"),
            ("[1..l[order]]", "[1..l[order]]"),
            ("x.`date` and time(y)", "x.date and time(y)"),
            ("for `in` in a return `in`", "for `in` in a return `in`"),
            ("function(a  b, `c-d`) a b", "function(a b, `c-d`) a b"),
            ("x in (y = 1)", "x in (y = 1)"),
            ("x in ((y))", "x in ((y))"),
            ("x in (if y then 1 else 2) and z", "x in (if y then 1 else 2) and z"),
            ("x in y.z[1]", "x in y.z[1]"),
            ("{\"a b\":1 , c:[1,2]}", "{\"a b\": 1, c: [1, 2]}"),
            ("- -1", "- -1"),
            ("f.`net total`[item>1]", "f.`net total`[item > 1]"),
            ("a // why", "a // why"),
        ] {
            assert_eq!(format(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn long_formulas_are_broken_into_lines() {
        let text = format!(
            "{{{}}}",
            (0..12).map(|n| format!("field_number_{n}: value + {n}")).collect::<Vec<_>>().join(", ")
        );
        let shown = format(&text).expect("a formula");
        assert_eq!(shown.lines().count(), 14, "{shown}");
        assert_eq!(format(&shown), Ok(shown));
    }
}
