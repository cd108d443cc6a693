//! The connection kind `rabbitmq`.

use schemars::JsonSchema;
use sdk::{Code, Connection, NodeError, Value};
use serde::{Deserialize, Serialize};

const PORT: u16 = 5_672;
const ENCRYPTED_PORT: u16 = 5_671;

/// A RabbitMQ server.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RabbitSettings {
    /// All in one, instead of the fields below: `amqp://user@host:5672/vhost`, encrypted with `amqps://`.
    pub address: Option<String>,
    /// The host name or address of the server.
    pub host: Option<String>,
    /// The port of the server; 5672 when empty, 5671 for an encrypted line.
    pub port: Option<u16>,
    /// The virtual host; `/` when empty.
    pub vhost: Option<String>,
    /// The user name; `guest` when empty.
    pub user: Option<String>,
    /// The password.
    #[schemars(extend("x-secret" = true))]
    pub password: Option<String>,
    /// Whether the line is encrypted (amqps); the certificate must come from an authority that is trusted and name the host.
    pub is_encrypted: bool,
    /// The certificate (PEM) of the authority that is trusted for this server; those of the system when empty.
    #[schemars(extend("x-widget" = "text"))]
    pub ca_pem: Option<String>,
}

/// Where a server is and who signs in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) vhost: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) is_encrypted: bool,
    pub(super) ca_pem: Option<String>,
}

impl RabbitSettings {
    /// Reads the settings of a connection.
    ///
    /// # Errors
    /// The connection is of another kind, or a setting is not what it should be.
    pub(super) fn target(connection: &dyn Connection) -> Result<Target, NodeError> {
        let name = connection.name();
        let wrong = |what: String| {
            NodeError::new(Code::Config, format!("The connection {name} has a wrong setting: {what}."))
        };
        if connection.kind() != "rabbitmq" {
            return Err(NodeError::new(
                Code::Config,
                format!(
                    "The connection {name} is of kind {}; a RabbitMQ connection is needed here.",
                    connection.kind()
                ),
            ));
        }
        let json = model::json::to_serde(&Value::Record(connection.settings().clone()));
        let settings: RabbitSettings = serde_json::from_value(json).map_err(|e| wrong(e.to_string()))?;
        let mut target = Target {
            host: String::new(),
            port: if settings.is_encrypted { ENCRYPTED_PORT } else { PORT },
            vhost: "/".into(),
            user: "guest".into(),
            password: "guest".into(),
            is_encrypted: settings.is_encrypted,
            ca_pem: settings.ca_pem,
        };
        let decoded = crate::http::decoded;
        if let Some(address) = settings.address.as_deref().filter(|it| !it.is_empty()) {
            let url = reqwest::Url::parse(address).ok().filter(|it| matches!(it.scheme(), "amqp" | "amqps"));
            let url = url.ok_or_else(|| wrong("address must be amqp://user@host:5672/vhost".into()))?;
            target.host = url.host_str().unwrap_or_default().into();
            target.is_encrypted |= url.scheme() == "amqps";
            target.port = url.port().unwrap_or(if target.is_encrypted { ENCRYPTED_PORT } else { PORT });
            if url.path().len() > 1 {
                target.vhost = decoded(&url.path()[1..]);
            }
            if !url.username().is_empty() {
                target.user = decoded(url.username());
            }
            if let Some(password) = url.password() {
                target.password = decoded(password);
            }
        }
        let given = |it: Option<String>| it.filter(|it| !it.is_empty());
        target.host = given(settings.host).unwrap_or(target.host);
        target.port = settings.port.unwrap_or(target.port);
        target.vhost = given(settings.vhost).unwrap_or(target.vhost);
        target.user = given(settings.user).unwrap_or(target.user);
        if let Ok(password) = connection.secret("password") {
            target.password = password;
        }
        if target.host.is_empty() {
            return Err(wrong("host is missing".into()));
        }
        Ok(target)
    }
}
