//! Sends a call through the connection of a node: base address, sign-in, one renewal of a token.

use std::time::Duration;

use sdk::{Code, Cx, Effect, HttpAnswer, HttpCall, NodeError};

use super::address::{join, with_query};
use super::settings::HttpSettings;
use super::sign_in;

/// A call before it is signed.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: bytes::Bytes,
    pub(super) timeout_s: Option<u32>,
    pub(super) most_mib: Option<u32>,
}

impl Draft {
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(it, _)| it.trim().eq_ignore_ascii_case(name))
    }
}

/// Sends a draft. Returns the full address with the answer.
///
/// # Errors
/// As [`Cx::http`]; what is unclear for a call that may be repeated is unavailable instead.
pub(super) async fn send(draft: Draft, effect: Effect, cx: &dyn Cx) -> Result<HttpAnswer, NodeError> {
    let connection = if cx.has_connection() { Some(cx.connection()?) } else { None };
    let settings = connection.as_deref().map(HttpSettings::of).transpose()?;
    let base = settings.as_ref().map(|it| it.address.as_str()).filter(|it| !it.is_empty());
    let url = with_query(join(base, &draft.url)?, &draft.query);
    let mut call = HttpCall {
        method: draft.method.into(),
        url,
        headers: draft.headers,
        body: draft.body,
        timeout: draft.timeout_s.map(|it| Duration::from_secs(it.into())),
        most_bytes: draft.most_mib.map(|it| (it as usize) << 20),
    };
    let (Some(connection), Some(settings)) = (connection, settings) else {
        return repeatable(cx.http(call).await, effect);
    };
    for (name, value) in &settings.headers {
        if !call.headers.iter().any(|(it, _)| it.eq_ignore_ascii_case(name)) {
            call.headers.push((name.clone(), value.clone()));
        }
    }
    let plain = call.clone();
    let used = sign_in::sign(&mut call, &settings, connection.as_ref(), cx).await?;
    let answer = repeatable(cx.http(call).await, effect)?;
    let Some(used) = used.filter(|_| answer.status == 401) else { return Ok(answer) };
    // The token was refused, so nothing was done with it: fetch another one, once.
    used.forget().await;
    let mut again = plain;
    sign_in::sign(&mut again, &settings, connection.as_ref(), cx).await?;
    repeatable(cx.http(again).await, effect)
}

/// What may be repeated is never unclear.
fn repeatable(answer: Result<HttpAnswer, NodeError>, effect: Effect) -> Result<HttpAnswer, NodeError> {
    answer.map_err(|mut error| {
        if error.code == Code::Ambiguous && effect != Effect::Ambiguous {
            error.code = Code::Unavailable;
        }
        error
    })
}
