//! Puts the bundled files of a case into it, so that the case can leave its folder.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::document::{Flow, JsonText};
use model::{Record, Value, json};

use super::given::bundled;

/// Replaces files given as `{"data": NAME}` by what is in them: text as text, other bytes as base64.
///
/// # Errors
/// A file that cannot be read, as a sentence.
pub fn pack(flow: &mut Flow, folder: &Path) -> Result<(), String> {
    for (name, case) in &mut flow.cases {
        let given = json::parse(case.given.as_str().as_bytes())
            .map_err(|e| format!("The given part of the case {name} is not JSON: {e}."))?;
        let Some(given) = given.as_record() else { continue };
        let Some(files) = given.get("files").and_then(Value::as_record) else { continue };
        let mut packed = Vec::with_capacity(files.shape().len());
        for (path, how) in files.iter() {
            let data = how.as_record().and_then(|it| it.get("data")).and_then(Value::as_text);
            let content = match data {
                Some(data) => content(bundled(data, Some(folder))?),
                None => how.clone(),
            };
            packed.push((path.clone(), content));
        }
        let whole = given.with("files", Value::Record(Record::of(packed)));
        case.given = JsonText::of(&Value::Record(whole));
    }
    Ok(())
}

fn content(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(other) => {
            Value::Record(Record::of([("base64", Value::from(BASE64_STANDARD.encode(other.as_bytes())))]))
        }
    }
}
