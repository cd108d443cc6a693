//! What holds for every kind: its name, its help, its secrets, its icon, its defaults.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value as Json;

use crate::{catalogue, find};

/// Calls `each` for every field of a schema at any depth, with its path and its schema.
fn fields(schema: &Json, path: &str, each: &mut dyn FnMut(&str, &Json)) {
    match schema {
        Json::Object(map) => {
            if let Some(Json::Object(properties)) = map.get("properties") {
                for (name, field) in properties {
                    each(&format!("{path}/{name}"), field);
                }
            }
            for (key, inner) in map {
                // a default or example is a value, not a schema
                if !matches!(key.as_str(), "default" | "const" | "enum" | "examples") {
                    fields(inner, &format!("{path}/{key}"), each);
                }
            }
        }
        Json::Array(list) => list.iter().for_each(|it| fields(it, path, each)),
        _ => {}
    }
}

#[test]
fn kinds_are_unique_and_named_after_their_place() {
    let mut seen = HashSet::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for spec in catalogue() {
        assert!(seen.insert(spec.kind), "{} stands twice", spec.kind);
        let (folder, file) = spec.kind.split_once('.').expect("a kind is folder.file");
        let place = source.join(folder);
        assert!(
            place.join(format!("{file}.rs")).is_file() || place.join(file).is_dir(),
            "{} is not in {folder}/{file}.rs",
            spec.kind
        );
        assert_eq!(find(spec.kind).map(|it| it.title), Some(spec.title));
    }
}

#[test]
fn every_field_of_every_kind_is_documented() {
    let mut bare = Vec::new();
    for spec in catalogue() {
        let schema = spec.schema();
        if schema.get("description").is_none() {
            bare.push(spec.kind.to_owned());
        }
        fields(&schema, spec.kind, &mut |path, field| {
            // the tag of a tagged enum is a constant; its variants carry the help
            let is_tag = field.get("const").is_some();
            if field.get("description").is_none() && !is_tag {
                bare.push(path.to_owned());
            }
        });
    }
    assert!(bare.is_empty(), "without help: {bare:#?}");
}

#[test]
fn fields_that_sound_secret_are_marked() {
    let mut open = Vec::new();
    for spec in catalogue() {
        fields(&spec.schema(), spec.kind, &mut |path, field| {
            let name = path.rsplit('/').next().unwrap_or_default();
            let sounds = ["secret", "password", "token", "api_key", "private_key"];
            let is_text = field.get("type").is_some_and(|it| it.to_string().contains("string"));
            if is_text && sounds.iter().any(|it| name.contains(it)) && field.get("x-secret").is_none() {
                open.push(path.to_owned());
            }
        });
    }
    assert!(open.is_empty(), "not marked x-secret: {open:#?}");
}

#[test]
fn every_connector_has_an_icon_of_the_grid() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for spec in catalogue() {
        let (folder, file) = spec.kind.split_once('.').expect("a kind is folder.file");
        let own = source.join(folder).join(format!("{file}.svg"));
        let icon = if own.is_file() { own } else { source.join(folder).join("icon.svg") };
        let text = std::fs::read_to_string(&icon).unwrap_or_else(|e| panic!("{}: {e}", icon.display()));
        assert!(text.contains("viewBox=\"0 0 24 24\"") && text.contains("currentColor"), "{}", icon.display());
    }
}

#[test]
fn unknown_fields_are_refused_everywhere() {
    for spec in catalogue() {
        let config = serde_json::json!({"no_field_is_named_so": 1});
        let error = spec.parse(&config).err().unwrap_or_else(|| panic!("{} takes any field", spec.kind));
        assert!(error.sentence.contains("no_field_is_named_so"), "{}: {error}", spec.kind);
    }
}

#[test]
fn every_schema_can_be_compiled() {
    for spec in catalogue() {
        jsonschema::validator_for(&spec.schema()).unwrap_or_else(|e| panic!("{}: {e}", spec.kind));
    }
}
