//! What is odd about a document although it opens: leftovers of nodes that are gone, texts that deceive the eye.

use serde_json::Value;

use super::{Change, Diagnostic, Flow, find_bidi, quoted};

/// Warnings about a flow that need no knowledge of kinds.
#[must_use]
pub fn notices(flow: &Flow) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for id in flow.layout.keys().filter(|id| !flow.nodes.contains_key(*id)) {
        let pointer = format!("/layout/{id}");
        let sentence = format!("The layout places {}, but there is no such node.", quoted(id));
        found.push(
            Diagnostic::warning("layout.nowhere", sentence)
                .at(pointer.clone())
                .fix("Take it out of the layout", Change::Remove { pointer }),
        );
    }
    for (index, group) in flow.groups.iter().enumerate() {
        for (place, id) in group.nodes.iter().enumerate().filter(|(_, id)| !flow.nodes.contains_key(*id)) {
            let pointer = format!("/groups/{index}/nodes/{place}");
            let sentence = format!(
                "The group {} holds {}, but there is no such node.",
                quoted(&group.title),
                quoted(id)
            );
            found.push(
                Diagnostic::warning("group.nowhere", sentence)
                    .at(pointer.clone())
                    .fix("Take it out of the group", Change::Remove { pointer }),
            );
        }
    }
    for (id, node) in &flow.nodes {
        texts("", &node.config, &mut |pointer, text| {
            if let Some((at, mark)) = find_bidi(text) {
                let code = u32::from(mark);
                let sentence = format!(
                    "The text holds the invisible mark U+{code:04X}, which turns text around: what is shown is not what runs. Check it or take it away."
                );
                found.push(
                    Diagnostic::warning("document.bidi", sentence)
                        .on(id)
                        .field(pointer)
                        .span(at, at + mark.len_utf8()),
                );
            }
        });
    }
    found
}

/// Visits every text of a config, names of fields included, with its pointer.
fn texts(pointer: &str, value: &Value, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => see(pointer, text),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                texts(&format!("{pointer}/{index}"), value, see);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                see(&pointer, name);
                texts(&pointer, value, see);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
