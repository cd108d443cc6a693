//! The reference of node kinds: a page each, from the declaration alone.

use std::fmt::Write as _;

use host::contract::{Catalogue, KindRow, PortRow};
use serde_json::Value;

/// The list of all kinds.
pub(crate) fn index(catalogue: &Catalogue) -> String {
    let mut text = String::from("# Node kinds\n\n| kind | name | what it does |\n| --- | --- | --- |\n");
    for kind in &catalogue.kinds {
        let _ = writeln!(
            text,
            "| [{0}]({0}.md) | {1} | {2} |",
            kind.kind,
            kind.title,
            cell(first_sentence(&kind.help))
        );
    }
    text
}

/// The page of one kind.
pub(crate) fn page(kind: &KindRow) -> String {
    let mut text = format!("# {}\n\n`{}`, {} · {}\n", kind.title, kind.kind, kind.contract, kind.category);
    if !kind.help.is_empty() {
        let _ = write!(text, "\n{}\n", kind.help);
    }
    ports(&mut text, "Inputs", &kind.inputs);
    ports(&mut text, "Outputs", &kind.outputs);
    fields(&mut text, &kind.schema);
    text
}

fn ports(text: &mut String, title: &str, ports: &[PortRow]) {
    if ports.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n| port | what |\n| --- | --- |\n");
    for port in ports {
        let _ = writeln!(text, "| `{}` | {} |", port.name, cell(&port.help));
    }
}

fn fields(text: &mut String, schema: &Value) {
    let Some(properties) = schema["properties"].as_object().filter(|it| !it.is_empty()) else { return };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    text.push_str("\n## Configuration\n\n| field | type | default | what |\n| --- | --- | --- | --- |\n");
    for (name, field) in properties {
        let default = match field.get("default") {
            Some(default) if !default.is_null() => format!("`{default}`"),
            Some(_) | None if required.contains(&name.as_str()) => "required".to_owned(),
            Some(_) | None => String::new(),
        };
        let help = field["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "| `{name}` | {} | {} | {} |", type_word(field), cell(&default), cell(help));
    }
}

fn type_word(field: &Value) -> String {
    if let Some(widget) = field["x-widget"].as_str() {
        return widget.to_owned();
    }
    if let Some(target) = field["$ref"].as_str() {
        return target.rsplit('/').next().unwrap_or_default().to_lowercase();
    }
    match &field["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).filter(|it| *it != "null").collect::<Vec<_>>().join(" or ")
        }
        _ => {
            let forms = field["anyOf"].as_array().or_else(|| field["oneOf"].as_array());
            let words: Vec<String> = forms
                .into_iter()
                .flatten()
                .map(type_word)
                .filter(|it| it != "null" && !it.is_empty())
                .collect();
            words.join(" or ")
        }
    }
}

fn first_sentence(help: &str) -> &str {
    help.split_inclusive(". ").next().unwrap_or(help).trim()
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}
