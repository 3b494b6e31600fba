//! Writing at once, by whoever has put something into the queue: for a fan-out to thousands it costs more to wake and
//! run each connection's driver than to hand the bytes to the socket.

use std::io::{self, IoSlice};
use std::rc::Weak;

use bytes::Bytes;

use super::{Close, Outbound, Phase, Pushed};

/// A connection that can be written to on the thread of its queue, without its driver.
pub trait Direct {
    /// Writes as much as the connection takes without waiting. Errors: also that it takes nothing now.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

impl Outbound {
    /// From now on [`write_now`](Self::write_now) writes to this connection. The first one stays.
    pub fn write_to(&self, connection: Weak<dyn Direct>) {
        let _ = self.0.direct.set(connection);
    }

    /// Queues an encoded frame and wakes nobody: [`write_now`](Self::write_now) has to follow. A connection that is
    /// behind is closed with `slow_reader`.
    pub(crate) fn put_or_close(&self, frame: Bytes) -> Pushed {
        let put = self.put(frame);
        if put == Pushed::Behind {
            self.close_at_once(Close::SLOW_READER);
        }
        put
    }

    /// Writes what waits as far as the connection takes it at once. The rest, errors and goodbyes are the driver's.
    pub(crate) fn write_now(&self) {
        if self.0.phase.get() == Phase::Open
            && let Some(connection) = self.0.direct.get().and_then(Weak::upgrade)
        {
            let _ = self.write_batch(|slices| connection.try_write(slices));
        }
        if self.waiting_bytes() > 0 {
            self.wake();
        }
    }
}
