//! The upgrade service of one worker thread: from an upgrade request to a running driver, or a refusal.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};

use actix::AsyncContext;
use actix_codec::{Framed, FramedParts};
use actix_http::{Request, h1};
use actix_web_actors::ws::WebsocketContext;
use bytes::BytesMut;
use futures_util::stream::empty;
use madang_actors::outbound::Outbound;
use tokio::net::TcpStream;

use super::config::EdgeConfig;
use super::connection::Connection;
use super::connections::{Full, Permit, Worker};
use super::driver::Driver;
use super::handler::{SessionFactory, SessionLink};
use super::handshake::Accepted;
use super::inbound::Frames;
use super::refusal::{REFUSAL_TIMEOUT, Refusal, refuse};
use super::session::Session;
use super::wire::Wire;

/// What a client that waits for its turn may have sent already. It should have sent nothing (RFC 6455, section 4.1).
const EARLY_BYTES_MAX: usize = 4 * 1024;

/// What upgrades on one worker need.
pub(super) struct Upgrader {
    pub(super) config: EdgeConfig,
    pub(super) worker: Rc<Worker>,
    pub(super) factory: SessionFactory,
}

impl Upgrader {
    /// Takes the stream away from the HTTP dispatcher. Returns soon: the dispatcher's buffers live as
    /// long as this future, a connection lives in a task of its own.
    pub(super) async fn upgrade(
        self: Rc<Self>,
        request: Request,
        framed: Framed<Connection, h1::Codec>,
    ) -> Result<(), Infallible> {
        let FramedParts { io: connection, read_buf: early, .. } = framed.into_parts();
        if let Err((refusal, connection)) = self.open(&request, connection, &early) {
            tracing::debug!(?refusal, path = request.path(), "an upgrade was refused");
            drop((request, early));
            // A client that doesn't read its refusal loses nothing but the reason.
            let _ = tokio::time::timeout(REFUSAL_TIMEOUT, refuse(connection, refusal)).await;
        }
        Ok(())
    }

    fn open(
        self: &Rc<Self>,
        request: &Request,
        connection: Connection,
        early: &BytesMut,
    ) -> Result<(), (Refusal, Connection)> {
        let accepted = match Accepted::check(request.head(), &self.config) {
            Ok(accepted) => accepted,
            Err(refusal) => return Err((refusal, connection)),
        };
        let outbound = Outbound::new(self.config.outbound_bytes_max);
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let link = SessionLink::new(outbound.clone(), request.head().peer_addr.unwrap_or(unknown));
        let (permit, turn) = match self.worker.admit(link.clone()) {
            Ok(admitted) => admitted,
            Err(Full::Limit) => return Err((Refusal::Full, connection)),
            Err(Full::Draining) => return Err((Refusal::Draining, connection)),
            Err(Full::Later(wait)) => return Err((Refusal::Later(wait), connection)),
        };
        if !turn.is_zero() && early.len() > EARLY_BYTES_MAX {
            return Err((Refusal::BadRequest("wait for the answer to the handshake"), connection));
        }
        tune(connection.socket(), self.config.send_buffer_bytes);
        // The queue is new: the 101 is its first entry, and fits.
        let _ = outbound.push(accepted.to_http());
        if turn.is_zero() {
            self.begin(connection, link, early, permit);
            return Ok(());
        }
        let (upgrader, early) = (Rc::clone(self), early.clone());
        drop(actix_rt::spawn(async move {
            upgrader.worker.wait(turn, &link).await;
            upgrader.begin(connection, link, &early, permit);
        }));
        Ok(())
    }

    /// Runs a connection that was let in.
    fn begin(&self, connection: Connection, link: SessionLink, early: &BytesMut, permit: Permit) {
        let outbound = link.outbound().clone();
        let wire = Rc::new(Wire::new(connection, outbound, early, self.config.frame_bytes_max));
        let direct: Weak<Wire> = Rc::downgrade(&wire);
        wire.outbound().write_to(direct);
        let frames = Frames::new(wire.clone(), self.config.frame_bytes_max);
        let session = Session::new((self.factory)(), link);
        // Without a stream of its own: that would keep the memory of the longest message for good.
        let output = WebsocketContext::with_factory(empty(), move |context| {
            context.add_stream(frames);
            session
        });
        drop(actix_rt::spawn(Driver::new(wire, output, self.config.close_timeout, permit)));
    }
}

/// Without TCP_NODELAY a frame behind an unacknowledged one waits for the peer's delayed ACK; with the
/// kernel's own growing send buffer a reader that stalls could hold megabytes.
fn tune(socket: &TcpStream, send_buffer_bytes: usize) {
    let tuned = socket
        .set_nodelay(true)
        .and_then(|()| socket2::SockRef::from(socket).set_send_buffer_size(send_buffer_bytes));
    if let Err(error) = tuned {
        tracing::debug!(%error, "a socket could not be tuned");
    }
}
