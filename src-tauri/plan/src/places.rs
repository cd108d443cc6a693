//! Where the formulas stand in a config. The schema of the kind says which fields hold formulas and which hold texts with
//! `{{ }}` parts; nothing is guessed from how a text looks, except inside fields that take any JSON.

use serde_json::{Map, Value};

use crate::reads::Reads;

/// A formula of a config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// JSON pointer into the config.
    pub(crate) pointer: String,
    /// The text as written.
    pub(crate) text: String,
    /// Whether it is a text with formula parts.
    pub(crate) is_template: bool,
    /// The fields it reads; all, as long as it was not compiled or when it does not compile.
    pub(crate) reads: Reads,
    /// Names that the kind itself adds here, beside the fields of the record (`x-names` in its schema).
    pub(crate) also: Vec<String>,
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

/// A schema may refer on, or offer choices, this many times before it says what a value is.
const MAX_TURNS: usize = 12;

struct Walk<'s> {
    defs: Option<&'s Map<String, Value>>,
    places: Places,
}

impl<'s> Walk<'s> {
    fn value(&mut self, schema: &'s Value, value: &Value, pointer: String, turns: usize) {
        if turns > MAX_TURNS {
            return;
        }
        let Some(rules) = schema.as_object() else {
            return self.free(value, pointer);
        };
        match rules.get("x-widget").and_then(Value::as_str) {
            Some(widget @ ("formula" | "template")) if value.is_string() => {
                return self.formula(value, pointer, widget == "template");
            }
            Some(_) | None => {}
        }
        let refers = rules.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/$defs/"));
        if let Some(target) = refers.and_then(|name| self.defs.and_then(|defs| defs.get(name))) {
            self.value(target, value, pointer, turns + 1);
            return;
        }
        let choices =
            ["oneOf", "anyOf", "allOf"].iter().filter_map(|name| rules.get(*name)?.as_array()).flatten();
        let mut has_choice = false;
        for choice in choices {
            has_choice = true;
            if self.fits(choice, value, turns) {
                self.value(choice, value, pointer.clone(), turns + 1);
            }
        }
        let has_rules =
            ["type", "properties", "additionalProperties", "items", "prefixItems", "const", "enum"];
        if !has_choice && !has_rules.iter().any(|rule| rules.contains_key(*rule)) {
            return self.free(value, pointer);
        }
        match value {
            Value::Object(fields) => self.fields(rules, fields, &pointer),
            Value::Array(list) => self.items(rules, list, &pointer),
            Value::String(text) if !has_choice => self.places.names.push(text.clone()),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn fields(&mut self, rules: &'s Map<String, Value>, fields: &Map<String, Value>, pointer: &str) {
        let named = rules.get("properties").and_then(Value::as_object);
        for (name, value) in fields {
            let place = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            if let Some(schema) = named.and_then(|named| named.get(name)) {
                let before = self.places.formulas.len();
                self.value(schema, value, place, 0);
                let also = schema.get("x-names").and_then(Value::as_array).into_iter().flatten();
                let also: Vec<String> = also.filter_map(Value::as_str).map(str::to_owned).collect();
                for found in &mut self.places.formulas[before..] {
                    found.also.extend_from_slice(&also);
                }
            } else if let Some(schema) =
                rules.get("additionalProperties").filter(|schema| **schema != Value::Bool(false))
            {
                let before = self.places.formulas.len();
                self.value(schema, value, place.clone(), 0);
                // The name of a formula is what it makes, not what is read.
                if !self.places.formulas[before..].iter().any(|found| found.pointer == place) {
                    self.places.names.push(name.clone());
                }
            }
        }
    }

    fn items(&mut self, rules: &'s Map<String, Value>, list: &[Value], pointer: &str) {
        let first = rules.get("prefixItems").and_then(Value::as_array);
        for (index, value) in list.iter().enumerate() {
            let schema = first.and_then(|first| first.get(index)).or_else(|| rules.get("items"));
            if let Some(schema) = schema {
                self.value(schema, value, format!("{pointer}/{index}"), 0);
            }
        }
    }

    fn formula(&mut self, value: &Value, pointer: String, is_template: bool) {
        let Some(text) = value.as_str() else { return };
        let found =
            Found { pointer, text: text.to_owned(), is_template, reads: Reads::all(), also: Vec::new() };
        if !self.places.formulas.contains(&found) {
            self.places.formulas.push(found);
        }
    }

    /// Inside a field that takes any JSON, what looks like a formula may be one.
    fn free(&mut self, value: &Value, pointer: String) {
        match value {
            Value::String(text) if text.trim_start().starts_with('=') || text.contains("{{") => {
                self.formula(value, pointer, true);
            }
            Value::String(text) => self.places.names.push(text.clone()),
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.free(value, format!("{pointer}/{index}"));
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.places.names.push(name.clone());
                    let name = name.replace('~', "~0").replace('/', "~1");
                    self.free(value, format!("{pointer}/{name}"));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether one choice of several is meant: its fixed values agree, its type fits, nothing it requires is missing.
    fn fits(&self, schema: &Value, value: &Value, turns: usize) -> bool {
        if turns > MAX_TURNS {
            return false;
        }
        let Some(rules) = schema.as_object() else { return true };
        if let Some(target) =
            rules.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/$defs/"))
        {
            return self
                .defs
                .and_then(|defs| defs.get(target))
                .is_none_or(|schema| self.fits(schema, value, turns + 1));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(schema: &Value, config: &Value) -> Vec<String> {
        places(schema, config).formulas.into_iter().map(|found| found.pointer).collect()
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "keep": { "description": "help", "$ref": "#/$defs/Formula" },
                "body": { "anyOf": [{ "$ref": "#/$defs/Formula" }, { "type": "null" }] },
                "plain": { "type": "string" },
                "fields": { "type": "object", "additionalProperties": { "$ref": "#/$defs/Formula" } },
                "types": { "type": "object", "additionalProperties": { "type": "string" } },
                "rows": { "type": "array", "items": { "$ref": "#/$defs/Tree" } },
                "any": true,
                "way": { "oneOf": [
                    { "type": "object", "required": ["by", "with"],
                      "properties": { "by": { "const": "formula" }, "with": { "$ref": "#/$defs/Formula" } } },
                    { "type": "object", "required": ["by", "with"],
                      "properties": { "by": { "const": "text" }, "with": { "type": "string" } } } ] },
            },
            "$defs": {
                "Formula": { "type": "string", "x-widget": "formula" },
                "Tree": { "type": "object", "properties": {
                    "of": { "$ref": "#/$defs/Formula" },
                    "rows": { "type": "array", "items": { "$ref": "#/$defs/Tree" } } } },
            },
        })
    }

    #[test]
    fn formulas_are_found_where_the_schema_has_them_and_nowhere_else() {
        let config = json!({
            "keep": "= a", "body": "= b", "plain": "= not a formula", "fields": { "x/y": "= c" },
            "rows": [{ "of": "= d", "rows": [{ "of": "= e" }] }], "unknown": "= f",
        });
        assert_eq!(
            pointers(&schema(), &config),
            ["/body", "/fields/x~1y", "/keep", "/rows/0/of", "/rows/0/rows/0/of"]
        );
    }

    #[test]
    fn of_several_choices_the_one_that_fits_says_what_a_text_is() {
        assert_eq!(pointers(&schema(), &json!({ "way": { "by": "formula", "with": "a" } })), ["/way/with"]);
        assert_eq!(
            pointers(&schema(), &json!({ "way": { "by": "text", "with": "= a" } })),
            Vec::<String>::new()
        );
    }

    #[test]
    fn inside_a_field_that_takes_any_json_what_looks_like_a_formula_counts() {
        let config = json!({ "any": { "number": "= id", "note": "for {{ name }}", "kind": "plain" } });
        assert_eq!(pointers(&schema(), &config), ["/any/note", "/any/number"]);
    }

    #[test]
    fn plain_texts_and_free_names_may_name_fields_but_names_of_formulas_do_not() {
        let config =
            json!({ "plain": "customer.id", "fields": { "made": "= c" }, "types": { "total": "number" } });
        assert_eq!(places(&schema(), &config).names, ["customer.id", "number", "total"]);
    }

    #[test]
    fn names_that_a_kind_adds_are_known_where_it_adds_them() {
        let schema = json!({ "type": "object", "properties": {
            "url": { "$ref": "#/$defs/T", "x-names": ["page"] }, "note": { "$ref": "#/$defs/T" } },
            "$defs": { "T": { "type": "string", "x-widget": "template" } } });
        let found = places(&schema, &json!({ "url": "/{{ page.number }}", "note": "{{ page }}" })).formulas;
        let also: Vec<_> = found.iter().map(|it| (it.pointer.as_str(), it.also.join(" "))).collect();
        assert_eq!(also, [("/note", String::new()), ("/url", "page".to_owned())]);
    }

    #[test]
    fn a_schema_that_only_refers_to_itself_ends() {
        let schema = json!({ "$ref": "#/$defs/A", "$defs": { "A": { "$ref": "#/$defs/A" } } });
        assert_eq!(places(&schema, &json!({ "a": "= b" })), Places::default());
        let schema = json!({ "anyOf": [{ "$ref": "#/$defs/A" }], "$defs": { "A": { "anyOf": [{ "$ref": "#/$defs/A" }, { "$ref": "#/$defs/A" }] } } });
        let _ = places(&schema, &json!("x"));
    }
}
