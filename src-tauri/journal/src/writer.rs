//! The writer thread: the only one that changes the database, many lists to one fsync.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use rusqlite::{Connection, params};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::apply::{self, Applied};
use crate::ballast::Ballast;
use crate::change::{Change, Committed, Earlier};
use crate::database;
use crate::error::{Code, Error};
use crate::facts::Hash;
use crate::failpoint;
use crate::payload::{Blobs, Pins};
use crate::transaction::{
    Attempt, apply_all, apply_lazy, begin, chain, checkpoint, fenced, read_tail, watch_log,
};

/// Most changes that share one fsync.
const GROUP_CHANGES: usize = 512;
/// Most payload bytes that share one fsync.
const GROUP_BYTES: usize = 4 << 20;
/// How long unforced work (samples, checkpoints) waits for a quiet moment.
const QUIET: Duration = Duration::from_millis(200);
/// Log pages after which a checkpoint runs even under load (16 MiB).
pub(crate) const LOG_PAGES: i32 = 4096;
/// Log pages after which the writer waits for readers to let the log start anew (128 MiB).
const LOG_PAGES_MOST: i32 = 32_768;

/// Where the outcome of a list goes.
pub(crate) enum Reply {
    Task(oneshot::Sender<Result<Committed, Error>>),
    Thread(SyncSender<Result<Committed, Error>>),
}

impl Reply {
    fn send(self, outcome: Result<Committed, Error>) {
        // A caller that went away does not need the outcome.
        match self {
            Self::Task(to) => drop(to.send(outcome)),
            Self::Thread(to) => drop(to.send(outcome)),
        }
    }
}

/// A list that waits for its commit.
pub(crate) struct Waiting {
    pub(crate) changes: Vec<Change>,
    pub(crate) bytes: usize,
    pub(crate) reply: Reply,
    /// Keep large payloads and the share of the queue until the list is stored.
    pub(crate) _held: (Pins, Option<OwnedSemaphorePermit>),
}

/// What the writer can be asked.
pub(crate) enum Command {
    Commit(Waiting),
    Lazy(Vec<Change>, OwnedSemaphorePermit),
    Work(Box<dyn FnOnce(&mut Writer) + Send>),
}

/// The writer's state; lives on its thread.
pub(crate) struct Writer {
    pub(crate) connection: Option<Connection>,
    pub(crate) file: PathBuf,
    pub(crate) durable: bool,
    pub(crate) blobs: Blobs,
    pub(crate) ballast: Ballast,
    pub(crate) epoch: i64,
    pub(crate) seq: i64,
    pub(crate) chain: Hash,
    pub(crate) log_pages: Arc<AtomicI32>,
    /// Log pages at which the next checkpoint is worth its while.
    pub(crate) checkpoint_at: i32,
    /// Set after a storage fault: nothing is written until a reopen.
    pub(crate) fault: Option<Error>,
    pub(crate) lazy: Vec<(Vec<Change>, OwnedSemaphorePermit)>,
}

impl Writer {
    /// Works until every handle is gone.
    pub(crate) fn run(mut self, queue: &Receiver<Command>) {
        let mut group = Vec::new();
        loop {
            let is_idle = self.lazy.is_empty() && self.log_pages.load(Ordering::Relaxed) == 0;
            let first = if is_idle {
                queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                queue.recv_timeout(QUIET)
            };
            let mut next = match first {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => {
                    self.quiet();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let (mut changes, mut bytes) = (0, 0);
            let mut work = None;
            while let Some(command) = next.take() {
                match command {
                    Command::Commit(waiting) => {
                        changes += waiting.changes.len();
                        bytes += waiting.bytes;
                        group.push(waiting);
                    }
                    Command::Lazy(more, share) => self.lazy.push((more, share)),
                    Command::Work(asked) => {
                        work = Some(asked);
                        break;
                    }
                }
                if changes >= GROUP_CHANGES || bytes >= GROUP_BYTES {
                    break;
                }
                next = queue.try_recv().ok();
            }
            if !group.is_empty() {
                self.store(&mut group);
                self.bound_log();
            }
            if let Some(work) = work {
                work(&mut self);
            }
        }
        self.quiet();
    }

    /// Commits a group and answers everyone in it.
    fn store(&mut self, group: &mut Vec<Waiting>) {
        match self.attempt(group) {
            Ok(outcomes) => {
                failpoint::reach("ack.before");
                for (waiting, outcome) in group.drain(..).zip(outcomes) {
                    waiting.reply.send(outcome);
                }
                failpoint::reach("ack.after");
            }
            Err(error) => group.drain(..).for_each(|waiting| waiting.reply.send(Err(error.clone()))),
        }
    }

    fn attempt(&mut self, group: &[Waiting]) -> Result<Vec<Result<Committed, Error>>, Error> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let lazy = std::mem::take(&mut self.lazy);
        let lists: Vec<&[Change]> = group.iter().map(|waiting| &waiting.changes[..]).collect();
        // Errors of a list are rare, so the first try spares the savepoints; when one fails, all are done again, each in its own.
        let outcomes = match self.transaction(&lists, &lazy, false) {
            Err(Attempt::List(_)) => self.transaction(&lists, &lazy, true),
            other => other,
        };
        match outcomes {
            Ok(outcomes) => Ok(outcomes
                .into_iter()
                .map(|outcome| outcome.and_then(|applied| self.committed(applied)))
                .collect()),
            Err(Attempt::List(error) | Attempt::Group(error)) => Err(error),
        }
    }

    fn committed(&self, applied: Applied) -> Result<Committed, Error> {
        match applied {
            Applied::All => Ok(Committed::Stored),
            Applied::Duplicate(found) => Ok(Committed::Duplicate(Earlier {
                event: found.event,
                run: found.run,
                state: found.state,
                answer: found.answer.map(|stored| self.blobs.open(&stored)).transpose()?,
            })),
        }
    }

    fn transaction(
        &mut self,
        lists: &[&[Change]],
        lazy: &[(Vec<Change>, OwnedSemaphorePermit)],
        careful: bool,
    ) -> Result<Vec<Result<Applied, Error>>, Attempt> {
        let Some(connection) = &self.connection else { return Err(Attempt::Group(Error::closed())) };
        failpoint::reach("begin.before");
        let seq = self.seq + 1;
        let prepared =
            begin(connection).and_then(|()| apply_all(connection, lists, careful)).and_then(|outcomes| {
                apply_lazy(connection, lazy);
                if connection.is_autocommit() {
                    // Some errors (a full disk) undo the whole transaction by themselves.
                    return Err(Attempt::Group(crate::error::full()));
                }
                let chain = chain(&self.chain, seq, lists);
                let written = apply::execute_counted(
                    connection,
                    "UPDATE tail SET seq = ?1, chain = ?2 WHERE epoch = ?3",
                    params![seq, chain, self.epoch],
                )
                .map_err(Attempt::Group)?;
                if written == 1 { Ok((outcomes, chain)) } else { Err(Attempt::Group(fenced())) }
            });
        let (outcomes, chain) = match prepared {
            Ok(prepared) => prepared,
            Err(attempt) => {
                self.roll_back(&attempt);
                return Err(attempt);
            }
        };
        failpoint::reach("commit.before");
        match connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])) {
            Ok(_) => {
                failpoint::reach("commit.after");
                (self.seq, self.chain) = (seq, chain);
                Ok(outcomes)
            }
            Err(error) => self.commit_failed(error, seq).map(|()| outcomes).map_err(Attempt::Group),
        }
    }

    /// Undoes a transaction that was not tried to commit. When even that fails the connection is replaced.
    fn roll_back(&mut self, attempt: &Attempt) {
        let Some(connection) = &self.connection else { return };
        let undone = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
        if let Attempt::Group(error) = attempt {
            if error.code == Code::DiskFull {
                self.ballast.release();
            }
            if error.code == Code::Fenced {
                self.fault = Some(error.clone());
            }
        }
        if !undone {
            self.replace_connection();
        }
    }

    /// An error at COMMIT leaves open what is on the disk. Only a full disk can be settled here: the file is read again, and what it
    /// shows is made durable before anyone is told. After any other error nothing later can be trusted, so the journal stops.
    fn commit_failed(&mut self, error: rusqlite::Error, seq: i64) -> Result<(), Error> {
        tracing::error!(%error, "the journal could not be written");
        let told = Error::from(error);
        if told.code != Code::DiskFull {
            self.connection = None;
            let unknown = Error::new(
                Code::OutcomeUnknown,
                "The disk reported an error while the journal was written, so it is not known whether the last events are stored. \
                 Nothing more is accepted until the journal has been opened again.",
            );
            self.fault = Some(
                Error::new(Code::Stopped, "The journal has stopped after a disk error. Nothing was stored; check the disk and restart.")
                    .because(&told),
            );
            return Err(unknown.because(told.cause.unwrap_or(told.message)));
        }
        self.ballast.release();
        self.replace_connection();
        let Some(connection) = &self.connection else { return Err(told) };
        let tail = read_tail(connection)?;
        if tail.seq < seq {
            return Err(told);
        }
        let is_durable = checkpoint(connection, "TRUNCATE");
        match is_durable {
            Ok(()) => {
                (self.seq, self.chain) = (tail.seq, tail.chain);
                Ok(())
            }
            Err(error) => {
                self.connection = None;
                self.fault = Some(Error::new(
                    Code::Stopped,
                    "The journal has stopped because the disk is full. Free some space and restart.",
                ));
                Err(Error::new(
                    Code::OutcomeUnknown,
                    "The disk is full, and it is not known whether the last events are stored.",
                )
                .because(error))
            }
        }
    }

    /// Closes the connection and opens a new one; on failure the journal stops.
    pub(crate) fn replace_connection(&mut self) {
        self.connection = None;
        match database::open_writer(&self.file, self.durable) {
            Ok(mut connection) => {
                if let Err(error) = watch_log(&mut connection, &self.log_pages) {
                    tracing::warn!(%error, "the size of the log is not known");
                }
                self.connection = Some(connection);
            }
            Err(error) => self.fault = Some(error),
        }
    }

    /// Opens the database again after a fault.
    pub(crate) fn reopen(&mut self) -> Result<(), Error> {
        self.fault = None;
        self.replace_connection();
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let outcome = self.take_stock();
        self.fault = outcome.as_ref().err().cloned();
        outcome
    }

    /// Looks where the journal ends after a new connection was made.
    fn take_stock(&mut self) -> Result<(), Error> {
        let connection = self.connection.as_ref().ok_or_else(Error::closed)?;
        let tail = read_tail(connection)?;
        if tail.epoch != self.epoch {
            return Err(fenced());
        }
        (self.seq, self.chain) = (tail.seq, tail.chain);
        // Writes the log out once more, which shows whether the disk works again.
        checkpoint(connection, "TRUNCATE")
    }

    /// Stores samples that nobody forced.
    pub(crate) fn flush(&mut self) {
        if !self.lazy.is_empty() {
            // An empty group carries them; failing only loses samples.
            let _ = self.attempt(&[]);
        }
    }

    /// Stores samples that nobody forced, and moves the log into the database.
    fn quiet(&mut self) {
        self.flush();
        if self.log_pages.load(Ordering::Relaxed) > 0 {
            if let Some(Err(error)) =
                self.connection.as_ref().map(|connection| checkpoint(connection, "PASSIVE"))
            {
                tracing::warn!(%error, "the log could not be moved into the database");
            }
            self.log_pages.store(0, Ordering::Relaxed);
        }
    }

    fn bound_log(&mut self) {
        let pages = self.log_pages.load(Ordering::Relaxed);
        let Some(connection) = &self.connection else { return };
        if pages < self.checkpoint_at - LOG_PAGES {
            // The log has started anew.
            self.checkpoint_at = LOG_PAGES;
        }
        if pages < self.checkpoint_at {
            return;
        }
        // A reader that stays keeps the log from starting anew; asking again at every commit would not help.
        self.checkpoint_at = pages + LOG_PAGES;
        let mode = if pages >= LOG_PAGES_MOST { "RESTART" } else { "PASSIVE" };
        if let Err(error) = checkpoint(connection, mode) {
            tracing::warn!(%error, "the log could not be moved into the database");
        }
    }
}
