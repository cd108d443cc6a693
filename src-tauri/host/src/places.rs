//! Folders and files of the engine's machine, for whoever chooses one in a form.

use std::io;
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};

use crate::app::App;
use crate::contract::{Place, Places, PlacesList, Refusal, RefusalCode};

/// Entries that are looked at; nobody chooses from a longer list.
const MOST: usize = 5_000;

impl App {
    pub(crate) async fn places_list(&self, params: PlacesList) -> Result<Places, Refusal> {
        let wanted = params.folder.map_or_else(home, PathBuf::from);
        // a folder of the network may be slow
        let looked =
            tokio::task::spawn_blocking(move || look(&wanted).map_err(|why| unusable(&wanted, &why)));
        looked.await.unwrap_or_else(|why| Err(Refusal::new(RefusalCode::Internal, why.to_string())))
    }
}

fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from(MAIN_SEPARATOR_STR))
}

fn unusable(folder: &Path, why: &io::Error) -> Refusal {
    let sentence = format!("The folder {} cannot be used: {why}.", folder.display());
    Refusal::new(RefusalCode::BadRequest, sentence).at("/folder")
}

fn look(wanted: &Path) -> io::Result<Places> {
    let folder = std::path::absolute(wanted)?;
    let mut entries = folder.read_dir()?.flatten();
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in entries.by_ref().take(MOST) {
        // what is no text cannot be sent back as a path
        let (Ok(name), Some(path)) =
            (entry.file_name().into_string(), entry.path().to_str().map(str::to_owned))
        else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        // a link counts as what it leads to
        let is_folder = entry.path().is_dir();
        if is_folder { &mut folders } else { &mut files }.push(Place { name, path });
    }
    for places in [&mut folders, &mut files] {
        places.sort_by_cached_key(|it| it.name.to_lowercase());
    }
    Ok(Places {
        parent: folder.parent().map(|it| it.to_string_lossy().into_owned()),
        folder: folder.to_string_lossy().into_owned(),
        folders,
        files,
        is_cut: entries.next().is_some(),
    })
}
