//! `file.list`: one record for each file of a folder.

use std::cmp::Ordering;

use async_trait::async_trait;
use formula::FieldSet;
use schemars::JsonSchema;
use sdk::cx::Entry;
use sdk::source::Replay;
use sdk::{Category, ConfigError, Cursor, Cx, Need, Node, NodeError, Page, Ports, Record, Source, Template, Value};
use serde::{Deserialize, Serialize};

/// Folders in folders are looked into this deep.
const MAX_DEPTH: usize = 16;
/// A folder with more files is read in parts by a narrower pattern.
const MOST_FILES: usize = 100_000;

/// Lists the files of a folder, one record each: path, name, size_bytes, modified_ms.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The folder.
    #[schemars(extend("x-widget" = "folder"))]
    folder: Template,
    /// Which names count: * stands for any letters, ? for one, for example *.csv. Small and capital letters are alike.
    #[serde(default = "all")]
    pattern: String,
    /// Look into the folders inside too.
    #[serde(default)]
    subfolders: bool,
    /// The order of the files.
    #[serde(default)]
    sort: Sort,
}

/// The order of files.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// By path.
    #[default]
    Name,
    /// Oldest first.
    Oldest,
    /// Newest first.
    Newest,
}

fn all() -> String {
    "*".into()
}

impl Node for List {
    const KIND: &'static str = "file.list";
    const TITLE: &'static str = "List files";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["folder", "directory", "glob", "find files"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Each record lists the folder once.").output("out", "One record for each file.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        if self.pattern.trim().is_empty() {
            return vec![ConfigError::new("/pattern", "Give a pattern such as *.csv, or * for all files.")];
        }
        Vec::new()
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.folder, false)]
    }
}

/// Whether a name fits a pattern of `*` and `?`. Takes time in proportion to both lengths, whatever the pattern.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut star, mut mark) = (0, None, 0);
    let mut here = 0;
    while here < name.len() {
        if at < pattern.len() && (pattern[at] == '?' || pattern[at] == name[here]) && pattern[at] != '*' {
            at += 1;
            here += 1;
        } else if at < pattern.len() && pattern[at] == '*' {
            star = Some(at);
            mark = here;
            at += 1;
        } else if let Some(star) = star {
            at = star + 1;
            mark += 1;
            here = mark;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|it| *it == '*')
}

fn lower(text: &str) -> Vec<char> {
    text.to_lowercase().chars().collect()
}

#[async_trait]
impl Source for List {
    /// The folder may have changed when a run goes on, so what was seen is stored.
    fn replay(&self) -> Replay {
        Replay::Recorded
    }

    async fn open(&self, opening: &Record, _wanted: &FieldSet, cx: &dyn Cx) -> Result<Box<dyn Cursor>, NodeError> {
        let folder = crate::paths::of(&self.folder, opening, cx.roots())?;
        let pattern = lower(&self.pattern);
        let mut files: Vec<Entry> = Vec::new();
        let mut open = vec![(folder.clone(), 0)];
        while let Some((folder, depth)) = open.pop() {
            for entry in cx.folder().list(&folder)? {
                if entry.is_folder {
                    if self.subfolders && depth < MAX_DEPTH {
                        open.push((entry.path, depth + 1));
                    }
                } else if fits(&pattern, &lower(&entry.name)) {
                    files.push(entry);
                }
            }
            if files.len() > MOST_FILES {
                return Err(NodeError::new(
                    sdk::Code::Limit,
                    format!("{folder} holds more than {MOST_FILES} files that fit {}; use a narrower pattern.", self.pattern),
                ));
            }
        }
        files.sort_by(|a, b| {
            let by_time = match self.sort {
                Sort::Name => Ordering::Equal,
                Sort::Oldest => a.modified_ms.cmp(&b.modified_ms),
                Sort::Newest => b.modified_ms.cmp(&a.modified_ms),
            };
            by_time.then_with(|| a.path.cmp(&b.path))
        });
        Ok(Box::new(Listing { files, at: 0 }))
    }
}

struct Listing {
    files: Vec<Entry>,
    at: usize,
}

#[async_trait]
impl Cursor for Listing {
    async fn next(&mut self, _cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        let shape = crate::columns::shape_of(["path", "name", "size_bytes", "modified_ms"]);
        let end = (self.at + model::MAX_BATCH_RECORDS).min(self.files.len());
        let records: Vec<Record> = self.files[self.at..end]
            .iter()
            .map(|it| {
                let size = i64::try_from(it.size_bytes).unwrap_or(i64::MAX);
                let values =
                    vec![it.path.as_str().into(), it.name.as_str().into(), size.into(), Value::from(it.modified_ms)];
                Record::new(shape.clone(), values)
            })
            .collect();
        self.at = end;
        let next = Value::Number(self.at.into());
        Ok((!records.is_empty()).then_some(Page { records, failed: Vec::new(), next }))
    }

    async fn seek(&mut self, next: &Value, _cx: &dyn Cx) -> Result<(), NodeError> {
        let at = next.as_number().and_then(model::Number::to_i64).and_then(|it| usize::try_from(it).ok());
        self.at = at.unwrap_or(0).min(self.files.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, read};
    use sdk::testing::World;

    #[test]
    fn stars_and_question_marks_stand_for_letters() {
        let fits = |pattern: &str, name: &str| fits(&lower(pattern), &lower(name));
        assert!(fits("*.csv", "Orders.CSV") && fits("o?d*", "order") && fits("*", "") && fits("a*b*c", "axxbyyc"));
        assert!(!fits("*.csv", "orders.csv.bak") && !fits("?", "") && !fits("a*b", "axc"));
    }

    #[tokio::test]
    async fn files_come_sorted_and_only_those_that_fit() {
        let world = World::default().with_file("in/b.csv", "22").with_file("in/a.csv", "1").with_file("in/c.txt", "");
        let (got, ..) = read(&node::<List>(r#"{"folder":"in","pattern":"*.csv"}"#), &world).await;
        let names: Vec<_> = got.iter().map(|it| it.get("name").unwrap().to_plain()).collect();
        assert_eq!(names, ["a.csv", "b.csv"]);
        assert_eq!(got[1].get("size_bytes"), Some(&Value::from(2)));
    }
}
