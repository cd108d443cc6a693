//! The encrypted line to PostgreSQL.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use sdk::{Code, NodeError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use crate::tls::{SslMode, refused};

/// Makes a line encrypted.
pub(super) struct Handshake {
    pub(super) client: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

impl TlsConnect<TcpStream> for Handshake {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        let connecting = TlsConnector::from(self.client).connect(self.name, stream);
        Box::pin(async { connecting.await.map(Encrypted) })
    }
}

/// An encrypted line.
pub(super) struct Encrypted(tokio_rustls::client::TlsStream<TcpStream>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// The sentence for a line that could not be encrypted; none when something else failed.
pub(super) fn unencrypted(at: &str, mode: SslMode, error: &tokio_postgres::Error) -> Option<NodeError> {
    let inner = std::error::Error::source(error)?;
    // The driver has no kind of its own for this.
    if inner.to_string().contains("server does not support TLS") {
        let sentence = format!(
            "The database at {at} offers no encryption, but sslmode is {}. Switch encryption on there; or set sslmode to disable if the \
             way to it is safe.",
            mode.name()
        );
        return Some(NodeError::new(Code::Config, sentence));
    }
    refused(&format!("the database at {at}"), inner)
}
