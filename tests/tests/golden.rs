//! The flows that Arna offers: each is checked, planned and run in its cases, and nothing about them changes unnoticed.
//!
//! `UPDATE_GOLDEN=1 cargo test -p arna-tests --test golden` writes what came as what is expected; the difference is then read and
//! committed like any other change.

use std::path::{Path, PathBuf};

use engine::case::run_cases;
use model::document::{Flow, load, print};
use plan::{Checked, Kinds, compile};

/// Longest story about one golden file that differs.
const SHOWN_DIFFERENCES: usize = 12;

fn is_updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some_and(|it| it == "1")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn kinds() -> Kinds {
    connectors::catalogue().into_iter().collect()
}

fn read(path: &Path) -> Flow {
    let loaded = load(path).unwrap_or_else(|found| panic!("{}: {found:?}", path.display()));
    loaded.flow
}

/// The folders of the offered flows, by name.
fn offered() -> Vec<PathBuf> {
    let flows = root().join("flows");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&flows)
        .unwrap_or_else(|e| panic!("{}: {e}", flows.display()))
        .map(|it| it.expect("an entry of the folder flows").path())
        .filter(|it| it.join("flow.json").is_file())
        .collect();
    folders.sort();
    folders
}

/// The flows of the measurements.
fn measured() -> Vec<PathBuf> {
    let bench = root().join("tests/bench");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&bench)
        .unwrap_or_else(|e| panic!("{}: {e}", bench.display()))
        .map(|it| it.expect("an entry of the folder bench").path())
        .filter(|it| it.to_string_lossy().ends_with(".flow.json"))
        .collect();
    files.sort();
    files
}

fn checked(flow: &Flow) -> Checked {
    compile(flow, &kinds())
}

/// Compares a text with a golden file, or writes it when golden files are being updated.
fn same(path: &Path, came: &str) -> Result<(), String> {
    if is_updating() {
        return std::fs::write(path, came).map_err(|e| format!("{}: {e}", path.display()));
    }
    let expected = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    if expected == came {
        return Ok(());
    }
    let line = expected.lines().zip(came.lines()).position(|(a, b)| a != b);
    let at = line.unwrap_or_else(|| expected.lines().count().min(came.lines().count()));
    Err(format!(
        "{} differs from line {}:\n  expected {:?}\n  came     {:?}",
        path.display(),
        at + 1,
        expected.lines().nth(at).unwrap_or("nothing"),
        came.lines().nth(at).unwrap_or("nothing"),
    ))
}

fn report(failures: &[String]) {
    assert!(failures.is_empty(), "{} of them differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_flow_is_free_of_findings_and_written_in_its_canonical_form() {
    let mut failures = Vec::new();
    let files = offered().into_iter().map(|it| it.join("flow.json")).chain(measured());
    for file in files {
        println!("{}", file.display());
        let flow = read(&file);
        for finding in checked(&flow).diagnostics {
            let at =
                (finding.node.as_deref().unwrap_or_default(), finding.field.as_deref().unwrap_or_default());
            failures.push(format!("{}: {at:?} {}", file.display(), finding.sentence));
        }
        // the cases of the unpacked form stand in files of their own
        let mut alone = flow;
        if file.ends_with("flow.json") && file.with_file_name("cases").is_dir() {
            alone.cases.clear();
        }
        failures.extend(same(&file, &print(&alone)).err());
    }
    report(&failures);
}

#[test]
fn every_offered_flow_keeps_its_plan() {
    let mut failures = Vec::new();
    for folder in offered() {
        println!("{}", folder.display());
        match checked(&read(&folder)).plan {
            Some(plan) => failures.extend(same(&folder.join("plan.txt"), &plan.to_text()).err()),
            None => failures.push(format!("{} has errors and no plan", folder.display())),
        }
    }
    report(&failures);
}

#[tokio::test]
async fn every_case_of_every_offered_flow_comes_out_as_expected() {
    let mut failures = Vec::new();
    let mut count = 0;
    for folder in offered() {
        let flow = read(&folder);
        let Some(plan) = checked(&flow).plan else {
            failures.push(format!("{} has errors and no plan", folder.display()));
            continue;
        };
        let slug = folder.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        for result in run_cases(&flow, &plan, &kinds(), Some(&folder)).await {
            count += 1;
            let name = format!("{slug}/{}", result.name);
            println!("{name}");
            if let Some(problem) = &result.problem {
                failures.push(format!("{name}: {problem}"));
                continue;
            }
            if is_updating() {
                let path = folder.join("cases").join(format!("{}.expected.json", result.name));
                let text = result.seen.as_ref().map(|it| it.text()).unwrap_or_default();
                failures.extend(std::fs::write(&path, text).err().map(|e| format!("{name}: {e}")));
                continue;
            }
            let shown = result.differences.iter().take(SHOWN_DIFFERENCES);
            failures.extend(shown.map(|it| format!("{name}{it}")));
            if !result.has_expected {
                failures.push(format!("{name} says nothing about what it expects"));
            }
        }
    }
    assert!(count >= offered().len(), "every offered flow has a case");
    report(&failures);
}

#[tokio::test]
async fn the_measured_flows_give_the_answers_of_the_reference() {
    let mut failures = Vec::new();
    for file in measured() {
        let flow = read(&file);
        let Some(plan) = checked(&flow).plan else {
            failures.push(format!("{} has errors and no plan", file.display()));
            continue;
        };
        for result in run_cases(&flow, &plan, &kinds(), file.parent()).await {
            println!("{} {}", file.display(), result.name);
            failures.extend(result.problem.iter().map(|it| format!("{}: {it}", file.display())));
            // these cases name what the reference says and leave the rest open
            let said = flow.cases[&result.name].expected.as_ref().map_or("", |it| it.as_str());
            let is_said = |pointer: &str| {
                let part = pointer.split('/').nth(1).unwrap_or_default();
                said.contains(&format!("\"{part}\":"))
            };
            let shown = result.differences.iter().filter(|it| is_said(&it.pointer)).take(SHOWN_DIFFERENCES);
            failures.extend(shown.map(|it| format!("{}: {}{it}", file.display(), result.name)));
        }
    }
    report(&failures);
}

#[test]
fn every_offered_flow_says_what_it_is_for_and_helps_with_its_slots() {
    let mut failures = Vec::new();
    let folders = offered();
    assert!(folders.len() >= 6, "six flows are offered");
    for folder in folders {
        let flow = read(&folder);
        let name = folder.display();
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        if !readme.starts_with(&format!("# {}", flow.name)) {
            failures.push(format!("{name}: its README does not begin with the flow's name"));
        }
        if flow.docs.is_none() {
            failures.push(format!("{name}: it does not say what it is for"));
        }
        for (slot, it) in &flow.slots {
            if it.help.is_none() {
                failures.push(format!("{name}: the slot {slot} has no help"));
            }
        }
        for (id, node) in &flow.nodes {
            if node.title.is_none() || !flow.layout.contains_key(id) {
                failures.push(format!("{name}: the node {id} has no title or no place"));
            }
        }
        let mut places: Vec<_> = flow.layout.values().collect();
        places.sort();
        places.dedup();
        if places.len() != flow.layout.len() {
            failures.push(format!("{name}: two nodes stand on one place"));
        }
    }
    report(&failures);
}
