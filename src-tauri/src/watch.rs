//! Follows the engine while the program runs: the tray shows how it stands, alerts become notices.

use std::sync::Arc;
use std::time::Duration;

use host::contract::Event;
use serde_json::Value as Json;
use tauri::{AppHandle, Manager as _};

use crate::engine::Heard;
use crate::notice::{Notice, Notices};
use crate::shell::Shell;
use crate::tray::{self, Tray};
use crate::{menu, window};

/// Between two looks at how the engine stands, however much happens.
const BETWEEN: Duration = Duration::from_secs(1);

/// Follows the engine for as long as there is one.
pub(crate) async fn follow(app: AppHandle, shell: Arc<Shell>) {
    speak_anew(&app, &shell).await;
    paint(&app, &shell).await;
    let Some(mut ear) = shell.engine.ear() else { return };
    let mut notices = Notices::default();
    let mut is_stale = false;
    loop {
        let heard = if is_stale {
            match tokio::time::timeout(BETWEEN, ear.next()).await {
                Ok(heard) => heard,
                Err(_) => {
                    paint(&app, &shell).await;
                    is_stale = false;
                    continue;
                }
            }
        } else {
            ear.next().await
        };
        match heard {
            Some(Heard::Event(Event::RunProgress { .. } | Event::ConnectionChanged { .. })) => {}
            Some(Heard::Event(Event::Alert { kind, flow, run, sentence, at_ms })) => {
                is_stale = true;
                let notice = Notice { kind, flow, run, sentence, at_ms };
                // a window that the person looks at says everything itself
                if !window::is_focused(&app) && shell.wants_notices().await {
                    notices.raise(&app, &shell.words(), notice);
                }
            }
            Some(Heard::Event(_) | Heard::Link(_)) => is_stale = true,
            None => return,
        }
    }
}

/// Shows in the tray how the engine stands.
pub(crate) async fn paint(app: &AppHandle, shell: &Arc<Shell>) {
    let Some(tray) = app.try_state::<Tray>() else { return };
    let health = shell.engine.call("health", Json::Null).await.ok();
    let words = shell.words();
    let (standing, sentence) = tray::standing(health.as_ref(), &words);
    if let Err(why) = tray.paint(&words, (standing, &sentence)) {
        tracing::warn!(%why, "the tray does not show how the engine stands");
    }
}

/// Speaks the language that the person has chosen meanwhile.
pub(crate) async fn speak_anew(app: &AppHandle, shell: &Arc<Shell>) {
    if !shell.read_language().await {
        return;
    }
    let (handle, words) = (app.clone(), shell.words());
    let asked = app.run_on_main_thread(move || {
        if handle.menu().is_none() {
            return;
        }
        let spoken = menu::build(&handle, &words).and_then(|menu| handle.set_menu(menu));
        if let Err(why) = spoken {
            tracing::warn!(%why, "the menus keep their language");
        }
    });
    if asked.is_ok() {
        paint(app, shell).await;
    }
}
