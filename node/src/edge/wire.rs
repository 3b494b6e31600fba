//! One connection and what both its users need: the session's inbound stream reads, the driver
//! writes and, at the end, reads on until the peer has said goodbye.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use madang_actors::outbound::{Close, Direct, Outbound, Stamp};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Connection;
use super::guard::{Ended, Guard, Pass};

/// Bytes of one read. The buffer is one per thread, so that an idle connection needs none.
const READ_BYTES: usize = 16 * 1024;
/// Writes of one connection before the thread's other work gets its turn.
const WRITES_PER_TURN: usize = 8;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

pub(super) struct Wire {
    connection: RefCell<Connection>,
    inbound: RefCell<Inbound>,
    outbound: Outbound,
    peer_closed: Cell<bool>,
}

struct Inbound {
    guard: Guard,
    /// Read and not yet passed.
    rest: Bytes,
}

/// What came in.
pub(super) enum Arrived {
    /// Bytes of one frame at most, and whether they complete it.
    Bytes(Bytes, Option<Ended>),
    /// What may not pass.
    Refused(Close),
    /// The peer's end of the stream.
    End,
}

/// How far writing got.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Nothing waits.
    All,
    /// The socket takes no more for now, or others shall have their turn.
    Partly,
}

impl Wire {
    /// `early` is what the peer sent right behind its handshake.
    pub(super) fn new(
        connection: Connection,
        outbound: Outbound,
        early: &[u8],
        message_bytes_max: usize,
    ) -> Self {
        let inbound = Inbound { guard: Guard::new(message_bytes_max), rest: Bytes::copy_from_slice(early) };
        Self {
            connection: RefCell::new(connection),
            inbound: RefCell::new(inbound),
            outbound,
            peer_closed: Cell::new(false),
        }
    }

    pub(super) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Whether the peer's close frame has arrived.
    pub(super) fn peer_closed(&self) -> bool {
        self.peer_closed.get()
    }

    /// The next bytes that may pass.
    pub(super) fn poll_arrived(&self, cx: &mut Context<'_>) -> Poll<io::Result<Arrived>> {
        let mut inbound = self.inbound.borrow_mut();
        if inbound.rest.is_empty() {
            inbound.rest = ready!(self.poll_read(cx))?;
            if inbound.rest.is_empty() {
                return Poll::Ready(Ok(Arrived::End));
            }
            self.outbound.mark_heard(Stamp::now());
        }
        let Inbound { guard, rest } = &mut *inbound;
        Poll::Ready(Ok(match guard.pass(rest) {
            Ok(Pass { bytes, ends }) => {
                // Taking the whole gives the buffer back; splitting would keep it alive.
                let passed = if bytes == rest.len() { std::mem::take(rest) } else { rest.split_to(bytes) };
                if ends == Some(Ended::Close) {
                    self.peer_closed.set(true);
                }
                Arrived::Bytes(passed, ends)
            }
            Err(close) => {
                rest.clear();
                Arrived::Refused(close)
            }
        }))
    }

    /// Reads and throws away. The number of bytes, 0 at the end of the stream.
    pub(super) fn poll_discard(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.inbound.borrow_mut().rest.clear();
        self.poll_read(cx).map_ok(|bytes| bytes.len())
    }

    /// Writes what waits in the outbound queue.
    pub(super) fn flush(&self, cx: &mut Context<'_>) -> io::Result<Flushed> {
        let mut connection = self.connection.borrow_mut();
        for _ in 0..WRITES_PER_TURN {
            let written = self.outbound.write_batch(|slices| {
                let connection = Pin::new(&mut *connection);
                let written = match slices {
                    // For the kernel less work than a list of one.
                    [slice] => connection.poll_write(cx, slice),
                    slices => connection.poll_write_vectored(cx, slices),
                };
                match written {
                    Poll::Ready(Ok(0)) => Err(Some(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(result) => result.map_err(Some),
                    Poll::Pending => Err(None),
                }
            });
            match written {
                // Under TLS what was taken may still wait to go out. A plain socket has nothing to flush.
                None => {
                    return Ok(match Pin::new(&mut *connection).poll_flush(cx)? {
                        Poll::Ready(()) => Flushed::All,
                        Poll::Pending => Flushed::Partly,
                    });
                }
                Some(Ok(_)) => {}
                Some(Err(None)) => return Ok(Flushed::Partly),
                Some(Err(Some(error))) => return Err(error),
            }
        }
        cx.waker().wake_by_ref();
        Ok(Flushed::Partly)
    }

    /// Tells the peer that nothing more will come.
    pub(super) fn shut_down(&self, cx: &mut Context<'_>) -> io::Result<()> {
        match Pin::new(&mut *self.connection.borrow_mut()).poll_shutdown(cx) {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    /// Lets the kernel throw away what the peer has not read, instead of keeping it for minutes.
    pub(super) fn abandon(&self) {
        // Should it fail, the kernel's own timeouts do the same later.
        let _ = self.connection.borrow().socket().set_zero_linger();
    }

    fn poll_read(&self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut *self.connection.borrow_mut()).poll_read(cx, &mut buffer))?;
            Poll::Ready(Ok(Bytes::copy_from_slice(buffer.filled())))
        })
    }
}

/// The hub's way to the socket. What goes under TLS is the driver's.
impl Direct for Wire {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self.connection.try_borrow().as_deref(), slices) {
            (Ok(Connection::Plain(socket)), [slice]) => socket.try_write(slice),
            (Ok(Connection::Plain(socket)), slices) => socket.try_write_vectored(slices),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}
