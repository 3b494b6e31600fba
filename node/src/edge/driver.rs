//! The task that drives one connection: lets the session run, writes what waits and the hub could not write at once,
//! and ends it in good order: our close frame, the peer's, then the end of the stream; a peer that doesn't do its part in
//! time is cut off.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use madang_actors::outbound::Close;
use tokio::time::Sleep;

use super::connections::Permit;
use super::wire::{Arrived, Flushed, Wire};

/// Times the session is asked for output before it is written.
const SESSION_POLLS_PER_TURN: usize = 4;
/// What a peer may still send behind our close frame before it is cut off.
const DISCARDED_BYTES_MAX: usize = 16 << 20;

/// Drives the session actor's output stream `S` and the connection's queue.
pub(super) struct Driver<S> {
    wire: Rc<Wire>,
    /// None once the connection is closing: the session is gone before its socket is.
    session: Option<S>,
    /// In a box: few connections are closing at a time.
    ending: Option<Box<Ending>>,
    close_timeout: Duration,
    _permit: Permit,
}

struct Ending {
    deadline: Pin<Box<Sleep>>,
    /// Frames can't be told apart any more: the end of the stream has to do.
    garbled: bool,
    shut_down: bool,
    peer_ended: bool,
    discarded_bytes: usize,
}

impl<S, E> Driver<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    pub(super) fn new(wire: Rc<Wire>, session: S, close_timeout: Duration, permit: Permit) -> Self {
        Self { wire, session: Some(session), ending: None, close_timeout, _permit: permit }
    }

    /// False if the connection broke off.
    fn poll_session(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(session) = &mut self.session else { return true };
        for _ in 0..SESSION_POLLS_PER_TURN {
            match Pin::new(&mut *session).poll_next(cx) {
                Poll::Ready(Some(Ok(frames))) => {
                    let _ = self.wire.outbound().push_or_close(frames);
                }
                Poll::Ready(Some(Err(_))) => self.wire.outbound().close_at_once(Close::INTERNAL),
                Poll::Ready(None) => {
                    self.session = None;
                    return self.wire.outbound().closing().is_some();
                }
                Poll::Pending => return true,
            }
        }
        cx.waker().wake_by_ref();
        true
    }

    fn begin_ending(&mut self, close: Close) {
        // Dropping the session tells its handler.
        self.session = None;
        let close_timeout = self.close_timeout;
        self.ending.get_or_insert_with(|| {
            Box::new(Ending {
                deadline: Box::pin(tokio::time::sleep(close_timeout)),
                garbled: is_violation(close),
                shut_down: false,
                peer_ended: false,
                discarded_bytes: 0,
            })
        });
    }

    /// Ready when nothing is left to do for the connection.
    fn poll_ending(&mut self, cx: &mut Context<'_>, flushed: &Flushed) -> Poll<io::Result<()>> {
        let Some(ending) = &mut self.ending else { return Poll::Pending };
        if ending.deadline.as_mut().poll(cx).is_ready() {
            self.wire.abandon();
            return Poll::Ready(Ok(()));
        }
        let flushed = *flushed == Flushed::All;
        loop {
            if flushed && (self.wire.peer_closed() || ending.peer_ended) {
                return Poll::Ready(self.wire.shut_down(cx));
            }
            if ending.peer_ended {
                return Poll::Pending;
            }
            if flushed && ending.garbled && !std::mem::replace(&mut ending.shut_down, true) {
                self.wire.shut_down(cx)?;
            }
            // Reading goes on: a peer that is still writing would never get to read why it is closed.
            let bytes = ready!(ending.poll_discard(&self.wire, cx))?;
            ending.discarded_bytes += bytes;
            ending.peer_ended = bytes == 0;
            if ending.discarded_bytes > DISCARDED_BYTES_MAX {
                self.wire.abandon();
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Ending {
    /// The bytes thrown away, 0 at the end of the stream.
    fn poll_discard(&mut self, wire: &Wire, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.garbled {
            return wire.poll_discard(cx);
        }
        Poll::Ready(Ok(match ready!(wire.poll_arrived(cx))? {
            Arrived::Bytes(bytes, _) => bytes.len(),
            Arrived::Refused(_) => {
                self.garbled = true;
                1
            }
            Arrived::End => 0,
        }))
    }
}

impl<S, E> Future for Driver<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !this.poll_session(cx) {
            return Poll::Ready(());
        }
        if let Some(close) = this.wire.outbound().closing() {
            this.begin_ending(close);
        }
        // What is pushed from here on, by the hub or by the session's own work, wakes this task.
        this.wire.outbound().register(cx);
        let Ok(flushed) = this.wire.flush(cx) else { return Poll::Ready(()) };
        this.poll_ending(cx, &flushed).map(drop)
    }
}

impl<S> Drop for Driver<S> {
    fn drop(&mut self) {
        // The session first, while its queue still knows why the connection was closed.
        self.session = None;
        self.wire.outbound().hang_up();
    }
}

/// Whether the peer's frames can't be followed after this close.
fn is_violation(close: Close) -> bool {
    [Close::BROKEN, Close::BINARY, Close::TOO_LARGE].contains(&close)
}
