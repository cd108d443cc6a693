//! Each node by itself: is its kind known, is its config in order, do its formulas compile.

use std::collections::HashMap;

use indexmap::IndexMap;
use model::document::{Change, Diagnostic, Flow, Node, NodeId, closest, quoted};
use sdk::{Behaviour, Effect, Parsed, Spec};
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::formulas;
use crate::places::{Places, places};

/// A node whose kind is known and whose config was read.
pub(crate) struct Known<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) parsed: Parsed,
    pub(crate) places: Places,
}

/// All nodes of the flow, in its order; none stands for a node that could not be read.
pub(crate) type Nodes<'a> = IndexMap<NodeId, Option<Known<'a>>>;

/// Reads every node. Disabled ones are read too, for their ports; what is wrong in them only warns.
pub(crate) fn read<'a>(flow: &Flow, catalogue: &'a dyn Catalogue, found: &mut Vec<Diagnostic>) -> Nodes<'a> {
    let mut schemas: HashMap<&'static str, Value> = HashMap::new();
    let read = |(id, node): (&NodeId, &Node)| {
        let mut own = Vec::new();
        let known = match catalogue.spec(&node.kind) {
            None => {
                own.push(unknown_kind(id, node, catalogue));
                None
            }
            Some(spec) => {
                let schema = schemas.entry(spec.kind).or_insert_with(|| spec.schema());
                one((id, node), spec, schema, &mut own)
            }
        };
        if node.disabled {
            own.iter_mut().for_each(|finding| finding.severity = model::document::Severity::Warning);
        }
        found.extend(own);
        (id.clone(), known)
    };
    flow.nodes.iter().map(read).collect()
}

fn one<'a>(
    node: (&str, &Node),
    spec: &'a Spec,
    schema: &Value,
    found: &mut Vec<Diagnostic>,
) -> Option<Known<'a>> {
    let (id, node) = node;
    if node.version > spec.version {
        let sentence = format!(
            "{} was made for version {} of {}; this Arna has version {}. The flow opens but cannot run here: update Arna.",
            quoted(id),
            node.version,
            node.kind,
            spec.version
        );
        found.push(Diagnostic::error("kind.newer", sentence).on(id).at(format!("/nodes/{id}/version")));
        return None;
    }
    let mut places = places(schema, &node.config);
    let broken = formulas::check(id, &mut places, found);
    let parsed = match spec.parse(&node.config) {
        Ok(parsed) => parsed,
        Err(error) => {
            // A formula that does not compile was reported above, with the place in its text.
            if !broken.contains(&error.field) {
                found.push(config_error(id, spec, node, &error.field, &error.sentence));
            }
            return None;
        }
    };
    for problem in &parsed.problems {
        found.push(
            Diagnostic::error("config.value", problem.sentence.clone()).on(id).field(problem.field.clone()),
        );
    }
    if schema.pointer("/properties/again").is_some() {
        found.extend(again(id, node, &parsed));
    }
    Some(Known { spec, parsed, places })
}

fn unknown_kind(id: &str, node: &Node, catalogue: &dyn Catalogue) -> Diagnostic {
    let at = format!("/nodes/{id}/kind");
    let kind = quoted(&node.kind);
    match closest(&node.kind, catalogue.kinds()) {
        Some(meant) => Diagnostic::error(
            "kind.unknown",
            format!("There is no kind {kind}. Did you mean {}?", quoted(meant)),
        )
        .fix(format!("Change to {meant}"), Change::Set { pointer: at.clone(), value: meant.into() }),
        None => Diagnostic::error(
            "kind.unknown",
            format!("This Arna does not know the kind {kind}. The flow opens but cannot run here."),
        ),
    }
    .on(id)
    .at(at)
}

/// serde's words for the two commonest mistakes, in ours; others are passed on.
fn config_error(id: &str, spec: &Spec, node: &Node, field: &str, said: &str) -> Diagnostic {
    let between = |start: &str| said.strip_prefix(start)?.split_once('`').map(|(name, _)| name.to_owned());
    if let Some(name) = between("missing field `") {
        let sentence = format!("{} needs {}, which is not filled in.", spec.title, quoted(&name));
        return Diagnostic::error("config.missing", sentence).on(id).field(format!("{field}/{name}"));
    }
    if let Some(name) = between("unknown field `") {
        // The path names the unknown field itself for some shapes and its parent for others.
        let parent = field.strip_suffix(&format!("/{name}")).unwrap_or(field);
        let offered = said.split('`').skip(3).step_by(2);
        let pointer = format!("{parent}/{name}");
        let sentence = format!("{} has no setting {}.", spec.title, quoted(&name));
        let finding = |hint: String| {
            Diagnostic::error("config.unknown", format!("{sentence}{hint}")).on(id).field(pointer.clone())
        };
        return match closest(&name, offered) {
            Some(meant) => finding(format!(" Did you mean {}?", quoted(meant))),
            None => finding(String::new()).fix(
                format!("Take {name} away"),
                Change::Remove { pointer: format!("/nodes/{id}/config{pointer}") },
            ),
        };
    }
    let sentence = shape_sentence(said, field, node.config.pointer(field));
    Diagnostic::error("config.shape", sentence).on(id).field(field)
}

fn shape_sentence(said: &str, field: &str, value: Option<&Value>) -> String {
    let wanted = said
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.split_once(", expected "))
        .map(|(_, wanted)| wanted);
    if let Some(wanted) = wanted {
        let name = field.rsplit('/').find(|part| part.parse::<usize>().is_err() && !part.is_empty());
        let name = name.map_or_else(|| "The config".to_owned(), quoted);
        return format!("{name} must be {}{}.", noun(wanted), value.map(shown).unwrap_or_default());
    }
    let mut letters = said.trim_end_matches('.').chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What serde calls a shape, in the words of the person.
fn noun(wanted: &str) -> &str {
    match wanted {
        "a string" | "a borrowed string" | "string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object in braces",
        "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => "a whole number",
        "f64" => "a number",
        other if other.starts_with("struct ") => "an object in braces",
        other => other,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => ", but is an object".to_owned(),
        Value::Array(_) => ", but is a list".to_owned(),
        Value::String(text) => format!(", but is the text {}", quoted(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => format!(", but is {value}"),
    }
}

/// A call that must not be made twice, and nobody said what happens when it may have been cut off.
fn again(id: &str, node: &Node, parsed: &Parsed) -> Option<Diagnostic> {
    let Behaviour::Action(action) = &parsed.behaviour else { return None };
    if action.effect() != Effect::Ambiguous || node.config.get("again").is_some() {
        return None;
    }
    let sentence = format!(
        "If {} is cut off in the middle, nobody can tell whether it took effect, and a person will be asked. If the other side \
         honours an idempotency key, set \"again\" to \"same_key\".",
        quoted(id)
    );
    let change = Change::Set { pointer: format!("/nodes/{id}/config/again"), value: "same_key".into() };
    let finding = Diagnostic::warning("effect.ambiguous", sentence).on(id).field("/again");
    Some(finding.fix("The other side honours the key", change))
}
