//! Files, inside granted folders only. Each granted folder is opened once as a handle; paths are walked below it, so neither `..`
//! nor a link can lead out.

use std::io::{self, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions};
use sdk::cx::{Entry, Reading};
use sdk::{Code, Folder, NodeError, Replace};

use crate::authority::FolderGrant;

/// A listing ends here: a folder with more entries is read by pattern in parts.
const MOST_ENTRIES: usize = 100_000;

/// The files one node may use.
pub struct Files {
    grants: Vec<FolderGrant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Write,
}

impl Files {
    /// Files below these folders.
    pub fn new(grants: Vec<FolderGrant>) -> Files {
        Files { grants }
    }

    /// The handle of the granted folder a path lies in, and the path below it.
    fn place(&self, path: &str, wanted: Use) -> Result<(Dir, PathBuf), NodeError> {
        let asked = normal(path)?;
        let mut is_below = false;
        for grant in &self.grants {
            let Ok(root) = normal(&grant.path.to_string_lossy()) else { continue };
            let Ok(below) = asked.strip_prefix(&root) else { continue };
            is_below = true;
            if (wanted == Use::Read && grant.reads) || (wanted == Use::Write && grant.writes) {
                // a flow that names one file is given that file: it is reached through its folder, and nothing beside it
                let (root, below) = match (root.parent(), root.file_name()) {
                    (Some(folder), Some(name)) if below.as_os_str().is_empty() && !root.is_dir() => {
                        (folder.to_owned(), PathBuf::from(name))
                    }
                    _ if below.as_os_str().is_empty() => (root, PathBuf::from(".")),
                    _ => (root.clone(), below.to_owned()),
                };
                let dir = Dir::open_ambient_dir(&root, ambient_authority())
                    .map_err(|e| failed(&root.to_string_lossy(), &e))?;
                return Ok((dir, below));
            }
        }
        let verb = if wanted == Use::Read { "read" } else { "write" };
        let hint = if is_below {
            format!("The folder was not given for that: it may not {verb} there.")
        } else {
            "It lies in no folder that was given to this flow.".into()
        };
        Err(NodeError::new(Code::Denied, format!("This flow may not {verb} {path}. {hint}")))
    }
}

/// An absolute path without `.` and `..`, resolved by its letters alone.
fn normal(path: &str) -> Result<PathBuf, NodeError> {
    let refuse = |why: &str| {
        Err(NodeError::new(Code::Denied, format!("{path:?} is not a path that can be used: {why}.")))
    };
    if path.contains('\0') {
        return refuse("it holds a NUL character");
    }
    if path.starts_with("\\\\") || path.starts_with("//") {
        return refuse("it names another computer");
    }
    let given = Path::new(path);
    if !given.is_absolute() {
        return refuse("it must begin at a folder slot, as in {{ slots.inbox }}/orders.csv");
    }
    let mut normal = PathBuf::new();
    for part in given.components() {
        match part {
            Component::Prefix(_) | Component::RootDir => normal.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !normal.pop() {
                    return refuse("it climbs above its beginning");
                }
            }
            Component::Normal(name) => {
                if cfg!(windows) && is_reserved(&name.to_string_lossy()) {
                    return refuse("this name belongs to a device");
                }
                normal.push(name);
            }
        }
    }
    Ok(normal)
}

/// Windows opens devices under these names in any folder, and streams after a colon.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|it| it.is_ascii_digit()))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || numbered("COM")
        || numbered("LPT")
        || name.contains(':')
}

fn failed(path: &str, error: &io::Error) -> NodeError {
    let (code, sentence) = match error.kind() {
        io::ErrorKind::NotFound => (Code::NotFound, format!("There is no {path}.")),
        io::ErrorKind::PermissionDenied => {
            (Code::Denied, format!("{path} may not be opened: the system or a link in the path refuses it."))
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            (Code::Refused, format!("{path} lies on a disk that cannot be written."))
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            Code::Unavailable,
            format!(
                "The disk is full: {path} could not be written. Free some space; it will be tried again."
            ),
        ),
        io::ErrorKind::IsADirectory => (Code::Input, format!("{path} is a folder, not a file.")),
        io::ErrorKind::NotADirectory => (Code::Input, format!("A part of {path} is a file, not a folder.")),
        io::ErrorKind::AlreadyExists => (Code::Refused, format!("There is a {path} already.")),
        _ => (Code::Unavailable, format!("{path} could not be used.")),
    };
    NodeError::new(code, sentence).because(error)
}

fn full_parent(dir: &Dir, below: &Path) -> io::Result<()> {
    match below.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => dir.create_dir_all(parent),
        _ => Ok(()),
    }
}

struct NewFile {
    dir: Dir,
    file: Option<File>,
    temporary: PathBuf,
    target: PathBuf,
    path: String,
}

impl NewFile {
    fn open(&mut self) -> io::Result<&mut File> {
        self.file.as_mut().ok_or_else(|| io::Error::other("the file was closed"))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open()?.flush()
    }
}

impl Seek for NewFile {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.open()?.seek(to)
    }
}

impl Replace for NewFile {
    fn commit(mut self: Box<Self>) -> Result<(), NodeError> {
        let path = self.path.clone();
        let finish = |this: &mut NewFile| -> io::Result<()> {
            if let Some(file) = this.file.take() {
                file.sync_all()?;
            }
            this.dir.rename(&this.temporary, &this.dir, &this.target)?;
            // the new name is only durable with its folder
            let folder = this.target.parent().filter(|it| !it.as_os_str().is_empty());
            if cfg!(unix) {
                this.dir.open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
            }
            Ok(())
        };
        finish(&mut self).map_err(|e| failed(&path, &e))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        drop(self.file.take());
        // after a commit the temporary name is gone and this does nothing
        if let Err(error) = self.dir.remove_file(&self.temporary)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a temporary file could not be removed");
        }
    }
}

impl Folder for Files {
    fn read(&self, path: &str) -> Result<Box<dyn Reading>, NodeError> {
        let (dir, below) = self.place(path, Use::Read)?;
        let file = dir.open(&below).map_err(|e| failed(path, &e))?;
        let kind = file.metadata().map_err(|e| failed(path, &e))?;
        if !kind.is_file() {
            return Err(NodeError::new(Code::Input, format!("{path} is not a file.")));
        }
        Ok(Box::new(file))
    }

    fn replace(&self, path: &str) -> Result<Box<dyn Replace>, NodeError> {
        let (dir, target) = self.place(path, Use::Write)?;
        full_parent(&dir, &target).map_err(|e| failed(path, &e))?;
        let name = target.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        let unique =
            blake3::hash(format!("{path}{:?}{:p}", std::thread::current().id(), &dir).as_bytes()).to_hex();
        let temporary = target.with_file_name(format!(".{name}.{}.part", &unique[..8]));
        let file = dir
            .open_with(&temporary, OpenOptions::new().write(true).read(true).create(true).truncate(true))
            .map_err(|e| failed(path, &e))?;
        Ok(Box::new(NewFile { dir, file: Some(file), temporary, target, path: path.into() }))
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<(), NodeError> {
        let (dir, below) = self.place(path, Use::Write)?;
        let write = || -> io::Result<()> {
            full_parent(&dir, &below)?;
            let mut file = dir.open_with(&below, OpenOptions::new().append(true).create(true))?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|e| failed(path, &e))
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, NodeError> {
        let (dir, below) = self.place(path, Use::Read)?;
        let read = || -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for entry in dir.read_dir(&below)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let meta = entry.metadata()?;
                entries.push(entry_of(format!("{}/{name}", path.trim_end_matches('/')), name, &meta));
                if entries.len() >= MOST_ENTRIES {
                    return Err(io::Error::other(format!("the folder has more than {MOST_ENTRIES} entries")));
                }
            }
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        };
        read().map_err(|e| failed(path, &e))
    }

    fn entry(&self, path: &str) -> Result<Option<Entry>, NodeError> {
        let (dir, below) = self.place(path, Use::Read)?;
        match dir.metadata(&below) {
            Ok(meta) => {
                let name = below.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
                Ok(Some(entry_of(path.into(), name, &meta)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(path, &error)),
        }
    }

    fn rename(&self, from: &str, to: &str, overwrite: bool) -> Result<(), NodeError> {
        let (from_dir, from_below) = self.place(from, Use::Write)?;
        let (to_dir, to_below) = self.place(to, Use::Write)?;
        if !overwrite && to_dir.exists(&to_below) {
            return Err(NodeError::new(Code::Refused, format!("There is a file {to} already.")));
        }
        full_parent(&to_dir, &to_below).map_err(|e| failed(to, &e))?;
        match from_dir.rename(&from_below, &to_dir, &to_below) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                self.copy(from, to, overwrite)?;
                from_dir.remove_file(&from_below).map_err(|e| failed(from, &e))
            }
            other => other.map_err(|e| failed(from, &e)),
        }
    }

    fn copy(&self, from: &str, to: &str, overwrite: bool) -> Result<(), NodeError> {
        let mut reading = self.read(from)?;
        if !overwrite && self.place(to, Use::Write).is_ok_and(|(dir, below)| dir.exists(below)) {
            return Err(NodeError::new(Code::Refused, format!("There is a file {to} already.")));
        }
        let mut writing = self.replace(to)?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            let count = reading.read(&mut buffer).map_err(|e| failed(from, &e))?;
            if count == 0 {
                break;
            }
            writing.write_all(&buffer[..count]).map_err(|e| failed(to, &e))?;
        }
        writing.commit()
    }

    fn remove(&self, path: &str) -> Result<bool, NodeError> {
        let (dir, below) = self.place(path, Use::Write)?;
        match dir.remove_file(&below) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(path, &error)),
        }
    }
}

fn entry_of(path: String, name: String, meta: &cap_std::fs::Metadata) -> Entry {
    let modified_ms = meta
        .modified()
        .ok()
        .and_then(|it| it.into_std().duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX));
    Entry { path, name, size_bytes: meta.len(), modified_ms, is_folder: meta.is_dir() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path, reads: bool, writes: bool) -> Files {
        Files::new(vec![FolderGrant { path: folder.to_owned(), reads, writes }])
    }

    #[test]
    fn a_path_that_leads_out_of_the_folder_is_refused() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.txt"), "s").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().to_string_lossy().into_owned();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        let files = files(folder.path(), true, true);
        let out = outside.path().file_name().unwrap().to_string_lossy().into_owned();
        for path in [
            format!("{inside}/../{out}/secret.txt"),
            format!("{inside}/link/secret.txt"),
            format!("{}/secret.txt", outside.path().display()),
            "secret.txt".into(),
            "//server/share/x".into(),
            "\\\\server\\share\\x".into(),
            format!("{inside}/a\0b"),
            format!("{inside}x/secret.txt"),
        ] {
            let error = files.read(&path).err().unwrap_or_else(|| panic!("{path} was opened"));
            assert!(
                matches!(error.code, Code::Denied | Code::NotFound | Code::Unavailable),
                "{path}: {error}"
            );
        }
        assert!(files.replace(&format!("{inside}/link/new.txt")).is_err(), "nor may it be written through");
        assert!(!outside.path().join("new.txt").exists());
    }

    #[test]
    fn a_flow_that_names_one_file_gets_that_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::write(path("orders.csv"), "o").unwrap();
        std::fs::write(path("salaries.csv"), "s").unwrap();
        let files = files(&folder.path().join("orders.csv"), true, true);
        assert!(files.read(&path("orders.csv")).is_ok());
        assert_eq!(files.read(&path("salaries.csv")).err().map(|it| it.code), Some(Code::Denied));
        assert_eq!(files.read(&path("orders.csv.bak")).err().map(|it| it.code), Some(Code::Denied));
    }

    #[test]
    fn a_folder_given_for_reading_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt").to_string_lossy().into_owned();
        let error = files(folder.path(), true, false).replace(&path).err().unwrap();
        assert_eq!(error.code, Code::Denied);
        assert!(error.sentence.contains("may not write"), "{error}");
    }

    #[test]
    fn nothing_is_visible_before_the_commit_and_nothing_stays_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/a.txt").to_string_lossy().into_owned();
        let files = files(folder.path(), true, true);
        let mut writing = files.replace(&path).unwrap();
        writing.write_all(b"half").unwrap();
        assert!(files.entry(&path).unwrap().is_none());
        drop(writing);
        assert_eq!(std::fs::read_dir(folder.path().join("sub")).unwrap().count(), 0);
        let mut writing = files.replace(&path).unwrap();
        writing.write_all(b"whole").unwrap();
        writing.commit().unwrap();
        let mut text = String::new();
        files.read(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "whole");
    }
}
