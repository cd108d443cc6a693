//! What the editor asks while a person types: what may come next, and what a word means.

use model::{Record, Value};

use crate::builtins::{self, Builtin};
use crate::lex::{KEYWORDS, is_name_part, is_plain};

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// Russian.
    Ru,
    /// Kazakh.
    Kk,
}

impl Language {
    fn of(self, help: [&'static str; 3]) -> &'static str {
        help[self as usize]
    }
}

/// What a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposed {
    /// A field of the record or of a value in it.
    Field,
    /// A function of the language.
    Function,
    /// A word such as `if`.
    Word,
}

/// Something that may stand where the person types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What it is called.
    pub label: String,
    /// What is put into the text, from [`Completion::from`] to the place of the caret.
    pub insert: String,
    /// What it is.
    pub kind: Proposed,
    /// For a field its type and an example, for a function its signature.
    pub detail: String,
    /// For a function what it gives, in the person's language.
    pub help: String,
}

/// What may come at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The first byte that is replaced.
    pub from: usize,
    /// The proposals, best first.
    pub proposals: Vec<Proposal>,
}

/// What a word means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// The signature of a function, or the name and type of a field.
    pub title: String,
    /// What it gives, in the person's language; empty for a field.
    pub help: String,
    /// An example: for a function a formula and its result, for a field its value in the sample.
    pub example: String,
}

/// Proposals kept.
const MAX_PROPOSALS: usize = 200;
/// Words before the one at the caret that may belong to its name.
const MAX_WORDS: usize = 7;

/// What may come at byte `caret` of the text, for records like the sample.
pub fn complete(text: &str, caret: usize, sample: &Record, language: Language) -> Completion {
    let caret = floor(text, caret);
    let from = word_start(text, caret);
    // Several words may be the beginning of one name: the longest such beginning counts.
    let starts = earlier_starts(text, from, caret);
    for start in starts.into_iter().rev() {
        let typed = words(&text[start..caret]);
        let begun = |proposal: &Proposal| proposal.label.to_lowercase().starts_with(&typed);
        let proposals: Vec<_> =
            possible(&text[..start], sample, language).into_iter().filter(begun).collect();
        if !proposals.is_empty() {
            return Completion { from: start, proposals: first_ones(proposals) };
        }
    }
    let typed = text[from..caret].to_lowercase();
    Completion { from, proposals: matching(possible(&text[..from], sample, language), &typed) }
}

/// All that may stand behind a text.
fn possible(before: &str, sample: &Record, language: Language) -> Vec<Proposal> {
    if let Some(path) = before.trim_end().strip_suffix('.') {
        return target(path, sample).map_or_else(Vec::new, |value| fields_of(&value));
    }
    let mut proposals = fields_of(&Value::Record(sample.clone()));
    proposals.extend(builtins::all().iter().map(|function| proposal(function, language)));
    proposals.extend(KEYWORDS.iter().filter(|word| !matches!(**word, "external" | "not")).map(|word| {
        Proposal {
            label: (*word).into(),
            insert: (*word).into(),
            kind: Proposed::Word,
            detail: String::new(),
            help: String::new(),
        }
    }));
    proposals
}

/// Where the words before the one at the caret start, nearest first, as far as only blanks stand between them.
fn earlier_starts(text: &str, from: usize, caret: usize) -> Vec<usize> {
    let mut starts = Vec::new();
    if text[from..caret].starts_with('`') {
        return starts;
    }
    let mut at = from;
    while starts.len() < MAX_WORDS {
        let end = text[..at].trim_end_matches([' ', '\t']).len();
        let start = word_start(text, end);
        if end == at || start == end || text[start..end].starts_with('`') {
            break;
        }
        starts.push(start);
        at = start;
    }
    starts
}

/// The words of a text in lower case, with one blank between them; a blank at the end is kept, since it ends a word.
fn words(text: &str) -> String {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if text.ends_with(char::is_whitespace) {
        words.push(' ');
    }
    words
}

/// What the word at byte `at` means, for records like the sample.
pub fn hover(text: &str, at: usize, sample: &Record, language: Language) -> Option<Hover> {
    let at = floor(text, at);
    // A function's name may have several words; the longest one around the place is meant.
    let function = builtins::all()
        .iter()
        .filter(|function| {
            text.match_indices(function.name).any(|(start, name)| {
                let end = start + name.len();
                (start..=end).contains(&at)
                    && text[end..].trim_start().starts_with('(')
                    && !text[..start].ends_with(is_name_part)
            })
        })
        .max_by_key(|function| function.name.len());
    if let Some(function) = function {
        return Some(Hover {
            title: function.signatures().join("\n"),
            help: language.of(function.help).into(),
            example: format!("{} = {}", function.example, function.result),
        });
    }
    let end = at + text[at..].chars().take_while(|c| is_name_part(*c)).map(char::len_utf8).sum::<usize>();
    let start = word_start(text, end);
    let name = text[start..end].trim_matches('`');
    let owner = match text[..start].trim_end().strip_suffix('.') {
        Some(path) => target(path, sample)?,
        None => Value::Record(sample.clone()),
    };
    let value = first_record(&owner)?.get(name)?.clone();
    Some(Hover {
        title: format!("{name}: {}", value.type_name()),
        help: String::new(),
        example: short(&value),
    })
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where the word that ends at `end` starts; an open backtick belongs to it.
fn word_start(text: &str, end: usize) -> usize {
    let before = &text[..end];
    if before.matches('`').count() % 2 == 1 {
        return before.rfind('`').unwrap_or(end);
    }
    end - before.chars().rev().take_while(|c| is_name_part(*c)).map(char::len_utf8).sum::<usize>()
}

/// The value behind a path such as `client.address`, as far as the sample shows it.
fn target(path: &str, sample: &Record) -> Option<Value> {
    let end = path.len();
    let start = end
        - path
            .chars()
            .rev()
            .take_while(|c| is_name_part(*c) || matches!(c, '.' | '`'))
            .map(char::len_utf8)
            .sum::<usize>();
    let mut value = Value::Record(sample.clone());
    for name in path[start..].split('.') {
        let name = name.trim_matches('`');
        if name == "record" && matches!(&value, Value::Record(record) if record.get(name).is_none()) {
            continue;
        }
        value = first_record(&value)?.get(name)?.clone();
    }
    Some(value)
}

/// The record itself, or the first one of a list.
fn first_record(value: &Value) -> Option<&Record> {
    match value {
        Value::Record(record) => Some(record),
        Value::List(items) => items.iter().find_map(Value::as_record),
        _ => None,
    }
}

fn fields_of(value: &Value) -> Vec<Proposal> {
    let Some(record) = first_record(value) else { return Vec::new() };
    record
        .iter()
        .map(|(name, value)| Proposal {
            label: name.to_string(),
            insert: if is_plain(name) && !KEYWORDS.contains(&name.as_str()) {
                name.to_string()
            } else {
                format!("`{name}`")
            },
            kind: Proposed::Field,
            detail: format!("{} {}", value.type_name(), short(value)),
            help: String::new(),
        })
        .collect()
}

fn proposal(function: &Builtin, language: Language) -> Proposal {
    Proposal {
        label: function.name.into(),
        insert: format!("{}(", function.name),
        kind: Proposed::Function,
        detail: function.signatures().join(" | "),
        help: language.of(function.help).into(),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(40).collect();
    if cut.len() < text.len() { format!("{cut}..") } else { cut }
}

/// Those that begin with what was typed, then those that hold it.
fn matching(proposals: Vec<Proposal>, typed: &str) -> Vec<Proposal> {
    let typed = typed.trim_start_matches('`');
    let rank = |proposal: &Proposal| {
        let label = proposal.label.to_lowercase();
        if label.starts_with(typed) { Some(0) } else { label.contains(typed).then_some(1) }
    };
    let mut ranked: Vec<(u8, Proposal)> =
        proposals.into_iter().filter_map(|proposal| Some((rank(&proposal)?, proposal))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    first_ones(ranked.into_iter().map(|(_, proposal)| proposal).collect())
}

fn first_ones(mut proposals: Vec<Proposal>) -> Vec<Proposal> {
    proposals.truncate(MAX_PROPOSALS);
    proposals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Record {
        let client = Record::of([("name", Value::from("Aliya")), ("net total", Value::from(5_i64))]);
        Record::of([
            ("city", Value::from("Almaty")),
            ("client", Value::Record(client.clone())),
            ("lines", Value::list(vec![Value::Record(client)])),
        ])
    }

    fn labels(text: &str) -> Vec<String> {
        complete(text, text.len(), &sample(), Language::En).proposals.into_iter().map(|it| it.label).collect()
    }

    #[test]
    fn fields_come_before_functions() {
        let found = labels("1 + c");
        assert_eq!(&found[..2], ["city", "client"]);
        assert!(found.contains(&"count".to_owned()));
    }

    #[test]
    fn behind_a_point_only_fields_of_that_value_come() {
        assert_eq!(labels("client."), ["name", "net total"]);
        assert_eq!(labels("lines.na"), ["name"]);
        let found = complete("client.net", 10, &sample(), Language::En);
        assert_eq!((found.from, found.proposals[0].insert.as_str()), (7, "`net total`"));
    }

    #[test]
    fn names_of_several_words_are_proposed_behind_their_first_word() {
        let found = complete("1 + round h", 11, &sample(), Language::En);
        let labels = |found: &Completion| -> Vec<String> {
            found.proposals.iter().map(|it| it.label.clone()).collect()
        };
        assert_eq!((found.from, labels(&found)), (4, vec!["round half up".into(), "round half down".into()]));
        let found = complete("Round  ", 7, &sample(), Language::En);
        assert_eq!(found.from, 0, "the word before is part of the name: {:?}", labels(&found));
        assert!(labels(&found).iter().all(|label| label.starts_with("round ")), "{:?}", labels(&found));
        let found = complete("client.net t", 12, &sample(), Language::En);
        assert_eq!((found.from, found.proposals[0].insert.as_str()), (7, "`net total`"));
        let found = complete("city and c", 10, &sample(), Language::En);
        assert_eq!((found.from, labels(&found)[0].as_str()), (9, "city"), "no name begins with city and");
    }

    #[test]
    fn hover_explains_functions_and_fields() {
        let text = "upper case(client.name)";
        let function = hover(text, 7, &sample(), Language::Ru).expect("a function");
        assert_eq!(function.title, "upper case(string)");
        assert!(function.help.contains("заглавными"));
        let field = hover(text, 20, &sample(), Language::Ru).expect("a field");
        assert_eq!((field.title.as_str(), field.example.as_str()), ("name: text", "\"Aliya\""));
    }
}
