//! The engine behind the window: in this process, in another one that holds the data folder already, or none with the reason why.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use host::contract::{Event, Refusal};
use host::{App, Remote, Setup};
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, error::RecvError};

const AGAIN: Duration = Duration::from_millis(1_500);
/// Events of another process wait in a line of this length; who is slower reads afresh.
const WAITING: usize = 256;

/// Who answers the window.
#[derive(Clone)]
pub(crate) enum Engine {
    /// The engine of this process, which holds the data folder.
    Here(Arc<App>),
    /// The engine of another process; closing the window or quitting leaves it at work.
    There(Arc<Away>),
    /// The data folder cannot be opened: every command is answered with the reason, so that the window can say it.
    Shut(Refusal),
}

/// An engine in another process.
pub(crate) struct Away {
    data: PathBuf,
    heard: broadcast::Sender<Heard>,
}

/// What comes from an engine.
#[expect(
    clippy::large_enum_variant,
    reason = "it is moved once, from the engine to the window; a box would cost more"
)]
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    /// Something happened.
    Event(Event),
    /// The engine of another process is gone, or back.
    Link(bool),
}

/// An ear at an engine.
pub(crate) enum Ear {
    Here(broadcast::Receiver<Event>),
    There(broadcast::Receiver<Heard>),
}

impl Ear {
    /// What comes next; none when there is nothing more to come.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        let heard = match self {
            Ear::Here(events) => events.recv().await.map(Heard::Event),
            Ear::There(heard) => heard.recv().await,
        };
        match heard {
            Ok(heard) => Some(heard),
            Err(RecvError::Lagged(_)) => Some(Heard::Event(Event::Resync {})),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Engine {
    /// The engine of another process, whether it is there already or not.
    pub(crate) fn attach(data: &Path) -> Engine {
        Engine::There(Arc::new(Away { data: data.to_owned(), heard: broadcast::channel(WAITING).0 }))
    }

    /// Attaches to the engine that holds the data folder, or opens the folder.
    pub(crate) fn open(setup: Setup) -> Engine {
        if Remote::find(&setup.data).is_some() {
            return Engine::attach(&setup.data);
        }
        match App::open(setup) {
            Ok(app) => Engine::Here(app),
            Err(refusal) => {
                tracing::error!(%refusal, "the data folder stays shut");
                Engine::Shut(refusal)
            }
        }
    }

    /// Takes commands of this person's other programs, the window's own process among them; whether those can ask. Call it within the runtime.
    pub(crate) fn serve(&self, data: &Path) -> bool {
        let Engine::Here(app) = self else { return true };
        let served = host::serve_local(app, data);
        if let Err(why) = &served {
            tracing::warn!(%why, "the command line cannot ask this engine");
        }
        served.is_ok()
    }

    /// Passes on what an engine elsewhere tells, for as long as the program runs.
    pub(crate) async fn follow(self) {
        if let Engine::There(away) = self {
            away.follow().await;
        }
    }

    /// Resumes what was open, arms what was armed, takes webhooks at this address. An engine elsewhere does all that itself: it is only
    /// listened to.
    pub(crate) async fn begin(self, hooks: SocketAddr) {
        let Engine::Here(app) = self else { return self.follow().await };
        match TcpListener::bind(hooks).await {
            Ok(listener) => {
                if let Ok(address) = listener.local_addr() {
                    app.listens_at(format!("http://{address}"));
                }
                let serving = app.clone();
                tauri::async_runtime::spawn(async move {
                    if let Err(why) = host::http::serve_hooks(serving, listener).await {
                        tracing::error!(%why, "no more webhooks are taken");
                    }
                });
            }
            Err(why) => tracing::warn!(%hooks, %why, "no webhooks are taken: nothing can listen there"),
        }
        for sentence in app.begin().await {
            tracing::warn!("{sentence}");
        }
    }

    /// Carries out a command of the contract.
    ///
    /// # Errors
    /// What the use case refuses.
    pub(crate) async fn call(&self, name: &str, params: Json) -> Result<Json, Refusal> {
        match self {
            Engine::Here(app) => host::call(app, name, params).await,
            Engine::There(away) => away.remote()?.call(name, &params).await,
            Engine::Shut(refusal) => Err(refusal.clone()),
        }
    }

    /// What comes from the engine, from now on; none where there is no engine.
    pub(crate) fn ear(&self) -> Option<Ear> {
        match self {
            Engine::Here(app) => Some(Ear::Here(app.events())),
            Engine::There(away) => Some(Ear::There(away.heard.subscribe())),
            Engine::Shut(_) => None,
        }
    }

    /// Closes the data folder as an orderly end.
    pub(crate) fn close(&self) {
        if let Engine::Here(app) = self
            && let Err(refusal) = app.close()
        {
            tracing::warn!(%refusal, "the last writes failed; the next start recovers");
        }
    }
}

impl Away {
    /// The engine that holds the folder now; after a restart it may be asked elsewhere.
    fn remote(&self) -> Result<Remote, Refusal> {
        Remote::find(&self.data).ok_or_else(|| {
            let sentence = "The engine that held the data folder is gone. Start it again, or quit Arna and open it anew.";
            Refusal::new(host::contract::RefusalCode::Unavailable, sentence)
        })
    }

    /// Passes on what the engine tells, and whether it is there at all, for as long as the program runs.
    async fn follow(&self) {
        loop {
            let events = match self.remote() {
                Ok(remote) => remote.events().await,
                Err(refusal) => Err(refusal),
            };
            if let Ok(mut events) = events {
                self.tell(Heard::Link(true));
                while let Some(event) = events.next().await {
                    self.tell(Heard::Event(event));
                }
            }
            self.tell(Heard::Link(false));
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn tell(&self, heard: Heard) {
        // nobody listening is no failure
        let _heard = self.heard.send(heard).is_ok();
    }
}
