//! Documents in words and in the shapes of the contract.

use engine::due::Schedule;
use model::document::{Access, Change, Diagnostic, Fill, Flow as Document, Severity as Found};
use plan::{Catalogue, Kinds, Plan};
use sdk::{Behaviour, Contract, Effect, Ports, Scope, Spec, Start as Waits};

use crate::contract::{Fix, FlowFacts, NodeFacts, Problem, Severity, SlotState};
use crate::shelf::Given;

/// A card's line is never longer than this.
const LINE: usize = 80;

/// A finding in the form of the contract.
pub(crate) fn problem(found: &Diagnostic) -> Problem {
    Problem {
        severity: match found.severity {
            Found::Error => Severity::Error,
            Found::Warning => Severity::Warning,
        },
        code: found.code.to_string(),
        sentence: found.sentence.clone(),
        node: found.node.as_ref().map(ToString::to_string),
        port: found.port.clone(),
        pointer: found.field.clone().or_else(|| found.at.clone()),
        fix: found.fix.as_ref().and_then(|fix| {
            let (pointer, value) = match &fix.change {
                Change::Set { pointer, value } => (pointer, value.clone()),
                Change::Remove { pointer } => (pointer, serde_json::Value::Null),
                // a part of a text: the editor has no button for it yet, the sentence names the mend
                Change::Replace { .. } => return None,
            };
            Some(Fix { title: fix.label.clone(), pointer: pointer.clone(), value })
        }),
    }
}

/// How the slots of a document are filled.
pub(crate) fn slots(document: &Document, given: &Given, kinds: &Kinds) -> Vec<SlotState> {
    let states = document.slots.iter().map(|(name, slot)| {
        let (kind, detail, default) = match &slot.fill {
            Fill::Connection(system) => ("connection", system.clone(), None),
            Fill::Folder(access) => ("folder", access_word(*access).to_owned(), None),
            Fill::Number(default) => {
                ("number", String::new(), default.as_ref().map(|it| serde_json::Value::Number(it.clone())))
            }
            Fill::Text(default) => ("text", String::new(), default.as_ref().map(|it| it.as_str().into())),
            Fill::Bool(default) => ("boolean", String::new(), default.map(Into::into)),
            Fill::Flow(wanted) => ("flow", wanted.clone().unwrap_or_default(), None),
        };
        SlotState {
            name: name.to_string(),
            kind: kind.into(),
            detail,
            filled: given.slots.get(name.as_str()).cloned(),
            default,
            help: slot.help.clone().unwrap_or_default(),
            used_by: users(document, kinds, name),
        }
    });
    states.collect()
}

fn access_word(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
        Access::ReadWrite => "read_write",
    }
}

/// Nodes that name a slot: as their connection, or as `slots.name` in their configuration.
fn users(document: &Document, kinds: &Kinds, slot: &str) -> Vec<String> {
    let in_formula = format!("slots.{slot}");
    let quoted = format!("\"{slot}\"");
    let uses = |node: &model::document::Node| {
        let config = node.config.to_string();
        node.connection.as_deref() == Some(slot) || config.contains(&in_formula) || config.contains(&quoted)
    };
    document.nodes.iter().filter(|(_, node)| uses(node)).map(|(id, _)| title(document, kinds, id)).collect()
}

/// What is written on the card of a node: its title, or that of its kind.
pub(crate) fn title(document: &Document, kinds: &Kinds, id: &str) -> String {
    let Some(node) = document.nodes.get(id) else { return id.to_string() };
    let of_kind = || kinds.spec(&node.kind).map_or_else(|| id.to_string(), |spec| spec.title.to_owned());
    node.title.clone().unwrap_or_else(of_kind)
}

/// What is known about each node.
pub(crate) fn facts(document: &Document, kinds: &Kinds, plan: Option<&Plan>) -> FlowFacts {
    let nodes = document.nodes.iter().map(|(id, node)| {
        let spec = kinds.spec(&node.kind);
        let parsed = spec.and_then(|spec| spec.parse(&node.config).ok());
        let names = |ports: &[sdk::Port]| ports.iter().map(|port| port.name.clone()).collect::<Vec<String>>();
        let start = parsed.as_ref().and_then(|it| match &it.behaviour {
            // the others say it by their title
            Behaviour::Trigger(trigger) => match trigger.start() {
                start @ (Waits::Schedule { .. } | Waits::Hook(_)) => start_words(&start, document),
                Waits::Manual | Waits::Called | Waits::Failure { .. } | Waits::Listen => None,
            },
            Behaviour::Transform(_) | Behaviour::Source(_) | Behaviour::Action(_) => None,
        });
        let answers = parsed.as_ref().is_some_and(
            |it| matches!(&it.behaviour, Behaviour::Action(action) if action.scope() != Scope::Stream),
        );
        // a node that is not filled in yet has the ports it will most likely have, so that it can be wired
        let ports = parsed.map(|it| it.ports).or_else(|| spec.map(usual_ports)).unwrap_or_default();
        let step = plan.and_then(|plan| plan.step(id).map(|at| &plan.steps[at]));
        let mut outputs = names(&ports.outputs);
        let is_trigger = spec.is_some_and(|it| it.contract == Contract::Trigger);
        if spec.is_some() && !is_trigger {
            outputs.push("error".into());
        }
        NodeFacts {
            node: id.to_string(),
            contract: spec.map(|it| contract_word(it.contract).to_owned()).unwrap_or_default(),
            summary: start.unwrap_or_else(|| summary(&node.config)),
            inputs: names(&ports.inputs),
            outputs,
            effect: step.and_then(plan::Step::effect).map(|it| effect_word(it).to_owned()),
            fields: step.and_then(|it| it.arriving.clone()),
            answer_field: answers.then(|| node.into.clone().unwrap_or_else(|| id.to_string())),
        }
    });
    FlowFacts { nodes: nodes.collect() }
}

/// The ports of a kind that is not filled in yet: those of the smallest configuration its form allows, else one on each side.
pub(crate) fn usual_ports(spec: &Spec) -> Ports {
    let schema = spec.schema();
    let root = &schema;
    let tries =
        [serde_json::json!({}), smallest(root, root, Lists::Empty), smallest(root, root, Lists::OneItem)];
    let parsed = tries.iter().find_map(|config| spec.parse(config).ok());
    parsed.map_or_else(
        || match spec.contract {
            Contract::Trigger => Ports { inputs: Vec::new(), ..Ports::through() },
            _ => Ports::through(),
        },
        |it| it.ports,
    )
}

#[derive(Clone, Copy)]
enum Lists {
    Empty,
    OneItem,
}

/// A value that fits a schema: defaults where there are any, the first choice, what is required and no more.
fn smallest(schema: &serde_json::Value, root: &serde_json::Value, lists: Lists) -> serde_json::Value {
    use serde_json::{Map, Value, json};
    if let Some(value) = schema.get("const").or_else(|| schema.get("default")) {
        return value.clone();
    }
    if let Some(at) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = at.trim_start_matches('#');
        return root.pointer(pointer).map_or(Value::Null, |it| smallest(it, root, lists));
    }
    if let Some(first) = ["oneOf", "anyOf", "enum"].iter().find_map(|it| schema.get(*it)?.get(0)) {
        return if schema.get("enum").is_some() { first.clone() } else { smallest(first, root, lists) };
    }
    let kind = schema.get("type").map(|it| it.get(0).unwrap_or(it)).and_then(Value::as_str);
    match kind.unwrap_or_default() {
        "object" => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            let fields = required.filter_map(Value::as_str).filter_map(|name| {
                let field = schema.get("properties")?.get(name)?;
                Some((name.to_owned(), smallest(field, root, lists)))
            });
            Value::Object(fields.collect::<Map<String, Value>>())
        }
        "array" => match (lists, schema.get("items")) {
            (Lists::OneItem, Some(item)) => json!([smallest(item, root, lists)]),
            _ => json!([]),
        },
        "string" if schema.get("x-widget").is_some_and(|it| it == "formula") => json!("= true"),
        "string" => json!("x"),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        "boolean" => json!(false),
        _ => Value::Null,
    }
}

/// The name of a contract.
pub(crate) fn contract_word(contract: Contract) -> &'static str {
    match contract {
        Contract::Trigger => "trigger",
        Contract::Source => "source",
        Contract::Transform => "transform",
        Contract::Action => "action",
    }
}

fn effect_word(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Idempotent => "idempotent",
        Effect::Transactional => "transactional",
        Effect::Ambiguous => "ambiguous",
        Effect::Engine => "engine",
    }
}

/// One line that says what a node does: the first telling values of its configuration.
fn summary(config: &serde_json::Value) -> String {
    const TELLING: [&str; 15] = [
        "method", "url", "path", "cron", "every", "keep", "when", "sql", "table", "queue", "by", "fields",
        "key", "set", "text",
    ];
    let Some(config) = config.as_object() else { return String::new() };
    let words: Vec<String> =
        TELLING.iter().filter_map(|name| config.get(*name)).filter_map(word).take(2).collect();
    let line = words.join(" ");
    if line.chars().count() <= LINE { line } else { line.chars().take(LINE - 1).chain(['…']).collect() }
}

fn word(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => {
            let text =
                text.trim_start_matches("= ").trim_start_matches('=').lines().next().unwrap_or_default();
            (!text.is_empty()).then(|| text.to_owned())
        }
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Array(items) => Some(items.iter().filter_map(word).collect::<Vec<_>>().join(", ")),
        // a row of a list says its name or what it reads; anything else says its fields
        serde_json::Value::Object(fields) => match fields.get("name").or_else(|| fields.get("value")) {
            Some(telling) => word(telling),
            None => Some(fields.keys().cloned().collect::<Vec<_>>().join(", ")),
        },
        serde_json::Value::Null | serde_json::Value::Bool(_) => None,
    }
}

/// The triggers of a document in plain words.
pub(crate) fn triggers(document: &Document, kinds: &Kinds) -> String {
    let words = document.nodes.values().filter(|node| !node.disabled).filter_map(|node| {
        let spec = kinds.spec(&node.kind)?;
        let parsed = spec.parse(&node.config).ok()?;
        let Behaviour::Trigger(trigger) = &parsed.behaviour else { return None };
        Some(start_words(&trigger.start(), document).unwrap_or_else(|| spec.title.to_owned()))
    });
    words.collect::<Vec<String>>().join(" · ")
}

/// When a trigger starts a run, in plain words; none where its kind and configuration say all there is.
fn start_words(start: &Waits, document: &Document) -> Option<String> {
    Some(match start {
        Waits::Listen => return None,
        Waits::Manual => "By hand".to_owned(),
        Waits::Called => "Called by another flow".to_owned(),
        Waits::Failure { .. } => "When another flow fails".to_owned(),
        Waits::Hook(config) => {
            let path = config.get("path").and_then(|it| it.as_str()).unwrap_or_default();
            format!("Web request at /hooks/{path}")
        }
        Waits::Schedule { cron, zone, missed: _ } => {
            let zone = zone.as_ref().or(document.zone.as_ref()).map_or("UTC", String::as_str);
            Schedule::parse(cron, zone).map_or_else(|_| cron.clone(), |it| it.describe())
        }
    })
}
