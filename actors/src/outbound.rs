//! What waits to be written to one connection: a queue of shared, already encoded WebSocket frames.
//!
//! Written by whoever has something to say to a session on this thread (its handler, the fan-out hub),
//! emptied by the connection's driver. It lives on one worker thread, so it needs no locks and the hub
//! reaches it without a message. Invariants: at most `limit_bytes` wait (one frame may overshoot); after
//! a close frame nothing follows; what was cut off half-way is always finished first.

mod direct;
pub mod frame;
mod queue;
mod stamp;

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::io::IoSlice;
use std::rc::{Rc, Weak};
use std::task::{Context, Waker};

use bytes::Bytes;

pub use direct::Direct;
use queue::{Kept, Queue};
pub use stamp::Stamp;

/// How many frames one vectored write takes at most.
pub const BATCH_FRAMES_MAX: usize = 64;
/// How many bytes one vectored write takes at most (one frame may overshoot), so that no connection
/// keeps its thread for long.
pub const BATCH_BYTES_MAX: usize = 256 * 1024;

/// What became of a frame that was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a session that is behind must be closed or fed from the log"]
pub enum Pushed {
    /// It waits to be written.
    Queued,
    /// The byte limit is reached; the frame was not taken.
    Behind,
    /// The connection is closing or gone; the frame was not taken.
    Closed,
}

/// Why the server ends a connection, as its close frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// The close code: docs/protocol.md lists them.
    pub code: u16,
    /// The close code's name.
    pub reason: &'static str,
}

impl Close {
    /// The peer said goodbye.
    pub const NORMAL: Self = Self::new(1000, "");
    /// The peer broke the WebSocket protocol.
    pub const BROKEN: Self = Self::new(1002, "broken");
    /// The peer sent a binary frame.
    pub const BINARY: Self = Self::new(1003, "binary");
    /// The peer sent text that is not UTF-8.
    pub const NOT_UTF8: Self = Self::new(1007, "not_utf8");
    /// The peer sent a message over the limit.
    pub const TOO_LARGE: Self = Self::new(1009, "too_large");
    /// The node is stopping.
    pub const DRAINING: Self = Self::new(3000, "draining");
    /// The peer gave no sign of life.
    pub const IDLE: Self = Self::new(3001, "idle");
    /// The peer reads slower than its events come.
    pub const SLOW_READER: Self = Self::new(3002, "slow_reader");
    /// The session failed.
    pub const INTERNAL: Self = Self::new(3003, "internal");
    /// The token is not valid.
    pub const UNAUTHENTICATED: Self = Self::new(3500, "unauthenticated");
    /// No `connect` in time.
    pub const AUTH_DEADLINE: Self = Self::new(3501, "auth_deadline");
    /// The session was ended by its user.
    pub const REVOKED: Self = Self::new(3502, "revoked");
    /// The user has logged in on one device too many; this was the oldest.
    pub const DEVICE_LIMIT: Self = Self::new(3503, "device_limit");
    /// The user was suspended by the staff.
    pub const SUSPENDED: Self = Self::new(3505, "suspended");
    /// Too many invalid objects.
    pub const PROTOCOL: Self = Self::new(3504, "protocol");

    /// A close with any code.
    pub const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }
}

/// The outbound queue of one connection. Clones share it.
#[derive(Clone)]
pub struct Outbound(Rc<Inner>);

struct Inner {
    queue: RefCell<Queue>,
    /// Bytes that wait, the rest of a half-written frame included.
    bytes: Cell<usize>,
    /// Bytes of the first frame that are written already.
    front_sent: Cell<usize>,
    limit_bytes: usize,
    waker: Cell<Option<Waker>>,
    direct: OnceCell<Weak<dyn Direct>>,
    phase: Cell<Phase>,
    heard: Cell<Stamp>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// The close frame is the last in the queue, or written.
    Closing(Close),
    Gone,
}

impl Outbound {
    /// An empty queue that takes up to `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self(Rc::new(Inner {
            queue: RefCell::default(),
            bytes: Cell::new(0),
            front_sent: Cell::new(0),
            limit_bytes,
            waker: Cell::new(None),
            direct: OnceCell::new(),
            phase: Cell::new(Phase::Open),
            heard: Cell::new(Stamp::now()),
        }))
    }

    /// Queues an encoded frame and wakes the driver.
    pub fn push(&self, frame: Bytes) -> Pushed {
        let put = self.put(frame);
        if put == Pushed::Queued {
            self.wake();
        }
        put
    }

    /// Queues an encoded frame; a connection that is behind is closed with `slow_reader`.
    pub fn push_or_close(&self, frame: Bytes) -> Pushed {
        let pushed = self.push(frame);
        if pushed == Pushed::Behind {
            self.close_at_once(Close::SLOW_READER);
        }
        pushed
    }

    /// Closes the connection after all that waits is written. The first close counts.
    pub fn close_after_queue(&self, close: Close) {
        if self.0.phase.get() == Phase::Open {
            self.0.phase.set(Phase::Closing(close));
            self.append(frame::close(close.code, close.reason));
            self.wake();
        }
    }

    /// Closes the connection and drops what waits, but for the frame that is half-written. The first
    /// close counts.
    pub fn close_at_once(&self, close: Close) {
        if self.0.phase.get() == Phase::Open {
            let kept = self.half_written();
            let dropped = self.0.queue.borrow_mut().clear(kept);
            self.0.bytes.set(self.0.bytes.get().saturating_sub(dropped));
            self.close_after_queue(close);
        }
    }

    /// Why the connection is being closed, once it is.
    pub fn closing(&self) -> Option<Close> {
        match self.0.phase.get() {
            Phase::Closing(close) => Some(close),
            Phase::Open | Phase::Gone => None,
        }
    }

    /// Whether frames are still taken.
    pub fn is_open(&self) -> bool {
        self.0.phase.get() == Phase::Open
    }

    /// How many bytes may wait.
    pub fn limit_bytes(&self) -> usize {
        self.0.limit_bytes
    }

    /// Bytes that wait.
    pub fn waiting_bytes(&self) -> usize {
        self.0.bytes.get()
    }

    /// When the peer last gave a sign of life.
    pub fn heard(&self) -> Stamp {
        self.0.heard.get()
    }

    /// What must stay when the queue is cleared.
    fn half_written(&self) -> Kept {
        match (self.0.front_sent.get(), self.0.queue.borrow().first()) {
            (sent @ 1.., Some(front)) => Kept::Through(frame::end_after(front, sent)),
            _ => Kept::None,
        }
    }

    /// Queues an encoded frame, or several in one piece; wakes nobody.
    fn put(&self, frame: Bytes) -> Pushed {
        if self.0.phase.get() != Phase::Open {
            return Pushed::Closed;
        }
        if self.0.bytes.get() >= self.0.limit_bytes {
            return Pushed::Behind;
        }
        self.append(frame);
        Pushed::Queued
    }

    fn append(&self, frame: Bytes) {
        self.0.bytes.set(self.0.bytes.get() + frame.len());
        self.0.queue.borrow_mut().push(frame);
    }

    /// Wakes the driver. Taking the waker makes the second to the last push before it runs free of charge.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
    }
}

/// The driver's side.
impl Outbound {
    /// Remembers whom to wake when something is pushed. Valid for one wake.
    pub fn register(&self, cx: &Context<'_>) {
        let waker = match self.0.waker.take() {
            Some(waker) if waker.will_wake(cx.waker()) => waker,
            _ => cx.waker().clone(),
        };
        self.0.waker.set(Some(waker));
    }

    /// Hands what waits to `write` as one batch, in order; takes away as much as `write` says it wrote.
    /// None if nothing waits.
    pub fn write_batch<E>(
        &self,
        write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, E>,
    ) -> Option<Result<usize, E>> {
        let written = {
            let queue = self.0.queue.borrow();
            let mut slices = [IoSlice::new(&[]); BATCH_FRAMES_MAX];
            let (mut count, mut bytes) = (0, 0);
            let mut skip = self.0.front_sent.get();
            for (slice, frame) in slices.iter_mut().zip(queue.iter()) {
                if bytes >= BATCH_BYTES_MAX {
                    break;
                }
                let rest = frame.get(skip..).unwrap_or_default();
                *slice = IoSlice::new(rest);
                (count, bytes, skip) = (count + 1, bytes + rest.len(), 0);
            }
            if count == 0 {
                return None;
            }
            write(slices.get(..count).unwrap_or_default())
        };
        if let Ok(bytes) = written {
            self.advance(bytes);
        }
        Some(written)
    }

    /// Stamps a sign of life from the peer.
    pub fn mark_heard(&self, now: Stamp) {
        self.0.heard.set(now);
    }

    /// The connection is over: drops what waits and takes nothing any more.
    pub fn hang_up(&self) {
        self.0.phase.set(Phase::Gone);
        self.0.bytes.set(0);
        self.0.front_sent.set(0);
        self.0.waker.take();
        self.0.queue.take();
    }

    fn advance(&self, written: usize) {
        self.0.bytes.set(self.0.bytes.get().saturating_sub(written));
        let mut queue = self.0.queue.borrow_mut();
        let mut sent = self.0.front_sent.get() + written;
        while let Some(front) = queue.first() {
            if sent < front.len() {
                break;
            }
            sent -= front.len();
            queue.pop();
        }
        self.0.front_sent.set(sent);
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("waiting_bytes", &self.waiting_bytes())
            .field("closing", &self.closing())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
