//! Copies of the journal that can be opened as a data folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::params;

use crate::database;
use crate::error::{Code, Error};
use crate::handle::Journal;
use crate::payload::sync_folder;
use crate::transaction::read_tail;

/// A copy that was made and checked.
#[derive(Debug, Clone)]
pub struct Backup {
    /// The folder; opening it as a data folder restores it.
    pub folder: PathBuf,
    /// Transactions it holds.
    pub transactions: u64,
    /// Bytes of the database in it.
    pub bytes: u64,
}

impl Journal {
    /// Copies the journal into a new folder `name` inside `shelf`, checks the copy, and keeps the newest `keep` copies there (by
    /// name, so names should begin with the date). Commits go on meanwhile. Blocks.
    pub fn backup(&self, shelf: &Path, name: &str, keep: usize) -> Result<Backup, Error> {
        let target = shelf.join(name);
        if target.exists() {
            return Err(Error::new(
                Code::Invalid,
                format!("There already is a backup at {}.", target.display()),
            ));
        }
        let partial = shelf.join(format!("{name}.partial"));
        let doing = "making a backup";
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(|error| Error::file(doing, &partial, &error))?;
        }
        fs::create_dir_all(&partial).map_err(|error| Error::file(doing, &partial, &error))?;
        let made = self.fill(&partial).and_then(|(transactions, bytes)| {
            fs::rename(&partial, &target).map_err(|error| Error::file(doing, &target, &error))?;
            sync_folder(shelf)?;
            Ok(Backup { folder: target, transactions, bytes })
        });
        if made.is_err() {
            let _ = fs::remove_dir_all(&partial);
        } else {
            forget_old(shelf, keep.max(1));
        }
        made
    }

    fn fill(&self, folder: &Path) -> Result<(u64, u64), Error> {
        let copy = folder.join("journal.db");
        let source = self.folder().join("journal.db");
        self.blobs().copy_with(&folder.join("blobs"), || {
            // Its own connection: copying takes long, and the writer must not wait for it.
            let connection = database::open_reader(&source)?;
            connection.execute_batch("PRAGMA query_only=OFF")?;
            connection.execute("VACUUM INTO ?1", params![copy.to_string_lossy()])?;
            Ok(())
        })?;
        let connection = database::open_reader(&copy)?;
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(Error::new(Code::Damaged, "The backup did not pass its check, so it was not kept.")
                .because(verdict));
        }
        let tail = read_tail(&connection)?;
        drop(connection);
        let file = File::options()
            .write(true)
            .open(&copy)
            .map_err(|error| Error::file("making a backup", &copy, &error))?;
        file.sync_all().map_err(|error| Error::file("making a backup", &copy, &error))?;
        let bytes = file.metadata().map_or(0, |found| found.len());
        sync_folder(folder)?;
        Ok((tail.seq.unsigned_abs(), bytes))
    }
}

fn forget_old(shelf: &Path, keep: usize) {
    let mut copies: Vec<PathBuf> = fs::read_dir(shelf)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.join("journal.db").exists()
                && path.extension().is_none_or(|extension| extension != "partial")
        })
        .collect();
    copies.sort();
    let surplus = copies.len().saturating_sub(keep);
    for old in &copies[..surplus] {
        if let Err(error) = fs::remove_dir_all(old) {
            tracing::warn!(%error, "an old backup could not be removed");
        }
    }
}
