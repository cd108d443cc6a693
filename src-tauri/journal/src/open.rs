//! Opening: lock, database, log recovery, checks, a new epoch, and what was left open.

use std::path::Path;
use std::sync::atomic::AtomicI32;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, params};

use crate::ballast::Ballast;
use crate::database;
use crate::error::{Code, Error};
use crate::failpoint;
use crate::handle::Journal;
use crate::id::Sequence;
use crate::lock;
use crate::payload::Blobs;
use crate::reader::Readers;
use crate::resume::OpenRun;
use crate::simulation::Simulation;
use crate::transaction;
use crate::writer::{LOG_PAGES, Writer};

const FILE: &str = "journal.db";
const BLOBS: &str = "blobs";
const BALLAST: &str = "ballast";
/// Crashes within this time count towards starting in safe mode.
const RECENT_MS: i64 = 10 * 60 * 1000;

/// How a journal is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Disk space held back for a full disk, in bytes; 0: none.
    pub ballast_bytes: u64,
    /// Survive a power cut (each commit waits for the disk). Only a folder that is thrown away may do without.
    pub durable: bool,
    /// In a simulation: what decides there about time and crashes.
    pub simulation: Option<Arc<dyn Simulation>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { ballast_bytes: 64 << 20, durable: true, simulation: None }
    }
}

/// What was found at the start.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// Runs that have not ended, in the order of starting.
    pub open_runs: Vec<OpenRun>,
    /// The number of this start; writing is refused once another start has a higher one.
    pub epoch: i64,
    /// The last engine closed the journal (true also for a new one); else it crashed or lost power.
    pub clean_shutdown: bool,
    /// Crashes in the last ten minutes, this one included; at 5 the host starts in safe mode.
    pub recent_crashes: u32,
    /// The latest time the journal has seen, milliseconds since 1970 UTC: a clock before it was set back.
    pub last_seen_ms: i64,
    /// A random number of this data folder; part of idempotency keys, so that two installations never share one.
    pub installation: [u8; 16],
    /// Sentences a person should see, as a folder that a cloud service copies.
    pub warnings: Vec<String>,
}

/// The clock, milliseconds since 1970 UTC.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

pub(crate) fn open(folder: &Path, options: &Options) -> Result<(Journal, Recovered), Error> {
    database::check_library()?;
    let held = lock::take(folder)?;
    let warnings: Vec<String> = lock::check_place(folder)?.into_iter().collect();
    let blobs_folder = folder.join(BLOBS);
    std::fs::create_dir_all(&blobs_folder)
        .map_err(|error| Error::file("making the folder of large payloads", &blobs_folder, &error))?;
    let blobs = Blobs::new(blobs_folder);
    let file = folder.join(FILE);
    let mut connection = database::open_writer(&file, options.durable)?;
    crate::payload::sync_folder(folder)?;
    failpoint::reach("open.recovered");
    let begun = begin_epoch(&mut connection)?;
    failpoint::reach("open.epoch");
    let log_pages = Arc::new(AtomicI32::new(0));
    transaction::watch_log(&mut connection, &log_pages)?;
    let tail = transaction::read_tail(&connection)?;
    let ballast = Ballast { path: folder.join(BALLAST), bytes: options.ballast_bytes };
    let readers = Readers { file: file.clone(), blobs: blobs.clone(), idle: Mutex::default() };
    let open_runs = readers.with(crate::Reader::open_runs)?;
    let (commands, queue) = mpsc::channel();
    let writer = Writer {
        connection: Some(connection),
        file,
        durable: options.durable,
        blobs: blobs.clone(),
        ballast: ballast.clone(),
        epoch: begun.epoch,
        seq: tail.seq,
        chain: tail.chain,
        log_pages,
        checkpoint_at: LOG_PAGES,
        fault: None,
        lazy: Vec::new(),
    };
    let thread = std::thread::Builder::new()
        .name("journal".into())
        .spawn(move || {
            writer.run(&queue);
            // The next engine may come in only after the last byte is written.
            drop(held);
        })
        .map_err(|error| {
            Error::new(Code::Storage, "The journal's thread could not be started.").because(error)
        })?;
    // Not waited for: 64 MiB of zeros take longer than a start may.
    let _ = std::thread::Builder::new().name("ballast".into()).spawn(move || ballast.load());
    let recovered = Recovered {
        open_runs,
        epoch: begun.epoch,
        clean_shutdown: begun.was_clean,
        recent_crashes: begun.recent_crashes,
        last_seen_ms: begun.highest_id >> 20,
        installation: begun.installation,
        warnings,
    };
    let journal = Journal::new(
        folder,
        commands,
        thread,
        readers,
        (Sequence::above(begun.highest_id), begun.installation),
    );
    Ok((journal.in_simulation(options.simulation.clone()), recovered))
}

struct Begun {
    epoch: i64,
    was_clean: bool,
    recent_crashes: u32,
    highest_id: i64,
    installation: [u8; 16],
}

/// Takes over: a new epoch, so that whoever wrote before cannot any more.
fn begin_epoch(connection: &mut Connection) -> Result<Begun, Error> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let installation = match meta::<[u8; 16]>(&transaction, "installation")? {
        Some(known) => known,
        None => {
            let mut fresh = [0_u8; 16];
            getrandom::fill(&mut fresh).map_err(|error| {
                Error::new(Code::Storage, "The system gave no random numbers.").because(error)
            })?;
            set_meta(&transaction, "installation", fresh)?;
            fresh
        }
    };
    let was_clean = meta::<i64>(&transaction, "clean")? != Some(0);
    let now = now_ms();
    let crashes: String = meta(&transaction, "crashes")?.unwrap_or_default();
    let mut recent: Vec<i64> = crashes
        .split(' ')
        .filter_map(|time| time.parse().ok())
        .filter(|time| now - time < RECENT_MS)
        .collect();
    if !was_clean {
        recent.push(now);
    }
    let kept: Vec<String> = recent.iter().rev().take(20).rev().map(i64::to_string).collect();
    set_meta(&transaction, "crashes", kept.join(" "))?;
    set_meta(&transaction, "clean", 0)?;
    let highest_id: i64 = transaction.query_row(
        "SELECT max(coalesce((SELECT max(id) FROM run), 0), coalesce((SELECT max(id) FROM event), 0), \
         coalesce((SELECT max(id) FROM letter), 0), \
         coalesce((SELECT max(id) FROM question), 0), coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'highest_id'), 0))",
        [],
        |row| row.get(0),
    )?;
    let epoch: i64 =
        transaction.query_row("UPDATE tail SET epoch = epoch + 1 RETURNING epoch", [], |row| row.get(0))?;
    transaction.commit()?;
    let recent_crashes = u32::try_from(recent.len()).unwrap_or(u32::MAX);
    Ok(Begun { epoch, was_clean, recent_crashes, highest_id, installation })
}

fn meta<T: rusqlite::types::FromSql>(connection: &Connection, key: &str) -> Result<Option<T>, Error> {
    Ok(connection
        .query_row("SELECT value FROM meta WHERE key = ?1", params![key], |row| row.get(0))
        .optional()?)
}

pub(crate) fn set_meta(connection: &Connection, key: &str, value: impl rusqlite::ToSql) -> Result<(), Error> {
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
        params![key, value],
    )?;
    Ok(())
}
