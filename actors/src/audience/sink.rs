//! How events become frames on their way to the hubs.

use std::sync::Arc;

use bytes::Bytes;
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, ShardId};

use super::machine::{Sink, Taken};
use crate::encoder::FrameEncoder;
use crate::hub::{Deliver, HubId, HubRef, Hubs, Logged};
use crate::position::FeedPos;

/// Encodes each event once, for all hubs.
pub(super) struct HubSink<'a> {
    hubs: &'a Hubs,
    known: Arc<[HubRef]>,
    encoder: &'a dyn FrameEncoder,
    shard: ShardId,
    last: Option<(RoomId, u64, Bytes)>,
}

impl<'a> HubSink<'a> {
    pub(super) fn new(hubs: &'a Hubs, encoder: &'a dyn FrameEncoder, shard: ShardId) -> Self {
        Self { hubs, known: hubs.all(), encoder, shard, last: None }
    }

    /// Sends what is not logged; a hub that has its fill goes without.
    pub(super) fn tell(&mut self, hub: HubId, room: RoomId, frame: &Bytes) {
        if let Some(hub) = self.hub(hub) {
            let _ = hub.try_deliver(Deliver { room, logged: None, frame: frame.clone() });
        }
    }

    /// A hub that started after the first look may listen already, and is not to be taken for one that has
    /// gone.
    fn hub(&mut self, id: HubId) -> Option<&HubRef> {
        if self.known.iter().all(|hub| hub.id() != id) {
            self.known = self.hubs.all();
        }
        self.known.iter().find(|hub| hub.id() == id)
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
        let (frame, shard) = (self.frame(event), self.shard);
        let Some(hub) = self.hub(hub) else { return Taken::Gone };
        let at = FeedPos { shard, pos: event.row.pos };
        let logged = Some(Logged { seq: event.seq, at });
        match hub.try_deliver(Deliver { room: event.room, logged, frame }) {
            Ok(()) => Taken::Yes,
            Err(_) => Taken::Full,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Words, event, user};
    use crate::hub::HubOptions;
    use crate::yard::run;

    #[test]
    fn a_hub_that_started_meanwhile_is_found_and_one_that_never_was_is_gone() {
        run(async {
            let hubs = Hubs::new(HubOptions::default(), None);
            let mut sink = HubSink::new(&hubs, &Words, ShardId(0));
            let event = event(RoomId([1; 16]), 1, &user("minji"), "hi");
            let started = hubs.local().hub().id();
            assert_eq!(sink.offer(started, &event), Taken::Yes);
            assert_eq!(sink.offer(HubId(7), &event), Taken::Gone);
        });
    }
}
