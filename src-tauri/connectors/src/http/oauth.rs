//! Tokens by OAuth2 client credentials: cached with the connection, fetched by one call at a time, renewed before they expire.

use std::sync::{Arc, PoisonError};

use sdk::{Code, Connection, Cx, HttpCall, NodeError, Record, Value};
use tokio::sync::Mutex;

use super::address::encode;
use super::answer::retry_after_ms;
use super::settings::{HttpSettings, TokenStyle};
use super::sign_in::{basic, needed};

const KEPT_AS: &str = "http.oauth";
/// A token is renewed so long before it expires: clocks differ and calls take time.
const EARLY_MS: i64 = 60_000;
/// Life of a token whose answer does not say.
const UNSAID_LIFE_MS: i64 = 600_000;

struct Token {
    text: String,
    renew_at_ms: i64,
}

/// The place of one connection's token. Its lock is held while a token is fetched, so the others wait for that one.
#[derive(Default)]
struct Cell(Mutex<Option<Arc<Token>>>);

/// A token that a call was signed with.
pub(super) struct Used {
    token: Arc<Token>,
    cell: Arc<Cell>,
}

impl Used {
    pub(super) fn text(&self) -> &str {
        &self.token.text
    }

    /// Drops the token, unless somebody has put another one in its place.
    pub(super) async fn forget(self) {
        let mut held = self.cell.0.lock().await;
        if held.as_ref().is_some_and(|it| Arc::ptr_eq(it, &self.token)) {
            *held = None;
        }
    }
}

/// The connection's token, fetched when there is none or it is about to expire.
pub(super) async fn token(
    settings: &HttpSettings,
    connection: &dyn Connection,
    cx: &dyn Cx,
) -> Result<Used, NodeError> {
    let cell = cell(connection);
    let mut held = cell.0.lock().await;
    let token = match held.as_ref().filter(|it| cx.now_ms() < it.renew_at_ms) {
        Some(token) => token.clone(),
        None => {
            let token = Arc::new(fetch(settings, connection, cx).await?);
            *held = Some(token.clone());
            token
        }
    };
    drop(held);
    Ok(Used { token, cell })
}

fn cell(connection: &dyn Connection) -> Arc<Cell> {
    // Looking and putting must be one step, or two calls at the start would each have a cell of their own.
    static MAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cell) = connection.kept().get(KEPT_AS).and_then(|it| it.downcast::<Cell>().ok()) {
        return cell;
    }
    let cell = Arc::new(Cell::default());
    connection.kept().put(KEPT_AS, cell.clone());
    cell
}

async fn fetch(
    settings: &HttpSettings,
    connection: &dyn Connection,
    cx: &dyn Cx,
) -> Result<Token, NodeError> {
    let id = needed(settings.client_id.as_deref(), "client id", connection)?;
    let url = needed(settings.token_url.as_deref(), "token address", connection)?;
    let secret = connection.secret("client_secret")?;
    let mut fields = vec![("grant_type", "client_credentials")];
    if let Some(scope) = settings.scope.as_deref().filter(|it| !it.is_empty()) {
        fields.push(("scope", scope));
    }
    fields.extend(settings.token_fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
    if settings.token_style == TokenStyle::Basic {
        // The standard encodes both parts before they are joined.
        headers.push(("authorization".into(), basic(Some(&encode(id, b"")), &encode(&secret, b""))));
    } else {
        fields.push(("client_id", id));
        fields.push(("client_secret", &secret));
    }
    let (kind, body) = if settings.token_style == TokenStyle::Json {
        let record = Record::of(fields.iter().map(|(name, value)| (*name, Value::from(*value))));
        ("application/json", Value::Record(record).to_string())
    } else {
        let pairs: Vec<String> =
            fields.iter().map(|(n, v)| format!("{}={}", encode(n, b""), encode(v, b""))).collect();
        ("application/x-www-form-urlencoded", pairs.join("&"))
    };
    headers.push(("content-type".into(), kind.into()));
    let asked_ms = cx.now_ms();
    let call = HttpCall {
        method: "POST".into(),
        url: url.into(),
        headers,
        body: body.into(),
        ..HttpCall::default()
    };
    // Asking for a token twice does no harm.
    let answer = cx.http(call).await.map_err(|mut error| {
        if error.code == Code::Ambiguous {
            error.code = Code::Unavailable;
        }
        error
    })?;
    let name = connection.name();
    let json = model::json::parse(&answer.body).unwrap_or_default();
    let field = |key: &str| json.as_record().and_then(|it| it.get(key));
    if !(200..300).contains(&answer.status) {
        let code = match answer.status {
            429 => Code::Busy,
            408 | 500.. => Code::Unavailable,
            _ => Code::Auth,
        };
        let said = field("error_description").or(field("error")).map(Value::to_plain).unwrap_or_default();
        let said: String = said.chars().take(200).collect();
        let sentence =
            format!("The connection {name} got no token: the service answered {} {said}", answer.status);
        let error = NodeError::new(code, format!("{}.", sentence.trim_end().trim_end_matches('.')));
        let wait_ms = answer.header("retry-after").and_then(|it| retry_after_ms(it, asked_ms));
        return Err(match wait_ms {
            Some(wait_ms) => error.retry_after_ms(wait_ms),
            None => error,
        });
    }
    let text =
        field("access_token").and_then(Value::as_text).filter(|it| !it.is_empty()).ok_or_else(|| {
            NodeError::new(
                Code::Damaged,
                format!("The connection {name} got an answer without access_token."),
            )
        })?;
    // Seconds come as a number, as a text, or not at all.
    let life_s = field("expires_in").and_then(|it| it.to_plain().parse::<f64>().ok()).filter(|it| *it > 0.0);
    let life_ms = life_s.map_or(UNSAID_LIFE_MS, |it| (it.min(31_536_000.0) * 1_000.0) as i64);
    let early_ms = EARLY_MS.min(life_ms / 4);
    Ok(Token { text: text.to_owned(), renew_at_ms: asked_ms + life_ms - early_ms })
}
