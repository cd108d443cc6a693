//! The words of tray, menus and notices in the person's language. The window has its own in `ui/src/kit/locales`.

use std::collections::BTreeMap;

const EN: &str = include_str!("../words/en.json");
const RU: &str = include_str!("../words/ru.json");
const KK: &str = include_str!("../words/kk.json");

/// The words of one language.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Words(BTreeMap<String, String>);

impl Words {
    /// The words of the chosen language; where none was chosen, of the system's, and English for all others.
    pub(crate) fn of(chosen: &str) -> Words {
        let language = if chosen.is_empty() { system() } else { chosen.to_owned() };
        let text = match language.get(..2) {
            Some("ru") => RU,
            Some("kk") => KK,
            Some(_) | None => EN,
        };
        Words(serde_json::from_str(text).unwrap_or_default())
    }

    /// A text by its key. A missing one shows as its key, which a test of ours notices before a person does.
    pub(crate) fn text(&self, key: &'static str) -> &str {
        self.0.get(key).map_or(key, String::as_str)
    }

    /// A text with a number in it.
    pub(crate) fn count(&self, key: &'static str, n: u64) -> String {
        self.text(key).replace("{n}", &n.to_string())
    }
}

/// The language of the system, such as `ru_RU.UTF-8`; empty when it does not say.
fn system() -> String {
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|it| std::env::var(it).ok());
    said.into_iter().find(|it| !it.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_same_words_and_the_same_places_for_numbers() {
        let (en, ru, kk) = (Words::of("en"), Words::of("ru"), Words::of("kk"));
        assert!(en.0.len() > 30, "the words are read");
        for other in [&ru, &kk] {
            assert_eq!(en.0.keys().collect::<Vec<_>>(), other.0.keys().collect::<Vec<_>>());
            for (key, text) in &en.0 {
                assert_eq!(text.contains("{n}"), other.0[key].contains("{n}"), "{key}");
            }
        }
        assert_ne!(ru, kk);
    }

    #[test]
    fn every_key_that_the_shell_asks_for_has_a_word() {
        let en = Words::of("en");
        let sources = [include_str!("menu.rs"), include_str!("tray.rs"), include_str!("notice.rs")];
        let keys = sources.iter().flat_map(|it| it.split('"').skip(1).step_by(2));
        let groups = ["tray.", "status.", "menu.", "notice."];
        let asked: Vec<&str> = keys.filter(|key| groups.iter().any(|it| key.starts_with(it))).collect();
        assert!(asked.len() > 20, "{asked:?}");
        for key in asked {
            assert!(en.0.contains_key(key), "no word for {key}");
        }
    }
}
