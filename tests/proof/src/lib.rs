//! How much a proof does, and where its figures go.
//!
//! `npm test` runs each proof small, `npm run test:full` (which sets `ARNA_FULL`) runs it large and collects the figures from the file
//! that `ARNA_PROOF` names into `docs/proof.md`.

use std::fs::File;
use std::io::Write;

/// Whether the large form is wanted.
pub fn is_full() -> bool {
    std::env::var("ARNA_FULL").is_ok_and(|it| !it.is_empty())
}

/// How many rounds: the variable when it is set, else the small or the large number.
pub fn rounds(variable: &str, small: u64, large: u64) -> u64 {
    let said = std::env::var(variable).ok().and_then(|it| it.parse().ok());
    said.unwrap_or(if is_full() { large } else { small })
}

/// Notes what a proof found, in words with figures. It is printed, and collected when `ARNA_PROOF` names a file.
///
/// # Panics
/// When that file cannot be written: a proof that is not recorded must not look as if it were.
pub fn note(name: &str, found: &str) {
    println!("proof: {name}: {found}");
    let Some(path) = std::env::var_os("ARNA_PROOF").filter(|it| !it.is_empty()) else { return };
    let line = format!("{name}\t{}\n", found.replace(['\t', '\n'], " "));
    let mut file = File::options().create(true).append(true).open(&path).expect("the file for figures opens");
    // one write a line: other tests append to the same file
    file.write_all(line.as_bytes()).expect("the figures can be written");
}
