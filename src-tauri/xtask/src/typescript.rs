//! TypeScript types from a JSON schema that schemars made. Knows exactly the forms our contract uses and refuses every other, so that a
//! new form is decided on and never becomes `any` by accident.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The types under `$defs`, each exported, in order of their names.
///
/// # Errors
/// The place of the first form that is not known.
pub(crate) fn types(schema: &Value) -> Result<String, String> {
    let mut text = String::new();
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        text.push('\n');
        text.push_str(&comment(definition, ""));
        let body = shape(definition, "").map_err(|e| format!("{name}: {e}"))?;
        if body.starts_with("{\n") {
            let _ = writeln!(text, "export interface {name} {body}");
        } else {
            let gap = if body.starts_with('\n') { "" } else { " " };
            let _ = writeln!(text, "export type {name} ={gap}{body};");
        }
    }
    Ok(text)
}

fn comment(schema: &Value, indent: &str) -> String {
    let Some(help) = schema["description"].as_str() else { return String::new() };
    let help = help.replace("*/", "* /");
    let lines: Vec<&str> = help.lines().collect();
    match lines.as_slice() {
        [one] => format!("{indent}/** {one} */\n"),
        several => {
            let body: String =
                several
                    .iter()
                    .map(|line| {
                        if line.is_empty() { format!("{indent} *\n") } else { format!("{indent} * {line}\n") }
                    })
                    .collect();
            format!("{indent}/**\n{body}{indent} */\n")
        }
    }
}

fn shape(schema: &Value, indent: &str) -> Result<String, String> {
    let map = match schema {
        Value::Bool(true) => return Ok("Json".into()),
        Value::Object(map) => map,
        other => return Err(format!("{other} is no schema")),
    };
    if let Some(target) = map.get("$ref").and_then(Value::as_str) {
        return Ok(target.rsplit('/').next().unwrap_or_default().to_owned());
    }
    if let Some(value) = map.get("const") {
        return Ok(value.to_string());
    }
    if let Some(values) = map.get("enum").and_then(Value::as_array) {
        return Ok(values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | "));
    }
    if let Some(forms) = map.get("oneOf").or_else(|| map.get("anyOf")).and_then(Value::as_array) {
        return union(forms, indent);
    }
    match map.get("type") {
        None => Ok("Json".into()),
        Some(Value::String(name)) => one(name, map, indent),
        Some(Value::Array(names)) => {
            let forms: Result<Vec<String>, String> =
                names.iter().map(|name| one(name.as_str().unwrap_or_default(), map, indent)).collect();
            Ok(forms?.join(" | "))
        }
        Some(other) => Err(format!("type {other} is not known")),
    }
}

fn union(forms: &[Value], indent: &str) -> Result<String, String> {
    let inner = format!("{indent}  ");
    let is_long = forms.iter().any(|form| form["description"].is_string() || form["properties"].is_object());
    if !is_long {
        let parts: Result<Vec<String>, String> = forms.iter().map(|form| shape(form, indent)).collect();
        return Ok(parts?.join(" | "));
    }
    let mut text = String::new();
    for form in forms {
        let _ = write!(text, "\n{}{inner}| {}", comment(form, &inner), shape(form, &inner)?);
    }
    Ok(text)
}

fn one(name: &str, map: &Map<String, Value>, indent: &str) -> Result<String, String> {
    Ok(match name {
        "null" => "null".into(),
        "boolean" => "boolean".into(),
        "string" => "string".into(),
        "number" | "integer" => "number".into(),
        "array" => {
            let of = shape(map.get("items").unwrap_or(&Value::Bool(true)), indent)?;
            if of.contains(' ') { format!("({of})[]") } else { format!("{of}[]") }
        }
        "object" => object(map, indent)?,
        other => return Err(format!("type {other} is not known")),
    })
}

fn object(map: &Map<String, Value>, indent: &str) -> Result<String, String> {
    let properties = map.get("properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|it| !it.is_empty()) else {
        return Ok(match map.get("additionalProperties") {
            Some(Value::Object(of)) => {
                format!("Record<string, {}>", shape(&Value::Object(of.clone()), indent)?)
            }
            _ => "Record<string, never>".into(),
        });
    };
    let required: Vec<&str> = map
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let inner = format!("{indent}  ");
    let mut text = String::from("{\n");
    for (name, property) in properties {
        let mark = if required.contains(&name.as_str()) { "" } else { "?" };
        let key = if is_plain(name) { name.clone() } else { Value::from(name.as_str()).to_string() };
        let _ =
            writeln!(text, "{}{inner}{key}{mark}: {};", comment(property, &inner), shape(property, &inner)?);
    }
    text.push_str(indent);
    text.push('}');
    Ok(text)
}

fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().next().is_some_and(|c| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_struct_becomes_an_interface_with_its_help() {
        let schema = json!({"$defs": {"Port": {
            "description": "A port.", "type": "object", "required": ["name"],
            "properties": {"name": {"type": "string", "description": "Its name."}, "at": {"type": ["integer", "null"]}},
        }}});
        let text = types(&schema).expect("a known form");
        assert_eq!(
            text,
            "\n/** A port. */\nexport interface Port {\n  at?: number | null;\n  /** Its name. */\n  name: string;\n}\n"
        );
    }

    #[test]
    fn a_tagged_enum_becomes_a_union_told_apart_by_its_tag() {
        let schema = json!({"$defs": {"Event": {"oneOf": [
            {"type": "object", "required": ["type"], "properties": {"type": {"type": "string", "const": "ended"}}},
        ]}}});
        assert!(types(&schema).expect("a known form").contains("| {\n    type: \"ended\";\n  }"));
    }

    #[test]
    fn a_form_nobody_decided_on_is_refused() {
        let schema = json!({"$defs": {"Odd": {"type": "tuple"}}});
        assert!(types(&schema).expect_err("not known").contains("Odd"));
    }
}
