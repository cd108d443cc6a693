//! The line to a server, dialled at the checked address.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use lapin::options::ConfirmSelectOptions;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Channel, ConnectionProperties, ErrorKind};
use sdk::{Code, Connection, Cx, NodeError};
use tokio::sync::Mutex;

use super::encrypted;
use super::settings::RabbitSettings;

const KEPT_AS: &str = "rabbitmq.publish";
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Seconds between signs of life on a quiet line.
const HEARTBEAT_S: u16 = 20;

/// What RabbitMQ reports, in words and with a code.
pub(super) fn failed(error: &lapin::Error) -> NodeError {
    if let ErrorKind::ProtocolError(reported) = error.kind() {
        let said = reported.get_message();
        let code = match reported.get_id() {
            404 => Code::NotFound,
            403 => Code::Auth,
            402 | 405..=406 | 530 | 540 => Code::Refused,
            _ => Code::Unavailable,
        };
        return NodeError::new(code, format!("RabbitMQ says: {}.", said.as_str().trim_end_matches('.')));
    }
    NodeError::new(Code::Unavailable, "The connection to RabbitMQ broke off.").because(error)
}

/// Dials the server of a connection.
///
/// # Errors
/// Not granted, not reachable, sign-in refused.
pub(super) async fn dial(connection: &dyn Connection, cx: &dyn Cx) -> Result<lapin::Connection, NodeError> {
    let target = RabbitSettings::target(connection)?;
    let address = cx.resolve(&target.host, target.port).await?;
    let at = format!("{}:{}", target.host, target.port);
    let is_encrypted = target.is_encrypted;
    let late = || {
        NodeError::new(Code::Unavailable, format!("RabbitMQ at {at} could not be reached within 10 seconds."))
    };
    let encrypted = match is_encrypted {
        true => {
            let dialling = tokio::time::timeout(CONNECT_TIME, encrypted::line(&target, address)).await;
            Some(dialling.map_err(|_| late())??)
        }
        false => None,
    };
    let uri = AMQPUri {
        scheme: AMQPScheme::AMQP,
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo { username: target.user, password: target.password },
            host: address.ip().to_string(),
            port: address.port(),
        },
        vhost: target.vhost,
        query: AMQPQueryString { heartbeat: Some(HEARTBEAT_S), ..AMQPQueryString::default() },
    };
    let properties = ConnectionProperties::default().with_connection_name("arna".into());
    let connecting = async {
        match encrypted {
            Some(line) => encrypted::connect(line, uri, properties).await,
            None => lapin::Connection::connect_uri(uri, properties).await,
        }
    };
    let dialled = tokio::time::timeout(CONNECT_TIME, connecting).await;
    dialled.map_err(|_| late())?.map_err(|e| match failed(&e) {
        error if error.code == Code::Auth => {
            NodeError::new(Code::Auth, format!("RabbitMQ at {at} does not accept the sign-in.")).because(e)
        }
        error if error.code == Code::Unavailable => {
            NodeError::new(Code::Unavailable, format!("RabbitMQ at {at} could not be reached.")).because(e)
        }
        error => error,
    })
}

/// The line that publishes for a connection; its lock is held while it is dialled.
#[derive(Default)]
pub(super) struct Line(Mutex<Option<Arc<Open>>>);

/// An open line.
pub(super) struct Open {
    pub(super) channel: Channel,
    // Dropped with its channel, which closes the line.
    _connection: lapin::Connection,
}

/// The open line of a connection; dialled again when it broke.
///
/// # Errors
/// As [`dial`].
pub(super) async fn open(connection: &dyn Connection, cx: &dyn Cx) -> Result<Arc<Open>, NodeError> {
    let line = line(connection);
    let mut held = line.0.lock().await;
    if let Some(open) = held.as_ref().filter(|it| it.channel.status().connected()) {
        return Ok(open.clone());
    }
    let dialled = dial(connection, cx).await?;
    let channel = dialled.create_channel().await.map_err(|e| failed(&e))?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(|e| failed(&e))?;
    let open = Arc::new(Open { channel, _connection: dialled });
    *held = Some(open.clone());
    Ok(open)
}

fn line(connection: &dyn Connection) -> Arc<Line> {
    static MAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(line) = connection.kept().get(KEPT_AS).and_then(|it| it.downcast::<Line>().ok()) {
        return line;
    }
    let line = Arc::new(Line::default());
    connection.kept().put(KEPT_AS, line.clone());
    line
}
