//! What an action would send, without sending it: it runs in a world that takes down its call and goes no further.
//!
//! For actions that do nothing but one HTTP call. Secrets are not opened: where one would stand, the request shows dots.

use std::any::Any;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use formula::Roots;
use model::{Record, Value};
use sdk::cx::Kept;
use sdk::{Action, Call, Code, Connection, Cx, Folder, HttpAnswer, HttpCall, Level, NodeError};

/// What stands in a rendered request where a secret would.
pub const HIDDEN: &str = "\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}";

/// Whether the actions of a kind can be asked what they would send.
pub fn can_render(kind: &str) -> bool {
    kind.starts_with("http.")
}

/// The call an action would make for a record; none when it would make none.
///
/// # Errors
/// The request cannot be made of this record.
pub async fn rendered(
    action: &dyn Action,
    call: Call<'_>,
    cx: &dyn Cx,
) -> Result<Option<HttpCall>, NodeError> {
    let probe = Probe { cx, taken: Mutex::default() };
    let outcome = action.run(call, &probe).await;
    let taken = probe.taken.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (taken, outcome) {
        (Some(call), _) => Ok(Some(call)),
        (None, Ok(_)) => Ok(None),
        (None, Err(error)) => Err(error),
    }
}

struct Probe<'a> {
    cx: &'a dyn Cx,
    taken: Mutex<Option<HttpCall>>,
}

fn no_further() -> NodeError {
    NodeError::new(Code::Cancelled, "Nothing is sent: it is only asked what would be.")
}

/// A request for a token is no call of the step's own.
fn asks_for_token(call: &HttpCall) -> bool {
    call.body.windows(11).any(|it| it == b"grant_type=")
}

#[async_trait]
impl Cx for Probe<'_> {
    fn now_ms(&self) -> i64 {
        self.cx.now_ms()
    }

    fn roots(&self) -> &Roots {
        self.cx.roots()
    }

    fn connection(&self) -> Result<Arc<dyn Connection>, NodeError> {
        let real = self.cx.connection()?;
        Ok(Arc::new(Sealed { real, kept: NothingKept::default() }))
    }

    fn has_connection(&self) -> bool {
        self.cx.has_connection()
    }

    async fn http(&self, call: HttpCall) -> Result<HttpAnswer, NodeError> {
        if asks_for_token(&call) {
            let body =
                format!("{{\"access_token\":\"{HIDDEN}\",\"token_type\":\"Bearer\",\"expires_in\":600}}");
            let headers = vec![("content-type".into(), "application/json".into())];
            return Ok(HttpAnswer { status: 200, headers, body: body.into(), url: call.url });
        }
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(call);
        Err(no_further())
    }

    async fn resolve(&self, _: &str, _: u16) -> Result<SocketAddr, NodeError> {
        Err(no_further())
    }

    fn folder(&self) -> &dyn Folder {
        self.cx.folder()
    }

    async fn state(&self, key: &str) -> Result<Option<Value>, NodeError> {
        self.cx.state(key).await
    }

    fn keep_state(&self, _: &str, _: Value) {}

    async fn unseen(&self, _: &[String], _: &str) -> Result<Vec<bool>, NodeError> {
        Err(no_further())
    }

    async fn call_flow(&self, _: &str, _: Vec<Record>, _: &str) -> Result<Vec<Record>, NodeError> {
        Err(no_further())
    }

    async fn sleep(&self, _: Duration) -> Result<(), NodeError> {
        Err(no_further())
    }

    fn is_cancelled(&self) -> bool {
        self.cx.is_cancelled()
    }

    fn log(&self, _: Level, _: &str) {}
}

/// A connection whose secrets stay shut.
struct Sealed {
    real: Arc<dyn Connection>,
    kept: NothingKept,
}

impl Connection for Sealed {
    fn name(&self) -> &str {
        self.real.name()
    }

    fn kind(&self) -> &str {
        self.real.kind()
    }

    fn settings(&self) -> &Record {
        self.real.settings()
    }

    fn secret(&self, _: &str) -> Result<String, NodeError> {
        Ok(HIDDEN.into())
    }

    fn kept(&self) -> &dyn Kept {
        &self.kept
    }
}

/// What a driver keeps for the length of one question: never the real pools and tokens.
#[derive(Default)]
struct NothingKept(Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>);

impl Kept for NothingKept {
    fn get(&self, name: &str) -> Option<Arc<dyn Any + Send + Sync>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, name: &str, it: Arc<dyn Any + Send + Sync>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), it);
    }
}
