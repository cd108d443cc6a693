//! Payloads as they are stored: small ones inline with a checksum, large ones as files named by their content.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::change::Change;
use crate::error::{Code, Error};
use crate::facts::Hash;
use crate::failpoint;

/// Payloads above this many bytes become files.
pub const INLINE_LIMIT: usize = 64 * 1024;

const INLINE: u8 = 0;
const FILE: u8 = 1;
const INLINE_HEAD: usize = 9;
const FILE_LENGTH: usize = 41;

/// The folder of large payloads, and which of them are named by changes that are not committed yet.
#[derive(Debug, Clone)]
pub(crate) struct Blobs {
    folder: PathBuf,
    pinned: Arc<Mutex<HashMap<Hash, usize>>>,
    /// Held while files are swept or copied, so that a copy is never half of one state.
    moving: Arc<Mutex<()>>,
}

/// Keeps the sweep away from files that an uncommitted list names.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    held: Vec<Hash>,
    blobs: Option<Blobs>,
}

impl Drop for Pins {
    fn drop(&mut self) {
        let Some(blobs) = &self.blobs else { return };
        let mut pinned = blobs.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        for hash in &self.held {
            if let Some(count) = pinned.get_mut(hash) {
                *count -= 1;
                if *count == 0 {
                    pinned.remove(hash);
                }
            }
        }
    }
}

impl Blobs {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, pinned: Arc::default(), moving: Arc::default() }
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        let name = blake3::Hash::from_bytes(*hash).to_hex();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// True when some payload of the list will become a file, which needs the disk.
    pub(crate) fn needs_files(changes: &mut [Change]) -> bool {
        changes
            .iter_mut()
            .any(|change| payload_of(change).is_some_and(|payload| payload.len() > INLINE_LIMIT))
    }

    /// Replaces each payload by its stored form; large ones are on the disk when this returns.
    pub(crate) fn seal(&self, changes: &mut [Change]) -> Result<Pins, Error> {
        let mut pins = Pins::default();
        for change in changes {
            let Some(payload) = payload_of(change) else { continue };
            let hash = blake3::hash(payload);
            if payload.len() <= INLINE_LIMIT {
                let mut sealed = Vec::with_capacity(INLINE_HEAD + payload.len());
                sealed.push(INLINE);
                sealed.extend_from_slice(&hash.as_bytes()[..8]);
                sealed.extend_from_slice(payload);
                *payload = Bytes::from(sealed);
                continue;
            }
            *self
                .pinned
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(*hash.as_bytes())
                .or_insert(0) += 1;
            pins.held.push(*hash.as_bytes());
            pins.blobs.get_or_insert_with(|| self.clone());
            self.write(hash.as_bytes(), payload)?;
            let mut sealed = Vec::with_capacity(FILE_LENGTH);
            sealed.push(FILE);
            sealed.extend_from_slice(hash.as_bytes());
            sealed.extend_from_slice(&(payload.len() as u64).to_be_bytes());
            *payload = Bytes::from(sealed);
        }
        Ok(pins)
    }

    fn write(&self, hash: &Hash, payload: &[u8]) -> Result<(), Error> {
        let path = self.path(hash);
        if path.metadata().is_ok_and(|found| found.len() == payload.len() as u64) {
            return Ok(());
        }
        let doing = "storing a large payload";
        let folder = path.parent().unwrap_or(&self.folder);
        let is_new = !folder.exists();
        fs::create_dir_all(folder).map_err(|error| Error::file(doing, folder, &error))?;
        let temporary = folder.join(format!(
            "{}.{:?}.tmp",
            blake3::Hash::from_bytes(*hash).to_hex(),
            std::thread::current().id()
        ));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(payload)?;
            failpoint::reach("blob.write");
            file.sync_all()
        });
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(Error::file(doing, &temporary, &error));
        }
        failpoint::reach("blob.rename.before");
        fs::rename(&temporary, &path).map_err(|error| Error::file(doing, &path, &error))?;
        failpoint::reach("blob.rename.after");
        sync_folder(folder)?;
        if is_new {
            sync_folder(&self.folder)?;
        }
        Ok(())
    }

    /// The payload behind a stored form, checked.
    pub(crate) fn open(&self, stored: &[u8]) -> Result<Bytes, Error> {
        match stored.first() {
            Some(&INLINE) if stored.len() >= INLINE_HEAD => {
                let payload = &stored[INLINE_HEAD..];
                if blake3::hash(payload).as_bytes()[..8] != stored[1..INLINE_HEAD] {
                    return Err(Error::new(
                        Code::Damaged,
                        "A stored payload does not match its checksum: the disk has damaged it.",
                    ));
                }
                Ok(Bytes::copy_from_slice(payload))
            }
            Some(&FILE) if stored.len() == FILE_LENGTH => {
                let mut hash: Hash = [0; 32];
                hash.copy_from_slice(&stored[1..33]);
                let path = self.path(&hash);
                let bytes =
                    fs::read(&path).map_err(|error| Error::file("reading a large payload", &path, &error))?;
                if blake3::hash(&bytes).as_bytes() != &hash {
                    return Err(Error::new(
                        Code::Damaged,
                        format!("{} does not match its name: the disk has damaged it.", path.display()),
                    ));
                }
                Ok(Bytes::from(bytes))
            }
            _ => Err(Error::new(Code::Damaged, "A stored payload is not in a form this program knows.")),
        }
    }

    /// The folders that hold files.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    }

    /// Removes files of one folder that `in_use` does not know and no waiting list names. Returns how many bytes came free.
    pub(crate) fn sweep(
        &self,
        folder: &Path,
        mut in_use: impl FnMut(&Hash) -> Result<bool, Error>,
    ) -> Result<u64, Error> {
        let _quiet = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut freed = 0;
        let prefix = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for file in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = format!("{prefix}{}", file.file_name().to_string_lossy());
            let Ok(hash) = blake3::Hash::from_hex(&name) else {
                remove_abandoned(&file.path());
                continue;
            };
            let pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
            if pinned.contains_key(hash.as_bytes()) || in_use(hash.as_bytes())? {
                continue;
            }
            let size = file.metadata().map_or(0, |found| found.len());
            if fs::remove_file(file.path()).is_ok() {
                freed += size;
            }
        }
        Ok(freed)
    }

    /// Bytes in all files.
    pub(crate) fn size(&self) -> u64 {
        let files =
            self.folders().into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|found| found.len()).sum()
    }

    /// Runs `snapshot`, then puts every file into `into` too (as a second name where the disk allows it), with no sweep in between.
    pub(crate) fn copy_with<T>(
        &self,
        into: &Path,
        snapshot: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _quiet = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = snapshot()?;
        let doing = "copying a large payload";
        for folder in self.folders() {
            let target = into.join(folder.file_name().unwrap_or_default());
            fs::create_dir_all(&target).map_err(|error| Error::file(doing, &target, &error))?;
            for file in fs::read_dir(&folder).into_iter().flatten().flatten() {
                if file.path().extension().is_some() {
                    continue;
                }
                let copy = target.join(file.file_name());
                if fs::hard_link(file.path(), &copy).is_err() {
                    fs::copy(file.path(), &copy).map_err(|error| Error::file(doing, &copy, &error))?;
                }
            }
        }
        Ok(taken)
    }
}

/// Temporary files of a crash are old; one that is being written now is not.
fn remove_abandoned(path: &Path) {
    let age =
        path.metadata().ok().and_then(|found| found.modified().ok()).and_then(|time| time.elapsed().ok());
    if path.extension().is_some_and(|extension| extension == "tmp")
        && age.is_some_and(|age| age.as_secs() > 3600)
    {
        let _ = fs::remove_file(path);
    }
}

/// Makes the entries of a folder durable (where the system lets a folder be opened).
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        File::open(folder)
            .and_then(|file| file.sync_all())
            .map_err(|error| Error::file("making a folder durable", folder, &error))?;
    }
    Ok(())
}

/// The payload of a change that is stored checked, if it has one.
pub(crate) fn payload_of(change: &mut Change) -> Option<&mut Bytes> {
    match change {
        Change::Accept(accept) => Some(&mut accept.payload),
        Change::WholeRun(whole) => whole.1.answer.as_mut(),
        Change::EndRun(end) | Change::Rest(end) => end.answer.as_mut(),
        Change::Result { payload, .. } => Some(payload),
        Change::Park(park) => Some(&mut park.payload),
        Change::DeadLetter(letter) => Some(&mut letter.inputs),
        Change::Question(question) => Some(&mut question.payload),
        _ => None,
    }
}

/// The stored digest of a change's sealed payload.
pub(crate) fn digest_of(change: &Change) -> Option<&[u8]> {
    let sealed = match change {
        Change::Accept(accept) => &accept.payload,
        Change::WholeRun(whole) => whole.1.answer.as_ref()?,
        Change::EndRun(end) | Change::Rest(end) => end.answer.as_ref()?,
        Change::Result { payload, .. } => payload,
        Change::Park(park) => &park.payload,
        Change::DeadLetter(letter) => &letter.inputs,
        Change::Question(question) => &question.payload,
        _ => return None,
    };
    match sealed.first() {
        Some(&FILE) => sealed.get(..FILE_LENGTH),
        _ => sealed.get(..INLINE_HEAD),
    }
}

/// The stored form of an empty payload.
pub(crate) fn empty() -> [u8; INLINE_HEAD] {
    let mut sealed = [INLINE; INLINE_HEAD];
    sealed[1..].copy_from_slice(&blake3::hash(&[]).as_bytes()[..8]);
    sealed
}
