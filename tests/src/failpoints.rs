//! The named points at which the program can be ended, as they stand in its source: a new one is covered without being listed.

use std::collections::BTreeSet;
use std::path::Path;

const CALL: &str = "failpoint::reach(\"";

/// The names of all failpoints.
///
/// # Panics
/// When the source cannot be read or holds none.
pub fn all() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri");
    let mut names = BTreeSet::new();
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the source").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && name != "target" && name != "node_modules" {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                names
                    .extend(text.split(CALL).skip(1).filter_map(|it| Some(it.split_once('"')?.0.to_owned())));
            }
        }
    }
    assert!(!names.is_empty(), "no failpoint stands in the source");
    names
}
