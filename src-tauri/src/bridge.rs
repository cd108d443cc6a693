//! What the window may ask: the commands of the contract and its events, and the few things only this computer has.
//!
//! There is one command for all of the contract, for the table in `host` is the only list of commands.

use std::sync::Arc;

use host::contract::{Refusal, RefusalCode};
use serde_json::Value as Json;
#[cfg(target_os = "linux")]
use tauri::Manager as _;
use tauri::ipc::{Channel, Response};
use tauri::{AppHandle, State};
use tauri_plugin_autostart::ManagerExt as _;

use crate::engine::Heard;
use crate::shell::{Opened, Shell, Told};

/// The longest parameters of a command, as over HTTP.
const MOST_PARAMS_BYTES: usize = 1 << 20;
const MOST_REQUEST_BYTES: usize = 64;

/// Carries out a command of the contract. `request` names this very request: sent twice, it is carried out once.
#[tauri::command]
pub(crate) async fn call(
    name: String,
    request: String,
    params: String,
    app: AppHandle,
    shell: State<'_, Arc<Shell>>,
) -> Result<Response, Refusal> {
    if params.len() > MOST_PARAMS_BYTES || request.len() > MOST_REQUEST_BYTES {
        return Err(Refusal::new(
            RefusalCode::BadRequest,
            "The command is too long; it may have at most 1 MiB.",
        ));
    }
    let answer = shell.answer(&request);
    let shell = shell.inner().clone();
    // a use case goes on when the window is closed meanwhile: half of it done is worse than all
    let done = tauri::async_runtime::spawn(async move {
        answer.get_or_init(|| carry_out(&app, &shell, (name, params))).await.clone()
    });
    match done.await {
        Ok(answer) => answer.map(Response::new),
        Err(_) => Err(Refusal::new(
            RefusalCode::Internal,
            "The command broke off by a mistake of ours. Look in the log.",
        )),
    }
}

async fn carry_out(
    app: &AppHandle,
    shell: &Arc<Shell>,
    (name, params): (String, String),
) -> Result<String, Refusal> {
    let params: Json = serde_json::from_str(&params)
        .map_err(|why| Refusal::new(RefusalCode::BadRequest, format!("The command is not JSON: {why}.")))?;
    let answer = shell.engine.call(&name, params).await?;
    if name == "settings.set" {
        crate::watch::speak_anew(app, shell).await;
        // the tray speaks too, and may be another process's
        #[cfg(target_os = "linux")]
        if let Some(home) = app.try_state::<Arc<crate::apart::Home>>() {
            home.tell(crate::apart::Word::Settings);
        }
    }
    Ok(answer.to_string())
}

/// Tells this page everything that happens, until it is gone or another page asks.
#[tauri::command]
pub(crate) fn listen(channel: Channel<Told>, shell: State<'_, Arc<Shell>>) {
    let ear = shell.engine.ear();
    let telling = channel.clone();
    let pump = tauri::async_runtime::spawn(async move {
        let Some(mut ear) = ear else { return };
        while let Some(heard) = ear.next().await {
            let told = match heard {
                Heard::Event(event) => Told::Event(Box::new(event)),
                Heard::Link(true) => Told::Link("live"),
                Heard::Link(false) => Told::Link("lost"),
            };
            if telling.send(told).is_err() {
                return;
            }
        }
    });
    shell.hear(channel, pump);
}

/// The flow files that the program was opened with and nobody has looked at yet.
#[tauri::command]
pub(crate) fn opened(shell: State<'_, Arc<Shell>>) -> Vec<Opened> {
    shell.give_opened()
}

/// Whether the program starts with the person's session.
#[tauri::command]
pub(crate) fn autostart(app: AppHandle) -> Result<bool, Refusal> {
    app.autolaunch().is_enabled().map_err(no_autostart)
}

/// Makes the program start with the person's session, hidden in the tray, or not any more.
#[tauri::command]
pub(crate) fn set_autostart(on: bool, app: AppHandle) -> Result<bool, Refusal> {
    let entry = app.autolaunch();
    let set = if on { entry.enable() } else { entry.disable() };
    set.and_then(|()| entry.is_enabled()).map_err(no_autostart)
}

fn no_autostart(why: tauri_plugin_autostart::Error) -> Refusal {
    Refusal::new(RefusalCode::Unavailable, "This system does not let the program start by itself.")
        .because(why)
}
