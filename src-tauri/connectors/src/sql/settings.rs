//! The connection kinds `postgres` and `sqlite`.

use schemars::JsonSchema;
use sdk::{Code, Connection, NodeError, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::tls::SslMode;

/// A PostgreSQL database.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresSettings {
    /// All in one, instead of the fields below: `postgres://user@host:5432/database`.
    pub address: Option<String>,
    /// The host name or address of the server.
    pub host: Option<String>,
    /// The port of the server; 5432 when empty.
    pub port: Option<u16>,
    /// The database.
    pub database: Option<String>,
    /// The user name.
    pub user: Option<String>,
    /// The password.
    #[schemars(extend("x-secret" = true))]
    pub password: Option<String>,
    /// Whether the line is encrypted and how far the server's certificate is checked; when empty, in full for a server outside, and
    /// without a check for one on this machine or in its own network.
    pub sslmode: Option<SslMode>,
    /// The certificate (PEM) of the authority that is trusted for this server; those of the system when empty.
    #[schemars(extend("x-widget" = "text"))]
    pub ca_pem: Option<String>,
}

/// Where a PostgreSQL database is and who signs in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) sslmode: Option<SslMode>,
    pub(super) ca_pem: Option<String>,
}

impl PostgresSettings {
    /// The target that the settings name.
    ///
    /// # Errors
    /// Something is missing, or the address is none.
    pub(super) fn target(&self) -> Result<Target, NodeError> {
        let mut target = Target { port: 5_432, ..Target::default() };
        if let Some(address) = self.address.as_deref().filter(|it| !it.is_empty()) {
            let url = reqwest::Url::parse(address)
                .ok()
                .filter(|it| matches!(it.scheme(), "postgres" | "postgresql"));
            let url = url.ok_or_else(|| wrong("address must be postgres://user@host:5432/database"))?;
            target.host = url.host_str().unwrap_or_default().into();
            target.port = url.port().unwrap_or(5_432);
            target.database = decoded(url.path().trim_start_matches('/'));
            target.user = decoded(url.username());
            target.password = url.password().map(decoded);
            for (name, value) in url.query_pairs() {
                match (name.as_ref(), SslMode::of(&value)) {
                    ("sslmode", Some(mode)) => target.sslmode = Some(mode),
                    ("sslmode", None) => {
                        return Err(wrong("sslmode is disable, prefer, require, verify-ca or verify-full"));
                    }
                    ("sslrootcert", _) => {
                        return Err(wrong("sslrootcert names a file; put what stands in it into ca_pem"));
                    }
                    _ => {}
                }
            }
        }
        target.sslmode = self.sslmode.or(target.sslmode);
        target.ca_pem = self.ca_pem.clone();
        let given = |it: &Option<String>| it.clone().filter(|it| !it.is_empty());
        target.host = given(&self.host).unwrap_or(target.host);
        target.port = self.port.unwrap_or(target.port);
        target.database = given(&self.database).unwrap_or(target.database);
        target.user = given(&self.user).unwrap_or(target.user);
        for (value, name) in [(&target.host, "host"), (&target.database, "database"), (&target.user, "user")]
        {
            if value.is_empty() {
                return Err(wrong(&format!("{name} is missing")));
            }
        }
        Ok(target)
    }
}

fn wrong(what: &str) -> NodeError {
    NodeError::new(Code::Config, format!("The connection to the database has a wrong setting: {what}."))
}

fn decoded(text: &str) -> String {
    crate::http::decoded(text)
}

/// A SQLite database file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqliteSettings {
    /// The path of the database file; of a folder, the file data.db in it, which is made when missing.
    #[serde(alias = "address")]
    pub path: String,
    /// Whether the file is only read.
    #[serde(default)]
    pub is_read_only: bool,
    /// Whether a missing file is created.
    #[serde(default)]
    pub creates: bool,
}

/// Reads the settings of a connection.
///
/// # Errors
/// A setting is missing or not what it should be.
pub(super) fn of<S: DeserializeOwned>(connection: &dyn Connection) -> Result<S, NodeError> {
    let json = model::json::to_serde(&Value::Record(connection.settings().clone()));
    serde_json::from_value(json).map_err(|e| {
        NodeError::new(
            Code::Config,
            format!("The connection {} has a wrong setting: {e}.", connection.name()),
        )
    })
}

/// The sentence for a connection that is no database.
pub(super) fn no_database(connection: &dyn Connection) -> NodeError {
    NodeError::new(
        Code::Config,
        format!(
            "The connection {} is of kind {}; a postgres or sqlite connection is needed here.",
            connection.name(),
            connection.kind()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_fields_name_the_same_target() {
        let address = PostgresSettings {
            address: Some("postgres://anna:p%40ss@db.test:6000/shop".into()),
            ..PostgresSettings::default()
        };
        let target = address.target().unwrap();
        assert_eq!((target.host.as_str(), target.port, target.database.as_str()), ("db.test", 6_000, "shop"));
        assert_eq!((target.user.as_str(), target.password.as_deref()), ("anna", Some("p@ss")));
        assert_eq!(target.sslmode, None);
        for (word, mode) in
            [("require", Some(SslMode::Require)), ("verify-full", Some(SslMode::VerifyFull)), ("allow", None)]
        {
            let address = format!("postgres://anna@db.test/shop?application_name=x&sslmode={word}");
            let given = PostgresSettings { address: Some(address), ..PostgresSettings::default() };
            assert_eq!(given.target().ok().and_then(|it| it.sslmode), mode, "{word}");
        }
        assert!(PostgresSettings::default().target().unwrap_err().sentence.contains("host"));
        let http =
            PostgresSettings { address: Some("http://db.test/".into()), ..PostgresSettings::default() };
        assert!(!http.target().unwrap_err().sentence.contains("db.test"));
    }
}
