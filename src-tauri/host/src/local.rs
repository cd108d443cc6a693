//! The door for programs of the same person on this computer: commands and events over a socket that only its owner may open.
//!
//! Whoever holds the data folder serves it; the command line, and a window beside a headless engine, ask through it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::contract::{Event, Refusal, RefusalCode};

const MOST_ANSWER_BYTES: u64 = 256 << 20;
const MOST_EVENT_BYTES: u64 = 4 << 20;

/// Where the engine that holds a data folder is asked.
fn place(data: &Path) -> PathBuf {
    let full = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let mark = blake3::hash(full.as_os_str().as_encoded_bytes()).to_hex();
    let name = format!("arna-{}", &mark[..16]);
    if cfg!(windows) {
        return PathBuf::from(format!(r"\\.\pipe\{name}"));
    }
    // the folder of the person's session, which nobody else enters; without one the data folder, which nobody else enters either
    match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|it| it.is_dir()) {
        Some(runtime) => runtime.join(format!("{name}.sock")),
        None => full.join("engine.sock"),
    }
}

/// Serves the commands at the data folder's own socket until the process ends. When it returns the socket is there and written down, so
/// that whoever finds the folder held can ask. Call it within the runtime.
///
/// # Errors
/// The socket cannot be made.
pub fn serve_local(app: &Arc<App>, data: &Path) -> std::io::Result<JoinHandle<std::io::Result<()>>> {
    let place = place(data);
    let listener = listen(&place)?;
    app.announce(&place.to_string_lossy()).map_err(std::io::Error::other)?;
    let router = crate::http::local_router(app.clone());
    Ok(tokio::spawn(async move { axum::serve(listener, router).await }))
}

#[cfg(unix)]
fn listen(place: &Path) -> std::io::Result<tokio::net::UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    // the folder's lock is ours, so what lies there was left by an engine that is gone
    let _gone = std::fs::remove_file(place).is_ok();
    let listener = tokio::net::UnixListener::bind(place)?;
    std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

#[cfg(windows)]
fn listen(place: &Path) -> std::io::Result<Pipe> {
    let next = Pipe::options(true).create(place)?;
    Ok(Pipe { place: place.to_owned(), next })
}

/// A pipe of this person's; the system gives it to nobody of another name, and not over the network.
#[cfg(windows)]
struct Pipe {
    place: PathBuf,
    next: tokio::net::windows::named_pipe::NamedPipeServer,
}

#[cfg(windows)]
impl Pipe {
    fn options(is_first: bool) -> tokio::net::windows::named_pipe::ServerOptions {
        let mut options = tokio::net::windows::named_pipe::ServerOptions::new();
        options.first_pipe_instance(is_first).reject_remote_clients(true);
        options
    }
}

#[cfg(windows)]
impl axum::serve::Listener for Pipe {
    type Io = tokio::net::windows::named_pipe::NamedPipeServer;
    type Addr = PathBuf;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let connected = self.next.connect().await;
            if let (Ok(()), Ok(next)) = (connected, Pipe::options(false).create(&self.place)) {
                return (std::mem::replace(&mut self.next, next), self.place.clone());
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.place.clone())
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

#[cfg(unix)]
async fn connect(place: &str) -> std::io::Result<Box<dyn Stream>> {
    Ok(Box::new(tokio::net::UnixStream::connect(place).await?))
}

#[cfg(windows)]
async fn connect(place: &str) -> std::io::Result<Box<dyn Stream>> {
    Ok(Box::new(tokio::net::windows::named_pipe::ClientOptions::new().open(place)?))
}

/// An engine in another process of the same person.
#[derive(Clone, Debug)]
pub struct Remote {
    place: String,
}

/// Events of another process.
pub struct RemoteEvents(BufReader<Box<dyn Stream>>);

impl Remote {
    /// The engine that holds a data folder; none where nobody holds it, or who does cannot be asked.
    pub fn find(data: &Path) -> Option<Remote> {
        journal::holder(data).map(|place| Remote { place })
    }

    /// Carries out a command there.
    ///
    /// # Errors
    /// What the use case refuses, and an engine that does not answer.
    pub async fn call(&self, name: &str, params: &Json) -> Result<Json, Refusal> {
        let body = params.to_string();
        let head = format!(
            "POST /api/{name} HTTP/1.0\r\nHost: arna\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = self.ask(&(head + &body)).await?;
        let mut answer = Vec::new();
        (&mut stream).take(MOST_ANSWER_BYTES).read_to_end(&mut answer).await.map_err(gone)?;
        let text = String::from_utf8_lossy(&answer);
        let odd = || unavailable("What answers there is no engine of this version.");
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(odd)?;
        let body: Json = serde_json::from_str(body).map_err(|_| odd())?;
        if head.split(' ').nth(1) == Some("200") {
            return Ok(body);
        }
        Err(serde_json::from_value::<Refusal>(body).unwrap_or_else(|_| odd()))
    }

    /// Events from there, from now on.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn events(&self) -> Result<RemoteEvents, Refusal> {
        Ok(RemoteEvents(BufReader::new(self.ask("GET /api/events HTTP/1.0\r\nHost: arna\r\n\r\n").await?)))
    }

    /// A connection of its own for each: HTTP/1.0, so that the answer ends with it.
    async fn ask(&self, request: &str) -> Result<Box<dyn Stream>, Refusal> {
        let mut stream = connect(&self.place).await.map_err(gone)?;
        stream.write_all(request.as_bytes()).await.map_err(gone)?;
        Ok(stream)
    }
}

impl RemoteEvents {
    /// The next event; none when the engine is gone.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let mut line = String::new();
            let read = (&mut self.0).take(MOST_EVENT_BYTES).read_line(&mut line).await.ok()?;
            if read == 0 {
                return None;
            }
            if let Some(text) = line.strip_prefix("data:") {
                // an event of a newer engine: what it is about is read afresh
                return Some(serde_json::from_str(text.trim()).unwrap_or(Event::Resync {}));
            }
        }
    }
}

fn gone(why: std::io::Error) -> Refusal {
    unavailable("The engine that holds the data folder does not answer.").because(why)
}

fn unavailable(sentence: &str) -> Refusal {
    Refusal::new(RefusalCode::Unavailable, sentence)
}
