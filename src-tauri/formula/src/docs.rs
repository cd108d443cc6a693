//! The reference for people, made from the declarations of the functions: `docs/guide/formulas.md` in every language, and a page a
//! function with all of them.

use std::fmt::Write as _;

use crate::builtins::{self, Builtin, Param};

/// A language of the guide. The order is that of [`Builtin::help`].
struct Language {
    /// The folder of its pages below `docs/guide/`, with the slash.
    folder: &'static str,
    /// The way back from there to `docs/guide/`, where the pages of functions lie.
    back: &'static str,
    /// The guide's own text; the table of functions is added to it.
    guide: &'static str,
    function: &'static str,
    gives: &'static str,
    ours: &'static str,
    /// The names of the groups, in the order of [`GROUPS`].
    groups: [&'static str; 10],
}

/// The groups as the declarations name them.
const GROUPS: [&str; 10] = [
    "Text",
    "Numbers",
    "Lists",
    "Dates and times",
    "Conversion",
    "Records",
    "Ranges",
    "More on text",
    "Formats and locales",
    "Data and checks",
];

const LANGUAGES: [Language; 3] = [
    Language {
        folder: "",
        back: "",
        guide: include_str!("docs/formulas.md"),
        function: "function",
        gives: "what it gives",
        ours: "Arna's own",
        groups: GROUPS,
    },
    Language {
        folder: "ru/",
        back: "../",
        guide: include_str!("docs/formulas.ru.md"),
        function: "функция",
        gives: "что даёт",
        ours: "собственные функции Arna",
        groups: [
            "Текст",
            "Числа",
            "Списки",
            "Даты и время",
            "Преобразование",
            "Записи",
            "Диапазоны",
            "Ещё о тексте",
            "Форматы и языки",
            "Данные и проверки",
        ],
    },
    Language {
        folder: "kk/",
        back: "../",
        guide: include_str!("docs/formulas.kk.md"),
        function: "функция",
        gives: "не береді",
        ours: "Arna-ның өз функциялары",
        groups: [
            "Мәтін",
            "Сандар",
            "Тізімдер",
            "Күндер мен уақыттар",
            "Түрлендіру",
            "Жазбалар",
            "Аралықтар",
            "Мәтін туралы тағы",
            "Пішімдер мен тілдер",
            "Деректер мен тексерулер",
        ],
    },
];

/// Every generated page: its path below `docs/` and its text.
pub fn pages() -> Vec<(String, String)> {
    let guides = LANGUAGES.iter().enumerate();
    let mut pages: Vec<(String, String)> = guides
        .map(|(index, language)| (format!("guide/{}formulas.md", language.folder), guide(language, index)))
        .collect();
    pages.extend(builtins::all().iter().map(|function| (path(function), page(function))));
    pages
}

/// Where the page of a function lies below `docs/`.
fn path(function: &Builtin) -> String {
    format!("guide/functions/{}.md", slug(function))
}

fn slug(function: &Builtin) -> String {
    function.name.replace(' ', "-")
}

/// The guide in the language at an index of [`LANGUAGES`].
fn guide(language: &Language, index: usize) -> String {
    let mut out = language.guide.to_owned();
    let mut group = "";
    for function in builtins::all() {
        if function.group != group {
            if !group.is_empty() {
                out.push('\n');
            }
            group = function.group;
            let named = GROUPS.iter().position(|name| *name == group);
            let title = named.and_then(|at| language.groups.get(at)).copied().unwrap_or(group);
            let ours = if function.ours { format!(" ({})", language.ours) } else { String::new() };
            let (name, gives) = (language.function, language.gives);
            let _ = write!(out, "### {title}{ours}\n\n| {name} | {gives} |\n| --- | --- |\n");
        }
        let forms = function.signatures().join("`<br>`");
        let link = format!("{}functions/{}.md", language.back, slug(function));
        let help = function.help.get(index).copied().unwrap_or_default();
        let _ = writeln!(out, "| [`{forms}`]({link}) | {help} |");
    }
    out
}

fn page(function: &Builtin) -> String {
    let mut out = format!("# {}\n\n", function.name);
    for form in function.signatures() {
        let _ = writeln!(out, "    {form}");
    }
    let _ = write!(
        out,
        "\n- **en** {}\n- **ru** {}\n- **kk** {}\n\nResult: {}.\n\n",
        function.help[0], function.help[1], function.help[2], function.gives
    );
    let params: Vec<&Param> = function.forms.iter().flatten().collect();
    if !params.is_empty() {
        out.push_str("| parameter | takes |\n| --- | --- |\n");
        let mut seen: Vec<&str> = Vec::new();
        for param in params {
            if !seen.contains(&param.name) {
                seen.push(param.name);
                let _ = writeln!(out, "| `{}` | {}{} |", param.name, param.kind.words(), note(param));
            }
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "| formula | result |\n| --- | --- |\n| `{}` | `{}` |",
        escaped(function.example),
        escaped(function.result)
    );
    out.push_str(if function.ours {
        "\nThis function is Arna's own.\n"
    } else {
        "\nThis function is part of the standard (DMN 1.5 FEEL).\n"
    });
    out
}

fn note(param: &Param) -> &'static str {
    match (param.many, param.optional) {
        (true, _) => "; as many as there are",
        (_, true) => "; may be left away",
        _ => "",
    }
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use model::{Record, Value};

    use crate::{Formula, Roots};

    #[test]
    fn every_group_has_a_name_in_every_language() {
        for function in crate::builtins::all() {
            assert!(super::GROUPS.contains(&function.group), "{} is in no known group", function.name);
        }
    }

    #[test]
    fn every_row_of_the_guide_is_true() {
        for language in &super::LANGUAGES {
            rows_are_true(language.guide);
        }
    }

    fn rows_are_true(guide: &str) {
        let json =
            guide.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("the record");
        let Ok(Value::Record(record)) = model::json::parse(json.trim().as_bytes()) else {
            panic!("no record")
        };
        let value = |text: &str, record: &Record| {
            let formula = Formula::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            formula.eval_record(record, &Roots::default()).unwrap_or_else(|fault| panic!("{text}: {fault}"))
        };
        let mut count = 0;
        for line in guide.lines() {
            let Some(row) = line.strip_prefix("| `").and_then(|row| row.strip_suffix("` |")) else {
                continue;
            };
            let Some((formula, result)) = row.split_once("` | `") else { continue };
            let formula = formula.trim_matches(|c| c == ' ').trim_start_matches("` ").trim_end_matches(" `");
            assert_eq!(value(formula, &record), value(result, &record), "{formula}");
            count += 1;
        }
        assert!(count >= 20, "only {count} rows were found");
    }

    #[test]
    fn the_pages_in_the_repository_are_those_of_the_declarations() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/");
        for (path, text) in super::pages() {
            let file = std::path::PathBuf::from(format!("{docs}{path}"));
            if std::env::var_os("UPDATE").is_some() {
                std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder can be made");
                std::fs::write(&file, &text).expect("a page can be written");
            }
            let found = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(found == text, "{path} is not the generated page; run cargo xtask gen");
        }
    }
}
