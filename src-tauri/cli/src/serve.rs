//! `serve`: the engine without a window.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::http::{Admin, fresh_token, serve_admin, serve_hooks};
use host::{Adopted, App, Setup};
use model::document::Flow as Document;
use serde_json::json;
use tokio::net::TcpListener;

use crate::arguments::Serve;
use crate::ask::{TOKEN_FILE, data_folder};
use crate::exit::{Code, Exit};
use crate::once::{passphrase, sound};

pub(crate) async fn serve(arguments: &Serve) -> Result<Code, Exit> {
    begin(arguments).await.map_err(|exit| exit.in_json(arguments.json))
}

async fn begin(arguments: &Serve) -> Result<Code, Exit> {
    let say = |kind: &str, text: &str| say(arguments.json, kind, text);
    let data = data_folder(arguments.data.as_deref())?;
    let documents: Vec<(String, Document)> = arguments
        .flows
        .iter()
        .map(|file| Ok((host::file_id(file), sound(file)?)))
        .collect::<Result<_, Exit>>()?;
    check_sets(&documents, &arguments.sets)?;
    // addresses are taken first: an engine that cannot listen must not have started anything
    let hooks = listen(arguments.hooks).await?;
    let admin = match arguments.admin {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let setup = Setup {
        data: data.clone(),
        gallery: arguments.gallery.clone(),
        passphrase: passphrase(),
        keychain: true,
        durable: true,
    };
    let app = App::open(setup)?;
    let local = host::serve_local(&app, &data)
        .map_err(|why| Exit::unusable(format!("The engine cannot be asked by other programs: {why}.")))?;
    for (id, document) in &documents {
        let adopted = Adopted { id, document, sets: &arguments.sets, allow: &arguments.allow };
        app.adopt(&adopted).await?;
    }
    for sentence in app.begin().await {
        say("warning", &sentence);
    }
    for (id, document) in &documents {
        app.arm_adopted(id).await?;
        say("armed", &document.name);
    }
    let address = address_of(&hooks)?;
    app.listens_at(format!("http://{address}"));
    if !address.ip().is_loopback() {
        say("warning", &format!("Webhooks are taken from other machines, at {address}."));
    }
    say("hooks", &format!("http://{address}/hooks/"));
    let hooks = tokio::spawn(serve_hooks(app.clone(), hooks));
    let admin = match admin {
        Some(listener) => Some(serve_editor(arguments, &app, (listener, &data))?),
        None => None,
    };
    let ended = tokio::select! {
        () = stop_signal() => Ok(()),
        ended = local => Err(listening_ended(ended)),
        ended = hooks => Err(listening_ended(ended)),
        ended = forever(admin) => Err(listening_ended(ended)),
    };
    say("stopping", "The engine stops; runs at work go on at the next start.");
    app.close()?;
    ended.map(|()| Code::Done)
}

type Listening = tokio::task::JoinHandle<std::io::Result<()>>;

fn serve_editor(
    arguments: &Serve,
    app: &Arc<App>,
    (listener, data): (TcpListener, &Path),
) -> Result<Listening, Exit> {
    let address = address_of(&listener)?;
    let token = match std::env::var("ARNA_TOKEN") {
        Ok(token) if token.len() >= 16 => token,
        Ok(token) if !token.is_empty() => {
            return Err(Exit::usage("ARNA_TOKEN is too short: it needs at least 16 characters."));
        }
        Ok(_) | Err(_) => fresh_token()?,
    };
    write_token(&data.join(TOKEN_FILE), &token)?;
    if !address.ip().is_loopback() {
        say(
            arguments.json,
            "warning",
            &format!("The commands are served to other machines, unencrypted, at {address}."),
        );
    }
    say(arguments.json, "editor", &format!("http://{address}/#token={token}"));
    let editor = arguments.ui.clone().or_else(beside_program);
    Ok(tokio::spawn(serve_admin(Admin { app: app.clone(), listener, token, editor })))
}

/// The editor in the folder `ui` beside the program.
fn beside_program() -> Option<PathBuf> {
    let folder = std::env::current_exe().ok()?.parent()?.join("ui");
    folder.join("index.html").is_file().then_some(folder)
}

/// The token for commands of the same user: in the data folder, readable by its owner only.
fn write_token(file: &Path, token: &str) -> Result<(), Exit> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(file).and_then(|mut out| out.write_all(token.as_bytes()));
    written.map_err(|why| Exit::unusable(format!("{} cannot be written: {why}.", file.display())))
}

fn check_sets(documents: &[(String, Document)], sets: &[(String, String)]) -> Result<(), Exit> {
    let is_known = |name: &str| documents.iter().any(|(_, it)| it.slots.contains_key(name));
    match sets.iter().find(|(name, _)| !is_known(name)) {
        Some((name, _)) => {
            Err(Exit::usage(format!("--set {name}: no flow given with --flow has such a slot.")))
        }
        None => Ok(()),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Exit> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|why| Exit::unusable(format!("Nothing can listen at {address}: {why}.")))
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, Exit> {
    listener.local_addr().map_err(|why| Exit::unusable(format!("The listener has no address: {why}.")))
}

fn listening_ended(ended: Result<std::io::Result<()>, tokio::task::JoinError>) -> Exit {
    let why = match ended {
        Ok(Ok(())) => "it was closed".to_owned(),
        Ok(Err(why)) => why.to_string(),
        Err(why) => why.to_string(),
    };
    Exit::unusable(format!("A listener ended: {why}."))
}

async fn forever(listening: Option<Listening>) -> Result<std::io::Result<()>, tokio::task::JoinError> {
    match listening {
        Some(listening) => listening.await,
        None => std::future::pending().await,
    }
}

async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // without signals the process is ended from outside; the journal survives that
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Says what happens. Nobody listening is no reason for an engine to end.
fn say(is_json: bool, kind: &str, text: &str) {
    let line =
        if is_json { json!({"type": kind, "text": text}).to_string() } else { format!("{kind:9} {text}") };
    let mut out = std::io::stdout().lock();
    // who waits for the address reads through a pipe
    let _said = writeln!(out, "{line}").and_then(|()| out.flush()).is_ok();
}
