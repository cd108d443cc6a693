//! How a reader of text opens its file.

use encoding_rs::Encoding;
use sdk::cx::Reading;
use sdk::{Cx, NodeError, Record, Template};

use crate::encoding::Decoding;
use crate::{failure, paths};

/// A file that is open for reading as text.
pub struct OpenText {
    /// Its path below the granted folder.
    pub path: String,
    /// Its text as UTF-8.
    pub text: Decoding<Box<dyn Reading>>,
    /// What the file was when it was opened; a resumed run compares it.
    pub print: Option<String>,
}

impl OpenText {
    /// Opens the file of a record. `code_page` may look at the head of the file; a byte order mark decides over it.
    ///
    /// # Errors
    /// No path, no file, no right to it, an unknown code page.
    pub fn new(
        path: &Template,
        opening: &Record,
        cx: &dyn Cx,
        code_page: impl FnOnce(&mut Box<dyn Reading>, &str) -> Result<Option<&'static Encoding>, NodeError>,
    ) -> Result<OpenText, NodeError> {
        let path = paths::of(path, opening, cx.roots())?;
        let mut file = cx.folder().read(&path)?;
        let declared = code_page(&mut file, &path)?;
        let text = Decoding::new(file, declared).map_err(|e| failure::reading(&path, e))?;
        let print = paths::fingerprint(&path, cx.folder())?;
        Ok(OpenText { path, text, print })
    }
}
