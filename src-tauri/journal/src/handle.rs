//! The handle everyone holds: hands lists to the writer and waits for the disk.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::apply::check_gates;
use crate::change::{Change, Committed};
use crate::error::{Code, Error};
use crate::id::{Identity, Sequence};
use crate::lock;
use crate::open::{self, Options, Recovered, now_ms, set_meta};
use crate::payload::{Blobs, INLINE_LIMIT, Pins, payload_of};
use crate::reader::{Reader, Readers};
use crate::simulation::{Point, Simulation};
use crate::transaction::checkpoint;
use crate::writer::{Command, Reply, Waiting, Writer};

/// Most changes in one list.
const LIST_CHANGES: usize = 20_000;
/// Most inline payload bytes in one list.
const LIST_BYTES: usize = 32 << 20;
/// What may wait for the writer at once, in KiB; beyond it callers wait.
const QUEUE_KIB: usize = 64 << 10;
/// What a change costs in the queue besides its payload, bytes.
const CHANGE_BYTES: usize = 256;
/// Most lazy changes sent in one go.
const LAZY_CHANGES: usize = 256;

/// The journal of one data folder. Cloning is cheap; the folder is let go when the last handle is.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
    simulation: Option<Arc<dyn Simulation>>,
}

struct Shared {
    folder: PathBuf,
    blobs: Blobs,
    sequence: Sequence,
    installation: [u8; 16],
    readers: Readers,
    queue: Arc<Semaphore>,
    lazy: Arc<Semaphore>,
    commands: Mutex<Option<Sender<Command>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Journal").field("folder", &self.shared.folder).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The writer ends when nobody can ask it any more; waiting for it lets the folder be opened again at once.
        self.commands.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        self.readers.close();
        if let Some(thread) = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

impl Journal {
    /// Takes the lock of the data folder, opens or makes the journal in it, and says what was left open.
    pub fn open(folder: &Path, options: &Options) -> Result<(Self, Recovered), Error> {
        open::open(folder, options)
    }

    pub(crate) fn new(
        folder: &Path,
        commands: Sender<Command>,
        thread: JoinHandle<()>,
        readers: Readers,
        (sequence, installation): (Sequence, [u8; 16]),
    ) -> Self {
        let shared = Shared {
            folder: folder.to_owned(),
            blobs: readers.blobs.clone(),
            sequence,
            installation,
            readers,
            queue: Arc::new(Semaphore::new(QUEUE_KIB)),
            lazy: Arc::new(Semaphore::new(4 << 10)),
            commands: Mutex::new(Some(commands)),
            thread: Mutex::new(Some(thread)),
        };
        Self { shared: Arc::new(shared), simulation: None }
    }

    pub(crate) fn in_simulation(self, simulation: Option<Arc<dyn Simulation>>) -> Self {
        Self { simulation, ..self }
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// A random number of this data folder; part of idempotency keys, so that two installations never share one.
    pub fn installation(&self) -> [u8; 16] {
        if self.is_simulated() { [0; 16] } else { self.shared.installation }
    }

    /// Whether time, turns and crashes come from a simulation: then nothing may be left to chance.
    pub fn is_simulated(&self) -> bool {
        self.simulation.is_some()
    }

    /// A new id of any kind; it grows with time and never repeats in this data folder.
    pub fn fresh<I: Identity>(&self) -> I {
        let now = self.simulation.as_ref().map_or_else(now_ms, |it| it.now_ms());
        I::from_number(self.shared.sequence.next(now))
    }

    /// Stores the list whole or not at all; when this returns it is on the disk. Whether a list
    /// is stored whose future was dropped is open.
    pub async fn commit(&self, mut changes: Vec<Change>) -> Result<Committed, Error> {
        if let Some(simulation) = &self.simulation {
            simulation.pass(Point::BeforeCommit).await;
            let outcome = self.commit_blocking(changes);
            simulation.pass(Point::AfterCommit).await;
            return outcome;
        }
        let bytes = measure(&mut changes)?;
        let kib = (1 + bytes / 1024).min(QUEUE_KIB);
        let share = Arc::clone(&self.shared.queue)
            .acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX))
            .await
            .map_err(|_| Error::closed())?;
        let pins = if Blobs::needs_files(&mut changes) {
            let blobs = self.shared.blobs.clone();
            let (sealed, pins) =
                tokio::task::spawn_blocking(move || blobs.seal(&mut changes).map(|pins| (changes, pins)))
                    .await
                    .map_err(|_| Error::closed())??;
            changes = sealed;
            pins
        } else {
            self.shared.blobs.seal(&mut changes)?
        };
        let (reply, outcome) = oneshot::channel();
        self.send(waiting(changes, bytes, Reply::Task(reply), (pins, Some(share))))?;
        outcome.await.map_err(|_| Error::closed())?
    }

    /// The same for a thread that may block.
    pub fn commit_blocking(&self, mut changes: Vec<Change>) -> Result<Committed, Error> {
        let bytes = measure(&mut changes)?;
        let pins = self.shared.blobs.seal(&mut changes)?;
        let (reply, outcome) = sync_channel(1);
        self.send(waiting(changes, bytes, Reply::Thread(reply), (pins, None)))?;
        outcome.recv().map_err(|_| Error::closed())?
    }

    /// Offers samples and count snapshots: they ride on the next commit or wait for a quiet moment, and are dropped (false) from where
    /// too many wait already.
    pub fn offer(&self, mut changes: Vec<Change>) -> bool {
        let is_lazy = |change: &Change| matches!(change, Change::Sample { .. } | Change::Counts { .. });
        if changes.is_empty() || !changes.iter().all(is_lazy) {
            return false;
        }
        while changes.len() > LAZY_CHANGES {
            let rest = changes.split_off(LAZY_CHANGES);
            if !self.offer_some(std::mem::replace(&mut changes, rest)) {
                return false;
            }
        }
        self.offer_some(changes)
    }

    fn offer_some(&self, changes: Vec<Change>) -> bool {
        let bytes: usize = changes.iter().map(lazy_bytes).sum();
        let kib = u32::try_from(1 + bytes / 1024).unwrap_or(u32::MAX);
        let Ok(share) = Arc::clone(&self.shared.lazy).try_acquire_many_owned(kib) else { return false };
        self.send(Command::Lazy(changes, share)).is_ok()
    }

    /// Looks something up. Blocks on the disk: from a task use [`Journal::look`].
    pub fn read<T>(&self, look: impl FnOnce(&Reader) -> Result<T, Error>) -> Result<T, Error> {
        self.shared.readers.with(look)
    }

    /// Looks something up without holding up other tasks.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if self.simulation.is_some() {
            return self.read(look);
        }
        let journal = self.clone();
        tokio::task::spawn_blocking(move || journal.read(look)).await.map_err(|_| Error::closed())?
    }

    /// Writes down where this engine can be reached, for [`crate::holder`].
    pub fn announce(&self, address: &str) -> Result<(), Error> {
        lock::announce(&self.shared.folder, address)
    }

    /// Opens the database again after [`Code::OutcomeUnknown`] or [`Code::Stopped`]. Afterwards a lookup by event id tells what is
    /// stored. Fails when the disk still does, or when another engine has taken over.
    pub fn reopen(&self) -> Result<(), Error> {
        self.work(Writer::reopen)
    }

    /// Looks whether the journal can be written, and opens it again when it had stopped; cheap while nothing is wrong. Blocks.
    ///
    /// # Errors
    /// The reason why nothing can be written still. After [`Code::Fenced`] and [`Code::Closed`] it never will be again.
    pub fn mend(&self) -> Result<(), Error> {
        self.work(|writer| match &writer.fault {
            Some(fault) if fault.code == Code::Fenced => Err(fault.clone()),
            Some(_) => writer.reopen(),
            None => Ok(()),
        })
    }

    /// Closes the journal as an orderly end: the next start is told so. Later commits are refused.
    pub fn close(&self) -> Result<(), Error> {
        let highest = self.shared.sequence.last();
        let closed = self.work(move |writer| {
            writer.flush();
            let Some(connection) = &writer.connection else { return Err(Error::closed()) };
            if writer.fault.is_none() {
                set_meta(connection, "highest_id", highest)?;
                set_meta(connection, "clean", 1)?;
                // crashes count when they come in a row, and this is none
                let forget = "UPDATE run SET boot_attempts = 0 WHERE state < 10 AND boot_attempts > 0";
                connection.execute(forget, [])?;
                checkpoint(connection, "TRUNCATE")?;
            }
            writer.connection = None;
            Ok(())
        });
        self.shared.commands.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.queue.close();
        self.shared.readers.close();
        let thread = self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        closed
    }

    fn send(&self, command: Command) -> Result<(), Error> {
        let commands = self.shared.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands.as_ref().ok_or_else(Error::closed)?.send(command).map_err(|_| Error::closed())
    }

    /// Has the writer do something between two commits, and waits for it.
    pub(crate) fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, outcome) = sync_channel(1);
        self.send(Command::Work(Box::new(move |writer| drop(reply.send(work(writer))))))?;
        outcome.recv().map_err(|_| Error::closed())?
    }

    pub(crate) fn highest_id(&self) -> i64 {
        self.shared.sequence.last()
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.shared.blobs
    }
}

fn waiting(
    changes: Vec<Change>,
    bytes: usize,
    reply: Reply,
    held: (Pins, Option<OwnedSemaphorePermit>),
) -> Command {
    Command::Commit(Waiting { changes, bytes, reply, _held: held })
}

/// What a list weighs in the database; refuses lists that one commit should not carry.
fn measure(changes: &mut [Change]) -> Result<usize, Error> {
    check_gates(changes)?;
    let count = changes.len();
    let mut bytes = count * CHANGE_BYTES;
    for change in changes {
        let lazy = lazy_bytes(change);
        bytes += payload_of(change)
            .map_or(lazy, |payload| if payload.len() > INLINE_LIMIT { 64 } else { payload.len() });
    }
    if count > LIST_CHANGES || bytes > LIST_BYTES {
        return Err(Error::new(
            Code::Invalid,
            format!(
                "{count} changes of {bytes} bytes are too much for one commit (at most {LIST_CHANGES} changes, {LIST_BYTES} bytes)."
            ),
        ));
    }
    Ok(bytes)
}

/// Bytes of payloads that are always stored inline.
fn lazy_bytes(change: &Change) -> usize {
    match change {
        Change::Sample { records, .. } | Change::Pin { records: Some(records), .. } => records.len(),
        Change::Counts { snapshot, .. } => snapshot.len(),
        Change::SaveFlow { text, .. } => text.len(),
        Change::State { value: Some(value), .. } | Change::Setting { value: Some(value), .. } => value.len(),
        _ => 0,
    }
}
