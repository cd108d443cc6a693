//! Code pages: any label of the WHATWG list (windows-1251, cp866, utf-16le ...), decoded to UTF-8 while reading.
//!
//! Bytes that mean nothing in the declared code page are an error with their place, never a replacement character: a wrong code page
//! that goes unnoticed spoils every name in a price list.

use std::io::{self, BufRead, Read, Write};

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use sdk::{Code, ConfigError, NodeError};

const INPUT_BYTES: usize = 64 << 10;

/// The code page of a label such as `windows-1251`, `cp866`, `utf-8`, `utf-16`.
pub fn find(label: &str) -> Option<&'static Encoding> {
    match label.trim().to_ascii_lowercase().as_str() {
        "cp1251" | "1251" | "ansi" => Some(encoding_rs::WINDOWS_1251),
        "cp1252" | "1252" => Some(encoding_rs::WINDOWS_1252),
        "866" | "dos" | "oem" => Some(encoding_rs::IBM866),
        "utf-16" | "utf16" | "unicode" => Some(UTF_16LE),
        "utf16le" => Some(UTF_16LE),
        "utf16be" => Some(UTF_16BE),
        other => Encoding::for_label(other.as_bytes()).filter(|it| *it != encoding_rs::REPLACEMENT),
    }
}

/// The problem of a label that is no code page, for `problems()`.
pub fn check(field: &str, label: Option<&str>) -> Option<ConfigError> {
    let label = label?;
    find(label).is_none().then(|| {
        ConfigError::new(
            field,
            format!("{label} is no code page; write for example utf-8, windows-1251, cp866 or utf-16."),
        )
    })
}

/// The code page of a configuration field; UTF-8 when there is none.
///
/// # Errors
/// An unknown label.
pub fn chosen(label: Option<&str>) -> Result<&'static Encoding, NodeError> {
    match label {
        None => Ok(UTF_8),
        Some(label) => find(label).ok_or_else(|| {
            NodeError::new(Code::Config, format!("{label} is no code page that is known here."))
        }),
    }
}

/// The code page of a configuration field, if it names one.
///
/// # Errors
/// An unknown label.
pub fn declared(label: Option<&str>) -> Result<Option<&'static Encoding>, NodeError> {
    label.map(|it| chosen(Some(it))).transpose()
}

/// A reader whose bytes are UTF-8 whatever the file is in. A byte order mark decides over the declared code page and is removed.
///
/// UTF-8 input passes unchecked (and uncopied): its readers check it by the line, where the line number is known.
pub struct Decoding<R> {
    inner: R,
    decoder: Option<encoding_rs::Decoder>,
    name: &'static str,
    raw: Vec<u8>,
    raw_at: usize,
    out: Vec<u8>,
    out_at: usize,
    is_end: bool,
    offset: u64,
}

impl<R: Read> Decoding<R> {
    /// Looks at the first bytes and chooses.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(mut inner: R, declared: Option<&'static Encoding>) -> io::Result<Decoding<R>> {
        let mut raw = vec![0; INPUT_BYTES];
        let mut held = 0;
        while held < 4 {
            let count = inner.read(&mut raw[held..])?;
            if count == 0 {
                break;
            }
            held += count;
        }
        raw.truncate(held);
        let (encoding, mark) = match Encoding::for_bom(&raw) {
            Some((encoding, mark)) => (encoding, mark),
            None => (declared.unwrap_or(UTF_8), 0),
        };
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        let (out, out_at, raw) =
            if decoder.is_none() { (raw, mark, Vec::new()) } else { (Vec::new(), 0, raw) };
        Ok(Decoding {
            inner,
            decoder,
            name: encoding.name(),
            raw,
            raw_at: if out_at > 0 { 0 } else { mark },
            out,
            out_at,
            is_end: false,
            offset: 0,
        })
    }

    /// The code page in use.
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn fill(&mut self) -> io::Result<()> {
        self.out_at = 0;
        let Some(decoder) = &mut self.decoder else {
            self.out.resize(INPUT_BYTES, 0);
            let count = self.inner.read(&mut self.out)?;
            self.out.truncate(count);
            return Ok(());
        };
        self.out.clear();
        while self.out.is_empty() && !self.is_end {
            if self.raw_at == self.raw.len() {
                self.offset += self.raw.len() as u64;
                self.raw.resize(INPUT_BYTES, 0);
                let count = self.inner.read(&mut self.raw)?;
                self.raw.truncate(count);
                self.raw_at = 0;
                self.is_end = count == 0;
            }
            let most = decoder.max_utf8_buffer_length_without_replacement(self.raw.len() - self.raw_at);
            self.out.resize(most.unwrap_or(INPUT_BYTES * 4).max(16), 0);
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(
                &self.raw[self.raw_at..],
                &mut self.out,
                self.is_end,
            );
            self.out.truncate(written);
            self.raw_at += read;
            if let DecoderResult::Malformed(bad, after) = result {
                return Err(self.malformed(bad, after));
            }
        }
        Ok(())
    }

    fn malformed(&self, bad: u8, after: u8) -> io::Error {
        let at = self.offset + self.raw_at as u64 - u64::from(bad) - u64::from(after);
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "the bytes at offset {at} mean nothing in {}; set the right code page in \"encoding\"",
                self.name
            ),
        )
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.decoder.is_none() && self.out_at >= self.out.len() {
            return self.inner.read(into);
        }
        let held = self.fill_buf()?;
        let count = held.len().min(into.len());
        into[..count].copy_from_slice(&held[..count]);
        self.out_at += count;
        Ok(count)
    }
}

impl<R: Read> BufRead for Decoding<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.out_at >= self.out.len() {
            self.fill()?;
        }
        Ok(&self.out[self.out_at..])
    }

    fn consume(&mut self, amount: usize) {
        self.out_at = (self.out_at + amount).min(self.out.len());
    }
}

/// The text of bytes in a code page; a byte order mark decides over the label.
///
/// # Errors
/// Bytes that mean nothing in it.
pub fn decode(bytes: &[u8], label: Option<&str>, path: &str) -> Result<String, NodeError> {
    let declared = declared(label)?;
    let wrong = |name: &str| {
        let sentence =
            format!("{path} is not {name}. Set \"encoding\" to its code page, for example windows-1251.");
        NodeError::new(Code::Damaged, sentence)
    };
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((declared.unwrap_or(UTF_8), 0));
    let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]);
    text.map(std::borrow::Cow::into_owned).ok_or_else(|| wrong(encoding.name()))
}

/// Bytes of a text in a code page.
///
/// # Errors
/// The first character that the code page lacks.
pub fn encode(text: &str, encoding: &'static Encoding) -> Result<Vec<u8>, NodeError> {
    if encoding == UTF_8 {
        return Ok(text.as_bytes().to_vec());
    }
    if encoding == UTF_16LE {
        return Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    if encoding == UTF_16BE {
        return Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    let mut encoder = encoding.new_encoder();
    let most = encoder.max_buffer_length_from_utf8_without_replacement(text.len()).unwrap_or(text.len() * 4);
    let mut out = vec![0; most];
    let (result, _, written) = encoder.encode_from_utf8_without_replacement(text, &mut out, true);
    out.truncate(written);
    match result {
        encoding_rs::EncoderResult::Unmappable(letter) => Err(NodeError::new(
            Code::Input,
            format!(
                "The character {letter:?} does not exist in {}; write the file in utf-8, or take the character out before.",
                encoding.name()
            ),
        )),
        encoding_rs::EncoderResult::InputEmpty | encoding_rs::EncoderResult::OutputFull => Ok(out),
    }
}

/// Writes text in a code page, with a byte order mark at the start where one is usual (UTF-16) or asked for.
pub struct Encoded<W: Write> {
    inner: io::BufWriter<W>,
    encoding: &'static Encoding,
    bytes: u64,
}

impl<W: Write> Encoded<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The mark cannot be written.
    pub fn new(inner: W, encoding: &'static Encoding, with_mark: bool) -> Result<Encoded<W>, NodeError> {
        let mut it = Encoded { inner: io::BufWriter::with_capacity(INPUT_BYTES, inner), encoding, bytes: 0 };
        if encoding == UTF_16LE || encoding == UTF_16BE || (with_mark && encoding == UTF_8) {
            it.text("\u{feff}")?;
        }
        Ok(it)
    }

    /// Writes a piece of text.
    ///
    /// # Errors
    /// The disk refuses, or the code page lacks a character.
    pub fn text(&mut self, text: &str) -> Result<(), NodeError> {
        if self.encoding == UTF_8 {
            return self.raw(text.as_bytes());
        }
        let bytes = encode(text, self.encoding)?;
        self.raw(&bytes)
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), NodeError> {
        self.bytes += bytes.len() as u64;
        self.inner.write_all(bytes).map_err(crate::failure::writing)
    }

    /// The writer below, and how many bytes it was given.
    ///
    /// # Errors
    /// The last bytes cannot be written.
    pub fn finish(self) -> Result<(W, u64), NodeError> {
        let bytes = self.bytes;
        let inner = self.inner.into_inner().map_err(|e| crate::failure::writing(e.into_error()))?;
        Ok((inner, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], label: Option<&str>) -> io::Result<String> {
        let mut text = String::new();
        Decoding::new(bytes, label.and_then(find))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn a_russian_text_reads_the_same_in_every_code_page() {
        for label in ["windows-1251", "cp866", "koi8-r", "utf-16le", "utf-16be", "utf-8"] {
            let bytes = encode("Счёт №".trim_end_matches('№'), find(label).unwrap()).unwrap();
            assert_eq!(decoded(&bytes, Some(label)).unwrap(), "Счёт ", "{label}");
        }
    }

    #[test]
    fn a_byte_order_mark_decides_over_the_declared_code_page() {
        assert_eq!(decoded(b"\xff\xfea\0b\0", Some("windows-1251")).unwrap(), "ab");
        assert_eq!(decoded(b"\xef\xbb\xbfab", Some("windows-1251")).unwrap(), "ab");
    }

    #[test]
    fn bytes_that_mean_nothing_are_an_error_with_their_offset() {
        let lone = decoded(&[b'a', 0, 0, 0xd8, b'b', 0], Some("utf-16le")).unwrap_err();
        assert!(lone.to_string().contains("offset 2"), "{lone}");
    }

    #[test]
    fn a_character_outside_the_code_page_is_named() {
        let error = encode("5 ₸", find("windows-1251").unwrap()).unwrap_err();
        assert!(error.sentence.contains('₸'), "{error}");
    }
}
