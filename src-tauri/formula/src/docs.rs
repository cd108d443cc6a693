//! The reference for people, made from the declarations of the functions: `docs/guide/formulas.md` and a page a function.

use std::fmt::Write as _;

use crate::builtins::{self, Builtin, Param};

/// The guide's own text; the table of functions is added to it.
const GUIDE: &str = include_str!("docs/formulas.md");

/// Every generated page: its path below `docs/` and its text.
pub fn pages() -> Vec<(String, String)> {
    let mut pages = vec![("guide/formulas.md".to_owned(), guide())];
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

fn guide() -> String {
    let mut out = GUIDE.to_owned();
    let mut group = "";
    for function in builtins::all() {
        if function.group != group {
            group = function.group;
            let ours = if function.ours { " (Arna's own)" } else { "" };
            let _ = write!(out, "### {group}{ours}\n\n| function | what it gives |\n| --- | --- |\n");
        }
        let forms = function.signatures().join("`<br>`");
        let _ = writeln!(out, "| [`{forms}`](functions/{}.md) | {} |", slug(function), function.help[0]);
        let last = builtins::all().iter().rfind(|other| other.group == group);
        if last.is_some_and(|last| std::ptr::eq(last, function)) {
            out.push('\n');
        }
    }
    format!("{}\n", out.trim_end())
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
    fn every_row_of_the_guide_is_true() {
        let json = super::GUIDE
            .split("```json")
            .nth(1)
            .and_then(|rest| rest.split("```").next())
            .expect("the record");
        let Ok(Value::Record(record)) = model::json::parse(json.trim().as_bytes()) else {
            panic!("no record")
        };
        let value = |text: &str, record: &Record| {
            let formula = Formula::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            formula.eval_record(record, &Roots::default()).unwrap_or_else(|fault| panic!("{text}: {fault}"))
        };
        let mut count = 0;
        for line in super::GUIDE.lines() {
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
