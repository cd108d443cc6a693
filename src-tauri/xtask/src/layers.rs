//! The layers as a program that fails and says what to do. Reads `cargo metadata`, so optional and target-only dependencies count too.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Ranks of the crates; a crate may depend only on lower ranks (docs/architecture.md, section 1).
const RANKS: &[(&str, u32)] = &[
    ("arna-model", 0),
    ("arna-formula", 1),
    ("arna-journal", 1),
    ("arna-sdk", 2),
    ("arna-plan", 3),
    ("arna-connectors", 3),
    ("arna-import", 3),
    ("arna-engine", 4),
    ("arna-host", 5),
    ("arna-cli", 6),
    ("arna-desktop", 6),
    ("arna-xtask", 7),
    ("arna-tests", 7),
    ("arna-powercut", 0),
    ("arna-proof", 0),
];

/// Outside crates that only some of ours may name, and the door the others go through instead.
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (
        &["rusqlite"],
        &["arna-journal", "arna-connectors", "arna-tests", "arna-powercut"],
        "keep it in the journal, or ask the journal's face",
    ),
    (
        &["lapin", "tokio-postgres", "calamine", "rust_xlsxwriter", "quick-xml", "csv", "csv-core"],
        &["arna-connectors", "arna-tests"],
        "write a node in src-tauri/connectors, or use one that is there",
    ),
    (
        &[
            "tauri",
            "tauri-build",
            "tauri-plugin-autostart",
            "tauri-plugin-notification",
            "tauri-plugin-window-state",
            "gio",
            "glib",
            "webkit2gtk",
        ],
        &["arna-desktop"],
        "put the use case in src-tauri/host; the shell only carries it to the window",
    ),
];

/// Checks every member of the workspace.
///
/// # Errors
/// Every dependency that points the wrong way, a sentence a line.
pub(crate) fn check(root: &Path) -> Result<String, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo metadata cannot be started: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|e| format!("cargo metadata printed something unreadable: {e}"))?;
    judge(&metadata)
}

fn judge(metadata: &Value) -> Result<String, String> {
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(rank) = rank_of(name) else {
            wrong.push(format!("{name} has no rank: add it to RANKS in src-tauri/xtask/src/layers.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let wanted = dependency["name"].as_str().unwrap_or_default();
            wrong.extend(judge_one((name, rank), wanted));
        }
    }
    if wrong.is_empty() {
        Ok(format!("layers: {} crates, every dependency points down", packages.len()))
    } else {
        Err(wrong.join("\n"))
    }
}

fn judge_one((name, rank): (&str, u32), wanted: &str) -> Option<String> {
    if let Some(below) = rank_of(wanted)
        && below >= rank
    {
        return Some(format!(
            "{name} (rank {rank}) depends on {wanted} (rank {below}): move what both need into a crate below {name}, \
             or let {wanted} hand it in through a trait that {name} declares"
        ));
    }
    let (_, _, door) =
        RESERVED.iter().find(|(crates, allowed, _)| crates.contains(&wanted) && !allowed.contains(&name))?;
    Some(format!("{name} names {wanted}: {door}"))
}

fn rank_of(name: &str) -> Option<u32> {
    RANKS.iter().find(|(known, _)| *known == name).map(|(_, rank)| *rank)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(name: &str, wanted: &str) -> Value {
        json!({"packages": [{"name": name, "dependencies": [{"name": wanted}]}]})
    }

    #[test]
    fn a_dependency_on_a_lower_rank_is_fine() {
        assert!(judge(&workspace("arna-engine", "arna-plan")).is_ok());
        assert!(judge(&workspace("arna-journal", "rusqlite")).is_ok());
    }

    #[test]
    fn a_dependency_on_the_same_or_a_higher_rank_is_refused_with_a_way_out() {
        for (name, wanted) in [("arna-model", "arna-sdk"), ("arna-plan", "arna-connectors")] {
            let sentence = judge(&workspace(name, wanted)).expect_err("it points up");
            assert!(sentence.contains(name) && sentence.contains("move what both need"), "{sentence}");
        }
    }

    #[test]
    fn a_driver_or_the_window_named_in_the_wrong_place_is_refused() {
        for (name, wanted) in
            [("arna-engine", "rusqlite"), ("arna-host", "tokio-postgres"), ("arna-host", "tauri")]
        {
            assert!(judge(&workspace(name, wanted)).is_err(), "{name} may not name {wanted}");
        }
    }

    #[test]
    fn a_crate_without_a_rank_is_refused() {
        assert!(judge(&workspace("arna-extra", "serde")).is_err());
    }
}
