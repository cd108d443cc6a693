//! From the tree of a file to a [`Flow`]: closed shapes, every refusal with its place.

mod around;
mod node;

use indexmap::IndexMap;

use super::fields::{Fields, Findings, Path, report};
use super::tree::{self, Kind, Tree};
use super::{Diagnostic, End, Flow, MAX_NODES, MAX_WIRES, Node, NodeId, Wire, closest, id_problem, quoted};
use crate::migrate;

/// Reads a flow from the text of its file.
pub(super) fn flow(text: &str) -> Result<Flow, Vec<Diagnostic>> {
    let findings = Findings::new(text);
    let mut tree = match tree::read(text) {
        Ok(tree) => tree,
        Err(fault) => {
            findings.add(fault.at, Diagnostic::error(fault.code, fault.sentence));
            return Err(findings.into_list());
        }
    };
    if let Some(version) = version(&findings, &tree) {
        migrate::bring_up(&mut tree, version);
    }
    if findings.any() {
        return Err(findings.into_list());
    }
    let flow = top(&findings, &tree);
    match flow {
        Some(flow) if !findings.any() => Ok(flow),
        Some(_) | None => Err(findings.into_list()),
    }
}

/// The shape the file says it has.
fn version(findings: &Findings<'_>, tree: &Tree) -> Option<u32> {
    let fields = Fields::open(findings, Path::default(), "A flow file", tree)?;
    let tree = fields.need("arna")?;
    let number = match &tree.kind {
        Kind::Number(text) => text.parse::<u32>().ok().filter(|number| *number > 0),
        _ => None,
    };
    match number {
        None => fields.wrong("arna", "a whole number, the version of the file's shape", tree),
        Some(newer) if newer > migrate::CURRENT => {
            let sentence = format!(
                "The file has shape {newer}, made by a newer Arna; this one knows shapes up to {}. Update Arna to open it.",
                migrate::CURRENT
            );
            report(findings, &fields.path().down("arna"), tree.at, ("document.newer", sentence));
        }
        Some(_) => {}
    }
    number
}

fn top(findings: &Findings<'_>, tree: &Tree) -> Option<Flow> {
    let fields = Fields::open(findings, Path::default(), "A flow", tree)?;
    let schema = fields.text("$schema");
    fields.get("arna");
    let name = fields.need_name("name");
    let zone = fields.name("zone");
    let docs = fields.text("docs");
    fields.need("nodes");
    let flow = Flow {
        schema,
        zone,
        docs,
        nodes: nodes(&fields),
        wires: wires(&fields),
        slots: around::slots(&fields),
        expect: around::expect(&fields),
        order: fields.text("order"),
        concurrency: small(fields.whole("concurrency", 1, 1000)),
        overlap: around::overlap(&fields),
        volatile: fields.flag("volatile"),
        search: around::search(&fields),
        layout: around::layout(&fields),
        notes: around::notes(&fields),
        groups: around::groups(&fields),
        cases: around::cases(&fields),
        ..Flow::new(name.unwrap_or_default())
    };
    fields.close();
    Some(flow)
}

fn small(number: Option<u32>) -> Option<u16> {
    number.and_then(|number| u16::try_from(number).ok())
}

fn nodes(fields: &Fields<'_, '_>) -> IndexMap<NodeId, Node> {
    let entries = fields.entries("nodes");
    if entries.len() > MAX_NODES {
        let sentence = format!(
            "The flow has {} nodes; it may have {MAX_NODES}. Split it into flows that call each other.",
            entries.len()
        );
        report(
            fields.findings(),
            &fields.path().down("nodes"),
            entries[0].at,
            ("document.too-many-nodes", sentence),
        );
        return IndexMap::new();
    }
    let path = fields.path().down("nodes");
    entries
        .iter()
        .filter_map(|entry| {
            let path = path.down(&entry.name);
            if let Some(problem) = id_problem(&entry.name) {
                report(fields.findings(), &path, entry.at, ("document.id", problem));
                return None;
            }
            let node = node::node(fields.findings(), path.of_node(&entry.name), &entry.value)?;
            Some((NodeId::new(&entry.name), node))
        })
        .collect()
}

/// What to say when a text is none of the allowed ones.
fn choice(text: &str, allowed: &[&str]) -> String {
    match closest(text, allowed.iter().copied()) {
        Some(name) => format!("{} is not known here. Did you mean {}?", quoted(text), quoted(name)),
        None => format!("{} is not known here. It can be: {}.", quoted(text), allowed.join(", ")),
    }
}

fn wires(fields: &Fields<'_, '_>) -> Vec<Wire> {
    let list = fields.list("wires").unwrap_or_default();
    if let Some(first) = list.get(MAX_WIRES) {
        let sentence = format!("The flow has {} wires; it may have {MAX_WIRES}.", list.len());
        report(
            fields.findings(),
            &fields.path().down("wires"),
            first.at,
            ("document.too-many-wires", sentence),
        );
        return Vec::new();
    }
    let path = fields.path().down("wires");
    let read = |(index, tree): (usize, &Tree)| {
        let wire = wire(tree);
        if wire.is_none() {
            let sentence = "A wire is a list of two texts, from and to, each a node or a node and its port: [\"paid.kept\", \"post\"].";
            report(
                fields.findings(),
                &path.down(&index.to_string()),
                tree.at,
                ("document.wire", sentence.to_owned()),
            );
        }
        wire
    };
    list.iter().enumerate().filter_map(read).collect()
}

fn wire(tree: &Tree) -> Option<Wire> {
    let Kind::List(ends) = &tree.kind else { return None };
    let [Tree { kind: Kind::Text(from), .. }, Tree { kind: Kind::Text(to), .. }] = ends.as_slice() else {
        return None;
    };
    Some(Wire { from: End::parse(from)?, to: End::parse(to)? })
}
