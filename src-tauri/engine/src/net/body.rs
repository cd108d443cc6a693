//! Reads the body of an answer within its limits.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use sdk::{Code, NodeError};

/// An answer may unpack to so many times what came over the wire, once it is larger than [`FREE_BYTES`].
const MOST_RATIO: usize = 100;
const FREE_BYTES: usize = 1 << 20;

/// A body that grows by pieces, unpacked on the way.
pub(super) enum Body {
    Plain(Capped),
    Packed { decoder: Box<MultiGzDecoder<Capped>>, read_bytes: usize },
}

/// Collects bytes up to a limit.
pub(super) struct Capped {
    bytes: Vec<u8>,
    most_bytes: usize,
    most_now: usize,
}

impl Write for Capped {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + piece.len() > self.most_now {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Body {
    /// A body of the encoding that the answer names.
    ///
    /// # Errors
    /// An encoding that was not asked for.
    pub(super) fn new(encoding: Option<&str>, most_bytes: usize) -> Result<Body, NodeError> {
        let capped = Capped { bytes: Vec::new(), most_bytes, most_now: most_bytes };
        match encoding.map(str::trim).filter(|it| !it.is_empty() && !it.eq_ignore_ascii_case("identity")) {
            None => Ok(Body::Plain(capped)),
            Some(it) if it.eq_ignore_ascii_case("gzip") || it.eq_ignore_ascii_case("x-gzip") => {
                Ok(Body::Packed { decoder: Box::new(MultiGzDecoder::new(capped)), read_bytes: 0 })
            }
            Some(other) => {
                let shown: String = other.chars().take(40).collect();
                Err(NodeError::new(
                    Code::Damaged,
                    format!("The answer is packed as {shown:?}, which was not asked for."),
                ))
            }
        }
    }

    /// Adds a piece as it came over the wire.
    ///
    /// # Errors
    /// A limit was passed, or the piece is not what the encoding says.
    pub(super) fn add(&mut self, piece: &[u8]) -> Result<(), NodeError> {
        match self {
            Body::Plain(capped) => capped.write_all(piece).map_err(|e| failed(&e, capped, 0)),
            Body::Packed { decoder, read_bytes } => {
                *read_bytes += piece.len();
                let capped = decoder.get_mut();
                capped.most_now =
                    capped.most_bytes.min(FREE_BYTES.max(read_bytes.saturating_mul(MOST_RATIO)));
                decoder.write_all(piece).map_err(|e| failed(&e, decoder.get_ref(), *read_bytes))
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// The packed form ends too early.
    pub(super) fn end(self) -> Result<Bytes, NodeError> {
        match self {
            Body::Plain(capped) => Ok(capped.bytes.into()),
            // An answer without a body may still name an encoding.
            Body::Packed { decoder, read_bytes: 0 } => Ok(decoder.get_ref().bytes.clone().into()),
            Body::Packed { mut decoder, read_bytes } => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes).into()),
                Err(e) => Err(failed(&e, decoder.get_ref(), read_bytes)),
            },
        }
    }
}

/// The sentence for an answer beyond its limit.
pub(super) fn too_large(most_bytes: usize) -> NodeError {
    NodeError::new(
        Code::Limit,
        format!(
            "The answer is larger than {}; it was not read to its end. If it may be so large, raise the limit of the step.",
            size(most_bytes)
        ),
    )
}

fn failed(error: &io::Error, capped: &Capped, read_bytes: usize) -> NodeError {
    if error.kind() != io::ErrorKind::FileTooLarge {
        return NodeError::new(
            Code::Damaged,
            "The answer says that it is packed with gzip, but it is not, or it is cut off.",
        )
        .because(error);
    }
    if capped.most_now < capped.most_bytes {
        return NodeError::new(
            Code::Limit,
            format!(
                "The answer unpacks to more than {MOST_RATIO} times its size ({} so far); it was not read to its end.",
                size(read_bytes)
            ),
        );
    }
    too_large(capped.most_bytes)
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(encoding: Option<&str>, pieces: &[&[u8]], most: usize) -> Result<Bytes, NodeError> {
        let mut body = Body::new(encoding, most)?;
        for piece in pieces {
            body.add(piece)?;
        }
        body.end()
    }

    #[test]
    fn a_packed_answer_is_unpacked_piece_by_piece() {
        let bytes = packed(b"hello, world");
        let (a, b) = bytes.split_at(7);
        assert_eq!(read(Some("gzip"), &[a, b], 100).unwrap(), &b"hello, world"[..]);
        assert_eq!(read(Some("GZIP"), &[], 100).unwrap(), &b""[..]);
        assert_eq!(read(Some("identity"), &[b"x"], 100).unwrap(), &b"x"[..]);
    }

    #[test]
    fn a_bomb_stops_at_its_ratio_and_a_long_answer_at_its_limit() {
        let bomb = packed(&vec![0; 64 << 20]);
        let error = read(Some("gzip"), &[&bomb], 1 << 30).unwrap_err();
        assert_eq!(error.code, Code::Limit);
        assert!(error.sentence.contains("100 times"), "{error}");
        let error = read(Some("gzip"), &[&bomb], 1 << 20).unwrap_err();
        assert!(error.sentence.contains("larger than 1 MiB"), "{error}");
        let error = read(None, &[&[0; 600], &[0; 600]], 1_000).unwrap_err();
        assert!(error.sentence.contains("1000 bytes"), "{error}");
    }

    #[test]
    fn a_lie_about_the_encoding_is_damage() {
        let bytes = packed(b"hello, world");
        assert_eq!(read(Some("gzip"), &[b"plain text"], 100).unwrap_err().code, Code::Damaged);
        assert_eq!(read(Some("gzip"), &[&bytes[..9]], 100).unwrap_err().code, Code::Damaged);
        assert_eq!(read(Some("br"), &[b"x"], 100).unwrap_err().code, Code::Damaged);
        assert_eq!(read(Some("gzip, gzip"), &[&bytes], 100).unwrap_err().code, Code::Damaged);
    }
}
