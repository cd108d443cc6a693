//! The encrypted line to RabbitMQ. The driver dials by itself and takes a plain socket only; here it is handed one that was dialled at
//! the checked address and encrypted already.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_compat::Compat;
use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_io::{AsyncRead, AsyncWrite};
use lapin::uri::AMQPUri;
use lapin::{AsyncTcpStream, ConnectionProperties};
use sdk::{Code, NodeError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::settings::Target;
use crate::tls::{self, SslMode};

type Line = Compat<TlsStream<TcpStream>>;

/// Dials and encrypts.
///
/// # Errors
/// Nobody there, or a certificate that cannot be trusted.
pub(super) async fn line(target: &Target, address: SocketAddr) -> Result<Line, NodeError> {
    let at = format!("RabbitMQ at {}:{}", target.host, target.port);
    let client = tls::client(SslMode::VerifyFull, target.ca_pem.as_deref())?;
    let name = tls::server_name(&target.host)?;
    let unreachable =
        |e: io::Error| NodeError::new(Code::Unavailable, format!("{at} could not be reached.")).because(e);
    let stream = TcpStream::connect(address).await.map_err(unreachable)?;
    // A socket that cannot be set is only slower.
    let _ = stream.set_nodelay(true);
    let encrypted = TlsConnector::from(client).connect(name, stream).await;
    encrypted.map(Compat::new).map_err(|e| tls::refused(&at, &e).unwrap_or_else(|| unreachable(e)))
}

/// Speaks AMQP over a line.
pub(super) async fn connect(
    line: Line,
    uri: AMQPUri,
    properties: ConnectionProperties,
) -> lapin::Result<lapin::Connection> {
    let runtime = Runtime::new(RuntimeParts::new(Tokio::current(), Given(Tokio::current())));
    let held = Mutex::new(Some(line));
    let take = async move |_: AMQPUri, _: Runtime<RuntimeParts<Tokio, Given>>| {
        let line = held.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(AsyncTcpStream::Plain(line.ok_or(io::ErrorKind::NotConnected).map_err(io::Error::from)?))
    };
    lapin::Connection::connector(uri, runtime, take, properties).await
}

/// Tokio's clock with lines that are handed in.
#[derive(Clone, Debug)]
struct Given(Tokio);

impl Reactor for Given {
    type TcpStream = Line;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: Send + 'static>(
        &self,
        _socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        Err::<Line, _>(io::ErrorKind::Unsupported.into())
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        self.0.sleep(time)
    }

    fn interval(&self, time: Duration) -> impl futures_util::Stream<Item = Instant> + Send + 'static {
        self.0.interval(time)
    }

    fn tcp_connect_addr(
        &self,
        _address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }
}
