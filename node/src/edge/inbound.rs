//! The inbound half of a connection as the session actor's stream of frames.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_codec::Decoder;
use actix_http::ws::{Codec, Frame, ProtocolError};
use bytes::BytesMut;
use futures_util::Stream;

use super::wire::{Arrived, Wire};

/// Gives whole frames. Ends at the end of the connection and before the first byte that may not pass; the queue
/// then holds the close frame that says why.
///
/// Between frames it holds no memory, however long the last one was.
pub(super) struct Frames {
    wire: Rc<Wire>,
    codec: Codec,
    /// The frame that has begun, never more than one.
    partial: BytesMut,
    ended: bool,
}

impl Frames {
    pub(super) fn new(wire: Rc<Wire>, frame_bytes_max: usize) -> Self {
        let codec = Codec::new().max_size(frame_bytes_max);
        Self { wire, codec, partial: BytesMut::new(), ended: false }
    }

    fn end(&mut self) -> Poll<Option<Result<Frame, ProtocolError>>> {
        self.ended = true;
        self.partial = BytesMut::new();
        Poll::Ready(None)
    }
}

impl Stream for Frames {
    type Item = Result<Frame, ProtocolError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.ended {
            match ready!(self.wire.poll_arrived(cx)) {
                Ok(Arrived::Bytes(bytes, ends)) => {
                    self.partial.extend_from_slice(&bytes);
                    if ends.is_none() {
                        continue;
                    }
                    let mut whole = std::mem::take(&mut self.partial);
                    if let Some(frame) = self.codec.decode(&mut whole).transpose() {
                        return Poll::Ready(Some(frame));
                    }
                }
                Ok(Arrived::Refused(close)) => {
                    self.wire.outbound().close_after_queue(close);
                    return self.end();
                }
                Ok(Arrived::End) | Err(_) => return self.end(),
            }
        }
        Poll::Ready(None)
    }
}
