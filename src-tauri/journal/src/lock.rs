//! One engine a data folder: an operating system lock that is held as long as the process lives.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::{Code, Error};

const LOCK: &str = "engine.lock";
const ADDRESS: &str = "engine.address";

/// The held lock; dropping it lets the next engine in.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

/// Makes the data folder if need be and takes its lock.
pub(crate) fn take(folder: &Path) -> Result<FolderLock, Error> {
    fs::create_dir_all(folder).map_err(|error| Error::file("making the data folder", folder, &error))?;
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| Error::file("opening the data folder's lock", &path, &error))?;
    match file.try_lock() {
        Ok(()) => {
            // The address of an engine that crashed must not be taken for ours.
            let _ = fs::remove_file(folder.join(ADDRESS));
            Ok(FolderLock { _file: file })
        }
        Err(TryLockError::WouldBlock) => Err(Error::new(
            Code::Locked,
            format!(
                "The data folder {} is in use by another engine. Use that one, stop it, or choose another data folder.",
                folder.display()
            ),
        )),
        Err(TryLockError::Error(error)) => Err(Error::file("locking the data folder", &path, &error)),
    }
}

/// Writes down where the engine that holds the folder can be reached.
pub(crate) fn announce(folder: &Path, address: &str) -> Result<(), Error> {
    let path = folder.join(ADDRESS);
    let temporary = folder.join("engine.address.tmp");
    fs::write(&temporary, address)
        .and_then(|()| fs::rename(&temporary, &path))
        .map_err(|error| Error::file("writing the engine's address", &path, &error))
}

/// Where the engine that holds `folder` can be reached, as it announced itself; None when nobody holds it or nothing was announced.
pub fn holder(folder: &Path) -> Option<String> {
    let file = OpenOptions::new().read(true).write(true).open(folder.join(LOCK)).ok()?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => fs::read_to_string(folder.join(ADDRESS)).ok(),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// Refuses folders on network file systems and names folders that a cloud service copies behind our back.
pub(crate) fn check_place(folder: &Path) -> Result<Option<String>, Error> {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    if let Some(kind) = network_mount(&full) {
        return Err(Error::new(
            Code::UnfitFolder,
            format!(
                "The data folder {} is on a network disk ({kind}), where a power cut can lose data. Choose a folder on a local disk.",
                folder.display()
            ),
        ));
    }
    let shown = full.to_string_lossy().to_lowercase();
    let service =
        ["onedrive", "dropbox", "icloud", "google drive"].into_iter().find(|name| shown.contains(name));
    Ok(service.map(|name| {
        format!(
            "The data folder {} seems to be copied by {name}, which can damage it. A folder outside it is safer.",
            folder.display()
        )
    }))
}

/// The kind of network file system a folder is on, where the system tells (Linux).
fn network_mount(folder: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let mut words = line.split(' ');
        let (Some(_), Some(place), Some(kind)) = (words.next(), words.next(), words.next()) else { continue };
        let place = place.replace("\\040", " ");
        if folder.starts_with(&place) && best.is_none_or(|(length, _)| place.len() >= length) {
            best = Some((place.len(), kind));
        }
    }
    let (_, kind) = best?;
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs"]
        .contains(&kind)
        .then(|| kind.to_owned())
}
