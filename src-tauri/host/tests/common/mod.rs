//! An application in a folder of its own, asked over real HTTP: the same door as the editor's.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arna_host::contract::{Event, Refusal, RefusalCode};
use arna_host::http::{Admin, serve_admin};
use arna_host::{App, Setup};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const TOKEN: &str = "a-token-for-tests";

pub(crate) struct Desk {
    pub(crate) app: Arc<App>,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) async fn open() -> Desk {
        Desk::with(|_| {}).await
    }

    /// Opens with another setup than the usual one.
    pub(crate) async fn with(change: impl FnOnce(&mut Setup)) -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        let mut setup = Setup {
            data: folder.path().join("data"),
            gallery: None,
            passphrase: None,
            keychain: false,
            durable: false,
        };
        change(&mut setup);
        let app = App::open(setup).expect("the application opens");
        app.begin().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let admin = Admin { app: app.clone(), listener, token: TOKEN.into(), editor: None };
        tokio::spawn(serve_admin(admin));
        Desk { app, address, folder }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder beside the data folder.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    pub(crate) async fn post(&self, name: &str, params: &Json) -> Result<Json, Refusal> {
        let body = params.to_string();
        let mut stream = TcpStream::connect(self.address).await.expect("the engine listens");
        let head = format!(
            "POST /api/{name} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("the head is sent");
        stream.write_all(body.as_bytes()).await.expect("the body is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the answer is read");
        let text = String::from_utf8(answer).expect("the answer is text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let body: Json = serde_json::from_str(body).unwrap_or_else(|e| panic!("{name}: {e}: {text}"));
        if head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200") {
            return Ok(body);
        }
        Err(serde_json::from_value(body).expect("a refusal"))
    }

    pub(crate) async fn ask(&self, name: &str, params: Json) -> Json {
        self.post(name, &params).await.unwrap_or_else(|refusal| panic!("{name}: {refusal} {refusal:?}"))
    }

    pub(crate) async fn refused(&self, name: &str, params: Json) -> RefusalCode {
        self.refusal(name, params).await.code
    }

    pub(crate) async fn refusal(&self, name: &str, params: Json) -> Refusal {
        self.post(name, &params).await.expect_err("it is refused")
    }

    /// Saves a new flow and gives its id.
    pub(crate) async fn flow(&self, document: Json) -> String {
        let saved = self.ask("flow.save", json!({"text": document.to_string()})).await;
        saved["flow"].as_str().expect("an id").to_owned()
    }

    /// Allows everything a flow asks for.
    pub(crate) async fn allow(&self, flow: &str) {
        for item in self.ask("grants.list", json!({"flow": flow})).await["authority"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|it| it["granted"] == false)
        {
            let grant =
                json!({"flow": flow, "node": item["node"], "resource": item["resource"], "granted": true});
            self.ask("grants.set", grant).await;
        }
    }

    /// Starts a run and waits for its end.
    pub(crate) async fn run(&self, params: Json) -> Json {
        let mut events = self.app.events();
        let run = self.ask("run.start", params).await["run"].as_str().expect("a run").to_owned();
        let ended = async {
            loop {
                if let Ok(Event::RunEnded { run: ended, .. }) = events.recv().await
                    && ended == run
                {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.expect("the run ends");
        self.ask("run.get", json!({"run": run})).await
    }
}

/// A web service that answers every request with this body, and keeps what it was sent.
pub(crate) struct Service {
    pub(crate) address: String,
    seen: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Service {
    pub(crate) async fn answering(status: u16, body: &'static str) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let kept = seen.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let kept = kept.clone();
                tokio::spawn(async move {
                    let mut text = Vec::new();
                    let mut piece = [0; 4096];
                    while let Ok(count) = stream.read(&mut piece).await
                        && count > 0
                    {
                        text.extend_from_slice(&piece[..count]);
                        if is_whole(&text) {
                            break;
                        }
                    }
                    kept.lock().expect("nobody fails").push(String::from_utf8_lossy(&text).into_owned());
                    let answer = format!(
                        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                         connection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _sent = stream.write_all(answer.as_bytes()).await.is_ok();
                });
            }
        });
        Service { address, seen }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().expect("nobody fails").clone()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
