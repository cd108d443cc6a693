//! The one window: opened, raised, destroyed when it is closed, for a hidden page would keep a browser in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tauri::webview::{DownloadEvent, NewWindowResponse};
use tauri::{AppHandle, Manager as _, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent};
use tauri_plugin_window_state::{AppHandleExt as _, StateFlags};

#[cfg(target_os = "linux")]
use crate::apart::{Apart, Home, Show, Word};
use crate::shell::{Shell, Told};

/// The label of the window; capabilities name it.
pub(crate) const LABEL: &str = "main";
const USUAL_SIZE: (f64, f64) = (1280.0, 832.0);
const LEAST_SIZE: (f64, f64) = (880.0, 560.0);

/// What of the window is kept in the data folder.
pub(crate) const KEPT: StateFlags =
    StateFlags::SIZE.union(StateFlags::POSITION).union(StateFlags::MAXIMIZED).union(StateFlags::FULLSCREEN);

/// Shows the window, in its own process where it has one: raised where there is one, else a new one at `route`, or where the person was.
pub(crate) fn show(app: &AppHandle, route: Option<&str>) {
    #[cfg(target_os = "linux")]
    if let Some(apart) = app.try_state::<Arc<Apart>>() {
        return apart.show(app, Show { route: route.map(str::to_owned), open: Vec::new() });
    }
    let shell = app.state::<Arc<Shell>>();
    if let Some(window) = app.get_webview_window(LABEL) {
        raise(&window);
        if let Some(route) = route {
            shell.tell(Told::Go(route.to_owned()));
        }
        return;
    }
    let kept = shell.route();
    if let Err(why) = open(app, route.unwrap_or(&kept)) {
        tracing::error!(%why, "the window cannot be opened");
    }
}

fn raise(window: &WebviewWindow) {
    let raised = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
    if let Err(why) = raised {
        tracing::warn!(%why, "the window cannot be raised");
    }
}

fn open(app: &AppHandle, route: &str) -> tauri::Result<()> {
    let page = WebviewUrl::App(PathBuf::from(format!("index.html#{route}")));
    let window = WebviewWindowBuilder::new(app, LABEL, page)
        .title("Arna")
        .inner_size(USUAL_SIZE.0, USUAL_SIZE.1)
        .min_inner_size(LEAST_SIZE.0, LEAST_SIZE.1)
        // the page drags node kinds and fields itself
        .disable_drag_drop_handler()
        .on_navigation(|url| is_ours(url) || leave(url))
        .on_new_window(|url, _features| {
            leave(&url);
            NewWindowResponse::Deny
        })
        .on_download(|webview, event| {
            if let DownloadEvent::Requested { url, destination } = event {
                // only what the page itself has made; nothing is fetched from elsewhere
                let folder = webview.path().download_dir();
                let (true, Ok(folder)) = (url.scheme() == "blob", folder) else { return false };
                *destination = free_name(&folder, destination);
            }
            true
        })
        .build()?;
    let scale = app.state::<Arc<Shell>>().scale();
    if scale != 1.0 {
        window.set_zoom(scale)?;
    }
    let handle = app.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::CloseRequested { .. } => {
            remember(&handle);
            #[cfg(target_os = "linux")]
            with_home(&handle, Home::leave);
        }
        #[cfg(target_os = "linux")]
        WindowEvent::Focused(is_focused) => with_home(&handle, |home| home.tell(Word::Focused(*is_focused))),
        WindowEvent::Destroyed => handle.state::<Arc<Shell>>().deafen(),
        _ => {}
    });
    Ok(())
}

/// The program at the other end, where this one is the window's own.
#[cfg(target_os = "linux")]
fn with_home(app: &AppHandle, act: impl FnOnce(&Home)) {
    if let Some(home) = app.try_state::<Arc<Home>>() {
        act(&home);
    }
}

/// Whether the person has the window before them.
pub(crate) fn is_focused(app: &AppHandle) -> bool {
    #[cfg(target_os = "linux")]
    if let Some(apart) = app.try_state::<Arc<Apart>>() {
        return apart.is_focused();
    }
    app.get_webview_window(LABEL).is_some_and(|it| it.is_focused().unwrap_or(false))
}

/// Keeps where the person is and how large the window is.
pub(crate) fn remember(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    if let Ok(url) = window.url() {
        app.state::<Arc<Shell>>().keep_route(url.fragment().unwrap_or_default());
    }
    if let Err(why) = app.save_window_state(KEPT) {
        tracing::warn!(%why, "the place of the window is not kept");
    }
}

/// Pages of ours: embedded, under the scheme of the system's web view.
fn is_ours(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// Shows an address of the web in the person's browser; the window itself never goes there. Always false.
fn leave(url: &Url) -> bool {
    if matches!(url.scheme(), "http" | "https")
        && !is_ours(url)
        && let Err(why) = open::that_detached(url.as_str())
    {
        tracing::warn!(%why, "no browser opens the address");
    }
    false
}

/// A name in the folder that nothing has yet: `orders.flow.json`, `orders (2).flow.json`, and so on.
fn free_name(folder: &Path, wanted: &Path) -> PathBuf {
    let name = wanted.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let name = if name.is_empty() { "flow.flow.json".to_owned() } else { name };
    let (stem, rest) = name.split_once('.').unwrap_or((&name, ""));
    let dot = if rest.is_empty() { "" } else { "." };
    let numbered = (2..1_000).map(|n| format!("{stem} ({n}){dot}{rest}"));
    let mut names = std::iter::once(name.clone()).chain(numbered).map(|it| folder.join(it));
    names.find(|it| !it.exists()).unwrap_or_else(|| folder.join(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_embedded_pages_are_ours() {
        let is_ours = |text: &str| is_ours(&text.parse().expect("an address"));
        assert!(is_ours("tauri://localhost/index.html#/flows"));
        assert!(is_ours("http://tauri.localhost/index.html"));
        for other in
            ["https://example.com", "tauri://evil/", "file:///etc/passwd", "data:text/html,x", "about:blank"]
        {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn a_saved_file_never_replaces_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let wanted = Path::new("/anywhere/orders.flow.json");
        assert_eq!(free_name(folder.path(), wanted), folder.path().join("orders.flow.json"));
        std::fs::write(folder.path().join("orders.flow.json"), "").expect("written");
        assert_eq!(free_name(folder.path(), wanted), folder.path().join("orders (2).flow.json"));
    }
}
