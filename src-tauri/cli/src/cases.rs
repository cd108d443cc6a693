//! `arna test`: the cases beside flows, each in a made-up world.

use std::path::{Path, PathBuf};

use engine::case::{CaseResult, run_cases};
use model::document::{Diagnostic, load};
use plan::Kinds;

use crate::arguments::Test;
use crate::exit::{Code, Exit};

/// Runs the cases and prints a line a case; exit 1 when one comes out differently or cannot be run.
pub(crate) async fn test(arguments: &Test) -> Result<Code, Exit> {
    let usual = [PathBuf::from("flows")];
    let places: &[PathBuf] = if arguments.places.is_empty() { &usual } else { &arguments.places };
    let kinds: Kinds = connectors::catalogue().into_iter().collect();
    let mut rows = Vec::new();
    let (mut passed, mut failed) = (0, 0);
    for file in places.iter().flat_map(|it| flows_in(it)) {
        let (results, problems) = one(&file, &kinds).await;
        failed += problems.len();
        for problem in &problems {
            if !arguments.json {
                crate::out::line!("FAILED {}: {problem}", file.display());
            }
        }
        for result in &results {
            if result.is_same() {
                passed += 1
            } else {
                failed += 1
            }
            if !arguments.json {
                show(&file, result);
            }
            rows.push(serde_json::json!({
                "flow": file, "case": result.name, "same": result.is_same(), "problem": result.problem,
                "differences": result.differences.iter().map(ToString::to_string).collect::<Vec<_>>(),
            }));
        }
        rows.extend(
            problems.iter().map(|it| serde_json::json!({"flow": file, "same": false, "problem": it})),
        );
    }
    if arguments.json {
        crate::out::line!("{}", serde_json::Value::Array(rows));
    } else {
        crate::out::line!("{passed} passed, {failed} failed");
    }
    Ok(if failed > 0 { Code::Failed } else { Code::Done })
}

async fn one(file: &Path, kinds: &Kinds) -> (Vec<CaseResult>, Vec<String>) {
    let in_words =
        |found: &[Diagnostic]| found.iter().filter(|it| it.is_error()).map(ToString::to_string).collect();
    let loaded = match load(file) {
        Ok(loaded) => loaded,
        Err(found) => return (Vec::new(), in_words(&found)),
    };
    let checked = plan::compile(&loaded.flow, kinds);
    match &checked.plan {
        Some(plan) => (run_cases(&loaded.flow, plan, kinds, loaded.file.parent()).await, Vec::new()),
        None => (Vec::new(), in_words(&checked.diagnostics)),
    }
}

fn show(file: &Path, result: &CaseResult) {
    let verdict = if result.is_same() { "ok    " } else { "FAILED" };
    crate::out::line!("{verdict} {} {}", file.display(), result.name);
    if let Some(problem) = &result.problem {
        crate::out::line!("       {problem}");
    }
    if !result.has_expected {
        crate::out::line!("       it does not say what it expects");
    }
    for difference in &result.differences {
        crate::out::line!("       {difference}");
    }
}

/// The flow at a place, or the flows in the folders below it.
fn flows_in(place: &Path) -> Vec<PathBuf> {
    if !place.is_dir() || place.join("flow.json").is_file() {
        return vec![place.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(place) else { return vec![place.to_owned()] };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|it| Some(it.ok()?.path()))
        .filter(|it| it.join("flow.json").is_file() || it.to_string_lossy().ends_with(".flow.json"))
        .collect();
    found.sort();
    if found.is_empty() { vec![place.to_owned()] } else { found }
}
