//! Names a person gives: what an id may look like, what was probably meant, and marks that deceive the eye.

/// Words of the formula language; no node or slot may be called one of them.
pub const FORMULA_WORDS: [&str; 20] = [
    "and",
    "between",
    "else",
    "every",
    "external",
    "false",
    "for",
    "function",
    "if",
    "in",
    "instance",
    "not",
    "null",
    "of",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];

/// Names that formulas keep for themselves; they win over fields.
pub const ROOTS: [&str; 4] = ["event", "record", "run", "slots"];

/// The longest id.
const MAX_ID: usize = 32;

/// Says what is wrong with the id of a node or the name of a slot, if anything.
#[must_use]
pub fn id_problem(id: &str) -> Option<String> {
    if id.is_empty() {
        return Some("An id cannot be empty.".to_owned());
    }
    if id.len() > MAX_ID {
        return Some(format!("{} is longer than {MAX_ID} characters.", quoted(id)));
    }
    let starts_well = id.as_bytes()[0].is_ascii_lowercase();
    let goes_on_well =
        id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !starts_well || !goes_on_well {
        return Some(format!(
            "{} cannot be an id: ids start with a small letter a-z and go on with a-z, 0-9 and _.",
            quoted(id)
        ));
    }
    if FORMULA_WORDS.contains(&id) || ROOTS.contains(&id) {
        return Some(format!("{} is a word of the formula language and cannot be an id.", quoted(id)));
    }
    None
}

/// A name as it stands in a sentence: in quotes, cut when long, with marks that cannot be seen written out.
#[must_use]
pub fn quoted(name: &str) -> String {
    const SHOWN: usize = 60;
    let mut out = String::from("\"");
    for (index, c) in name.chars().enumerate() {
        if index == SHOWN {
            out.push('…');
            break;
        }
        if c.is_control() || is_bidi(c) {
            out.push_str(&format!("\\u{{{:04X}}}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// The first character of a text that changes the direction in which it is shown, with its byte.
#[must_use]
pub fn find_bidi(text: &str) -> Option<(usize, char)> {
    if text.is_ascii() {
        return None;
    }
    text.char_indices().find(|(_, c)| is_bidi(*c))
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The name among several that a mistyped one most probably meant.
pub fn closest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let allowed = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let lower = word.to_lowercase();
    names
        .into_iter()
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (distance(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= allowed && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters must be added, taken away, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(from != to)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *to && *from == b[j - 1] {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_plain_and_no_formula_words() {
        for good in ["a", "paid_2", "x".repeat(32).as_str()] {
            assert_eq!(id_problem(good), None, "{good}");
        }
        for bad in ["", "A", "2nd", "_x", "a-b", "é", "x".repeat(33).as_str(), "and", "slots", "true", "null"]
        {
            assert!(id_problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_a_stranger_is_not() {
        let names = ["config", "connection", "kind", "title"];
        assert_eq!(closest("conifg", names), Some("config"));
        assert_eq!(closest("Kind", names), Some("kind"));
        assert_eq!(closest("tilte", names), Some("title"));
        assert_eq!(closest("elephant", names), None);
    }

    #[test]
    fn marks_that_turn_text_around_are_written_out() {
        assert_eq!(quoted("a\u{202E}b"), "\"a\\u{202E}b\"");
        assert_eq!(find_bidi("ab\u{2066}"), Some((2, '\u{2066}')));
        assert_eq!(find_bidi("Қазақша"), None);
    }
}
