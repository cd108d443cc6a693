//! What may have been meant: names that differ by little.

use model::Text;

use crate::builtins;

/// Advice for a field that does not exist.
pub(crate) fn field(name: &str, fields: &[Text]) -> Option<String> {
    if let Some(twin) = fields.iter().find(|field| folded(field) == folded(name)) {
        let mixed = has_mixed_scripts(name) || has_mixed_scripts(twin);
        let why = if mixed { " (one of them mixes Latin and Cyrillic letters that look alike)" } else { "" };
        return Some(format!("Did you mean {twin}{why}?"));
    }
    let limit = (name.chars().count() / 3).clamp(1, 3);
    fields
        .iter()
        .map(|field| (distance(&folded(name), &folded(field), limit), field))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, near)| format!("Did you mean {near}?"))
}

/// Advice for a function that does not exist.
pub(crate) fn function(name: &str) -> Option<String> {
    /// Names from spreadsheets and other languages.
    const ALIASES: [(&str, &str); 34] = [
        ("len", "string length"),
        ("length", "string length"),
        ("upper", "upper case"),
        ("uppercase", "upper case"),
        ("toupper", "upper case"),
        ("lower", "lower case"),
        ("lowercase", "lower case"),
        ("tolower", "lower case"),
        ("concat", "concatenate"),
        ("join", "string join"),
        ("substr", "substring"),
        ("mid", "substring"),
        ("average", "mean"),
        ("avg", "mean"),
        ("mod", "modulo"),
        ("round", "round half up"),
        ("str", "string"),
        ("tostring", "string"),
        ("text", "string"),
        ("int", "number"),
        ("tonumber", "number"),
        ("val", "number"),
        ("size", "count"),
        ("indexof", "index of"),
        ("unique", "distinct values"),
        ("startswith", "starts with"),
        ("endswith", "ends with"),
        ("iferror", "try"),
        ("ifnull", "try"),
        ("weekday", "day of week"),
        ("pow", "the operator **"),
        ("isnull", "the comparison = null"),
        ("datetime", "date and time"),
        ("includes", "contains"),
    ];
    let plain: String = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    if let Some((_, meant)) = ALIASES.iter().find(|(alias, _)| *alias == plain) {
        return Some(format!("Use {meant}."));
    }
    if let Some(same) = builtins::names().find(|known| known.replace(' ', "") == plain) {
        return Some(format!("Did you mean {same}?"));
    }
    nearest(name, builtins::names()).map(|near| format!("Did you mean {near}?"))
}

fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = (name.chars().count() / 3).clamp(1, 3);
    known
        .map(|known| (distance(&name.to_lowercase(), &known.to_lowercase(), limit), known))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Letters that look alike in Latin and Cyrillic, as one.
fn folded(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .map(|c| match c {
            'а' => 'a',
            'е' => 'e',
            'о' => 'o',
            'р' => 'p',
            'с' => 'c',
            'х' => 'x',
            'у' => 'y',
            'і' => 'i',
            'к' => 'k',
            'м' => 'm',
            'т' => 't',
            'в' => 'b',
            'н' => 'h',
            other => other,
        })
        .collect()
}

fn has_mixed_scripts(name: &str) -> bool {
    name.chars().any(|c| c.is_ascii_alphabetic())
        && name.chars().any(|c| ('\u{400}'..='\u{4FF}').contains(&c))
}

/// Edits (insert, delete, replace, swap of neighbours) from one name to another; more than `limit` may be less exact.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for j in 0..=b.len() {
        rows[0][j] = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let swap = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + swap);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}
