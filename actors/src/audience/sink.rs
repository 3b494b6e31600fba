//! How events become frames on their way to the hubs.

use std::sync::Arc;

use bytes::Bytes;
use madang_cluster::event::RoomEvent;
use madang_storage::id::{RoomId, ShardId};
use madang_storage::row::EventBody;

use super::machine::{Sink, Taken};
use crate::encoder::FrameEncoder;
use crate::hub::{Deliver, HubId, HubRef, Hubs, Logged, Pace};
use crate::position::FeedPos;
use crate::shed::Class;

/// Encodes each event once, for all hubs.
pub(super) struct HubSink<'a> {
    hubs: &'a Hubs,
    known: Arc<[HubRef]>,
    encoder: &'a dyn FrameEncoder,
    shard: ShardId,
    last: Option<(RoomId, u64, Shape, Bytes)>,
}

/// What an event becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Itself.
    Whole,
    /// That the log goes through here.
    Head,
}

impl<'a> HubSink<'a> {
    pub(super) fn new(hubs: &'a Hubs, encoder: &'a dyn FrameEncoder, shard: ShardId) -> Self {
        Self { hubs, known: hubs.all(), encoder, shard, last: None }
    }

    /// Sends what is not logged; a hub that has its fill goes without.
    pub(super) fn tell(&mut self, hub: HubId, room: RoomId, frame: &Bytes) {
        if let Some(hub) = self.hub(hub) {
            let _ = hub.try_deliver(Deliver { room, logged: None, frame: frame.clone(), pace: Pace::AtOnce });
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

    fn frame(&mut self, event: &RoomEvent, shape: Shape) -> Bytes {
        match &self.last {
            Some((room, seq, last, frame)) if *room == event.room && *seq == event.seq && *last == shape => {
                frame.clone()
            }
            _ => {
                let frame = match shape {
                    Shape::Whole => self.encoder.event(event),
                    Shape::Head => self.encoder.head(&event.room, event.seq),
                };
                self.last = Some((event.room, event.seq, shape, frame.clone()));
                frame
            }
        }
    }

    /// What an event becomes, and how soon it goes, by what is taken from its room.
    fn shape(&self, event: &RoomEvent) -> (Shape, Pace) {
        let taken = self.hubs.levels().taken(&event.room);
        let is_left_out =
            taken.has(Class::Heads) || taken.has(Class::Reactions) && only_counts(&event.row.body);
        match (is_left_out, taken.has(Class::Coalesced)) {
            (true, _) => (Shape::Head, Pace::Head),
            (false, true) => (Shape::Whole, Pace::Gathered),
            (false, false) => (Shape::Whole, Pace::AtOnce),
        }
    }
}

impl Sink for HubSink<'_> {
    fn offer(&mut self, hub: HubId, event: &Arc<RoomEvent>) -> Taken {
        let (shape, pace) = self.shape(event);
        let (frame, shard) = (self.frame(event, shape), self.shard);
        let Some(hub) = self.hub(hub) else { return Taken::Gone };
        let at = FeedPos { shard, pos: event.row.pos };
        let logged = Some(Logged { seq: event.seq, at });
        match hub.try_deliver(Deliver { room: event.room, logged, frame, pace }) {
            Ok(()) => Taken::Yes,
            Err(_) => Taken::Full,
        }
    }
}

/// Whether an event only changes a number that is shown: of reactions, or of members.
fn only_counts(body: &EventBody) -> bool {
    matches!(body, EventBody::Reacted { .. } | EventBody::Joined | EventBody::Left)
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
