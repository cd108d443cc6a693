//! Taking an object of the file apart, name by name: what is asked for is known, what is left over is refused with
//! the name that was probably meant.

use std::cell::RefCell;

use super::tree::{Entry, Kind, Tree, place_of};
use super::{Diagnostic, NodeId, Place, closest, find_bidi, quoted};

/// So many findings are kept; a file with more of them is not a flow file.
const MAX_FINDINGS: usize = 100;

/// The findings so far, and the text they are about.
pub(super) struct Findings<'t> {
    text: &'t str,
    list: RefCell<Vec<Diagnostic>>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, list: RefCell::new(Vec::new()) }
    }

    pub(super) fn add(&self, at: usize, mut diagnostic: Diagnostic) {
        let mut list = self.list.borrow_mut();
        if list.len() < MAX_FINDINGS {
            let (line, column) = place_of(self.text, at);
            diagnostic.place = Some(Place { line, column });
            list.push(diagnostic);
        }
    }

    pub(super) fn any(&self) -> bool {
        !self.list.borrow().is_empty()
    }

    pub(super) fn into_list(self) -> Vec<Diagnostic> {
        self.list.into_inner()
    }
}

/// Where in the document we are.
#[derive(Clone, Default)]
pub(super) struct Path {
    pub(super) pointer: String,
    pub(super) node: Option<NodeId>,
}

impl Path {
    pub(super) fn down(&self, name: &str) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        Self { pointer: format!("{}/{name}", self.pointer), node: self.node.clone() }
    }

    pub(super) fn of_node(mut self, node: &str) -> Self {
        self.node = Some(NodeId::new(node));
        self
    }
}

/// An object being taken apart.
pub(super) struct Fields<'a, 't> {
    findings: &'a Findings<'t>,
    path: Path,
    what: &'static str,
    at: usize,
    entries: &'a [Entry],
    known: RefCell<Vec<&'static str>>,
}

impl<'a, 't> Fields<'a, 't> {
    /// Opens a value that must be an object; `what` names it in sentences.
    pub(super) fn open(
        findings: &'a Findings<'t>,
        path: Path,
        what: &'static str,
        tree: &'a Tree,
    ) -> Option<Self> {
        let Kind::Object(entries) = &tree.kind else {
            report(findings, &path, tree.at, shape(what, "an object in braces", &tree.kind));
            return None;
        };
        Some(Self { findings, path, what, at: tree.at, entries, known: RefCell::default() })
    }

    pub(super) fn findings(&self) -> &'a Findings<'t> {
        self.findings
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A value, if it is there.
    pub(super) fn get(&self, name: &'static str) -> Option<&'a Tree> {
        self.known.borrow_mut().push(name);
        self.entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value)
    }

    /// A value that must be there.
    pub(super) fn need(&self, name: &'static str) -> Option<&'a Tree> {
        let found = self.get(name);
        if found.is_none() {
            let sentence = format!("{} has no {}, which it must have.", self.what, quoted(name));
            report(self.findings, &self.path, self.at, ("document.missing", sentence));
        }
        found
    }

    /// Says that a value has the wrong shape.
    pub(super) fn wrong(&self, name: &str, wanted: &str, tree: &Tree) {
        let what = quoted(name);
        report(self.findings, &self.path.down(name), tree.at, shape(&what, wanted, &tree.kind));
    }

    /// Adds a finding about one field.
    pub(super) fn refuse(&self, name: &str, tree: &Tree, sentence: String) {
        report(self.findings, &self.path.down(name), tree.at, ("document.value", sentence));
    }

    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        let tree = self.get(name)?;
        self.as_text(name, tree)
    }

    pub(super) fn need_text(&self, name: &'static str) -> Option<String> {
        let tree = self.need(name)?;
        self.as_text(name, tree)
    }

    fn as_text(&self, name: &str, tree: &Tree) -> Option<String> {
        match &tree.kind {
            Kind::Text(text) => Some(text.clone()),
            _ => {
                self.wrong(name, "a text in quotes", tree);
                None
            }
        }
    }

    /// A text that a person reads as a name, so marks that turn text around are refused in it.
    pub(super) fn name(&self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        self.check_name(name, &text)
    }

    /// The same, and it must be there.
    pub(super) fn need_name(&self, name: &'static str) -> Option<String> {
        let text = self.need_text(name)?;
        self.check_name(name, &text)
    }

    fn check_name(&self, name: &'static str, text: &str) -> Option<String> {
        const LONGEST: usize = 200;
        let tree = self.entries.iter().find(|entry| entry.name == name).map(|entry| &entry.value)?;
        if text.trim().is_empty() {
            self.refuse(name, tree, format!("{} is empty.", quoted(name)));
            return None;
        }
        if text.chars().count() > LONGEST {
            self.refuse(name, tree, format!("{} is longer than {LONGEST} characters.", quoted(name)));
            return None;
        }
        if let Some((_, mark)) = find_bidi(text) {
            let code = u32::from(mark);
            let sentence = format!(
                "{} holds the invisible mark U+{code:04X}, which turns text around so that it reads as something else; take it away.",
                quoted(text)
            );
            report(self.findings, &self.path.down(name), tree.at, ("document.bidi", sentence));
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn flag(&self, name: &'static str) -> bool {
        let Some(tree) = self.get(name) else { return false };
        match tree.kind {
            Kind::Bool(flag) => flag,
            _ => {
                self.wrong(name, "true or false", tree);
                false
            }
        }
    }

    /// A whole number between two bounds.
    pub(super) fn whole(&self, name: &'static str, least: u32, most: u32) -> Option<u32> {
        let tree = self.get(name)?;
        let number = match &tree.kind {
            Kind::Number(text) => text.parse::<u32>().ok(),
            _ => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(name, &format!("a whole number from {least} to {most}"), tree);
        }
        number
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &'static str) -> Vec<String> {
        let Some(list) = self.list(name) else { return Vec::new() };
        list.iter()
            .filter_map(|tree| match &tree.kind {
                Kind::Text(text) => Some(text.clone()),
                _ => {
                    self.wrong(name, "a list of texts", tree);
                    None
                }
            })
            .collect()
    }

    pub(super) fn list(&self, name: &'static str) -> Option<&'a [Tree]> {
        let tree = self.get(name)?;
        match &tree.kind {
            Kind::List(list) => Some(list),
            _ => {
                self.wrong(name, "a list", tree);
                None
            }
        }
    }

    /// The entries of an object whose names are free.
    pub(super) fn entries(&self, name: &'static str) -> &'a [Entry] {
        let Some(tree) = self.get(name) else { return &[] };
        match &tree.kind {
            Kind::Object(entries) => entries,
            _ => {
                self.wrong(name, "an object in braces", tree);
                &[]
            }
        }
    }

    /// Two whole numbers: a place or a size on the canvas.
    pub(super) fn pair(&self, name: &'static str) -> Option<[i32; 2]> {
        let tree = self.get(name)?;
        let pair = pair(tree);
        if pair.is_none() {
            self.wrong(name, "two whole numbers", tree);
        }
        pair
    }

    /// Ends the reading: what nobody asked for is not known.
    pub(super) fn close(self) {
        let known = self.known.borrow();
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.name.as_str())) {
            let hint = match closest(&entry.name, known.iter().copied()) {
                Some(name) => format!(" Did you mean {}?", quoted(name)),
                None => format!(" It can have: {}.", known.join(", ")),
            };
            let sentence = format!("{} has no field {}.{hint}", self.what, quoted(&entry.name));
            report(
                self.findings,
                &self.path.down(&entry.name),
                entry.at,
                ("document.unknown-field", sentence),
            );
        }
    }
}

/// Two whole numbers in a list.
pub(super) fn pair(tree: &Tree) -> Option<[i32; 2]> {
    let Kind::List(list) = &tree.kind else { return None };
    let whole = |tree: &Tree| match &tree.kind {
        Kind::Number(text) => text.parse::<i32>().ok(),
        _ => None,
    };
    match list.as_slice() {
        [x, y] => Some([whole(x)?, whole(y)?]),
        _ => None,
    }
}

fn shape(what: &str, wanted: &str, found: &Kind) -> (&'static str, String) {
    ("document.shape", format!("{what} must be {wanted}, but is {}.", found.noun()))
}

/// Adds a finding at a place of the document.
pub(super) fn report(findings: &Findings<'_>, path: &Path, at: usize, what: (&'static str, String)) {
    let mut diagnostic = Diagnostic::error(what.0, what.1).at(path.pointer.clone());
    diagnostic.node.clone_from(&path.node);
    findings.add(at, diagnostic);
}
