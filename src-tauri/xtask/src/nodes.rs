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

/// A node of a flow that is offered, as an example of its kind.
pub(crate) struct Example {
    /// The flow's folder below `flows`.
    pub(crate) flow: String,
    /// The node as it stands there, without its title and note.
    pub(crate) node: Value,
}

/// The page of one kind. `effect` says what may happen when an action is repeated.
pub(crate) fn page(kind: &KindRow, effect: Option<&str>, example: Option<&Example>) -> String {
    let mut text = format!("# {}\n\n`{}`, {} · {}\n", kind.title, kind.kind, kind.contract, kind.category);
    if !kind.help.is_empty() {
        let _ = write!(text, "\n{}\n", kind.help);
    }
    if let Some(effect) = effect {
        // the class follows from the configuration
        let when = if example.is_some() { " (set up as in the example)" } else { "" };
        let _ = write!(text, "\nAfter a crash{when}: {effect}\n");
    }
    if let Some(connection) = &kind.connection {
        let _ = write!(text, "\nIt works through a connection to `{connection}`.\n");
    }
    ports(&mut text, "Inputs", &kind.inputs);
    ports(&mut text, "Outputs", &kind.outputs);
    fields(&mut text, "## Configuration", &kind.schema);
    shapes(&mut text, &kind.schema);
    if let Some(example) = example {
        let node = serde_json::to_string_pretty(&example.node).unwrap_or_default();
        let _ = write!(
            text,
            "\n## Example\n\nFrom [{0}](../../flows/{0}/README.md):\n\n```json\n{node}\n```\n",
            example.flow
        );
    }
    text
}

/// The first node of a kind in the flows that are offered: `flows` by their folder's name.
pub(crate) fn example(kind: &str, flows: &[(String, Value)]) -> Option<Example> {
    flows.iter().find_map(|(flow, document)| {
        let nodes = document["nodes"].as_object()?;
        let mut node = nodes.values().find(|node| node["kind"] == kind)?.clone();
        let fields = node.as_object_mut()?;
        fields.remove("title");
        fields.remove("note");
        Some(Example { flow: flow.clone(), node })
    })
}

/// The choices and the fields of everything the configuration is made of, by name.
fn shapes(text: &mut String, schema: &Value) {
    for (name, shape) in schema["$defs"].as_object().into_iter().flatten() {
        let title = format!("### {}", name.to_lowercase());
        if shape["properties"].is_object() {
            fields(text, &title, shape);
            continue;
        }
        let forms = shape["oneOf"].as_array().or_else(|| shape["anyOf"].as_array());
        let rows: Vec<String> = forms.into_iter().flatten().flat_map(choices).collect();
        if !rows.is_empty() {
            let _ = write!(text, "\n{title}\n\n| choice | what |\n| --- | --- |\n{}", rows.concat());
        }
    }
}

/// The rows of one form: a word, several words, or an object that is told apart by its fields.
fn choices(form: &Value) -> Vec<String> {
    let help = cell(form["description"].as_str().unwrap_or_default());
    let row = |choice: &str| format!("| `{choice}` | {help} |\n");
    if let Some(word) = form["const"].as_str() {
        return vec![row(word)];
    }
    if let Some(words) = form["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).map(row).collect();
    }
    match form["properties"].as_object() {
        Some(properties) => {
            let names: Vec<String> = properties
                .iter()
                .map(|(name, field)| match field["const"].as_str() {
                    Some(word) => format!("{name}: {word}"),
                    None => name.clone(),
                })
                .collect();
            vec![row(&format!("{{{}}}", names.join(", ")))]
        }
        None => Vec::new(),
    }
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

fn fields(text: &mut String, title: &str, schema: &Value) {
    let Some(properties) = schema["properties"].as_object().filter(|it| !it.is_empty()) else { return };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let _ = write!(text, "\n{title}\n\n| field | type | default | what |\n| --- | --- | --- | --- |\n");
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_tells_the_choices_behind_a_field_and_shows_a_node_that_is_really_used() {
        let kinds: plan::Kinds = connectors::catalogue().into_iter().collect();
        let catalogue = host::catalogue(&kinds);
        let kind = catalogue.kinds.iter().find(|it| it.kind == "http.request").expect("it is there");
        let flow =
            json!({"nodes": {"post": {"kind": "http.request", "title": "Post", "config": {"url": "/x"}}}});
        let flows = [("invoices".to_owned(), flow)];
        let page = page(kind, Some("it may repeat."), example("http.request", &flows).as_ref());
        for wanted in [
            "### again",
            "| `same_key` |",
            "After a crash (set up as in the example): it may repeat.",
            "[invoices]",
            "\"/x\"",
        ] {
            assert!(page.contains(wanted), "{wanted} is missing in\n{page}");
        }
        assert!(!page.contains("\"Post\""));
        assert!(example("sql.query", &flows).is_none());
    }
}
