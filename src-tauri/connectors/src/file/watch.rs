//! `file.watch`: starts a run for each file that has arrived in a folder and is complete.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use sdk::cx::Entry;
use sdk::trigger::{Event, Inbox, Start};
use sdk::{
    Category, Code, ConfigError, Cx, Level, Need, Node, NodeError, Ports, Record, Template, Trigger, Value,
    async_trait,
};
use serde::{Deserialize, Serialize};

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Names that programs give to files they are still writing.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".crdownload", ".download"];

fn star() -> String {
    "*".into()
}

fn settle() -> u32 {
    3
}

/// Starts a run for each file that has arrived in a folder and has not changed for a while. The same file, told by path and content,
/// starts one run only.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The folder.
    #[schemars(extend("x-widget" = "folder"))]
    pub folder: Template,
    /// Which files: `*` is any text, `?` any character; large and small letters are the same.
    #[serde(default = "star")]
    pub pattern: String,
    /// Seconds for which size and time of a file must stay the same.
    #[serde(default = "settle")]
    pub settle_s: u32,
}

impl Node for Watch {
    const KIND: &'static str = "file.watch";
    const TITLE: &'static str = "On a new file";
    const CATEGORY: Category = Category::Starts;
    const WORDS: &'static [&'static str] = &["folder", "watch", "arrive", "drop", "inbox", "file"];

    fn ports(&self) -> Ports {
        Ports::default().output("out", "The file: path, name, size, modified_ms, hash.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.folder.text().trim().is_empty() {
            problems.push(ConfigError::new("/folder", "Write the folder to watch."));
        }
        if self.pattern.trim().is_empty() || self.pattern.contains(['/', '\\']) {
            problems.push(ConfigError::new(
                "/pattern",
                "Write a pattern for names without folders, such as *.csv.",
            ));
        }
        if !(1..=3_600).contains(&self.settle_s) {
            problems.push(ConfigError::new("/settle_s", "A file must stay the same for 1 to 3600 seconds."));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        let path = self.folder.text().split("{{").next().unwrap_or_default();
        let path = if path.starts_with('=') { "" } else { path };
        vec![Need::Folder { path: path.into(), writes: false }]
    }
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    size_bytes: u64,
    modified_ms: i64,
    since_ms: i64,
    is_done: bool,
}

/// Files of which size and time have stayed the same long enough, once each.
fn settled(seen: &mut HashMap<String, Seen>, entries: &[Entry], now_ms: i64, settle_ms: i64) -> Vec<Entry> {
    // What is gone is forgotten: a file of that name is a new one.
    seen.retain(|path, _| entries.iter().any(|it| it.path == *path));
    let mut ready = Vec::new();
    for entry in entries {
        let fresh = Seen {
            size_bytes: entry.size_bytes,
            modified_ms: entry.modified_ms,
            since_ms: now_ms,
            is_done: false,
        };
        let known = seen.entry(entry.path.clone()).or_insert(fresh);
        if (known.size_bytes, known.modified_ms) != (entry.size_bytes, entry.modified_ms) {
            *known = fresh;
        }
        if !known.is_done && now_ms - known.since_ms >= settle_ms {
            ready.push(entry.clone());
        }
    }
    ready
}

fn fits(pattern: &[char], name: &[char]) -> bool {
    // The place to go back to when the text after a star does not fit.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, n) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|it| *it == '*')
}

fn hash(cx: &dyn Cx, path: &str) -> Result<String, NodeError> {
    let mut file = cx.folder().read(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut piece).map_err(|e| {
            NodeError::new(Code::Unavailable, format!("The file {path} cannot be read.")).because(e)
        })?;
        if read == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(&piece[..read]);
    }
}

impl Watch {
    fn is_wanted(&self, entry: &Entry) -> bool {
        let lower = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
        let name = entry.name.to_lowercase();
        !entry.is_folder
            && !name.starts_with(['.', '~'])
            && !UNFINISHED.iter().any(|it| name.ends_with(it))
            && fits(&lower(&self.pattern), &lower(&entry.name))
    }

    async fn look(
        &self,
        seen: &mut HashMap<String, Seen>,
        inbox: &dyn Inbox,
        cx: &Arc<dyn Cx>,
    ) -> Result<(), NodeError> {
        let folder = self.folder.value(&Record::empty(), cx.roots())?.to_plain();
        let mut entries = cx.folder().list(&folder)?;
        entries.retain(|it| self.is_wanted(it));
        for entry in settled(seen, &entries, cx.now_ms(), i64::from(self.settle_s) * 1_000) {
            let (world, path) = (cx.clone(), entry.path.clone());
            let hashing = tokio::task::spawn_blocking(move || hash(world.as_ref(), &path));
            let hash = match hashing.await {
                Ok(Ok(hash)) => hash,
                // Somebody still holds it, or it went away: it is looked at again.
                Ok(Err(error)) => {
                    cx.log(Level::Warn, &error.sentence);
                    continue;
                }
                Err(e) => {
                    return Err(
                        NodeError::new(Code::Internal, "Reading a file ended unexpectedly.").because(e)
                    );
                }
            };
            let record = Record::of([
                ("path", Value::from(entry.path.as_str())),
                ("name", Value::from(entry.name.as_str())),
                ("size", Value::from(i64::try_from(entry.size_bytes).unwrap_or(i64::MAX))),
                ("modified_ms", Value::from(entry.modified_ms)),
                ("hash", Value::from(hash.as_str())),
            ]);
            inbox.accept(vec![Event { dedupe_key: Some(format!("{hash} {}", entry.path)), record }]).await?;
            if let Some(known) = seen.get_mut(&entry.path) {
                known.is_done = true;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Trigger for Watch {
    fn start(&self) -> Start {
        Start::Listen
    }

    async fn listen(&self, inbox: Arc<dyn Inbox>, cx: Arc<dyn Cx>) -> Result<(), NodeError> {
        let mut seen = HashMap::new();
        while !cx.is_cancelled() {
            self.look(&mut seen, inbox.as_ref(), &cx).await?;
            cx.sleep(LOOK_EVERY).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, size_bytes: u64, modified_ms: i64) -> Entry {
        Entry { path: name.into(), name: name.into(), size_bytes, modified_ms, is_folder: false }
    }

    #[test]
    fn a_file_counts_once_when_it_has_stopped_growing() {
        let mut seen = HashMap::new();
        let mut look = |now_ms, entries: &[Entry]| {
            let ready = settled(&mut seen, entries, now_ms, 3_000);
            for entry in &ready {
                seen.get_mut(&entry.path).unwrap().is_done = true;
            }
            ready.len()
        };
        assert_eq!(look(0, &[entry("a.csv", 10, 0)]), 0);
        assert_eq!(look(2_000, &[entry("a.csv", 20, 1)]), 0, "it grew");
        assert_eq!(look(4_000, &[entry("a.csv", 20, 1)]), 0);
        assert_eq!(look(5_000, &[entry("a.csv", 20, 1)]), 1);
        assert_eq!(look(9_000, &[entry("a.csv", 20, 1)]), 0, "once");
        assert_eq!(look(10_000, &[entry("a.csv", 30, 2)]), 0, "it changed");
        assert_eq!(look(13_000, &[entry("a.csv", 30, 2)]), 1);
        assert_eq!(look(14_000, &[]), 0);
        assert_eq!(look(15_000, &[entry("a.csv", 30, 2)]), 0, "a new file of that name");
        assert_eq!(look(18_000, &[entry("a.csv", 30, 2)]), 1);
    }

    #[test]
    fn only_finished_files_of_the_pattern_are_wanted() {
        let watch: Watch =
            serde_json::from_value(serde_json::json!({"folder": "in", "pattern": "order*.C?V"})).unwrap();
        let table = [
            ("orders.csv", true),
            ("ORDER.CSV", true),
            ("order-1.csv.csv", true),
            ("my-order.csv", false),
            ("orders.csv.part", false),
            ("~$orders.csv", false),
            (".order.csv", false),
        ];
        for (name, expected) in table {
            assert_eq!(watch.is_wanted(&entry(name, 1, 1)), expected, "{name}");
        }
    }
}
