//! A flow from disk, in either of its forms: one `.flow.json` with its cases inside, or `flow.json` with a folder
//! `cases` beside it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::parts::Case;
use super::tree::{self, place_of};
use super::{Diagnostic, Flow, JsonText, MAX_FILE_BYTES, parse, print, quoted};

/// A flow may have this many cases.
const MAX_CASES: usize = 1_000;
/// The files of all cases together may have this many bytes: 64 MiB.
const MAX_CASE_BYTES: usize = 64 << 20;

/// A flow and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The flow, with its cases.
    pub flow: Flow,
    /// The file the flow itself stands in.
    pub file: PathBuf,
    /// Whether it is the unpacked form, with its cases in files of their own.
    pub is_unpacked: bool,
}

/// Loads a flow from a file, or from a folder that holds `flow.json`.
///
/// # Errors
/// What is wrong with the file or the files of its cases, each with a sentence that names the file.
pub fn load(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let file = if path.is_dir() { path.join("flow.json") } else { path.to_owned() };
    let text = read(&file)?;
    let mut flow = parse(&text)?;
    let folder = file.with_file_name("cases");
    let is_unpacked = file.file_name().is_some_and(|name| name == "flow.json") && folder.is_dir();
    if is_unpacked {
        add_cases(&folder, &mut flow)?;
    }
    Ok(Loaded { flow, file, is_unpacked })
}

fn refused(code: &'static str, sentence: String) -> Vec<Diagnostic> {
    vec![Diagnostic::error(code, sentence)]
}

fn unreadable(file: &Path, why: impl std::fmt::Display) -> Vec<Diagnostic> {
    refused("document.unreadable", format!("{} cannot be read: {why}.", quoted(&file.display().to_string())))
}

/// The text of a file, refused before it is read when it is too large.
fn read(file: &Path) -> Result<String, Vec<Diagnostic>> {
    let opened = File::open(file).map_err(|error| unreadable(file, error))?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large from one that just fits, whatever its size says.
    let most = MAX_FILE_BYTES as u64 + 1;
    opened.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(file, error))?;
    if bytes.len() > MAX_FILE_BYTES {
        let name = quoted(&file.display().to_string());
        let sentence = format!(
            "{name} is larger than 10 MiB, the most a flow file may have. Keep data in files that the flow reads."
        );
        return Err(refused("document.too-large", sentence));
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(unreadable(file, "it is UTF-16 text; save it as UTF-8"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(file, format!("byte {at} is not UTF-8 text; save it as UTF-8"))
    })
}

/// Says what is wrong with the name of a case, which is also the name of its files.
pub(crate) fn case_name_problem(name: &str) -> Option<String> {
    const LONGEST: usize = 64;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_good = !name.is_empty() && name.len() <= LONGEST && name.bytes().all(is_plain);
    (!is_good).then(|| {
        format!(
            "{} cannot be the name of a case: use letters a-z, digits, - and _, at most {LONGEST}.",
            quoted(name)
        )
    })
}

fn add_cases(folder: &Path, flow: &mut Flow) -> Result<(), Vec<Diagnostic>> {
    let mut names = Vec::new();
    for entry in folder.read_dir().map_err(|error| unreadable(folder, error))? {
        let name = entry.map_err(|error| unreadable(folder, error))?.file_name();
        if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".given.json")) {
            names.push(name.to_owned());
        }
        if names.len() > MAX_CASES {
            let sentence =
                format!("{} holds more than {MAX_CASES} cases.", quoted(&folder.display().to_string()));
            return Err(refused("document.too-many-cases", sentence));
        }
    }
    names.sort_unstable();
    let mut bytes = 0;
    for name in names {
        if let Some(sentence) = case_name_problem(&name) {
            return Err(refused("document.case", sentence));
        }
        if flow.cases.contains_key(&name) {
            let sentence = format!(
                "The case {} stands both in the flow file and in the folder cases; keep one.",
                quoted(&name)
            );
            return Err(refused("document.case", sentence));
        }
        let given = json(&folder.join(format!("{name}.given.json")))?;
        let expected = folder.join(format!("{name}.expected.json"));
        let expected = if expected.is_file() { Some(json(&expected)?) } else { None };
        bytes += given.as_str().len() + expected.as_ref().map_or(0, |text| text.as_str().len());
        if bytes > MAX_CASE_BYTES {
            let sentence = format!(
                "The cases in {} have more than 64 MiB in all.",
                quoted(&folder.display().to_string())
            );
            return Err(refused("document.too-large", sentence));
        }
        flow.cases.insert(name, Case { given, expected });
    }
    Ok(())
}

fn json(file: &Path) -> Result<JsonText, Vec<Diagnostic>> {
    let text = read(file)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    tree::read(text).map(|tree| print::json_text(&tree)).map_err(|fault| {
        let (line, column) = place_of(text, fault.at);
        let name = quoted(&file.display().to_string());
        refused(fault.code, format!("{name}, line {line}, column {column}: {}", fault.sentence))
    })
}
