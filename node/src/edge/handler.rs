//! What the layer above the edge implements, and what it gets in its hands.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use madang_actors::outbound::{Close, Outbound, Pushed, frame};

/// One session's logic. Lives on one worker thread; its methods must return at once: what takes longer
/// is [spawned](SessionLink::spawn) and answers through the link. A panic in it ends this connection
/// (3003), not the worker.
pub trait SessionHandler {
    /// The connection is open. Comes first, once.
    fn on_open(&mut self, link: SessionLink);

    /// The peer sent an object: one line of a text frame, without the line's end. Blank lines and the
    /// sign of life `{}` don't arrive here.
    fn on_text(&mut self, text: &str);

    /// The connection is over or about to be: nothing more can be sent. Comes last, once, also after a
    /// panic in one of the others.
    fn on_closed(&mut self, why: Closed);
}

/// Makes the handler of each new connection, on the connection's worker thread.
pub type SessionFactory = Arc<dyn Fn() -> Box<dyn SessionHandler> + Send + Sync>;

/// What the layer above calls a connection once it knows whose it is, for its own [`Goodbye`]. Means nothing
/// here, and several may have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label(pub u32);

/// Writes the last frame of connections that are sent away.
pub trait Goodbye: Send + Sync {
    /// The frame of one connection, which is closed behind it. The client should connect again after this
    /// time. Called on the connection's thread: must return at once.
    fn frame(&self, label: Option<Label>, reconnect_after: Duration) -> Bytes;
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The peer said goodbye, with this code if it named one.
    ByPeer(Option<u16>),
    /// The server closed it: the handler, the hub or the edge.
    ByServer(Close),
    /// It broke off.
    Lost,
}

/// A handler's way to its peer. Clones speak to the same connection; once that is over, what is sent
/// goes nowhere. Bound to its thread.
///
/// One pointer: several places keep one for each connection.
#[derive(Clone)]
pub struct SessionLink(Rc<Peer>);

struct Peer {
    outbound: Outbound,
    /// Comes later than the connection.
    label: Cell<Option<Label>>,
    remote: SocketAddr,
}

impl SessionLink {
    pub(super) fn new(outbound: Outbound, remote: SocketAddr) -> Self {
        Self(Rc::new(Peer { outbound, label: Cell::new(None), remote }))
    }

    /// Tells whose the connection is, as far as its [`Goodbye`] must know.
    pub fn label(&self, label: Label) {
        self.0.label.set(Some(label));
    }

    /// What was told.
    pub(super) fn labelled(&self) -> Option<Label> {
        self.0.label.get()
    }

    /// Sends one text frame. A peer that is behind is closed as a slow reader.
    pub fn text(&self, text: &str) -> Pushed {
        self.push(frame::text(text.as_bytes()))
    }

    /// Sends an encoded frame, which may be shared with other connections. A peer that is behind is
    /// closed as a slow reader.
    pub fn push(&self, frame: Bytes) -> Pushed {
        self.0.outbound.push_or_close(frame)
    }

    /// Closes the connection after what waits is written.
    pub fn close(&self, close: Close) {
        self.0.outbound.close_after_queue(close);
    }

    /// Whether the connection still takes frames.
    pub fn is_open(&self) -> bool {
        self.0.outbound.is_open()
    }

    /// The outbound queue, for the hub.
    pub fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    /// The peer's address.
    pub fn remote(&self) -> SocketAddr {
        self.0.remote
    }

    /// Runs asynchronous work of the session on this thread. If it panics, the connection is closed
    /// (3003).
    pub fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        let outbound = self.0.outbound.clone();
        let guarded = AssertUnwindSafe(work).catch_unwind().map(move |result| {
            if result.is_err() {
                outbound.close_at_once(Close::INTERNAL);
            }
        });
        drop(actix_rt::spawn(guarded));
    }
}

impl fmt::Debug for SessionLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLink")
            .field("remote", &self.0.remote)
            .field("outbound", &self.0.outbound)
            .finish()
    }
}
