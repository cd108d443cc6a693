//! Which places of the data a formula reads: paths, also through filters and loops.

use std::collections::BTreeSet;

use model::Text;

use crate::ast::{Args, Expr, Kind};
use crate::compile::Mode;
use crate::fields::FieldSet;

/// Paths kept for one formula; past it everything counts as read.
const MAX_PATHS: usize = 1_000;
/// Sources a value may come from; past it everything counts as read.
const MAX_SOURCES: usize = 32;

/// A place that a formula reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// `record`, `slots`, `run` or `event`.
    pub root: &'static str,
    /// The names from there on; empty: all of it.
    pub path: Vec<Text>,
}

impl std::fmt::Display for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.path.iter().map(Text::as_str);
        let names: Vec<&str> = if self.root == "record" {
            names.collect()
        } else {
            std::iter::once(self.root).chain(names).collect()
        };
        f.write_str(&if names.is_empty() { "record".to_owned() } else { names.join(".") })
    }
}

/// What a name means while the tree is walked.
enum Place {
    Local(Text, Vec<Read>),
    Item(Vec<Read>),
}

struct Walk {
    mode: Mode,
    places: Vec<Place>,
    reads: BTreeSet<Read>,
}

/// Every place that the tree reads.
pub(crate) fn of(expr: &Expr, mode: Mode) -> Vec<Read> {
    let mut walk = Walk { mode, places: Vec::new(), reads: BTreeSet::new() };
    walk.whole(expr);
    // What lies below a place that is read whole is read with it.
    let all = walk.reads;
    let covered = |read: &Read| {
        (0..read.path.len())
            .any(|length| all.contains(&Read { root: read.root, path: read.path[..length].to_vec() }))
    };
    all.iter().filter(|read| !covered(read)).cloned().collect()
}

/// The fields at the top of the record among the reads.
pub(crate) fn fields(reads: &[Read]) -> FieldSet {
    let mut names = BTreeSet::new();
    for read in reads.iter().filter(|read| read.root == "record") {
        match read.path.first() {
            Some(name) => names.insert(name.clone()),
            None => return FieldSet::All,
        };
    }
    FieldSet::Only(names)
}

impl Walk {
    /// The value is used as a whole.
    fn whole(&mut self, expr: &Expr) {
        for source in self.sources(expr) {
            if self.reads.len() >= MAX_PATHS {
                self.reads.insert(Read { root: "record", path: Vec::new() });
                return;
            }
            self.reads.insert(source);
        }
    }

    /// Where the value comes from; what is looked at on the way is read.
    fn sources(&mut self, expr: &Expr) -> Vec<Read> {
        let sources = match &expr.kind {
            Kind::Name { name, quoted } => self.name(name, *quoted),
            Kind::Paren(inner) => self.sources(inner),
            Kind::Path { value, name } => {
                let mut sources = self.sources(value);
                for source in &mut sources {
                    source.path.push(name.clone());
                }
                sources
            }
            Kind::Filter { value, test } => {
                let sources = self.sources(value);
                self.places.push(Place::Item(sources.clone()));
                self.whole(test);
                self.places.pop();
                sources
            }
            Kind::If { test, then, other } => {
                self.whole(test);
                let mut sources = self.sources(then);
                sources.extend(self.sources(other));
                sources
            }
            Kind::For { over, body } => {
                let lists = self.iterators(over);
                let sources = self.sources(body);
                self.end_iterators(over.len(), &lists, &sources);
                sources
            }
            Kind::Quantified { over, body, .. } => {
                let lists = self.iterators(over);
                self.whole(body);
                self.end_iterators(over.len(), &lists, &[]);
                Vec::new()
            }
            Kind::Function { params, body } => {
                let base = self.places.len();
                self.places.extend(params.iter().map(|(name, _)| Place::Local(name.clone(), Vec::new())));
                self.whole(body);
                self.places.truncate(base);
                Vec::new()
            }
            Kind::Context(entries) => {
                let base = self.places.len();
                for (name, value) in entries {
                    let sources = self.sources(value);
                    self.reads.extend(sources.iter().cloned());
                    self.places.push(Place::Local(name.clone(), sources));
                }
                self.places.truncate(base);
                Vec::new()
            }
            Kind::Call { callee, args } => {
                // A plain name before brackets is a function unless it is a local.
                if !matches!(&callee.kind, Kind::Name { .. }) {
                    self.whole(callee);
                }
                match args {
                    Args::Positional(parts) => parts.iter().for_each(|part| self.whole(part)),
                    Args::Named(parts) => parts.iter().for_each(|(_, part)| self.whole(part)),
                }
                Vec::new()
            }
            kind => {
                let mut parts = Vec::new();
                kind.each(&mut |part| parts.push(part));
                parts.into_iter().for_each(|part| self.whole(part));
                Vec::new()
            }
        };
        if sources.len() > MAX_SOURCES { vec![Read { root: "record", path: Vec::new() }] } else { sources }
    }

    /// Where the lists come from that are run through.
    fn iterators(&mut self, over: &[(Text, Expr)]) -> Vec<Read> {
        let mut lists = Vec::new();
        for (name, domain) in over {
            let sources = self.sources(domain);
            lists.extend(sources.iter().cloned());
            self.places.push(Place::Local(name.clone(), sources));
        }
        self.places.push(Place::Local("partial".into(), Vec::new()));
        lists
    }

    /// A list whose items are not looked at is read all the same: its length counts.
    fn end_iterators(&mut self, count: usize, lists: &[Read], given: &[Read]) {
        self.places.truncate(self.places.len() - count - 1);
        for list in lists {
            let below = |read: &Read| read.root == list.root && read.path.starts_with(&list.path);
            if !self.reads.iter().any(below) && !given.iter().any(below) {
                self.reads.insert(list.clone());
            }
        }
    }

    fn name(&self, name: &Text, quoted: bool) -> Vec<Read> {
        let mut sources = Vec::new();
        for place in self.places.iter().rev() {
            match place {
                Place::Local(local, from) if local == name => {
                    sources.extend(from.iter().cloned());
                    return sources;
                }
                Place::Local(..) => {}
                Place::Item(from) => {
                    if name == "item" && !quoted {
                        sources.extend(from.iter().cloned());
                        return sources;
                    }
                    // It may be a field of the item, or mean what it means outside.
                    sources.extend(from.iter().map(|read| {
                        let mut path = read.path.clone();
                        path.push(name.clone());
                        Read { root: read.root, path }
                    }));
                }
            }
        }
        let root = match (self.mode, name.as_str(), quoted) {
            (Mode::Flow, "slots", false) => Some("slots"),
            (Mode::Flow, "run", false) => Some("run"),
            (Mode::Flow, "event", false) => Some("event"),
            (Mode::Flow, "record", false) => Some("record"),
            _ => None,
        };
        let path = if root.is_some() { Vec::new() } else { vec![name.clone()] };
        // `?` and names of functions are no fields, but cannot be told from them here without data.
        if name != "?" {
            sources.push(Read { root: root.unwrap_or("record"), path });
        }
        sources
    }
}

#[cfg(test)]
mod tests {
    use crate::Formula;

    fn reads(text: &str) -> String {
        let formula = Formula::parse(text).expect("a formula");
        let paths: Vec<String> = formula.reads().iter().map(ToString::to_string).collect();
        paths.join(" ")
    }

    #[test]
    fn paths_are_told_exactly() {
        assert_eq!(reads("qty * price"), "price qty");
        assert_eq!(reads("fetch.body.total + 1"), "fetch.body.total");
        assert_eq!(reads("record.run + run.id"), "run run.id");
        assert_eq!(reads("sum(for l in lines return l.qty * l.price)"), "lines.price lines.qty");
        assert_eq!(reads("{a: x, b: a.y}"), "x");
        assert_eq!(reads("if a then b.c else 1"), "a b.c");
        assert_eq!(reads("slots.limit > `net total`"), "net total slots.limit");
        assert_eq!(reads("some o in orders satisfies o.paid"), "orders.paid");
        assert_eq!(reads("for o in orders return total"), "orders total", "its length counts");
    }

    #[test]
    fn a_name_in_a_filter_may_be_of_the_item_or_of_the_record() {
        assert_eq!(reads("lines[qty > 2].sku"), "lines.qty lines.sku qty");
        assert_eq!(reads("lines[item.qty > 2].sku"), "lines.qty lines.sku");
    }

    #[test]
    fn the_whole_record_is_everything() {
        assert_eq!(reads("get value(record, key)"), "record");
        assert!(Formula::parse("record").expect("a formula").fields().contains("anything"));
        assert!(!Formula::parse("a + 1").expect("a formula").fields().contains("b"));
    }
}
