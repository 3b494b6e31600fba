//! From a new TCP connection to a protected one. Strangers hold little, and not for long.

use std::io;
use std::sync::Arc;

use rustls::HandshakeKind;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Tls;
use crate::edge::connection::Connection;
use crate::edge::refusal::{REFUSAL_TIMEOUT, Refusal, refuse};

/// The first byte of every TLS connection: a record with a handshake in it (RFC 8446, section 5.1).
const HANDSHAKE_RECORD: u8 = 22;
/// Who takes a place once half of them are taken gets this share of the time: nobody keeps others out by only holding
/// it.
const HURRIED: u32 = 8;
/// What may wait in rustls for a client that does not take it, beside the connection's own queue: a record.
const BUFFER_BYTES_MAX: usize = 16 * 1024;

impl Tls {
    /// Carries the handshake out, within its time. Errors: there is no connection, and nobody needs to know why but
    /// who looks into debug logs.
    pub(in crate::edge) async fn accept(self: Arc<Self>, socket: TcpStream) -> io::Result<Connection> {
        let limit = self.options.handshake_timeout;
        let outcome = timeout(limit, self.handshake(socket)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        if let Err(error) = &outcome {
            self.counters.failed();
            tracing::debug!(%error, "a TLS handshake came to nothing");
        }
        outcome
    }

    async fn handshake(&self, socket: TcpStream) -> io::Result<Connection> {
        let mut first = [0];
        // Who says nothing takes no place.
        if socket.peek(&mut first).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let [first] = first;
        if first != HANDSHAKE_RECORD {
            if first.is_ascii_uppercase() {
                let _ = timeout(REFUSAL_TIMEOUT, refuse(socket, Refusal::NotTls)).await;
            }
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not TLS"));
        }
        let _place = self.places.acquire().await.map_err(io::Error::other)?;
        let limit_buffers = |session: &mut rustls::ServerConnection| {
            session.set_buffer_limit(Some(BUFFER_BYTES_MAX));
        };
        let few = self.places.available_permits() < self.options.handshakes_max / 2;
        let limit = self.options.handshake_timeout / if few { HURRIED } else { 1 };
        let stream = timeout(limit, self.acceptor().accept_with(socket, limit_buffers)).await??;
        let kind = stream.get_ref().1.handshake_kind();
        self.counters.done(kind == Some(HandshakeKind::Resumed));
        Ok(Connection::Tls(Box::new(stream)))
    }
}
