//! PostgreSQL: connections to the checked address, kept for the next use; values bound as text of their type.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::BytesMut;
use futures_util::StreamExt;
use model::MAX_BATCH_RECORDS;
use sdk::{Code, Connection, Cx, NodeError, Record, Shape, Text, Value, async_trait};
use tokio::net::TcpStream;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, RowStream};

use super::pg_read::cell;
use super::pg_tls::{Handshake, unencrypted};
use super::query::Rows;
use super::settings::{PostgresSettings, Target, of};
use crate::tls::{self, SslMode};

const CONNECT_TIME: Duration = Duration::from_secs(10);
const KEPT_AS: &str = "sql.postgres";
const MOST_IDLE: usize = 8;

/// Idle connections of one account.
#[derive(Default)]
struct Idle(Mutex<Vec<Client>>);

/// A connection in use; it goes back when its work ended well.
pub(super) struct Used {
    pub(super) client: Client,
    idle: Arc<Idle>,
}

impl Used {
    /// Gives the connection back for the next use.
    pub(super) fn give_back(self) {
        let mut idle = self.idle.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE && !self.client.is_closed() {
            idle.push(self.client);
        }
    }
}

/// An idle connection, or a new one.
///
/// # Errors
/// Not granted, not reachable, sign-in refused.
pub(super) async fn connect(connection: &dyn Connection, cx: &dyn Cx) -> Result<Used, NodeError> {
    let idle = match connection.kept().get(KEPT_AS).and_then(|it| it.downcast::<Idle>().ok()) {
        Some(idle) => idle,
        None => {
            let idle = Arc::new(Idle::default());
            connection.kept().put(KEPT_AS, idle.clone());
            idle
        }
    };
    let settings = of::<PostgresSettings>(connection)?.target()?;
    // Asked even when a connection is at hand: the grant may have been taken back.
    let address = cx.resolve(&settings.host, settings.port).await?;
    loop {
        let found = idle.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match found {
            Some(client) if client.is_closed() => {}
            Some(client) => return Ok(Used { client, idle }),
            None => break,
        }
    }
    let client = open((&settings, address), connection).await?;
    Ok(Used { client, idle })
}

/// A new connection.
async fn open(
    (settings, address): (&Target, SocketAddr),
    connection: &dyn Connection,
) -> Result<Client, NodeError> {
    let at = format!("{}:{}", settings.host, settings.port);
    let late = || {
        NodeError::new(
            Code::Unavailable,
            format!("The database at {at} could not be reached within 10 seconds."),
        )
    };
    let mode = settings.sslmode.unwrap_or_else(|| SslMode::usual(address.ip()));
    let handshake = Handshake {
        client: tls::client(mode, settings.ca_pem.as_deref())?,
        name: tls::server_name(&settings.host)?,
    };
    let opening = async {
        let stream = TcpStream::connect(address).await.map_err(|e| {
            NodeError::new(Code::Unavailable, format!("The database at {at} could not be reached."))
                .because(e)
        })?;
        // A socket that cannot be set is only slower.
        let _ = stream.set_nodelay(true);
        let mut config = Config::new();
        config.user(&settings.user).dbname(&settings.database).application_name("arna");
        config.ssl_mode(match mode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                tokio_postgres::config::SslMode::Require
            }
        });
        if let Some(password) = settings.password.clone().or_else(|| connection.secret("password").ok()) {
            config.password(password);
        }
        let connected = config.connect_raw(stream, handshake).await;
        let (client, driver) =
            connected.map_err(|e| unencrypted(&at, mode, &e).unwrap_or_else(|| failed(&e)))?;
        tokio::spawn(async move {
            // The end of the connection shows at its next use.
            let _ = driver.await;
        });
        client
            .batch_execute("SET lock_timeout = '5s'; SET timezone = 'UTC'; SET client_encoding = 'UTF8'")
            .await
            .map_err(|e| failed(&e))?;
        Ok(client)
    };
    tokio::time::timeout(CONNECT_TIME, opening).await.unwrap_or_else(|_| Err(late()))
}

/// What PostgreSQL reports, in words and with a code.
pub(super) fn failed(error: &tokio_postgres::Error) -> NodeError {
    let Some(reported) = error.as_db_error() else {
        // What cannot be bound fails here, before anything is sent.
        if let Some(NotBound(sentence)) =
            std::error::Error::source(error).and_then(|it| it.downcast_ref::<NotBound>())
        {
            return NodeError::new(Code::Input, sentence.clone());
        }
        let code = if error.is_closed()
            || std::error::Error::source(error).is_none_or(|it| it.is::<std::io::Error>())
        {
            Code::Unavailable
        } else {
            Code::Config
        };
        return NodeError::new(
            code,
            "The connection to the database broke off, or it did not understand the request.",
        )
        .because(error);
    };
    let state = reported.code().code();
    let code = match state.get(..2).unwrap_or_default() {
        _ if state == "57014" => Code::Timeout,
        "28" => Code::Auth,
        "22" => Code::Input,
        "23" | "44" => Code::Refused,
        "08" | "40" | "53" | "55" | "57" | "58" => Code::Unavailable,
        _ if state == "42501" => Code::Auth,
        _ => Code::Config,
    };
    let said = reported.message().trim_end_matches('.');
    let error = NodeError::new(code, format!("The database says: {said} ({state})."));
    match reported.detail().or(reported.hint()) {
        Some(detail) => error.because(detail),
        None => error,
    }
}

/// A value that has no form for its place.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotBound(String);

/// A value bound as the text of whatever type the statement wants there.
#[derive(Debug)]
pub(super) struct Bound<'v>(pub(super) &'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        if self.0.is_null() {
            return Ok(IsNull::Yes);
        }
        let text = match (self.0, ty.kind()) {
            (Value::List(list), Kind::Array(_)) => array(list)?,
            // Bytes are read as base64, so they are written from it.
            (Value::Text(text), _) if *ty == Type::BYTEA && !text.starts_with("\\x") => bytes(text)?,
            // JSON columns take any value; a text must be written as JSON there.
            (value, _) if *ty == Type::JSON || *ty == Type::JSONB => value.to_string(),
            (value, _) => value.to_plain(),
        };
        if text.contains('\0') {
            return Err(Box::new(NotBound(
                "The text holds a NUL character, which a database cannot store.".into(),
            )));
        }
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// Bytes given as base64, in the way PostgreSQL writes them.
fn bytes(text: &str) -> Result<String, Box<dyn std::error::Error + Sync + Send>> {
    let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|e| {
        NotBound(format!(
            "A column of bytes takes base64 text, or \\x and hexadecimal digits; this is neither: {e}."
        ))
    })?;
    Ok(bytes.iter().fold(String::from("\\x"), |text, it| text + &format!("{it:02x}")))
}

/// A list in the way PostgreSQL writes arrays.
fn array(list: &[Value]) -> Result<String, Box<dyn std::error::Error + Sync + Send>> {
    let mut text = String::from("{");
    for (at, value) in list.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        match value {
            Value::Null => text.push_str("NULL"),
            Value::List(inner) => text.push_str(&array(inner)?),
            other => {
                text.push('"');
                text.push_str(&other.to_plain().replace('\\', "\\\\").replace('"', "\\\""));
                text.push('"');
            }
        }
    }
    text.push('}');
    Ok(text)
}

/// Rows as they come over the wire; the connection reads no further than they are taken.
pub(super) struct PgRows {
    used: Option<Used>,
    stream: Pin<Box<RowStream>>,
    shape: Arc<Shape>,
    wait: Duration,
}

/// Runs a statement.
pub(super) async fn query(
    connection: Arc<dyn Connection>,
    cx: &dyn Cx,
    sql: &str,
    parameters: Vec<Value>,
    wait_s: u32,
) -> Result<PgRows, NodeError> {
    let used = connect(connection.as_ref(), cx).await?;
    let wait = Duration::from_secs(wait_s.into());
    let starting = async {
        let statement = used.client.prepare(sql).await.map_err(|e| failed(&e))?;
        let wanted = statement.params().len();
        if wanted != parameters.len() {
            return Err(NodeError::new(
                Code::Config,
                format!("The statement uses {wanted} parameters, but {} are given.", parameters.len()),
            ));
        }
        let names = statement.columns().iter().map(|it| it.name());
        let shape = Shape::new(super::statement::unique(names).into_iter().map(Text::from));
        let bound = parameters.iter().map(Bound);
        let stream = used.client.query_raw(&statement, bound).await.map_err(|e| failed(&e))?;
        Ok((stream, shape))
    };
    let (stream, shape) = tokio::time::timeout(wait, starting).await.unwrap_or_else(|_| Err(slow(wait)))?;
    Ok(PgRows { used: Some(used), stream: Box::pin(stream), shape, wait })
}

fn slow(wait: Duration) -> NodeError {
    NodeError::new(Code::Timeout, format!("The database gave no rows within {} seconds.", wait.as_secs()))
}

#[async_trait]
impl Rows for PgRows {
    async fn next(&mut self) -> Result<Option<Vec<Record>>, NodeError> {
        if self.used.is_none() {
            return Ok(None);
        }
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < MAX_BATCH_RECORDS && bytes < model::MAX_BATCH_BYTES {
            let row = match tokio::time::timeout(self.wait, self.stream.next()).await {
                Err(_) => return Err(slow(self.wait)),
                Ok(None) => {
                    if let Some(used) = self.used.take() {
                        used.give_back();
                    }
                    break;
                }
                Ok(Some(row)) => row.map_err(|e| failed(&e))?,
            };
            let mut values = Vec::with_capacity(self.shape.len());
            for (at, column) in row.columns().iter().enumerate() {
                values.push(cell(&row, at, column)?);
            }
            let record = Record::new(self.shape.clone(), values);
            bytes += record.size_bytes();
            batch.push(record);
        }
        Ok(Some(batch).filter(|it| !it.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_written_as_an_array_that_nothing_breaks_out_of() {
        let list = model::json::parse(br#"["a", "b\"c\\d", null, ["x,y", 1.10]]"#).unwrap();
        assert_eq!(array(list.as_list().unwrap()).unwrap(), r#"{"a","b\"c\\d",NULL,{"x,y","1.1"}}"#);
    }
}
