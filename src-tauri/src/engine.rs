//! The engine behind the window: in this process, or none with the reason why.

use std::net::SocketAddr;
use std::sync::Arc;

use host::contract::{Event, Refusal};
use host::{App, Setup};
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::sync::broadcast;

/// Who answers the window.
#[derive(Clone)]
pub(crate) enum Engine {
    /// The engine of this process, which holds the data folder.
    Here(Arc<App>),
    /// The data folder cannot be opened: every command is answered with the reason, so that the window can say it.
    Shut(Refusal),
}

impl Engine {
    /// Opens the data folder.
    pub(crate) fn open(setup: Setup) -> Engine {
        match App::open(setup) {
            Ok(app) => Engine::Here(app),
            Err(refusal) => {
                tracing::error!(%refusal, "the data folder stays shut");
                Engine::Shut(refusal)
            }
        }
    }

    /// Resumes what was open, arms what was armed, and takes webhooks at this address.
    pub(crate) async fn begin(self, hooks: SocketAddr) {
        let Engine::Here(app) = self else { return };
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
            Engine::Shut(refusal) => Err(refusal.clone()),
        }
    }

    /// Events, from now on; none where there is no engine.
    pub(crate) fn events(&self) -> Option<broadcast::Receiver<Event>> {
        match self {
            Engine::Here(app) => Some(app.events()),
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
