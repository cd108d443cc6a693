//! The corpus of the fuzz targets, findings of the past among it, through the bodies that the targets run.

#[path = "../fuzz/bodies.rs"]
mod bodies;
#[path = "corpus/grammar.rs"]
mod grammar;

/// Runs every input of a folder; at least so many are expected.
fn replay(target: &str, body: fn(&[u8])) {
    let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 20, "only {} inputs in {folder}", files.len());
    for file in files {
        let input = std::fs::read(&file).expect("an input");
        let ran = std::panic::catch_unwind(|| body(&input));
        assert!(ran.is_ok(), "{} fails: {:?}", file.display(), String::from_utf8_lossy(&input));
    }
}

#[test]
fn what_the_parser_was_fed_it_still_takes() {
    replay("parser", bodies::parser);
}

#[test]
fn what_the_evaluator_was_fed_it_still_takes() {
    replay("evaluator", bodies::evaluator);
}

#[test]
fn what_templates_were_fed_they_still_take() {
    replay("templates", bodies::templates);
}

#[test]
fn what_paths_were_fed_they_still_take() {
    replay("paths", bodies::paths);
}
