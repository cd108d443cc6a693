//! Every record that left a step of a watched run, on the disk, to be looked at page by page.
//!
//! A run that a person started is watched: its wires are kept whole, each in a file, up to a budget; the last such run of a flow. What
//! is kept is for looking only: when it cannot be written, the run goes on without.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use model::{Record, codec};

/// Bytes that are kept of one run.
pub const MOST_BYTES: u64 = 1 << 30;
/// A larger record is left out, so that a page of them can be held and sent, bytes.
const MOST_RECORD_BYTES: usize = 128 << 10;
/// Records of one frame: what is read to get at one of them.
const FRAME_RECORDS: usize = 128;
/// No frame that was written is larger; a longer one is damage.
const MOST_FRAME_BYTES: u32 = 1 << 30;

/// The file that says that everything was kept.
const WHOLE: &str = "whole";

/// Keeps the records of one run.
pub(crate) struct Keeper {
    folder: PathBuf,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    files: HashMap<(usize, usize), File>,
    bytes: u64,
    has_left_out: bool,
    is_over: bool,
}

/// The folder of a flow's watched run below a root; ids of flows are no names of files.
pub fn folder_of(root: &Path, flow: &str) -> PathBuf {
    root.join(&blake3::hash(flow.as_bytes()).to_hex()[..32])
}

fn file_of(folder: &Path, (node, port): (usize, usize)) -> PathBuf {
    folder.join(format!("{node}-{port}.records"))
}

impl Keeper {
    /// Keeps the records of a run in a folder of its flow; those of earlier runs there go.
    pub(crate) fn new(of_flow: &Path, run: &str) -> io::Result<Keeper> {
        for earlier in fs::read_dir(of_flow).into_iter().flatten().flatten() {
            fs::remove_dir_all(earlier.path())?;
        }
        let folder = of_flow.join(run);
        fs::create_dir_all(&folder)?;
        Ok(Keeper { folder, open: Mutex::default() })
    }

    /// All that will leave has left: what is kept is whole, unless something was left out.
    pub(crate) fn finish(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.is_over && !open.has_left_out && File::create(self.folder.join(WHOLE)).is_err() {
            tracing::warn!("what is kept of a watched run is whole, and could not be marked so");
        }
        open.is_over = true;
    }

    /// Keeps records that left a step at a port.
    pub(crate) fn take(&self, at: (usize, usize), records: &[Record]) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_over {
            return;
        }
        let fits = |it: &Record| it.size_bytes() <= MOST_RECORD_BYTES;
        let written = if records.iter().all(fits) {
            open.write(&self.folder, at, records)
        } else {
            open.has_left_out = true;
            let some: Vec<Record> = records.iter().filter(|it| fits(it)).cloned().collect();
            open.write(&self.folder, at, &some)
        };
        if let Err(error) = &written {
            tracing::warn!(%error, "the records of a watched run are not kept any further");
        }
        open.is_over |= written.is_err() || open.bytes >= MOST_BYTES;
    }
}

impl Open {
    fn write(&mut self, folder: &Path, at: (usize, usize), records: &[Record]) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut frames = Vec::new();
        for some in records.chunks(FRAME_RECORDS) {
            let bytes = codec::encode_records(some);
            let too_large = |_| io::Error::other("a frame is too large");
            let length = u32::try_from(bytes.len()).map_err(too_large)?;
            frames.extend((some.len() as u32).to_le_bytes());
            frames.extend(length.to_le_bytes());
            frames.extend(bytes);
        }
        let file = match self.files.entry(at) {
            std::collections::hash_map::Entry::Occupied(file) => file.into_mut(),
            std::collections::hash_map::Entry::Vacant(none) => {
                none.insert(File::create(file_of(folder, at))?)
            }
        };
        file.write_all(&frames)?;
        self.bytes += frames.len() as u64;
        Ok(())
    }
}

/// What is asked of the kept records of some ports, one after another.
pub struct Asked<'a> {
    /// Records to pass over.
    pub offset: u64,
    /// Records wanted.
    pub limit: usize,
    /// Only records of which this holds.
    pub fits: Option<&'a dyn Fn(&Record) -> bool>,
}

/// A page of kept records.
#[derive(Debug, Default)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// Records in all, of those that fit.
    pub total: u64,
    /// Whether everything was kept.
    pub is_whole: bool,
}

/// Reads a page of the records that were kept of a run: those that left at these ports (node and port by their numbers). None when
/// nothing was kept of this run.
///
/// # Errors
/// A file cannot be read, or is damaged.
pub fn page(
    of_flow: &Path,
    run: &str,
    ports: &[(usize, usize)],
    asked: &Asked<'_>,
) -> io::Result<Option<Page>> {
    let folder = of_flow.join(run);
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut page = Page { is_whole: folder.join(WHOLE).exists(), ..Page::default() };
    for at in ports {
        match File::open(file_of(&folder, *at)) {
            Ok(file) => read(file, asked, &mut page)?,
            // nothing left there
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(page))
}

fn read(file: File, asked: &Asked<'_>, page: &mut Page) -> io::Result<()> {
    let mut file = BufReader::new(file);
    loop {
        let mut head = [0; 8];
        match file.read_exact(&mut head) {
            Ok(()) => {}
            // also a frame that is being written
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
        let [a, b, c, d, e, f, g, h] = head;
        let (count, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        if length > MOST_FRAME_BYTES {
            return Err(io::Error::other("the kept records are damaged"));
        }
        let until = page.total + u64::from(count);
        let is_wanted = until > asked.offset && page.records.len() < asked.limit;
        if asked.fits.is_none() && !is_wanted {
            file.seek_relative(i64::from(length))?;
            page.total = until;
            continue;
        }
        let mut bytes = vec![0; length as usize];
        match file.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
        let records =
            codec::decode_records(&bytes).map_err(|_| io::Error::other("the kept records are damaged"))?;
        for record in records {
            if asked.fits.is_some_and(|fits| !fits(&record)) {
                continue;
            }
            if page.total >= asked.offset && page.records.len() < asked.limit {
                page.records.push(record);
            }
            page.total += 1;
        }
    }
}

/// Runs that are kept below a root, with their folders and the bytes they take; the oldest first.
pub fn kept(root: &Path) -> Vec<(String, PathBuf, u64)> {
    let inside = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().collect::<Vec<_>>();
    let mut found: Vec<(String, PathBuf, u64)> = inside(root)
        .iter()
        .flat_map(|flow| inside(&flow.path()))
        .map(|run| {
            let bytes =
                inside(&run.path()).iter().filter_map(|it| it.metadata().ok()).map(|it| it.len()).sum();
            (run.file_name().to_string_lossy().into_owned(), run.path(), bytes)
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Value;

    fn number(it: i64) -> Record {
        Record::of([("n", Value::from(it))])
    }

    fn numbers(page: &Page) -> Vec<i64> {
        page.records.iter().filter_map(|it| it.get("n")?.as_number()?.to_i64()).collect()
    }

    #[test]
    fn any_page_of_what_left_a_port_is_found_again_and_a_later_run_takes_the_place() {
        let root = tempfile::tempdir().unwrap();
        let flow = folder_of(root.path(), "../prices");
        assert!(flow.starts_with(root.path()));
        let keeper = Keeper::new(&flow, "run1").unwrap();
        let all: Vec<Record> = (0..1_000).map(number).collect();
        keeper.take((2, 0), &all[..300]);
        keeper.take((2, 1), &[number(-1)]);
        keeper.take((2, 0), &all[300..]);
        let ask = |offset, limit| Asked { offset, limit, fits: None };
        let found = page(&flow, "run1", &[(2, 0)], &ask(250, 100)).unwrap().unwrap();
        assert_eq!((numbers(&found), found.total), ((250..350).collect(), 1_000));
        let both = page(&flow, "run1", &[(2, 1), (2, 0), (9, 9)], &ask(0, 2)).unwrap().unwrap();
        assert_eq!((numbers(&both), both.total), (vec![-1, 0], 1_001));
        let is_round =
            |it: &Record| numbers(&Page { records: vec![it.clone()], ..Page::default() })[0] % 100 == 0;
        let asked = Asked { offset: 1, limit: 3, fits: Some(&is_round) };
        let found = page(&flow, "run1", &[(2, 0)], &asked).unwrap().unwrap();
        assert_eq!((numbers(&found), found.total), (vec![100, 200, 300], 10));
        assert!(!found.is_whole, "more may come");
        keeper.finish();
        assert!(page(&flow, "run1", &[], &ask(0, 1)).unwrap().unwrap().is_whole);
        let _next = Keeper::new(&flow, "run2").unwrap();
        assert!(page(&flow, "run1", &[(2, 0)], &ask(0, 1)).unwrap().is_none(), "only the last one is kept");
        assert_eq!(kept(root.path()).len(), 1);
    }

    #[test]
    fn a_record_too_large_for_a_page_is_left_out_and_the_rest_is_not_called_whole() {
        let root = tempfile::tempdir().unwrap();
        let keeper = Keeper::new(root.path(), "run").unwrap();
        let large = Record::of([("n", Value::from(2)), ("body", Value::from("x".repeat(MOST_RECORD_BYTES)))]);
        keeper.take((0, 0), &[number(1), large, number(3)]);
        keeper.finish();
        let found = page(root.path(), "run", &[(0, 0)], &Asked { offset: 0, limit: 9, fits: None });
        let found = found.unwrap().unwrap();
        assert_eq!((numbers(&found), found.is_whole), (vec![1, 3], false));
    }

    #[test]
    fn what_was_cut_off_while_it_was_written_is_read_up_to_there() {
        let root = tempfile::tempdir().unwrap();
        let keeper = Keeper::new(root.path(), "run").unwrap();
        keeper.take((0, 0), &(0..200).map(number).collect::<Vec<_>>());
        let path = file_of(&root.path().join("run"), (0, 0));
        let whole = fs::metadata(&path).unwrap().len();
        File::options().write(true).open(&path).unwrap().set_len(whole - 3).unwrap();
        let asked = Asked { offset: 0, limit: 1_000, fits: None };
        let found = page(root.path(), "run", &[(0, 0)], &asked).unwrap().unwrap();
        assert_eq!(numbers(&found), (0..128).collect::<Vec<_>>());
    }
}
