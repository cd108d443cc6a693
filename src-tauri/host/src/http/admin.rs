//! The admin listener: `POST /api/<command>`, `GET /api/events`, and the editor's files.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::editor;
use super::guard::Guard;
use crate::app::App;
use crate::contract::{Event, Refusal, RefusalCode};
use crate::dispatch;

const MOST_BODY_BYTES: usize = 1 << 20;

/// What the admin listener is made of.
pub struct Admin {
    /// The application.
    pub app: Arc<App>,
    /// Where it listens.
    pub listener: TcpListener,
    /// Who has it may do everything.
    pub token: String,
    /// The folder of the built editor; none serves the commands only.
    pub editor: Option<PathBuf>,
}

struct Shared {
    app: Arc<App>,
    /// None at the local socket, which the system opens to its owner only.
    guard: Option<Guard>,
    editor: Option<PathBuf>,
}

impl Shared {
    fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        self.guard.as_ref().map_or(Ok(()), |guard| guard.check_command(method, headers))
    }
}

/// Serves until the process ends.
///
/// # Errors
/// The listener's address cannot be told, or listening failed.
pub async fn serve_admin(admin: Admin) -> std::io::Result<()> {
    let guard = Guard::new(admin.token, admin.listener.local_addr()?);
    let shared = Shared { app: admin.app, guard: Some(guard), editor: admin.editor };
    axum::serve(admin.listener, router(shared)).await
}

/// Commands and events for whoever can open the local socket.
pub(crate) fn local_router(app: Arc<App>) -> Router {
    router(Shared { app, guard: None, editor: None })
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/api/events", get(events))
        .route("/api/{command}", post(command))
        .fallback(file)
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .with_state(Arc::new(shared))
}

async fn command(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    (method, headers): (Method, HeaderMap),
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    if let Err(refusal) = shared.check(&method, &headers) {
        return refuse(&refusal);
    }
    let body = match body {
        Ok(body) => body,
        Err(why) => {
            let sentence = "The command could not be read; it may have at most 1 MiB.";
            return refuse(&Refusal::new(RefusalCode::BadRequest, sentence).because(why));
        }
    };
    let params = if body.is_empty() { Ok(serde_json::Value::Null) } else { serde_json::from_slice(&body) };
    let params = match params {
        Ok(params) => params,
        Err(why) => {
            return refuse(&Refusal::new(
                RefusalCode::BadRequest,
                format!("The command is not JSON: {why}."),
            ));
        }
    };
    // a use case goes on when the page is closed meanwhile: half of it done is worse than all
    let app = shared.app.clone();
    let done = tokio::spawn(async move { dispatch::call(&app, &name, params).await }).await;
    match done {
        Ok(Ok(answer)) => json(StatusCode::OK, &answer),
        Ok(Err(refusal)) => refuse(&refusal),
        Err(_) => refuse(&Refusal::new(
            RefusalCode::Internal,
            "The command broke off by a mistake of ours. Look in the log.",
        )),
    }
}

async fn events(State(shared): State<Arc<Shared>>, method: Method, headers: HeaderMap) -> Response {
    if let Err(refusal) = shared.check(&method, &headers) {
        return refuse(&refusal);
    }
    let lines = stream::unfold((shared.app.events(), true), next_line);
    let mut response = Response::new(Body::from_stream(lines));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/event-stream"));
    harden(headers);
    response
}

type Line = Result<Bytes, Infallible>;

/// The next event as lines of the stream. It begins with a comment, so that the reader knows at once that it is heard.
async fn next_line(
    (mut events, is_first): (Receiver<Event>, bool),
) -> Option<(Line, (Receiver<Event>, bool))> {
    const QUIET: std::time::Duration = std::time::Duration::from_secs(15);
    if is_first {
        return Some((Ok(Bytes::from_static(b": hello\n\n")), (events, false)));
    }
    let event = match tokio::time::timeout(QUIET, events.recv()).await {
        // a comment keeps the way open through whatever lies between
        Err(_) => return Some((Ok(Bytes::from_static(b": still here\n\n")), (events, false))),
        Ok(Ok(event)) => event,
        Ok(Err(RecvError::Lagged(_))) => Event::Resync {},
        Ok(Err(RecvError::Closed)) => return None,
    };
    let text = serde_json::to_string(&event).unwrap_or_else(|_| r#"{"type":"resync"}"#.into());
    Some((Ok(Bytes::from(format!("data: {text}\n\n"))), (events, false)))
}

async fn file(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Response {
    if let Some(Err(refusal)) = shared.guard.as_ref().map(|it| it.check_place(&headers)) {
        return refuse(&refusal);
    }
    if method != Method::GET || uri.path().starts_with("/api/") {
        return refuse(&Refusal::new(RefusalCode::NotFound, "There is nothing here."));
    }
    match &shared.editor {
        Some(folder) => editor::file(folder, uri.path()).await,
        None => refuse(&Refusal::new(
            RefusalCode::NotFound,
            "The editor is not served here; see arna serve --ui.",
        )),
    }
}

fn status(code: RefusalCode) -> StatusCode {
    match code {
        RefusalCode::BadRequest => StatusCode::BAD_REQUEST,
        RefusalCode::NotSignedIn => StatusCode::UNAUTHORIZED,
        RefusalCode::NotFound => StatusCode::NOT_FOUND,
        RefusalCode::Conflict => StatusCode::CONFLICT,
        RefusalCode::Refused => StatusCode::FORBIDDEN,
        RefusalCode::NeedsYou => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        RefusalCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub(crate) fn refuse(refusal: &Refusal) -> Response {
    let body = serde_json::to_value(refusal).unwrap_or_default();
    json(status(refusal.code), &body)
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    harden(headers);
    response
}

/// What every answer says to a browser.
pub(crate) fn harden(headers: &mut HeaderMap) {
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(header::HeaderValue::from_static(value));
    }
}
