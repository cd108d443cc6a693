//! The hook listener: limits before anything is read, then the engine says what a hook means.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use engine::hook::{HookAnswer, HookRequest};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::app::App;

const MOST_HEADERS: usize = 100;
const MOST_HEADER_BYTES: usize = 32 << 10;
/// Requests at work at once; more are told to come back.
const MOST_AT_ONCE: usize = 1_024;
/// A body arrives within this time.
const READ_WITHIN: Duration = Duration::from_secs(30);

struct Shared {
    app: Arc<App>,
    places: Semaphore,
}

/// Serves hooks until the process ends.
///
/// # Errors
/// Listening failed.
pub async fn serve_hooks(app: Arc<App>, listener: TcpListener) -> std::io::Result<()> {
    let shared = Arc::new(Shared { app, places: Semaphore::new(MOST_AT_ONCE) });
    let router = Router::new().fallback(hook).with_state(shared);
    axum::serve(listener, router).await
}

async fn hook(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let Ok(_place) = shared.places.try_acquire() else {
        let mut busy =
            HookAnswer::refusal(503, "busy", "Too many requests are at work. Send it again in a moment.");
        busy.headers.push(("retry-after".into(), "1".into()));
        return response(busy);
    };
    if shared.app.is_paused() {
        // not 404: a sender that is told the address is gone would stop for good
        let mut paused = HookAnswer::refusal(503, "paused", "The engine is paused. Send it again later.");
        paused.headers.push(("retry-after".into(), "60".into()));
        return response(paused);
    }
    match read(&shared.app, request).await {
        Ok(request) => response(shared.app.engine().hook(request).await),
        Err(answer) => response(answer),
    }
}

async fn read(app: &App, request: Request) -> Result<HookRequest, HookAnswer> {
    let (head, body) = request.into_parts();
    let nothing = || HookAnswer::refusal(404, "not_found", "There is nothing here.");
    let path = head.uri.path().strip_prefix("/hooks/").ok_or_else(nothing)?.to_owned();
    let most_bytes = app.engine().hook_limit(&path).ok_or_else(nothing)?;
    let header_bytes: usize =
        head.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if head.headers.len() > MOST_HEADERS || header_bytes > MOST_HEADER_BYTES {
        return Err(HookAnswer::refusal(431, "limit", "The request has too many or too long headers."));
    }
    let mut headers = Vec::with_capacity(head.headers.len());
    for (name, value) in &head.headers {
        let value =
            value.to_str().map_err(|_| HookAnswer::refusal(400, "input", "A header is not plain text."))?;
        headers.push((name.as_str().to_owned(), value.to_owned()));
    }
    let body = match tokio::time::timeout(READ_WITHIN, to_bytes(body, most_bytes)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let sentence = format!("The body is longer than {most_bytes} bytes, or broke off.");
            return Err(HookAnswer::refusal(413, "limit", &sentence));
        }
        Err(_) => return Err(HookAnswer::refusal(408, "timeout", "The body did not arrive in time.")),
    };
    let query = head.uri.query().map(pairs).unwrap_or_default();
    Ok(HookRequest { method: head.method.as_str().to_owned(), path, query, headers, body })
}

/// Names and values of a query, by the rules of forms.
fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|it| !it.is_empty()).map(|it| it.split_once('=').unwrap_or((it, "")));
    let decoded = parts.map(|(name, value)| (unescape(name), unescape(value)));
    decoded.take(MOST_HEADERS).collect()
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|it| std::str::from_utf8(it).ok());
        match (bytes[at], pair.and_then(|it| u8::from_str_radix(it, 16).ok())) {
            (b'%', Some(byte)) => {
                plain.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => plain.push(b' '),
            (byte, _) => plain.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn response(answer: HookAnswer) -> Response {
    let mut response = Response::new(Body::from(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        // a flow may answer with headers of its own; what is no header is left out
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_by_the_rules_of_forms() {
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            pairs("a=1&b=x+y&c=%D0%96&flag&%=5%"),
            [text("a", "1"), text("b", "x y"), text("c", "Ж"), text("flag", ""), text("%", "5%"),]
        );
    }
}
