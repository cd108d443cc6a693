//! The canonical text of a flow: one order, one layout, so that a small edit is a small difference.
//!
//! The blocks that people edit entry by entry (nodes, wires, slots, layout) have one entry a line; any other value
//! stands on its line if it fits and is opened up if not.

use super::Flow;
use super::parts::JsonText;
use super::tree::{self, Entry, Kind, Tree};

/// Longest line a value may stand on unopened.
const WIDTH: usize = 110;

/// The canonical text of a flow.
#[must_use]
pub fn print(flow: &Flow) -> String {
    // Struct fields are written in their order; reading the text back keeps it, which a map of serde_json would not.
    let text = serde_json::to_string(flow).expect("a flow holds nothing that JSON cannot say");
    let mut out = String::new();
    open_up(&tree::read_own(&text), 0, &mut out);
    out.push('\n');
    out
}

/// A value of a file as text on one line.
pub(super) fn json_text(tree: &Tree) -> JsonText {
    let mut out = String::new();
    inline(tree, Style::Tight, usize::MAX, &mut out);
    JsonText(out)
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// No spaces at all.
    Tight,
    /// With the spaces people write.
    Airy,
}

/// Writes a value on one line and gives up, with a torn text, once that is longer than `most` bytes.
fn inline(tree: &Tree, style: Style, most: usize, out: &mut String) {
    if out.len() > most {
        return;
    }
    let airy = style == Style::Airy;
    match &tree.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Kind::Number(text) => out.push_str(text),
        Kind::Text(text) => string(text, out),
        Kind::List(list) => {
            out.push('[');
            for (index, tree) in list.iter().enumerate() {
                if index > 0 {
                    out.push_str(if airy { ", " } else { "," });
                }
                inline(tree, style, most, out);
            }
            out.push(']');
        }
        Kind::Object(entries) => {
            out.push_str(if airy && !entries.is_empty() { "{ " } else { "{" });
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(if airy { ", " } else { "," });
                }
                string(&entry.name, out);
                out.push_str(if airy { ": " } else { ":" });
                inline(&entry.value, style, most, out);
            }
            out.push_str(if airy && !entries.is_empty() { " }" } else { "}" });
        }
    }
}

fn string(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).expect("a text is always JSON"));
}

/// Names of blocks at the top whose entries always have a line of their own.
fn is_block(name: &str) -> bool {
    matches!(name, "nodes" | "wires" | "slots" | "layout" | "notes" | "groups" | "cases")
}

fn open_up(tree: &Tree, depth: usize, out: &mut String) {
    match &tree.kind {
        Kind::Object(entries) if !entries.is_empty() => {
            lines(('{', '}'), depth, entries, out, |entry: &Entry, out| {
                string(&entry.name, out);
                out.push_str(": ");
                value(&entry.value, depth + 1, depth == 0 && is_block(&entry.name), out);
            });
        }
        Kind::List(list) if !list.is_empty() => {
            lines(('[', ']'), depth, list, out, |tree: &Tree, out| value(tree, depth + 1, false, out));
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Object(_) => {
            inline(tree, Style::Airy, usize::MAX, out);
        }
    }
}

fn lines<T>(
    marks: (char, char),
    depth: usize,
    all: &[T],
    out: &mut String,
    mut one: impl FnMut(&T, &mut String),
) {
    out.push(marks.0);
    for (index, item) in all.iter().enumerate() {
        out.push_str(if index > 0 { ",\n" } else { "\n" });
        indent(depth + 1, out);
        one(item, out);
    }
    out.push('\n');
    indent(depth, out);
    out.push(marks.1);
}

fn value(tree: &Tree, depth: usize, is_block: bool, out: &mut String) {
    if !is_block {
        let start = out.len();
        let line = out.rfind('\n').map_or(0, |at| at + 1);
        inline(tree, Style::Airy, line + 4 * WIDTH, out);
        if out.len() <= line + 4 * WIDTH && out[line..].chars().count() <= WIDTH {
            return;
        }
        out.truncate(start);
    }
    open_up(tree, depth, out);
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}
