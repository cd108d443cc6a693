//! Disk space held back, so that a full disk can still be dealt with in an orderly way.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;

/// The disk must have so many times the ballast free before it is loaded: on a small disk the ballast itself would be what fills it.
const ROOM: u64 = 4;

/// A file of zeros that is deleted when the disk is full.
#[derive(Debug, Clone)]
pub(crate) struct Ballast {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

impl Ballast {
    /// Writes the file if it is not there and there is room enough. Failing is no harm: there is no ballast then.
    pub(crate) fn load(&self) {
        if self.bytes == 0 || self.path.metadata().is_ok_and(|found| found.len() == self.bytes) {
            return;
        }
        let folder = self.path.parent().unwrap_or(&self.path);
        if let Ok(Some((free, _))) = disk(folder)
            && free < self.bytes.saturating_mul(ROOM)
        {
            return;
        }
        let written = File::create(&self.path).and_then(|mut file| {
            let zeros = [0_u8; 64 * 1024];
            let mut left = self.bytes;
            while left > 0 {
                let part = left.min(zeros.len() as u64);
                file.write_all(&zeros[..part as usize])?;
                left -= part;
            }
            Ok(())
        });
        if written.is_err() {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Gives the space back.
    pub(crate) fn release(&self) {
        if fs::remove_file(&self.path).is_ok() {
            tracing::warn!("the disk is full; the space held back for this was released");
        }
    }
}

/// Bytes that can still be written on the disk of a folder, and its whole size; None where the system does not tell.
pub(crate) fn disk(folder: &Path) -> Result<Option<(u64, u64)>, Error> {
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(folder)
            .map_err(|error| Error::file("asking for free space", folder, &std::io::Error::from(error)))?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Some((bytes(found.f_bavail), bytes(found.f_blocks))))
    }
    #[cfg(not(unix))]
    Ok(None)
}
