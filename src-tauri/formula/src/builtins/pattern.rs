//! Patterns of the standard (regular expressions of XPath) as the crate regex reads them.

use std::cell::RefCell;

use model::Value;
use regex::{Regex, RegexBuilder};

use super::{Answer, Trouble};

thread_local! {
    /// Patterns seen last on this thread.
    static PATTERNS: RefCell<Vec<(String, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// Patterns kept a thread.
const KEPT: usize = 32;

/// Runs with the compiled pattern. Matching takes linear time by the regex crate's promise.
pub(super) fn pattern(pattern: &str, flags: &str, run: impl FnOnce(&Regex) -> Value) -> Answer {
    let key = format!("{flags}/{pattern}");
    PATTERNS.with_borrow_mut(|kept| {
        let at = match kept.iter().position(|(known, _)| *known == key) {
            Some(at) => at,
            None => {
                let re = compile(pattern, flags)?;
                if kept.len() >= KEPT {
                    kept.remove(0);
                }
                kept.push((key, re));
                kept.len() - 1
            }
        };
        Ok(run(&kept[at].1))
    })
}

fn compile(pattern: &str, flags: &str) -> Result<Regex, Trouble> {
    if let Some(flag) = flags.chars().find(|flag| !"smixq".contains(*flag)) {
        return Err(format!("there is no flag {flag}; flags are s, m, i, x and q.").into());
    }
    let has = |flag| flags.contains(flag);
    let source = if has('q') { regex::escape(pattern) } else { translated(pattern) };
    RegexBuilder::new(&source)
        .dot_matches_new_line(has('s'))
        .multi_line(has('m'))
        .case_insensitive(has('i'))
        .ignore_whitespace(has('x') && !has('q'))
        .size_limit(1 << 20)
        .build()
        .map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("the pattern {pattern} cannot be read: {last}.").into()
        })
}

/// Inside of classes the two differ: a class is taken from another as `[a-z-[aeiou]]`, not `[a-z--[aeiou]]`, and there
/// are no operators `--`, `&&` and `~~`. Everywhere else a pattern stays as it is.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let (mut depth, mut is_first) = (0_usize, false);
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let was_first = std::mem::take(&mut is_first);
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '[' if depth == 0 => {
                depth = 1;
                is_first = true;
                out.push(c);
            }
            _ if depth == 0 => out.push(c),
            '^' if was_first => {
                is_first = true;
                out.push(c);
            }
            '-' if next == Some('[') && !was_first => {
                chars.next();
                depth += 1;
                is_first = true;
                out.push_str("--[");
            }
            // `[+--]` runs from + to -.
            '-' if next == Some('-') => {
                chars.next();
                if chars.next_if_eq(&'[').is_some() {
                    depth += 1;
                    is_first = true;
                    out.push_str("\\---[");
                } else {
                    out.push_str("-\\-");
                }
            }
            '&' | '~' if next == Some(c) => {
                out.push('\\');
                out.push(c);
            }
            '[' => out.push_str("\\["),
            ']' => {
                depth -= 1;
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        let re = compile(pattern, "").unwrap_or_else(|trouble| panic!("{pattern}: {}", trouble.text));
        re.is_match(text)
    }

    #[test]
    fn a_minus_before_a_class_is_a_minus() {
        assert!(found("INV-[0-9]+", "see INV-204"));
        assert!(!found("^INV-[0-9]+$", "INV--"));
        assert!(found("^[A-Z]+-[A-Z]+$", "KZT-USD"));
        assert!(found(r"^\[-[0-9]$", "[-7"));
    }

    #[test]
    fn a_class_is_taken_from_another_as_the_standard_writes_it() {
        let consonants = "^[a-z-[aeiou]]+$";
        assert!(found(consonants, "rhythm"));
        assert!(!found(consonants, "rhyme"));
        assert!(found("^[a-z-[a-f-[c]]]+$", "cxyz"));
        assert!(!found("^[a-z-[a-f-[c]]]+$", "a"));
        assert!(found("^[^a-[b]]$", "c"));
        assert!(found("^[a--[a]]$", "-"));
        assert!(!found("^[a--[a]]$", "a"));
    }

    #[test]
    fn signs_that_are_operators_elsewhere_are_plain_in_a_class() {
        assert!(found("^[a&&b]+$", "a&b"));
        assert!(found("^[~~x]$", "~"));
        assert!(found("^[+--]$", ","));
        assert!(found("^[-[]$", "["));
        assert!(found("^[x[]$", "["));
        assert!(!found("^[^-x]$", "-"));
    }
}
