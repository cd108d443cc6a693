//! Chores of the workspace: `layers` checks who may depend on whom, `gen` writes what is made from Rust declarations.

mod generate;
mod layers;
mod nodes;
mod typescript;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask layers | gen [--check]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["layers"] => layers::check(&root()),
        ["gen"] => generate::write(&root()),
        ["gen", "--check"] => generate::check(&root()),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the repository: where the workspace's `Cargo.toml` stands.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}
