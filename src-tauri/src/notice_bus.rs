//! Notices on Linux, through the session's bus (Desktop Notifications Specification 1.2: `Notify`, `ActionInvoked`).

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use gio::{BusType, Cancellable, DBusCallFlags, DBusConnection, DBusSignalFlags};
use glib::variant::{ToVariant as _, Variant};
use tauri::AppHandle;

use crate::window;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const ANSWER_WITHIN_MS: i32 = 5_000;
/// Notices whose click is still understood.
const MOST_OPEN: usize = 32;

thread_local! {
    /// Lives on the main thread, as GTK does.
    static BUS: RefCell<Option<DBusConnection>> = const { RefCell::new(None) };
    static OPEN: RefCell<VecDeque<(u32, String)>> = const { RefCell::new(VecDeque::new()) };
}

/// Shows a notice. Call it on the main thread. Without a session bus, or with nobody on it who shows notices, nothing is shown.
pub(crate) fn show(app: &AppHandle, (title, sentence): (&str, &str), (open, route): (String, String)) {
    let Some(bus) = bus(app) else { return };
    let hints = HashMap::from([("desktop-entry", "Arna".to_variant())]);
    let actions = vec!["default".to_owned(), open];
    let fields: [Variant; 8] = [
        "Arna".to_variant(),
        0u32.to_variant(),
        "arna-desktop".to_variant(),
        title.to_variant(),
        plain(sentence).to_variant(),
        actions.to_variant(),
        hints.to_variant(),
        (-1i32).to_variant(),
    ];
    let notify = Variant::tuple_from_iter(fields);
    let call = (Some(NAME), PATH, NAME, "Notify");
    bus.call(
        call.0,
        call.1,
        call.2,
        call.3,
        Some(&notify),
        None,
        DBusCallFlags::NONE,
        ANSWER_WITHIN_MS,
        Cancellable::NONE,
        move |answer| match answer {
            Ok(answer) => {
                let Some((id,)) = answer.get::<(u32,)>() else { return };
                OPEN.with_borrow_mut(|open| {
                    if open.len() == MOST_OPEN {
                        open.pop_front();
                    }
                    open.push_back((id, route));
                });
            }
            Err(why) => tracing::info!(%why, "nobody shows notices in this session"),
        },
    );
}

/// The session's bus, with an ear for clicks.
fn bus(app: &AppHandle) -> Option<DBusConnection> {
    let there = BUS.with_borrow(Clone::clone).filter(|it| !it.is_closed());
    if there.is_some() {
        return there;
    }
    let bus = match gio::bus_get_sync(BusType::Session, Cancellable::NONE) {
        Ok(bus) => bus,
        Err(why) => {
            tracing::info!(%why, "there is no session bus to show notices");
            return None;
        }
    };
    bus.set_exit_on_close(false);
    let app = app.clone();
    bus.signal_subscribe(
        Some(NAME),
        Some(NAME),
        Some("ActionInvoked"),
        Some(PATH),
        None,
        DBusSignalFlags::NONE,
        move |_, _, _, _, _, said| {
            let Some((id, _action)) = said.get::<(u32, String)>() else { return };
            let route = OPEN
                .with_borrow(|open| open.iter().find(|(it, _)| *it == id).map(|(_, route)| route.clone()));
            if let Some(route) = route {
                window::show(&app, Some(&route));
            }
        },
    );
    BUS.with_borrow_mut(|it| *it = Some(bus.clone()));
    Some(bus)
}

/// Servers may read the body as markup; a sentence is none.
fn plain(sentence: &str) -> String {
    sentence.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
