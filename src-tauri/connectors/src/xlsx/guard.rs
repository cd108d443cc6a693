//! A workbook is a zip archive of XML, so it may be a bomb. It is unpacked once into nothing, counting, before anything reads it.

use std::io::{BufReader, Read, Seek};

use sdk::{Code, NodeError};

/// A workbook of so many parts is none.
const MOST_PARTS: usize = 5_000;
/// All parts together, unpacked.
const MOST_BYTES: u64 = 2 << 30;
/// Parts that are held in memory while reading: the texts shared by all cells, the styles.
const MOST_HELD_BYTES: u64 = 64 << 20;
/// Between two tags: a cell holds at most 32,767 characters.
const MOST_GAP_BYTES: usize = 1 << 20;
/// So many times its packed size is no table any more.
const MOST_RATIO: u64 = 200;
/// Below this size the ratio does not matter.
const FREE_BYTES: u64 = 16 << 20;

/// Checks a workbook.
///
/// # Errors
/// A file that is no archive, or one whose parts are larger than a workbook can be.
pub fn check(file: &mut (impl Read + Seek), path: &str) -> Result<(), NodeError> {
    let no_archive = |e: &dyn std::fmt::Display| {
        NodeError::new(
            Code::Damaged,
            format!("{path} is no Excel workbook (xlsx). Old xls files and files with a password must be saved as xlsx first."),
        )
        .because(e)
    };
    let bomb = |what: String| {
        NodeError::new(Code::Limit, format!("{path} is not read: {what}. A real workbook is never like that."))
    };
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| no_archive(&e))?;
    if archive.len() > MOST_PARTS {
        return Err(bomb(format!("it has {} parts", archive.len())));
    }
    let mut all: u64 = 0;
    let mut buffer = vec![0; 64 << 10];
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|e| no_archive(&e))?;
        let name = part.name().map_err(|e| no_archive(&e))?.into_owned();
        let packed = part.compressed_size().max(1);
        let is_held = !name.starts_with("xl/worksheets/") && !name.starts_with("xl/media/");
        let (mut size, mut gap) = (0_u64, 0_usize);
        loop {
            let count = part.read(&mut buffer).map_err(|e| no_archive(&e))?;
            if count == 0 {
                break;
            }
            size += count as u64;
            all += count as u64;
            if all > MOST_BYTES {
                return Err(bomb(format!("it unpacks to more than {} GiB", MOST_BYTES >> 30)));
            }
            if size > FREE_BYTES && size / packed > MOST_RATIO {
                return Err(bomb(format!("its part {name} unpacks to more than {MOST_RATIO} times its size")));
            }
            if is_held && size > MOST_HELD_BYTES {
                return Err(bomb(format!("its part {name} is larger than {} MiB", MOST_HELD_BYTES >> 20)));
            }
            if name.ends_with(".xml") {
                let bytes = &buffer[..count];
                match memchr::memrchr(b'<', bytes) {
                    None => gap += count,
                    Some(last) => {
                        gap += memchr::memchr(b'<', bytes).unwrap_or(0);
                        if gap <= MOST_GAP_BYTES {
                            gap = count - last;
                        }
                    }
                }
                if gap > MOST_GAP_BYTES {
                    return Err(bomb(format!("its part {name} holds a text larger than a cell can be")));
                }
            }
        }
    }
    Ok(())
}
