//! The tray: how the engine stands, pause, open, quit.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tauri::image::Image;
use tauri::menu::{MenuBuilder, MenuItem, MenuItemBuilder};
use tauri::tray::{MouseButton, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager as _, Wry, include_image};

use crate::shell::Shell;
use crate::window;
use crate::words::Words;

/// The tray's icon and items, to change their words.
pub(crate) struct Tray {
    icon: TrayIcon<Wry>,
    status: MenuItem<Wry>,
    open: MenuItem<Wry>,
    pause: MenuItem<Wry>,
    quit: MenuItem<Wry>,
}

/// How the engine stands, in the three ways that the icon can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Flows start by themselves.
    On,
    /// A person holds them back.
    Paused,
    /// Something waits for a person, or there is no engine.
    Trouble,
}

impl Standing {
    fn icon(self) -> Image<'static> {
        match self {
            Standing::On => include_image!("../icons/app/tray-on.png"),
            Standing::Paused => include_image!("../icons/app/tray-paused.png"),
            Standing::Trouble => include_image!("../icons/app/tray-trouble.png"),
        }
    }
}

/// How the engine stands and the sentence for it, from the answer to `health`.
pub(crate) fn standing(health: Option<&Json>, words: &Words) -> (Standing, String) {
    let Some(health) = health else { return (Standing::Trouble, words.text("status.gone").to_owned()) };
    let count = |field: &str| health[field].as_u64().unwrap_or_default();
    if health["paused"] == true {
        (Standing::Paused, words.text("status.paused").to_owned())
    } else if count("questions") > 0 {
        (Standing::Trouble, words.count("status.questions", count("questions")))
    } else if count("failed") > 0 {
        (Standing::Trouble, words.count("status.failed", count("failed")))
    } else if count("running") > 0 {
        (Standing::On, words.count("status.running", count("running")))
    } else {
        (Standing::On, words.text("status.well").to_owned())
    }
}

/// Puts the icon into the tray.
///
/// # Errors
/// The system has no tray.
pub(crate) fn build(app: &AppHandle, words: &Words) -> tauri::Result<Tray> {
    let item = |id: &str, key: &'static str| MenuItemBuilder::with_id(id, words.text(key)).build(app);
    let status =
        MenuItemBuilder::with_id("tray_status", words.text("status.well")).enabled(false).build(app)?;
    let open = item("tray_open", "tray.open")?;
    let pause = item("tray_pause", "tray.pause")?;
    let quit = item("tray_quit", "tray.quit")?;
    let menu = MenuBuilder::new(app)
        .item(&status)
        .separator()
        .items(&[&open, &pause])
        .separator()
        .item(&quit)
        .build()?;
    let icon = TrayIconBuilder::with_id("arna")
        .icon(Standing::On.icon())
        .tooltip("Arna")
        .menu(&menu)
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::DoubleClick { button: MouseButton::Left, .. } = event {
                window::show(tray.app_handle(), None);
            }
        })
        .build(app)?;
    Ok(Tray { icon, status, open, pause, quit })
}

impl Tray {
    /// Shows how the engine stands, in the words of now.
    pub(crate) fn paint(&self, words: &Words, (standing, sentence): (Standing, &str)) -> tauri::Result<()> {
        let pause = if standing == Standing::Paused { "tray.resume" } else { "tray.pause" };
        self.icon.set_icon(Some(standing.icon()))?;
        self.icon.set_tooltip(Some(format!("Arna: {sentence}")))?;
        self.status.set_text(sentence)?;
        self.open.set_text(words.text("tray.open"))?;
        self.pause.set_text(words.text(pause))?;
        self.quit.set_text(words.text("tray.quit"))
    }
}

/// Does what an item of the tray says.
pub(crate) fn choose(app: &AppHandle, id: &str) {
    match id {
        "tray_open" => window::show(app, None),
        "tray_quit" => crate::quit(app),
        "tray_pause" => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                let shell = app.state::<Arc<Shell>>().inner().clone();
                let health = shell.engine.call("health", Json::Null).await.unwrap_or_default();
                let paused = health["paused"] != true;
                if let Err(refusal) = shell.engine.call("engine.pause", json!({"paused": paused})).await {
                    tracing::warn!(%refusal, "the engine is neither paused nor let on");
                }
                crate::watch::paint(&app, &shell).await;
            });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tray_says_first_what_needs_a_person() {
        let words = Words::of("en");
        let stands = |health: Json| standing(Some(&health), &words);
        assert_eq!(stands(json!({"paused": false})).0, Standing::On);
        assert_eq!(stands(json!({"running": 2})), (Standing::On, "Runs at work: 2".into()));
        assert_eq!(
            stands(json!({"running": 2, "failed": 4})),
            (Standing::Trouble, "Failed records: 4".into())
        );
        assert_eq!(stands(json!({"questions": 1, "failed": 4})).1, "Questions for you: 1");
        assert_eq!(stands(json!({"paused": true, "failed": 4})).0, Standing::Paused);
        assert_eq!(standing(None, &words).0, Standing::Trouble);
    }
}
