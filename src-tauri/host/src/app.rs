//! The application: one data folder opened, one engine at work, and the use cases on them.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use engine::{Clock, Engine, Library, SystemClock};
use journal::{Change, Journal, Recovered};
use plan::Kinds;
use tokio::sync::broadcast;

use crate::contract::{Event, Refusal, RefusalCode};
use crate::keychain::{Keychain, SystemKeychain};
use crate::shelf::Shelf;
use crate::vault::{Keeping, Keys, Vault};

/// Events wait in a line of this length for each listener; who is slower gets `resync`.
const EVENTS: usize = 256;
/// Between two looks for what is too old.
const TIDY_EVERY: Duration = Duration::from_secs(3_600);
/// The same while the disk is low.
const TIDY_WHEN_LOW: Duration = Duration::from_secs(60);
/// So many crashes in ten minutes are told to the person.
const OFTEN: u32 = 5;

/// How the application is opened.
pub struct Setup {
    /// The data folder.
    pub data: PathBuf,
    /// The folder of flows that are offered.
    pub gallery: Option<PathBuf>,
    /// Opens the vault; without one its key is kept in the keychain.
    pub passphrase: Option<String>,
    /// Whether the keychain of the system may keep the vault's key; where none answers, a file of its owner's does.
    pub keychain: bool,
    /// Whether commits wait for the disk. Only a folder that is thrown away afterwards may do without.
    pub durable: bool,
}

/// The application. Every use case of the contract is a method.
pub struct App {
    pub(crate) journal: Journal,
    pub(crate) engine: Engine,
    pub(crate) shelf: Shelf,
    pub(crate) vault: Arc<Vault>,
    pub(crate) gallery: Option<PathBuf>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started_ms: i64,
    pub(crate) hooks: Mutex<Option<String>>,
    pub(crate) paused: AtomicBool,
    recovered: Mutex<Option<Recovered>>,
    warnings: Vec<String>,
}

impl App {
    /// Opens the data folder. Nothing runs yet: see [`App::begin`].
    ///
    /// # Errors
    /// The folder is held by another engine or cannot be used, or the vault stays shut.
    pub fn open(setup: Setup) -> Result<Arc<App>, Refusal> {
        let refused = |error: journal::Error| refusal(&error);
        prepare(&setup.data)?;
        let ballast_bytes = if setup.durable { journal::Options::default().ballast_bytes } else { 0 };
        let options =
            journal::Options { ballast_bytes, durable: setup.durable, ..journal::Options::default() };
        let (journal, recovered) = Journal::open(&setup.data, &options).map_err(refused)?;
        let keychain = setup.keychain.then_some(&SystemKeychain as &dyn Keychain);
        let keys = Keys { passphrase: setup.passphrase.as_deref(), keychain };
        let vault = Vault::open(&setup.data, keys, recovered.installation)
            .map_err(|e| Refusal::new(RefusalCode::NeedsYou, e.to_string()))?;
        let vault = Arc::new(vault);
        let kinds: Arc<Kinds> = Arc::new(connectors::catalogue().into_iter().collect());
        let shelf = Shelf::new(journal.clone(), kinds, vault.clone());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let spill_folder = setup.data.join("spill");
        // what a crash left there belongs to no run any more: runs recompute what they spill
        let _gone = std::fs::remove_dir_all(&spill_folder).is_ok();
        std::fs::create_dir_all(&spill_folder).map_err(|e| folder_refusal(&spill_folder, e))?;
        let library: Arc<dyn Library> = Arc::new(shelf.clone());
        let engine = Engine::new(engine::Setup {
            journal: journal.clone(),
            library,
            clock: clock.clone(),
            spill_folder,
        });
        let mut warnings = recovered.warnings.clone();
        if vault.keeping() == Keeping::KeyFile && setup.durable {
            warnings.push(format!(
                "Secrets are sealed with the key file in {}. Whoever copies the data folder can open them; set ARNA_PASSPHRASE to prevent that.",
                setup.data.display()
            ));
        }
        let started_ms = clock.now_ms();
        Ok(Arc::new(App {
            journal,
            engine,
            shelf,
            vault,
            gallery: setup.gallery,
            events: broadcast::channel(EVENTS).0,
            clock,
            started_ms,
            hooks: Mutex::default(),
            paused: AtomicBool::default(),
            recovered: Mutex::new(Some(recovered)),
            warnings,
        }))
    }

    /// Resumes what was open, arms what was armed, and goes on by itself. Gives sentences a person should see.
    pub async fn begin(self: &Arc<App>) -> Vec<String> {
        let mut said = self.warnings.clone();
        let recovered = self.recovered.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(recovered) = recovered else { return said };
        self.tell_runs();
        if recovered.recent_crashes >= OFTEN {
            // not a reason to stand still: what was accepted goes on, and a run that takes the engine down is held back by itself
            said.push(format!(
                "The engine crashed {} times within ten minutes. Runs that were at work at three crashes are held back.",
                recovered.recent_crashes
            ));
        }
        // before anything is accepted it is known whether there is room
        self.engine.look_after().await;
        self.engine.resume(recovered.open_runs).await;
        self.recall_pause();
        if self.is_paused() {
            said.push("The engine is paused: no flow starts by itself until it goes on.".into());
        } else {
            said.extend(self.arm_all());
        }
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.keep_parked().await });
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.keep_watch().await });
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.keep_time().await });
        tokio::spawn(keep_tidy(Arc::downgrade(self)));
        said
    }

    /// Tells listeners of runs from now on. [`App::begin`] does; who only runs one flow and watches it asks for it.
    pub fn tell_runs(self: &Arc<App>) {
        tokio::spawn(crate::watch::pump(Arc::downgrade(self), self.engine.events()));
    }

    pub(crate) fn arm_all(&self) -> Vec<String> {
        let rows = match self.journal.read(|it| it.flows()) {
            Ok(rows) => rows,
            Err(error) => return vec![error.to_string()],
        };
        let armed = rows.iter().filter(|row| row.armed);
        armed
            .filter_map(|row| {
                let live = self.shelf.live(&row.flow, None);
                let outcome = live.and_then(|live| self.engine.arm(live));
                outcome.err().map(|error| format!("The flow {} could not be armed: {error}", row.flow))
            })
            .collect()
    }

    /// The engine, for transports that carry more than commands (hooks).
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Events, from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Notes the address of the webhook listener, for [`crate::contract::Health`].
    pub fn listens_at(&self, address: String) {
        *self.hooks.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    /// Writes down where the commands are served, for other programs of this user.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub fn announce(&self, address: &str) -> Result<(), Refusal> {
        self.journal.announce(address).map_err(|e| refusal(&e))
    }

    /// Closes the data folder as an orderly end.
    ///
    /// # Errors
    /// The last writes failed; the next start recovers.
    pub fn close(&self) -> Result<(), Refusal> {
        for row in self.journal.read(|it| it.flows()).unwrap_or_default() {
            self.engine.disarm(&row.flow);
        }
        self.journal.close().map_err(|e| refusal(&e))
    }

    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Result<(), Refusal> {
        self.journal.commit(changes).await.map(drop).map_err(|e| refusal(&e))
    }

    pub(crate) fn tell(&self, event: Event) {
        // nobody listening is no failure
        let _heard = self.events.send(event).is_ok();
    }
}

/// Removes what is too old, for as long as the application lives; often while the disk is low.
async fn keep_tidy(app: Weak<App>) {
    // not while everything starts
    let mut pause = TIDY_WHEN_LOW;
    loop {
        tokio::time::sleep(pause).await;
        pause = {
            let Some(app) = app.upgrade() else { return };
            let (journal, now) = (app.journal.clone(), app.clock.now_ms());
            let retention = app.retention().await.unwrap_or_default();
            let tidied = tokio::task::spawn_blocking(move || journal.tidy(now, &retention));
            match tidied.await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::error!(%error, "what is too old could not be removed"),
                Err(error) => tracing::error!(%error, "what is too old could not be removed"),
            }
            let is_low =
                app.journal.room().ok().flatten().is_some_and(|it| it < crate::workbench::LITTLE_ROOM);
            let watching = app.clone();
            let tidied = tokio::task::spawn_blocking(move || watching.tidy_watched(now, is_low));
            if let Err(error) = tidied.await {
                tracing::error!(%error, "kept records could not be removed");
            }
            if is_low { TIDY_WHEN_LOW } else { TIDY_EVERY }
        };
    }
}

/// A failure of the journal as a refusal.
pub(crate) fn refusal(error: &journal::Error) -> Refusal {
    let code = match error.code {
        journal::Code::Conflict | journal::Code::KeyTaken => RefusalCode::Conflict,
        journal::Code::Missing => RefusalCode::NotFound,
        journal::Code::Closed => RefusalCode::Refused,
        journal::Code::Invalid => RefusalCode::BadRequest,
        journal::Code::Locked
        | journal::Code::Fenced
        | journal::Code::ReadOnly
        | journal::Code::UnfitFolder
        | journal::Code::Newer
        | journal::Code::OldLibrary
        | journal::Code::DiskFull
        | journal::Code::OutcomeUnknown
        | journal::Code::Stopped
        | journal::Code::Damaged
        | journal::Code::Storage => RefusalCode::Unavailable,
    };
    let refusal = Refusal::new(code, error.to_string());
    match &error.cause {
        Some(cause) => refusal.because(cause),
        None => refusal,
    }
}

/// A failure of the engine as a refusal.
pub(crate) fn engine_refusal(error: &sdk::NodeError) -> Refusal {
    let code = match error.code {
        sdk::Code::NotFound => RefusalCode::NotFound,
        sdk::Code::Denied | sdk::Code::Auth => RefusalCode::NeedsYou,
        sdk::Code::Internal => RefusalCode::Internal,
        sdk::Code::Unavailable | sdk::Code::Timeout | sdk::Code::Busy => RefusalCode::Unavailable,
        sdk::Code::Config
        | sdk::Code::Input
        | sdk::Code::Formula
        | sdk::Code::Refused
        | sdk::Code::Ambiguous
        | sdk::Code::Limit
        | sdk::Code::Damaged
        | sdk::Code::Cancelled => RefusalCode::Refused,
    };
    let refusal = Refusal::new(code, error.to_string());
    match &error.cause {
        Some(cause) => refusal.because(cause),
        None => refusal,
    }
}

/// Makes the data folder, for its owner only.
fn prepare(folder: &Path) -> Result<(), Refusal> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|e| folder_refusal(folder, e))
}

fn folder_refusal(folder: &Path, why: std::io::Error) -> Refusal {
    Refusal::new(RefusalCode::Unavailable, format!("The folder {} cannot be used: {why}.", folder.display()))
}
