//! Adds the sign-in of a connection to a call.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sdk::{Code, Connection, Cx, HttpCall, NodeError};

use super::address::with_query;
use super::oauth::{self, Used};
use super::settings::{HttpSettings, KeyPlace, SignIn};

/// Signs a call. The token used comes back when another one could be fetched in its place.
///
/// # Errors
/// A secret is missing, or no token could be fetched.
pub(super) async fn sign(
    call: &mut HttpCall,
    settings: &HttpSettings,
    connection: &dyn Connection,
    cx: &dyn Cx,
) -> Result<Option<Used>, NodeError> {
    match settings.auth {
        SignIn::None | SignIn::ClientCertificate => {}
        SignIn::ApiKey => {
            let key = connection.secret("key")?;
            let name = settings.key_name.as_deref().filter(|it| !it.is_empty()).unwrap_or("X-Api-Key");
            match settings.key_in {
                KeyPlace::Header => set(call, name, key),
                KeyPlace::Query => {
                    call.url = with_query(std::mem::take(&mut call.url), &[(name.to_owned(), key)]);
                }
            }
        }
        SignIn::Basic => {
            set(call, "authorization", basic(settings.user.as_deref(), &connection.secret("password")?))
        }
        SignIn::Bearer => set(call, "authorization", format!("Bearer {}", connection.secret("token")?)),
        SignIn::Oauth2 => {
            let used = oauth::token(settings, connection, cx).await?;
            set(call, "authorization", format!("Bearer {}", used.text()));
            return Ok(Some(used));
        }
    }
    Ok(None)
}

/// User and password as UTF-8, so that a name in any script signs in.
pub(super) fn basic(user: Option<&str>, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{password}", user.unwrap_or_default())))
}

fn set(call: &mut HttpCall, name: &str, value: String) {
    call.headers.retain(|(it, _)| !it.trim().eq_ignore_ascii_case(name));
    call.headers.push((name.into(), value));
}

/// The setting of a connection, or the sentence that it is missing.
pub(super) fn needed<'s>(
    value: Option<&'s str>,
    name: &str,
    connection: &dyn Connection,
) -> Result<&'s str, NodeError> {
    value.filter(|it| !it.trim().is_empty()).ok_or_else(|| {
        NodeError::new(Code::Config, format!("The connection {} lacks its {name}.", connection.name()))
    })
}
