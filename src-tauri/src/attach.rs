//! The window's own process: it asks the engine that holds the data folder, and ends with the window.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use host::contract::{Refusal, RefusalCode};
use tauri::{AppHandle, Manager as _};

use crate::apart::{Home, Order, Word};
use crate::engine::Engine;
use crate::shell::Shell;
use crate::window;

/// The menus wait this long for the language of the settings.
const LANGUAGE_WITHIN: Duration = Duration::from_secs(2);

/// Shows the window that the program at the other end of the standard input asks for.
///
/// # Errors
/// There is no such program, or no toolkit.
pub(crate) fn run(data: &Path) -> Result<ExitCode, String> {
    let alone = || "--window is how the program starts its own window; leave it out.".to_owned();
    let home = Arc::new(Home::of_input().ok_or_else(alone)?);
    let mut orders = home.orders().ok_or_else(alone)?;
    let engine = match orders.next() {
        Some(Order::Attach) => Engine::attach(data),
        Some(Order::Shut(reason)) => Engine::Shut(reason_of(&reason)),
        Some(Order::Show(_) | Order::Close) | None => return Err(alone()),
    };
    let runtime = crate::threads()?;
    let app = crate::toolkit()?;
    let shell = Arc::new(Shell::new(engine, data));
    app.manage(shell.clone());
    app.manage(home);
    let language = async { tokio::time::timeout(LANGUAGE_WITHIN, shell.read_language()).await.is_ok() };
    let _known = tauri::async_runtime::block_on(language);
    crate::set_up_window(app.handle(), &shell)?;
    tauri::async_runtime::spawn(shell.engine.clone().follow());
    tauri::async_runtime::spawn(crate::until_signal(app.handle().clone(), end));
    let handle = app.handle().clone();
    // a thread that waits for orders ends with the process
    std::thread::spawn(move || {
        for order in orders {
            obey(&handle, order);
        }
        obey(&handle, Order::Close);
    });
    let code = app.run_return(|_, _| {});
    runtime.shutdown_background();
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn reason_of(text: &str) -> Refusal {
    let odd = |_| Refusal::new(RefusalCode::Unavailable, "The data folder cannot be opened.");
    serde_json::from_str(text).unwrap_or_else(odd)
}

fn obey(app: &AppHandle, order: Order) {
    let handle = app.clone();
    let asked = app.run_on_main_thread(move || match order {
        Order::Show(show) => {
            let shell = handle.state::<Arc<Shell>>();
            for file in &show.open {
                shell.take_in(file);
            }
            window::show(&handle, show.route.as_deref());
            handle.state::<Arc<Home>>().tell(Word::Shown);
        }
        Order::Close => end(&handle),
        Order::Attach | Order::Shut(_) => {}
    });
    if let Err(why) = asked {
        tracing::warn!(%why, "the window does not obey");
    }
}

/// Ends this process; the engine and the tray go on.
fn end(app: &AppHandle) {
    window::remember(app);
    app.exit(0);
}
