//! Certificates of a connection: further authorities to trust, and who we are.

use reqwest::{Certificate, Identity};
use sdk::{Code, Connection, NodeError};

/// What a connection says about TLS.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Tls {
    /// Certificates (PEM) of authorities to trust beside those of the system.
    pub ca_pem: Option<String>,
    /// Our certificate chain and private key (PEM), for servers that ask who calls.
    pub identity_pem: Option<String>,
}

impl Tls {
    /// Reads `ca_pem` from the settings of a connection, and its secret `client_identity` when it signs in by certificate.
    ///
    /// # Errors
    /// The vault is locked, or the secret is absent.
    pub fn of(connection: &dyn Connection) -> Result<Tls, NodeError> {
        let setting = |name: &str| {
            connection.settings().get(name).and_then(|it| it.as_text()).filter(|it| !it.trim().is_empty())
        };
        let has_identity = setting("auth") == Some("client_certificate")
            || connection.settings().get("has_client_certificate").and_then(|it| it.as_bool()) == Some(true);
        Ok(Tls {
            ca_pem: setting("ca_pem").map(str::to_owned),
            identity_pem: if has_identity { Some(connection.secret("client_identity")?) } else { None },
        })
    }

    pub(super) fn authorities(&self) -> Result<Vec<Certificate>, NodeError> {
        let Some(pem) = &self.ca_pem else { return Ok(Vec::new()) };
        let found = Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
        if found.is_empty() {
            return Err(NodeError::new(
                Code::Config,
                "The connection's extra authority is not a certificate in PEM form.",
            ));
        }
        Ok(found)
    }

    pub(super) fn identity(&self) -> Result<Option<Identity>, NodeError> {
        let Some(pem) = &self.identity_pem else { return Ok(None) };
        // What the reader says about the key may hold parts of it: it is not passed on.
        Identity::from_pem(pem.as_bytes()).map(Some).map_err(|_| {
            NodeError::new(
                Code::Config,
                "The connection's client certificate must be PEM and hold the certificate and its private key.",
            )
        })
    }
}
