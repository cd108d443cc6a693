//! Arna's desktop program: a window around the editor, the tray, and the engine in the same process; on Linux the window is a process of its own.
//!
//! The use cases are the host's; this program only carries them to the window and adds what belongs to this computer: windows, menus,
//! notices, files that were opened with it, the start of the session.

#[cfg(target_os = "linux")]
mod apart;
#[cfg(target_os = "linux")]
mod attach;
mod bridge;
mod engine;
mod instance;
mod menu;
mod notice;
#[cfg(target_os = "linux")]
mod notice_bus;
mod shell;
mod tray;
mod watch;
mod window;
mod words;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tauri::{App, AppHandle, Manager as _, RunEvent};

use crate::engine::Engine;
use crate::instance::{Call, Claim};
use crate::shell::Shell;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Arna: draw a flow, and a local engine runs it unattended.
#[derive(Parser)]
#[command(name = "arna-desktop", version, about)]
struct Arguments {
    /// Flow files to look at; nothing of them runs before you allow it.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The data folder; of this user unless said.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder of flows that are offered; the program's own unless said.
    #[arg(long, value_name = "DIR")]
    gallery: Option<PathBuf>,
    /// Where webhooks are taken.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7420")]
    hooks: SocketAddr,
    /// Starts in the tray, without a window.
    #[arg(long)]
    hidden: bool,
    /// This process is the window of one that runs already; how the program starts its window, and for nobody else.
    #[cfg(target_os = "linux")]
    #[arg(long, hide = true)]
    window: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    begin_log();
    // every TLS client and listener takes its cryptography from here; a second installation is no harm
    let _first = rustls::crypto::ring::default_provider().install_default().is_ok();
    match start(arguments) {
        Ok(code) => code,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> Result<ExitCode, String> {
    let data = host::data_folder(arguments.data.as_deref()).map_err(|refusal| refusal.sentence)?;
    #[cfg(target_os = "linux")]
    if arguments.window {
        return attach::run(&data);
    }
    make_folder(&data);
    let files = arguments.files.iter().filter_map(|it| std::path::absolute(it).ok()).collect();
    let call = Call { open: files, hidden: arguments.hidden };
    // kept until the end: whoever holds it is the first
    let _lock = match instance::claim(&data, &call)? {
        Claim::Second => return Ok(ExitCode::SUCCESS),
        Claim::First(lock) => Some(lock),
        Claim::Unknown => None,
    };
    let runtime = threads()?;
    let code = show(&Start { data, call, arguments })?;
    // runs at work are recorded; a blocked one must not hold the end
    runtime.shutdown_background();
    Ok(code)
}

/// The threads of engine, window and tray.
fn threads() -> Result<tokio::runtime::Runtime, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|why| format!("The program cannot start its threads: {why}."))?;
    tauri::async_runtime::set(runtime.handle().clone());
    Ok(runtime)
}

/// How the program was started.
struct Start {
    data: PathBuf,
    call: Call,
    arguments: Arguments,
}

fn show(start: &Start) -> Result<ExitCode, String> {
    let gallery_of = |app: &App| {
        let own = app.path().resource_dir().ok()?.join("flows");
        own.is_dir().then_some(own)
    };
    let app = toolkit()?;
    let passphrase = std::env::var("ARNA_PASSPHRASE").ok().filter(|it| !it.is_empty());
    let gallery = start.arguments.gallery.clone().or_else(|| gallery_of(&app));
    let setup = host::Setup { data: start.data.clone(), gallery, passphrase, keychain: true, durable: true };
    // the engine's own tasks are begun where there is a runtime
    let (engine, is_reachable) = tauri::async_runtime::block_on(async {
        let engine = Engine::open(setup);
        let is_reachable = engine.serve(&start.data);
        (engine, is_reachable)
    });
    set_up(&app, start, (engine, is_reachable))?;
    let code = app.run_return(|app, event| match event {
        // the window is closed, the engine goes on in the tray
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::Exit => app.state::<Arc<Shell>>().engine.close(),
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::show(app, None),
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            let open = urls.iter().filter_map(|it| it.to_file_path().ok()).collect();
            take(app, &Call { open, hidden: false });
        }
        _ => {}
    });
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The window toolkit with what a page may ask; nothing is shown yet.
fn toolkit() -> Result<App, String> {
    let autostart = tauri_plugin_autostart::Builder::new().arg("--hidden").app_name("Arna").build();
    let builder = tauri::Builder::default()
        .plugin(autostart)
        .invoke_handler(tauri::generate_handler![
            bridge::call,
            bridge::listen,
            bridge::opened,
            bridge::autostart,
            bridge::set_autostart,
        ])
        .on_menu_event(|app, event| {
            menu::choose(app, event.id().as_ref());
            tray::choose(app, event.id().as_ref());
        });
    #[cfg(not(target_os = "linux"))]
    let builder = builder.plugin(tauri_plugin_notification::init());
    builder.build(tauri::generate_context!()).map_err(|why| format!("The window cannot be made: {why}."))
}

/// What a process with a window in it has besides: the window's size is kept, and there are menus.
fn set_up_window(app: &AppHandle, shell: &Shell) -> Result<(), String> {
    let place = tauri_plugin_window_state::Builder::new()
        .with_state_flags(window::KEPT)
        // beside the journal, so that a second data folder has a window of its own
        .with_filename(shell.data.join("window.json").to_string_lossy())
        .build();
    app.plugin(place).map_err(|why| format!("The window cannot be made: {why}."))?;
    if let Err(why) = menu::build(app, &shell.words()).and_then(|menu| app.set_menu(menu)) {
        tracing::warn!(%why, "there are no menus");
    }
    Ok(())
}

/// Everything that needs the toolkit to be there.
fn set_up(app: &App, start: &Start, (engine, is_reachable): (Engine, bool)) -> Result<(), String> {
    let app = app.handle();
    let shell = Arc::new(Shell::new(engine, &start.data));
    app.manage(shell.clone());
    #[cfg(target_os = "linux")]
    if is_reachable {
        let shut = if let Engine::Shut(refusal) = &shell.engine { Some(refusal.clone()) } else { None };
        app.manage(apart::Apart::new(&start.data, shut));
    } else {
        // a window that could not ask the engine would be of no use
        set_up_window(app, &shell)?;
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _only_for_others = is_reachable;
        set_up_window(app, &shell)?;
    }
    set_up_tray(app, &shell.words());
    tauri::async_runtime::spawn(shell.engine.clone().begin(start.arguments.hooks));
    tauri::async_runtime::spawn(watch::follow(app.clone(), shell));
    tauri::async_runtime::spawn(until_signal(app.clone(), quit));
    let (handle, data) = (app.clone(), start.data.clone());
    tauri::async_runtime::spawn(async move {
        let heard = instance::hear(data, move |call| {
            let app = handle.clone();
            if let Err(why) = handle.run_on_main_thread(move || take(&app, &call)) {
                tracing::warn!(%why, "a second start was not heard");
            }
        });
        if let Err(why) = heard.await {
            tracing::warn!(%why, "second starts are not heard");
        }
    });
    take(app, &start.call);
    Ok(())
}

fn set_up_tray(app: &AppHandle, words: &words::Words) {
    // the library of the tray is looked for when it is used first, and panics where the system has none
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tray::build(app, words)));
    match built {
        Ok(Ok(tray)) => {
            app.manage(tray);
        }
        Ok(Err(why)) => tracing::warn!(%why, "there is no tray; start the program again to see its window"),
        Err(_) => tracing::warn!("there is no tray; start the program again to see its window"),
    }
}

/// Does what a start asks for.
fn take(app: &AppHandle, call: &Call) {
    #[cfg(target_os = "linux")]
    if let Some(apart) = app.try_state::<Arc<apart::Apart>>() {
        if !call.hidden || !call.open.is_empty() {
            apart.show(app, apart::Show { route: None, open: call.open.clone() });
        }
        return;
    }
    let shell = app.state::<Arc<Shell>>();
    for file in &call.open {
        shell.take_in(file);
    }
    if !call.hidden || !call.open.is_empty() {
        window::show(app, None);
    }
}

/// Ends the program in order; runs at work go on at the next start.
pub(crate) fn quit(app: &AppHandle) {
    #[cfg(target_os = "linux")]
    if let Some(home) = app.try_state::<Arc<apart::Home>>() {
        return home.tell(apart::Word::Quit);
    }
    #[cfg(target_os = "linux")]
    if let Some(apart) = app.try_state::<Arc<apart::Apart>>() {
        let (apart, app) = (apart.inner().clone(), app.clone());
        // the window may take a moment to keep where the person is
        std::thread::spawn(move || {
            apart.close();
            app.exit(0);
        });
        return;
    }
    window::remember(app);
    app.exit(0);
}

/// Ends the process in order when the session ends.
async fn until_signal(app: AppHandle, end: fn(&AppHandle)) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let handle = app.clone();
        if app.run_on_main_thread(move || end(&handle)).is_err() {
            app.exit(0);
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        let handle = app.clone();
        if app.run_on_main_thread(move || end(&handle)).is_err() {
            app.exit(0);
        }
    }
}

/// Makes the data folder, for its owner only. What is wrong with it the engine says in words.
fn make_folder(data: &Path) {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    let _made = builder.create(data).is_ok();
}

/// The log goes to the error stream. `ARNA_LOG` chooses what is told.
fn begin_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ARNA_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
