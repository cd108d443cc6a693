//! The connection kind `http`: an address and how to sign in there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sdk::{Code, Connection, NodeError, Value};
use serde::{Deserialize, Serialize};

/// How to sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// No sign-in.
    #[default]
    None,
    /// A key in a header or in the address.
    ApiKey,
    /// User name and password.
    Basic,
    /// A token that does not change.
    Bearer,
    /// A token that is fetched with client id and client secret (OAuth2 client credentials).
    Oauth2,
    /// A client certificate (mTLS).
    ClientCertificate,
}

/// Where a key goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyPlace {
    /// A header.
    #[default]
    Header,
    /// A parameter of the address.
    Query,
}

/// How the token request carries the client's id and secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenStyle {
    /// As fields of a form.
    #[default]
    Form,
    /// As user and password of the request, the rest as a form.
    Basic,
    /// As fields of a JSON object.
    Json,
}

/// A web service: its address and the account there.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// The address that every call begins with, such as `https://api.example.com/v1`.
    pub address: String,
    /// How to sign in.
    pub auth: SignIn,
    /// The user name, for `basic`.
    pub user: Option<String>,
    /// The password, for `basic`.
    #[schemars(extend("x-secret" = true))]
    pub password: Option<String>,
    /// The name of the header or parameter that carries the key; `X-Api-Key` when empty.
    pub key_name: Option<String>,
    /// Where the key goes.
    pub key_in: KeyPlace,
    /// The key, for `api_key`.
    #[schemars(extend("x-secret" = true))]
    pub key: Option<String>,
    /// The token, for `bearer`.
    #[schemars(extend("x-secret" = true))]
    pub token: Option<String>,
    /// Where tokens are fetched, for `oauth2`: a full address.
    pub token_url: Option<String>,
    /// The client id, for `oauth2`.
    pub client_id: Option<String>,
    /// The client secret, for `oauth2`.
    #[schemars(extend("x-secret" = true))]
    pub client_secret: Option<String>,
    /// The scopes asked for, separated by spaces.
    pub scope: Option<String>,
    /// How the token request carries id and secret.
    pub token_style: TokenStyle,
    /// Further fields of the token request, such as `audience`.
    pub token_fields: BTreeMap<String, String>,
    /// Headers sent with every call.
    pub headers: BTreeMap<String, String>,
    /// A certificate (PEM) of an authority to trust beside those of the system.
    pub ca_pem: Option<String>,
    /// Whether a client certificate is shown beside another sign-in.
    pub has_client_certificate: bool,
    /// Our certificate and private key (PEM, one after the other), for `client_certificate`.
    #[schemars(extend("x-secret" = true))]
    pub client_identity: Option<String>,
}

impl HttpSettings {
    /// Reads the settings of a connection.
    ///
    /// # Errors
    /// The connection is of another kind, or a setting is not what it should be.
    pub fn of(connection: &dyn Connection) -> Result<HttpSettings, NodeError> {
        let name = connection.name();
        if connection.kind() != "http" {
            return Err(NodeError::new(
                Code::Config,
                format!(
                    "The connection {name} is of kind {}; a web service is needed here.",
                    connection.kind()
                ),
            ));
        }
        let json = model::json::to_serde(&Value::Record(connection.settings().clone()));
        serde_json::from_value(json).map_err(|e| {
            NodeError::new(Code::Config, format!("The connection {name} has a wrong setting: {e}."))
        })
    }

    /// The addresses that this connection calls by itself; filling a slot with it grants their hosts.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let token = if self.auth == SignIn::Oauth2 { self.token_url.as_deref() } else { None };
        [Some(self.address.as_str()), token].into_iter().flatten().filter(|it| !it.is_empty())
    }
}
