//! Where the data of this user lies.

use std::path::{Path, PathBuf};

use crate::contract::{Refusal, RefusalCode};

/// The data folder that was said, or this user's own, which every program of Arna shares.
///
/// # Errors
/// Nothing was said and this user has no home folder.
pub fn data_folder(said: Option<&Path>) -> Result<PathBuf, Refusal> {
    if let Some(said) = said {
        return Ok(said.to_owned());
    }
    let variable = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let folder = if cfg!(windows) {
        variable("LOCALAPPDATA").map(|it| it.join("Arna"))
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|it| it.join("Library/Application Support/Arna"))
    } else {
        variable("XDG_DATA_HOME")
            .or_else(|| variable("HOME").map(|it| it.join(".local/share")))
            .map(|it| it.join("arna"))
    };
    let sentence = "This user has no home folder; say --data DIR.";
    folder.ok_or_else(|| Refusal::new(RefusalCode::BadRequest, sentence))
}
