//! One run of the program `arna`, with what it said and how much memory it took.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

use crate::arna::program;

/// How a run ended.
pub struct Ran {
    /// The exit code.
    pub code: Option<i32>,
    /// The records of the end ports, in order.
    pub ends: Vec<Json>,
    /// What it said on the error stream.
    pub said: String,
    /// The most memory it held at once, in MiB.
    pub peak_mib: u64,
}

impl Ran {
    /// The texts of a field of the end records that have it.
    pub fn texts(&self, field: &str) -> Vec<&str> {
        self.ends.iter().filter_map(|it| it[field].as_str()).collect()
    }
}

/// Runs a flow that stands in a folder, with these slots; `{}` in a value stands for the folder.
///
/// # Panics
/// The program does not start, or prints what is no record.
pub fn run(folder: &Path, flow: &Json, sets: &[(&str, &str)]) -> Ran {
    let file = folder.join("run.flow.json");
    std::fs::write(&file, flow.to_string()).expect("the folder is writable");
    let (out, err) = (folder.join("run.out"), folder.join("run.err"));
    let create = |path: &Path| std::fs::File::create(path).expect("the folder is writable");
    let mut command = Command::new(program());
    command.arg("run").arg(&file).stdin(Stdio::null()).stdout(create(&out)).stderr(create(&err));
    for (name, value) in sets {
        command.arg("--set").arg(format!("{name}={}", value.replace("{}", &folder.display().to_string())));
    }
    let mut child = command.spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let ended = loop {
        // The high-water mark only rises, so the last look is the peak.
        peak_kib = high_water(&status).unwrap_or(0).max(peak_kib);
        match child.try_wait().expect("the program can be waited for") {
            Some(ended) => break ended,
            None => std::thread::sleep(Duration::from_millis(3)),
        }
    };
    let text = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let parsed = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    let printed = text(&out);
    Ran {
        code: ended.code(),
        ends: printed.lines().map(parsed).collect(),
        said: text(&err),
        peak_mib: peak_kib >> 10,
    }
}

fn high_water(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|it| it.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
