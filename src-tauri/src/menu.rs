//! The menus of the window. Editing keys belong to the page, which has an undo of its own; the items say them and do the same.

use std::sync::Arc;

use tauri::menu::{
    AboutMetadata, Menu, MenuBuilder, MenuItem, MenuItemBuilder, PredefinedMenuItem, Submenu, SubmenuBuilder,
};
use tauri::{AppHandle, Manager as _, Wry};

use crate::shell::{Shell, Told};
use crate::window;
use crate::words::Words;

/// Screens of the window: id of the item, key of its words, the part of the address after `#`.
const SCREENS: &[(&str, &str, &str)] = &[
    ("flows", "menu.flows", "/flows"),
    ("runs", "menu.runs", "/runs"),
    ("failed", "menu.failed", "/failed"),
    ("connections", "menu.connections", "/connections"),
    ("gallery", "menu.gallery", "/gallery"),
    ("settings", "menu.settings", "/settings"),
];
const ZOOM_STEP: f64 = 1.1;

/// The menus in these words.
///
/// # Errors
/// The system has no menus.
pub(crate) fn build(app: &AppHandle, words: &Words) -> tauri::Result<Menu<Wry>> {
    let item = |id: &str, key: &'static str| MenuItemBuilder::with_id(id, words.text(key));
    let keyed = |id: &str, key: &'static str, keys: &str| item(id, key).accelerator(keys).build(app);
    let file = SubmenuBuilder::new(app, words.text("menu.file"))
        .item(&item("new_flow", "menu.new_flow").build(app)?)
        .item(&item("import", "menu.import").build(app)?)
        .separator()
        .item(&keyed("close", "menu.close", "CmdOrCtrl+W")?)
        .item(&keyed("quit", "tray.quit", "CmdOrCtrl+Q")?)
        .build()?;
    let mut view = SubmenuBuilder::new(app, words.text("menu.view"));
    for (id, key, _) in SCREENS {
        view = view.item(&item(id, key).build(app)?);
    }
    let view = view
        .separator()
        .item(&keyed("zoom_in", "menu.zoom_in", "CmdOrCtrl+=")?)
        .item(&keyed("zoom_out", "menu.zoom_out", "CmdOrCtrl+-")?)
        .item(&keyed("zoom_reset", "menu.zoom_reset", "CmdOrCtrl+0")?)
        .item(&keyed("full_screen", "menu.full_screen", "F11")?)
        .build()?;
    let about = AboutMetadata {
        name: Some("Arna".into()),
        version: Some(env!("CARGO_PKG_VERSION").into()),
        license: Some("MIT OR Apache-2.0".into()),
        icon: app.default_window_icon().cloned(),
        ..Default::default()
    };
    let help = SubmenuBuilder::new(app, words.text("menu.help"))
        .item(&item("data_folder", "menu.data_folder").build(app)?)
        .item(&PredefinedMenuItem::about(app, Some(words.text("menu.about")), Some(about))?)
        .build()?;
    MenuBuilder::new(app).items(&[&file, &edit(app, words)?, &view, &help]).build()
}

/// Where the system carries out editing itself.
#[cfg(not(target_os = "linux"))]
fn edit(app: &AppHandle, words: &Words) -> tauri::Result<Submenu<Wry>> {
    SubmenuBuilder::new(app, words.text("menu.edit"))
        .undo_with_text(words.text("menu.undo"))
        .redo_with_text(words.text("menu.redo"))
        .separator()
        .cut_with_text(words.text("menu.cut"))
        .copy_with_text(words.text("menu.copy"))
        .paste_with_text(words.text("menu.paste"))
        .select_all_with_text(words.text("menu.select_all"))
        .build()
}

/// GTK hands keys of the menu to the menu before the page sees them, so these items have none.
#[cfg(target_os = "linux")]
fn edit(app: &AppHandle, words: &Words) -> tauri::Result<Submenu<Wry>> {
    let item = |id: &str, key: &'static str| -> tauri::Result<MenuItem<Wry>> {
        MenuItemBuilder::with_id(id, words.text(key)).build(app)
    };
    SubmenuBuilder::new(app, words.text("menu.edit"))
        .item(&item("undo", "menu.undo")?)
        .item(&item("redo", "menu.redo")?)
        .separator()
        .item(&item("cut", "menu.cut")?)
        .item(&item("copy", "menu.copy")?)
        .item(&item("paste", "menu.paste")?)
        .item(&item("select_all", "menu.select_all")?)
        .build()
}

/// Does what an item says.
pub(crate) fn choose(app: &AppHandle, id: &str) {
    if let Some((_, _, route)) = SCREENS.iter().find(|(screen, _, _)| *screen == id) {
        return window::show(app, Some(route));
    }
    match id {
        "new_flow" => tell(app, "new_flow"),
        "import" => window::show(app, Some("/gallery")),
        "undo" => tell(app, "undo"),
        "redo" => tell(app, "redo"),
        "cut" => edit_in_page(app, "Cut"),
        "copy" => edit_in_page(app, "Copy"),
        "paste" => edit_in_page(app, "Paste"),
        "select_all" => edit_in_page(app, "SelectAll"),
        "close" => with_window(app, |it| it.close()),
        "quit" => crate::quit(app),
        "zoom_in" => zoom(app, ZOOM_STEP),
        "zoom_out" => zoom(app, 1.0 / ZOOM_STEP),
        "zoom_reset" => zoom(app, 0.0),
        "full_screen" => with_window(app, |it| it.set_fullscreen(!it.is_fullscreen()?)),
        "data_folder" => {
            if let Err(why) = open::that_detached(&app.state::<Arc<Shell>>().data) {
                tracing::warn!(%why, "no program shows the data folder");
            }
        }
        // the tray's own items, and those that the system carries out
        _ => {}
    }
}

fn tell(app: &AppHandle, what: &'static str) {
    window::show(app, None);
    app.state::<Arc<Shell>>().tell(Told::Menu(what));
}

fn with_window(app: &AppHandle, act: impl FnOnce(&tauri::WebviewWindow) -> tauri::Result<()>) {
    if let Some(it) = app.get_webview_window(window::LABEL)
        && let Err(why) = act(&it)
    {
        tracing::warn!(%why, "the window does not obey");
    }
}

/// Zooms the page by a factor; 0 is its actual size.
fn zoom(app: &AppHandle, factor: f64) {
    let shell = app.state::<Arc<Shell>>();
    let scale = shell.zoom(factor);
    with_window(app, |it| it.set_zoom(scale));
}

#[cfg(target_os = "linux")]
fn edit_in_page(app: &AppHandle, command: &'static str) {
    use webkit2gtk::WebViewExt as _;
    with_window(app, |it| it.with_webview(move |page| page.inner().execute_editing_command(command)));
}

#[cfg(not(target_os = "linux"))]
fn edit_in_page(_app: &AppHandle, _command: &'static str) {
    // the predefined items do it
}
