//! Where the formulas stand in a config. The schema of the kind says which fields hold formulas and which hold texts with
//! `{{ }}` parts; nothing is guessed from how a text looks, except inside fields that take any JSON.

use serde_json::{Map, Value};

use crate::reads::Reads;

/// A formula of a config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// JSON pointer into the config.
    pub(crate) pointer: String,
    /// The text as written.
    pub(crate) text: String,
    /// Whether it is a text with formula parts.
    pub(crate) is_template: bool,
    /// The fields it reads; all, as long as it was not compiled or when it does not compile.
    pub(crate) reads: Reads,
}

/// What a config holds, for questions about fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// The formulas.
    pub(crate) formulas: Vec<Found>,
    /// Plain texts and names of free entries: they may name fields.
    pub(crate) names: Vec<String>,
}

/// Finds them.
pub(crate) fn places(schema: &Value, config: &Value) -> Places {
    let mut walk = Walk { defs: schema.get("$defs").and_then(Value::as_object), places: Places::default() };
    walk.value(schema, config, String::new(), 0);
    walk.places
}

/// Schemas refer to themselves; a config is at most this deep, so following further cannot find anything.
const DEEPEST: usize = 200;

struct Walk<'s> {
    defs: Option<&'s Map<String, Value>>,
    places: Places,
}

impl<'s> Walk<'s> {
    fn value(&mut self, schema: &'s Value, value: &Value, pointer: String, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let Some(rules) = schema.as_object() else {
            return self.free(value, pointer, depth);
        };
        match rules.get("x-widget").and_then(Value::as_str) {
            Some(widget @ ("formula" | "template")) if value.is_string() => {
                return self.formula(value, pointer, widget == "template");
            }
            Some(_) | None => {}
        }
        let refers = rules.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/$defs/"));
        if let Some(target) = refers.and_then(|name| self.defs.and_then(|defs| defs.get(name))) {
            self.value(target, value, pointer, depth + 1);
            return;
        }
        let choices =
            ["oneOf", "anyOf", "allOf"].iter().filter_map(|name| rules.get(*name)?.as_array()).flatten();
        let mut has_choice = false;
        for choice in choices {
            has_choice = true;
            if self.fits(choice, value, depth) {
                self.value(choice, value, pointer.clone(), depth + 1);
            }
        }
        let has_rules =
            ["type", "properties", "additionalProperties", "items", "prefixItems", "const", "enum"];
        if !has_choice && !has_rules.iter().any(|rule| rules.contains_key(*rule)) {
            return self.free(value, pointer, depth);
        }
        match value {
            Value::Object(fields) => self.fields(rules, fields, &pointer, depth),
            Value::Array(list) => self.items(rules, list, &pointer, depth),
            Value::String(text) if !has_choice => self.places.names.push(text.clone()),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn fields(
        &mut self,
        rules: &'s Map<String, Value>,
        fields: &Map<String, Value>,
        pointer: &str,
        depth: usize,
    ) {
        let named = rules.get("properties").and_then(Value::as_object);
        for (name, value) in fields {
            let place = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            if let Some(schema) = named.and_then(|named| named.get(name)) {
                self.value(schema, value, place, depth + 1);
            } else if let Some(schema) =
                rules.get("additionalProperties").filter(|schema| **schema != Value::Bool(false))
            {
                let before = self.places.formulas.len();
                self.value(schema, value, place.clone(), depth + 1);
                // The name of a formula is what it makes, not what is read.
                if !self.places.formulas[before..].iter().any(|found| found.pointer == place) {
                    self.places.names.push(name.clone());
                }
            }
        }
    }

    fn items(&mut self, rules: &'s Map<String, Value>, list: &[Value], pointer: &str, depth: usize) {
        let first = rules.get("prefixItems").and_then(Value::as_array);
        for (index, value) in list.iter().enumerate() {
            let schema = first.and_then(|first| first.get(index)).or_else(|| rules.get("items"));
            if let Some(schema) = schema {
                self.value(schema, value, format!("{pointer}/{index}"), depth + 1);
            }
        }
    }

    fn formula(&mut self, value: &Value, pointer: String, is_template: bool) {
        let Some(text) = value.as_str() else { return };
        let found = Found { pointer, text: text.to_owned(), is_template, reads: Reads::all() };
        if !self.places.formulas.contains(&found) {
            self.places.formulas.push(found);
        }
    }

    /// Inside a field that takes any JSON, what looks like a formula may be one.
    fn free(&mut self, value: &Value, pointer: String, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match value {
            Value::String(text) if text.trim_start().starts_with('=') || text.contains("{{") => {
                self.formula(value, pointer, true);
            }
            Value::String(text) => self.places.names.push(text.clone()),
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.free(value, format!("{pointer}/{index}"), depth + 1);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.places.names.push(name.clone());
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.free(value, format!("{pointer}/{name}"), depth + 1);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether one choice of several is meant: its fixed values agree, its type fits, nothing it requires is missing.
    fn fits(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        if depth > DEEPEST {
            return false;
        }
        let Some(rules) = schema.as_object() else { return true };
        if let Some(target) =
            rules.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/$defs/"))
        {
            return self
                .defs
                .and_then(|defs| defs.get(target))
                .is_none_or(|schema| self.fits(schema, value, depth + 1));
        }
        if rules.get("const").is_some_and(|fixed| fixed != value) {
            return false;
        }
        let type_fits = |name: &str| match name {
            "string" => value.is_string(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            _ => value.is_number(),
        };
        let type_is_good = match rules.get("type") {
            Some(Value::String(name)) => type_fits(name),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(type_fits),
            Some(_) | None => true,
        };
        let required =
            rules.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let has_required =
            required.into_iter().all(|name| value.as_object().is_none_or(|it| it.contains_key(name)));
        let agrees = |(name, schema): (&String, &Value)| match (schema.get("const"), value.get(name)) {
            (Some(fixed), Some(value)) => fixed == value,
            (Some(_) | None, _) => true,
        };
        let consts =
            rules.get("properties").and_then(Value::as_object).is_none_or(|it| it.iter().all(agrees));
        type_is_good && has_required && consts
    }
}
