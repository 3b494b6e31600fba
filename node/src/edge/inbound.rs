//! The inbound half of a connection as the stream that the session actor's codec reads from.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;

use super::wire::{Arrived, Wire};

/// Gives the bytes of one frame at a time. Ends at the end of the connection and before the first byte
/// that may not pass; the queue then holds the close frame that says why.
pub(super) struct InboundFrames {
    wire: Rc<Wire>,
    pause: bool,
    ended: bool,
}

impl InboundFrames {
    pub(super) fn new(wire: Rc<Wire>) -> Self {
        Self { wire, pause: false, ended: false }
    }

    fn end(&mut self) -> Poll<Option<Result<Bytes, PayloadError>>> {
        self.ended = true;
        Poll::Ready(None)
    }
}

impl Stream for InboundFrames {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        // The codec collects all it can get before it looks at the first frame. So after each complete
        // frame it hears once that there is nothing: it then decodes that frame, and having given a
        // message it must be polled again, which is why no wake-up is needed here.
        if std::mem::take(&mut self.pause) {
            return Poll::Pending;
        }
        match ready!(self.wire.poll_arrived(cx)) {
            Ok(Arrived::Bytes(bytes, ends)) => {
                self.pause = ends.is_some();
                Poll::Ready(Some(Ok(bytes)))
            }
            Ok(Arrived::Refused(close)) => {
                self.wire.outbound().close_after_queue(close);
                self.end()
            }
            Ok(Arrived::End) | Err(_) => self.end(),
        }
    }
}
