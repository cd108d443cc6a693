//! Do the formulas of a config compile, and which fields and slots do they read. The only place that talks to the language.

use formula::{FieldSet, Formula, FormulaError, Template};
use model::document::{Diagnostic, quoted};

use crate::places::{Found, Places};
use crate::reads::Reads;

/// Compiles every formula of a config once, notes what it reads, and reports those that do not compile; answers with the
/// fields these stand in.
pub(crate) fn check(id: &str, places: &mut Places, found: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut broken = Vec::new();
    for place in &mut places.formulas {
        match compile(place) {
            Ok(reads) => place.reads = reads,
            Err(error) => {
                broken.push(place.pointer.clone());
                found.push(problem(place, &error).on(id).field(place.pointer.clone()));
            }
        }
    }
    broken
}

/// The flow's own formula for the order of its runs.
pub(crate) fn order_key(text: &str) -> Result<sdk::Formula, Box<Diagnostic>> {
    let place = Found { text: text.to_owned(), ..Found::default() };
    match compile(&place) {
        Ok(_) => sdk::Formula::parse(text)
            .map_err(|error| Box::new(Diagnostic::error("formula.wrong", error).at("/order"))),
        Err(error) => Err(Box::new(problem(&place, &error).at("/order"))),
    }
}

fn problem(place: &Found, error: &FormulaError) -> Diagnostic {
    let offset = if place.is_template { 0 } else { place.text.len() - body(&place.text).len() };
    let mut sentence = error.message.clone();
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    if let Some(suggestion) = &error.suggestion {
        sentence.push(' ');
        sentence.push_str(suggestion);
    }
    let (start, end) = shown(&place.text, offset + error.span.start, offset + error.span.end);
    Diagnostic::error("formula.wrong", sentence).span(start, end)
}

/// A span that can be underlined: inside the text, and at least one character where there is one.
fn shown(text: &str, start: usize, end: usize) -> (usize, usize) {
    let (mut start, end) = (start.min(text.len()), end.min(text.len()));
    if end <= start {
        start = text[..text.floor_char_boundary(end)].char_indices().next_back().map_or(0, |(at, _)| at);
    }
    (start, end)
}

/// The formula without its sign.
fn body(text: &str) -> &str {
    text.trim_start().strip_prefix('=').unwrap_or(text)
}

/// The fields a formula reads.
fn compile(place: &Found) -> Result<Reads, FormulaError> {
    if place.is_template {
        Template::parse(&place.text).map(|template| from_set(template.fields()))
    } else {
        Formula::parse(body(&place.text)).map(|formula| from_set(formula.fields()))
    }
}

fn from_set(set: &FieldSet) -> Reads {
    match set {
        FieldSet::All => Reads::all(),
        FieldSet::Only(names) => Reads::only(names.iter().map(ToString::to_string)),
    }
}

/// The same in the words of the language.
pub(crate) fn to_set(reads: &Reads) -> FieldSet {
    match reads.names() {
        None => FieldSet::All,
        Some(names) => FieldSet::Only(names.map(Into::into).collect()),
    }
}

/// The slots a text names in its formulas, each with where the name stands.
pub(crate) fn slots(place: &Found) -> Vec<(String, usize)> {
    const ROOT: &str = "slots.";
    let text = &place.text;
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut inside = !place.is_template || text.trim_start().starts_with('=');
    let whole = inside;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if !whole && !inside && rest.starts_with(b"{{") {
            inside = true;
            at += 2;
        } else if !whole && inside && rest.starts_with(b"}}") {
            inside = false;
            at += 2;
        } else if inside && rest[0] == b'"' {
            at += text_end(rest);
        } else if inside && rest.starts_with(ROOT.as_bytes()) && !follows_name(&bytes[..at]) {
            let start = at + ROOT.len();
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let length = bytes[start..].iter().take_while(|byte| is_name(byte)).count();
            if length > 0 {
                found.push((text[start..start + length].to_owned(), start));
            }
            at = start + length;
        } else {
            at += 1;
        }
    }
    found
}

/// Bytes of the quoted text at the start.
fn text_end(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != b'"' {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn follows_name(before: &[u8]) -> bool {
    before.last().is_some_and(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'`') || *byte >= 0x80
    })
}

/// What to say about a field that cannot be there.
pub(crate) fn no_field(id: &str, place: &Found, name: &str, meant: Option<&str>) -> Diagnostic {
    let hint = meant.map(|meant| format!(" Did you mean {}?", quoted(meant))).unwrap_or_default();
    let sentence =
        format!("There is no field {} here: nothing before {} makes it.{hint}", quoted(name), quoted(id));
    let finding = Diagnostic::error("formula.no-field", sentence).on(id).field(place.pointer.clone());
    match word(&place.text, name) {
        Some(start) => finding.span(start, start + name.len()),
        None => finding,
    }
}

/// Where a name stands in a text as a whole word.
fn word(text: &str, name: &str) -> Option<usize> {
    text.match_indices(name).map(|(at, _)| at).find(|at| {
        let after = text.as_bytes().get(at + name.len());
        !follows_name(&text.as_bytes()[..*at])
            && !after.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, is_template: bool) -> Vec<String> {
        let place = Found { text: text.into(), is_template, ..Found::default() };
        slots(&place).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn slots_are_found_in_formulas_and_not_in_texts() {
        assert_eq!(found("= slots.a + x.slots.b + \"slots.c\" + myslots.d + slots.e_1", false), ["a", "e_1"]);
        assert_eq!(found("slots.a {{ slots.inbox }}/x slots.b {{ \"}}\" + slots.c }}", true), ["inbox", "c"]);
        assert_eq!(found("= slots.a", true), ["a"]);
    }
}
