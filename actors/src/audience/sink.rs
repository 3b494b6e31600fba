//! How events become frames on their way to the hubs.

use std::sync::Arc;

use bytes::Bytes;
use madang_cluster::event::RoomEvent;
use madang_storage::id::RoomId;

use super::machine::{Sink, Taken};
use crate::encoder::FrameEncoder;
use crate::hub::{Deliver, HubId, HubRef};

/// Encodes each event once, for all hubs.
pub(super) struct HubSink<'a> {
    hubs: &'a [HubRef],
    encoder: &'a dyn FrameEncoder,
    last: Option<(RoomId, u64, Bytes)>,
}

impl<'a> HubSink<'a> {
    pub(super) fn new(hubs: &'a [HubRef], encoder: &'a dyn FrameEncoder) -> Self {
        Self { hubs, encoder, last: None }
    }

    /// Sends what is not logged; a hub that has its fill goes without.
    pub(super) fn tell(&self, hub: HubId, room: RoomId, frame: &Bytes) {
        if let Some(hub) = self.hub(hub) {
            let _ = hub.try_deliver(Deliver { room, seq: None, frame: frame.clone() });
        }
    }

    fn hub(&self, id: HubId) -> Option<&HubRef> {
        self.hubs.iter().find(|hub| hub.id() == id)
    }

    fn frame(&mut self, event: &RoomEvent) -> Bytes {
        match &self.last {
            Some((room, seq, frame)) if *room == event.room && *seq == event.seq => frame.clone(),
            _ => {
                let frame = self.encoder.event(event);
                self.last = Some((event.room, event.seq, frame.clone()));
                frame
            }
        }
    }
}

impl Sink for HubSink<'_> {
    fn offer(&mut self, hub: HubId, event: &Arc<RoomEvent>) -> Taken {
        let frame = self.frame(event);
        let Some(hub) = self.hub(hub) else { return Taken::Gone };
        match hub.try_deliver(Deliver { room: event.room, seq: Some(event.seq), frame }) {
            Ok(()) => Taken::Yes,
            Err(_) => Taken::Full,
        }
    }
}
