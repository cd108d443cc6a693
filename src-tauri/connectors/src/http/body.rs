//! What a call sends.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use formula::Roots;
use schemars::JsonSchema;
use sdk::{Code, Formula, NodeError, Record, Template, Value};
use serde::{Deserialize, Serialize};

use super::address::encode;

/// The form in which a body is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyAs {
    /// A record or list as JSON, a text as it is.
    #[default]
    Auto,
    /// JSON.
    Json,
    /// Form fields (`a=1&b=2`), from a record.
    Form,
    /// Plain text.
    Text,
    /// A form with files (multipart), from a record; a field `{file_name, content_type, base64}` is a file.
    Multipart,
    /// Bytes, given as base64 text.
    Bytes,
}

/// A body and its content type; the type is empty when there is none.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) bytes: Bytes,
    pub(super) content_type: String,
}

/// Builds the body for a record.
pub(super) fn render(
    template: Option<&Template>,
    form: BodyAs,
    record: &Record,
    roots: &Roots,
) -> Result<Rendered, NodeError> {
    let Some(template) = template else { return Ok(Rendered::default()) };
    let is_formula = template.text().trim_start().starts_with('=');
    if form == BodyAs::Json && !is_formula {
        // Parts filled into JSON that was written by hand are escaped for it.
        let text = fill_json(template.text(), record, roots)?;
        model::json::parse(text.as_bytes())
            .map_err(|e| input(format!("The body is not JSON once its parts are filled in: {e}.")))?;
        return Ok(rendered(text, "application/json"));
    }
    let value = template.value(record, roots)?;
    match form {
        BodyAs::Auto => Ok(match value {
            Value::Null => Rendered::default(),
            Value::Text(text) => rendered(text.to_string(), "text/plain; charset=utf-8"),
            other => json(&other),
        }),
        BodyAs::Json => Ok(json(&value)),
        BodyAs::Text => Ok(rendered(value.to_plain(), "text/plain; charset=utf-8")),
        BodyAs::Form => {
            let fields: Vec<String> = fields(&value)?
                .iter()
                .filter(|(_, it)| !it.is_null())
                .map(|(name, it)| format!("{}={}", encode(name, b""), encode(&it.to_plain(), b"")))
                .collect();
            Ok(rendered(fields.join("&"), "application/x-www-form-urlencoded"))
        }
        BodyAs::Multipart => multipart(fields(&value)?),
        BodyAs::Bytes => {
            let bytes = BASE64_STANDARD
                .decode(value.to_plain().trim())
                .map_err(|e| input(format!("The body must be base64 text here: {e}.")))?;
            Ok(Rendered { bytes: bytes.into(), content_type: "application/octet-stream".into() })
        }
    }
}

/// Fills parts into JSON that was written by hand: inside quotes as escaped text, elsewhere as a value.
fn fill_json(text: &str, record: &Record, roots: &Roots) -> Result<String, NodeError> {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    let mut is_quoted = false;
    while let Some((literal, after)) = rest.split_once("{{") {
        out.push_str(literal);
        is_quoted = ends_quoted(literal, is_quoted);
        let (formula, behind) =
            part(after).ok_or_else(|| input("A {{ in the body has no }} behind its formula.".into()))?;
        let value = formula.value(record, roots)?;
        if is_quoted {
            let quoted = Value::from(value.to_plain()).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
        } else {
            out.push_str(&value.to_string());
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// The formula that ends at the first `}}` where it is whole: a formula may hold braces itself.
fn part(after: &str) -> Option<(Formula, &str)> {
    let ends = (0..after.len()).filter(|at| after.as_bytes()[*at..].starts_with(b"}}"));
    ends.into_iter().find_map(|at| Some((Formula::parse(&after[..at]).ok()?, &after[at + 2..])))
}

fn ends_quoted(literal: &str, mut is_quoted: bool) -> bool {
    let mut is_escaped = false;
    for c in literal.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
    }
    is_quoted
}

fn json(value: &Value) -> Rendered {
    let mut out = Vec::new();
    model::json::write(value, &mut out);
    Rendered { bytes: out.into(), content_type: "application/json".into() }
}

fn rendered(text: String, content_type: &str) -> Rendered {
    Rendered { bytes: text.into(), content_type: content_type.into() }
}

fn fields(value: &Value) -> Result<&Record, NodeError> {
    value.as_record().ok_or_else(|| {
        input(format!(
            "A form needs a record such as {{name: value}}; the body gives a {}.",
            value.type_name()
        ))
    })
}

fn multipart(fields: &Record) -> Result<Rendered, NodeError> {
    let mut parts = Vec::new();
    for (name, value) in fields.iter().filter(|(_, it)| !it.is_null()) {
        parts.push((name.as_str(), file_part(name, value)?));
    }
    // The boundary comes from the content, so that a repeated call sends the same bytes.
    let mut hasher = blake3::Hasher::new();
    for (_, (head, bytes)) in &parts {
        hasher.update(head.as_bytes()).update(bytes);
    }
    let boundary = format!("arna-{}", &hasher.finalize().to_hex()[..32]);
    let mut out = Vec::new();
    for (_, (head, bytes)) in &parts {
        out.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Rendered { bytes: out.into(), content_type: format!("multipart/form-data; boundary={boundary}") })
}

fn file_part(name: &str, value: &Value) -> Result<(String, Vec<u8>), NodeError> {
    let head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(name));
    let Some(file) = value.as_record() else {
        return Ok((head, value.to_plain().into_bytes()));
    };
    let text = |key: &str| file.get(key).map(Value::to_plain).filter(|it| !it.is_empty());
    let bytes = match (text("base64"), text("text")) {
        (Some(coded), _) => BASE64_STANDARD
            .decode(coded.trim())
            .map_err(|e| input(format!("The file {name} of the form must be base64 text: {e}.")))?,
        (None, Some(text)) => text.into_bytes(),
        (None, None) => {
            return Err(input(format!("The file {name} of the form needs a field base64 or text.")));
        }
    };
    let file_name = text("file_name").unwrap_or_else(|| name.into());
    let content_type = text("content_type").unwrap_or_else(|| "application/octet-stream".into());
    if content_type.contains(char::is_control) {
        return Err(input(format!("The content type of the file {name} holds a line break.")));
    }
    Ok((format!("{head}; filename=\"{}\"\r\nContent-Type: {content_type}", quoted(&file_name)), bytes))
}

/// A name inside quotes, as browsers write it.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn input(sentence: String) -> NodeError {
    NodeError::new(Code::Input, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str, form: BodyAs, record: Record) -> Result<(String, String), NodeError> {
        let template = Template::parse(text).unwrap();
        let it = render(Some(&template), form, &record, &Roots::default())?;
        Ok((String::from_utf8_lossy(&it.bytes).into_owned(), it.content_type))
    }

    fn order() -> Record {
        let total = model::json::parse(b"12345678901234567890.10").unwrap();
        Record::of([("total", total), ("note", Value::from("a \"b\" & ё"))])
    }

    #[test]
    fn numbers_leave_exactly_as_they_came() {
        let (text, kind) = body("= record", BodyAs::Auto, order()).unwrap();
        assert_eq!(kind, "application/json");
        assert!(text.contains("12345678901234567890.1"), "{text}");
    }

    #[test]
    fn parts_of_json_written_by_hand_cannot_break_out() {
        let (text, _) = body("{\"note\": \"{{ note }}\"}", BodyAs::Json, order()).unwrap();
        assert_eq!(
            model::json::parse(text.as_bytes()).unwrap().as_record().unwrap().get("note"),
            order().get("note")
        );
        let (text, _) =
            body("{\"total\": {{ total }}, \"note\": {{ note }}}", BodyAs::Json, order()).unwrap();
        assert_eq!(model::json::parse(text.as_bytes()).unwrap(), Value::Record(order()));
        assert_eq!(body("{\"note\": {{ note }}", BodyAs::Json, order()).unwrap_err().code, Code::Input);
    }

    #[test]
    fn a_form_escapes_its_fields_and_leaves_out_null() {
        let record =
            Record::of([("a b", Value::from("1&2=3")), ("none", Value::Null), ("ё", Value::from("+"))]);
        let (text, kind) = body("= record", BodyAs::Form, record).unwrap();
        assert_eq!(text, "a%20b=1%262%3D3&%D1%91=%2B");
        assert_eq!(kind, "application/x-www-form-urlencoded");
        assert_eq!(body("text", BodyAs::Form, order()).unwrap_err().code, Code::Input);
    }

    #[test]
    fn a_file_goes_into_a_multipart_form_and_its_name_cannot_break_out() {
        let file =
            Record::of([("file_name", Value::from("a\"\r\nX: 1.txt")), ("base64", Value::from("aGk="))]);
        let (text, kind) =
            body("= record", BodyAs::Multipart, Record::of([("file", Value::Record(file))])).unwrap();
        let boundary = kind.split_once("boundary=").unwrap().1;
        assert!(
            text.starts_with(&format!("--{boundary}\r\n")) && text.ends_with(&format!("--{boundary}--\r\n"))
        );
        assert!(
            text.contains("filename=\"a%22%0D%0AX: 1.txt\"") && text.contains("\r\n\r\nhi\r\n"),
            "{text}"
        );
    }
}
