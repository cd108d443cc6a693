//! What can go wrong with the journal, each with a code for programs and a sentence for a person.

use std::path::Path;

use rusqlite::ErrorCode;

/// The kind of a failure; what the caller does next depends on it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Another process holds the data folder.
    Locked,
    /// The data folder or a file in it cannot be written.
    ReadOnly,
    /// The data folder is on a kind of disk the journal cannot live on.
    UnfitFolder,
    /// The journal was written by a newer version of the program.
    Newer,
    /// The database library is older than the journal needs.
    OldLibrary,
    /// The disk is full; the changes were certainly not stored.
    DiskFull,
    /// Writing failed at the last step: the changes may or may not be stored. Nothing is accepted until
    /// [`crate::Journal::reopen`]; afterwards the answer is found by event id.
    OutcomeUnknown,
    /// The journal stopped after a storage fault; the changes were certainly not stored.
    Stopped,
    /// Another engine took the data folder over; this process must not write any more.
    Fenced,
    /// A file of the journal is damaged.
    Damaged,
    /// The changes contradict what is stored (a second, different result for one record).
    Conflict,
    /// A dedupe key in the changes belongs to another record; nothing was stored.
    KeyTaken,
    /// The changes name something that is not stored.
    Missing,
    /// The changes are larger than one commit may be, or badly put together.
    Invalid,
    /// The journal was closed.
    Closed,
    /// Anything else the database or the file system reported.
    Storage,
}

impl Code {
    /// The code as a word for programs and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Locked => "journal-locked",
            Self::ReadOnly => "journal-read-only",
            Self::UnfitFolder => "journal-unfit-folder",
            Self::Newer => "journal-newer",
            Self::OldLibrary => "journal-old-library",
            Self::DiskFull => "journal-disk-full",
            Self::OutcomeUnknown => "journal-outcome-unknown",
            Self::Stopped => "journal-stopped",
            Self::Fenced => "journal-fenced",
            Self::Damaged => "journal-damaged",
            Self::Conflict => "journal-conflict",
            Self::KeyTaken => "journal-key-taken",
            Self::Missing => "journal-missing",
            Self::Invalid => "journal-invalid",
            Self::Closed => "journal-closed",
            Self::Storage => "journal-storage",
        }
    }
}

/// A failure of the journal: a code, a sentence for the person, and the cause for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of failure this is.
    pub code: Code,
    /// What happened, where, and what to do.
    pub message: String,
    /// What the database or the operating system said, for the log.
    pub cause: Option<String>,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), cause: None }
    }

    pub(crate) fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    pub(crate) fn closed() -> Self {
        Self::new(Code::Closed, "The journal is closed, so nothing more can be stored.")
    }

    /// Turns a failure of the file system at `path` into a sentence.
    pub(crate) fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let place = path.display();
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::new(
                Code::ReadOnly,
                format!("{place} cannot be written ({doing}). Allow this user to write there or choose another data folder."),
            ),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => full(),
            _ => Self::new(Code::Storage, format!("{doing} failed at {place}: {error}.")),
        }
        .because(error)
    }
}

/// The sentence for a full disk.
pub(crate) fn full() -> Error {
    Error::new(
        Code::DiskFull,
        "The disk that holds the data folder is full. Nothing was stored; free some space and try again.",
    )
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        match code {
            Some(ErrorCode::DiskFull) => full(),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Self::new(
                Code::ReadOnly,
                "The journal cannot be written. Allow this user to write to the data folder or choose another one.",
            ),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::new(
                Code::Damaged,
                "The journal file is damaged. Keep the data folder as it is and restore the newest backup into a new folder.",
            ),
            Some(ErrorCode::ConstraintViolation) => {
                Self::new(Code::Conflict, "The changes contradict what is already stored.")
            }
            _ => Self::new(Code::Storage, format!("The journal database reported: {error}.")),
        }
        .because(&error)
    }
}
