//! What stands around the nodes: slots, expectations, the canvas, cases.

use indexmap::IndexMap;
use smol_str::SmolStr;

use super::choice;
use super::node::number;
use crate::document::fields::{Fields, Findings, Path, pair, report};
use crate::document::load::case_name_problem;
use crate::document::parts::{Access, Case, Expect, Fill, Group, Note, Overlap, Slot};
use crate::document::tree::{Entry, Kind, Tree};
use crate::document::{NodeId, id_problem, print, quoted};

pub(super) fn slots(fields: &Fields<'_, '_>) -> IndexMap<SmolStr, Slot> {
    let path = fields.path().down("slots");
    let read = |entry: &Entry| {
        let path = path.down(&entry.name);
        if let Some(problem) = id_problem(&entry.name) {
            report(fields.findings(), &path, entry.at, ("document.id", problem));
            return None;
        }
        Some((SmolStr::new(&entry.name), slot(fields.findings(), path, &entry.value)?))
    };
    fields.entries("slots").iter().filter_map(read).collect()
}

fn slot(findings: &Findings<'_>, path: Path, tree: &Tree) -> Option<Slot> {
    let fields = Fields::open(findings, path.clone(), "A slot", tree)?;
    let help = fields.text("help");
    let mut fills = Vec::new();
    for name in ["connection", "folder", "number", "text", "bool", "flow"] {
        if let Some(tree) = fields.get(name) {
            fills.push(fill(&fields, name, tree));
        }
    }
    fields.close();
    if fills.len() != 1 {
        let sentence = "A slot says one thing that fits it: connection, folder, number, text, bool or flow.";
        report(findings, &path, tree.at, ("document.slot", sentence.to_owned()));
    }
    Some(Slot { fill: fills.into_iter().next()??, help })
}

fn fill(fields: &Fields<'_, '_>, name: &'static str, tree: &Tree) -> Option<Fill> {
    Some(match (name, &tree.kind) {
        ("connection", Kind::Text(system)) if !system.is_empty() => Fill::Connection(system.clone()),
        ("connection", _) => {
            fields.wrong(name, "the name of a system, such as \"http\"", tree);
            return None;
        }
        ("folder", Kind::Text(access)) => match access.as_str() {
            "read" => Fill::Folder(Access::Read),
            "write" => Fill::Folder(Access::Write),
            "read_write" => Fill::Folder(Access::ReadWrite),
            other => {
                fields.refuse(name, tree, choice(other, &["read", "write", "read_write"]));
                return None;
            }
        },
        ("number", Kind::Number(text)) => {
            Fill::Number(Some(number(fields.findings(), &fields.path().down(name), tree.at, text)?))
        }
        ("number", Kind::Null) => Fill::Number(None),
        ("text", Kind::Text(text)) => Fill::Text(Some(text.clone())),
        ("text", Kind::Null) => Fill::Text(None),
        ("bool", Kind::Bool(flag)) => Fill::Bool(Some(*flag)),
        ("bool", Kind::Null) => Fill::Bool(None),
        ("flow", Kind::Text(text)) => Fill::Flow(Some(text.clone())),
        ("flow", Kind::Null) => Fill::Flow(None),
        ("folder", _) => {
            fields.wrong(name, "\"read\", \"write\" or \"read_write\"", tree);
            return None;
        }
        (_, _) => {
            fields.wrong(name, "a value of its own kind, or null for none", tree);
            return None;
        }
    })
}

pub(super) fn overlap(fields: &Fields<'_, '_>) -> Option<Overlap> {
    let tree = fields.get("overlap")?;
    let Kind::Text(text) = &tree.kind else {
        fields.wrong("overlap", "\"queue\", \"skip\", \"replace\" or \"latest\"", tree);
        return None;
    };
    let known = Overlap::ALL.iter().find(|(name, _)| name == text);
    if known.is_none() {
        fields.refuse("overlap", tree, choice(text, &Overlap::ALL.map(|(name, _)| name)));
    }
    known.map(|(_, overlap)| *overlap)
}

pub(super) fn expect(fields: &Fields<'_, '_>) -> Option<Expect> {
    let tree = fields.get("expect")?;
    let fields = Fields::open(fields.findings(), fields.path().down("expect"), "What is expected", tree)?;
    let by = fields.text("by").filter(|by| {
        let fits = is_time_of_day(by);
        if !fits {
            fields.refuse(
                "by",
                tree,
                format!("{} is not a time of day; write it as HH:MM, such as \"09:30\".", quoted(by)),
            );
        }
        fits
    });
    let records = fields.get("records").and_then(|tree| {
        let found = bounds(tree);
        if found.is_none() {
            fields.wrong("records", "two whole numbers, the least and the most", tree);
        }
        found
    });
    let within_s = fields.whole("within_s", 1, 31_536_000);
    fields.close();
    Some(Expect { by, records, within_s })
}

fn is_time_of_day(text: &str) -> bool {
    let part = |range: std::ops::Range<usize>| {
        text.get(range)
            .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|part| part.parse::<u8>().ok())
    };
    text.len() == 5
        && text.as_bytes()[2] == b':'
        && part(0..2).is_some_and(|h| h < 24)
        && part(3..5).is_some_and(|m| m < 60)
}

fn bounds(tree: &Tree) -> Option<[u64; 2]> {
    let Kind::List(list) = &tree.kind else { return None };
    let [Tree { kind: Kind::Number(least), .. }, Tree { kind: Kind::Number(most), .. }] = list.as_slice()
    else {
        return None;
    };
    let (least, most) = (least.parse().ok()?, most.parse().ok()?);
    (least <= most).then_some([least, most])
}

pub(super) fn search(fields: &Fields<'_, '_>) -> Vec<String> {
    let mut found = fields.texts("search");
    if found.len() > 3
        && let Some(tree) = fields.get("search")
    {
        fields.refuse("search", tree, format!("\"search\" names {} fields; it may name three.", found.len()));
        found.clear();
    }
    found
}

pub(super) fn layout(fields: &Fields<'_, '_>) -> IndexMap<NodeId, [i32; 2]> {
    let path = fields.path().down("layout");
    let read = |entry: &Entry| match pair(&entry.value) {
        Some(place) => Some((NodeId::new(&entry.name), place)),
        None => {
            let sentence = format!("The place of {} must be two whole numbers.", quoted(&entry.name));
            report(fields.findings(), &path.down(&entry.name), entry.value.at, ("document.shape", sentence));
            None
        }
    };
    fields.entries("layout").iter().filter_map(read).collect()
}

pub(super) fn notes(fields: &Fields<'_, '_>) -> Vec<Note> {
    let path = fields.path().down("notes");
    let read = |(index, tree): (usize, &Tree)| {
        let fields = Fields::open(fields.findings(), path.down(&index.to_string()), "A note", tree)?;
        let text = fields.need_text("text").unwrap_or_default();
        fields.need("at");
        let note = Note {
            text,
            at: fields.pair("at").unwrap_or_default(),
            size: fields.pair("size"),
            color: fields.name("color"),
        };
        fields.close();
        Some(note)
    };
    fields.list("notes").unwrap_or_default().iter().enumerate().filter_map(read).collect()
}

pub(super) fn groups(fields: &Fields<'_, '_>) -> Vec<Group> {
    let path = fields.path().down("groups");
    let read = |(index, tree): (usize, &Tree)| {
        let fields = Fields::open(fields.findings(), path.down(&index.to_string()), "A group", tree)?;
        let title = fields.need_name("title").unwrap_or_default();
        let group = Group {
            title,
            color: fields.name("color"),
            nodes: fields.texts("nodes").iter().map(SmolStr::new).collect(),
        };
        fields.close();
        Some(group)
    };
    fields.list("groups").unwrap_or_default().iter().enumerate().filter_map(read).collect()
}

pub(super) fn cases(fields: &Fields<'_, '_>) -> IndexMap<String, Case> {
    let path = fields.path().down("cases");
    let read = |entry: &Entry| {
        let path = path.down(&entry.name);
        if let Some(problem) = case_name_problem(&entry.name) {
            report(fields.findings(), &path, entry.at, ("document.case", problem));
            return None;
        }
        let fields = Fields::open(fields.findings(), path, "A case", &entry.value)?;
        let given = fields.need("given").map(print::json_text);
        let case = Case { given: given?, expected: fields.get("expected").map(print::json_text) };
        fields.close();
        Some((entry.name.clone(), case))
    };
    fields.entries("cases").iter().filter_map(read).collect()
}
