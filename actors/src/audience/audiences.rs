//! The door to the audiences of all shards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use madang_cluster::placement::SlotMap;
use madang_storage::id::{RoomId, ShardId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::machine::Machine;
use super::message::AudienceMessage;
use crate::gate::Gate;
use crate::hub::{HubId, Interest};
use crate::position::Positions;
use crate::truth::Truth;

/// The audiences of this node. Clones share them. Give a clone to [`Hubs::new`](crate::hub::Hubs::new):
/// hubs tell it which rooms they hear.
#[derive(Clone)]
pub struct Audiences(Arc<Inner>);

struct Inner {
    truth: Arc<dyn Truth>,
    slots: SlotMap,
    shards: Vec<Arc<Seats>>,
}

/// One shard's audience: the actor, and what outlives it.
pub(crate) struct Seats {
    /// The actor's door.
    pub(crate) gate: Gate<AudienceMessage>,
    /// Who listens to what. Locked for one event or one change at a time.
    pub(super) table: Mutex<Machine>,
    /// Everything through this place of the shard's feed was handed to the hubs.
    pub(super) reached: AtomicU64,
    /// Rooms were looked up.
    pub(super) looked_up: Notify,
}

impl Audiences {
    /// Nobody listens yet.
    pub fn new(truth: Arc<dyn Truth>) -> Self {
        let slots = truth.slots();
        let seats = |_| {
            Arc::new(Seats {
                gate: Gate::shut(),
                table: Mutex::default(),
                reached: AtomicU64::new(0),
                looked_up: Notify::new(),
            })
        };
        Self(Arc::new(Inner { truth, slots, shards: slots.all().map(seats).collect() }))
    }

    /// A hub hears `room` from now on: every event that is applied after this call reaches it, in order.
    /// What was applied before is in the log. Returns at once: if nobody heard the room yet it looks one
    /// row up, or where this node has no replica leaves that to the audience.
    pub fn listen(&self, hub: HubId, room: RoomId) {
        let shard = self.0.slots.of_room(&room);
        let Some(seats) = self.seats(shard) else { return };
        let heard = seats.table.lock().is_heard(&room);
        // Read before, since what is applied between the two must count as new, and without the lock.
        // A table that changed in between ignores it or starts a little earlier.
        let head = if heard { None } else { self.head(shard, &room) };
        {
            let mut table = seats.table.lock();
            table.gained(hub, room, head);
            // Said before the lock is given back: nobody who saw no listeners says otherwise afterwards.
            self.0.truth.want_feed(shard);
        }
        if !heard && head.is_none() {
            // An audience that is being restarted looks at all rooms anyway.
            seats.gate.cast(AudienceMessage::Look(room));
        }
    }

    /// The room's newest seq, if this node has it.
    fn head(&self, shard: ShardId, room: &RoomId) -> Option<u64> {
        let now = self.0.truth.reader_now(shard);
        let head = match &now {
            // The row of a local replica is ready at once; for that of another node nobody waits here.
            Ok(now) => now.head(room).now_or_never()?,
            Err(error) => Err(error.clone()),
        };
        match head {
            Ok(head) => Some(head.map_or(0, |head| head.last_seq)),
            Err(error) => {
                tracing::warn!(%room, %error, "cannot read where a room is");
                None
            }
        }
    }

    /// A hub no longer hears `room`. Returns at once.
    pub fn unlisten(&self, hub: HubId, room: RoomId) {
        if let Some(seats) = self.seats(self.0.slots.of_room(&room)) {
            seats.table.lock().lost(hub, room);
        }
    }

    /// Waits until the logs of these rooms show where the listening to them began: whoever reads them then
    /// gets all that is not pushed. At once for rooms of which this node has a replica.
    async fn begun(&self, rooms: &[RoomId]) {
        // Somebody may be in thousands of rooms: each is placed once, not once for each shard.
        let mut by_shard = vec![Vec::new(); self.0.shards.len()];
        for room in rooms {
            if let Some(rooms) = by_shard.get_mut(usize::from(self.0.slots.of_room(room).0)) {
                rooms.push(room);
            }
        }
        for (seats, mine) in self.0.shards.iter().zip(by_shard) {
            loop {
                let looked_up = seats.looked_up.notified();
                tokio::pin!(looked_up);
                // Listening begins before the look, or a change in between would be missed.
                looked_up.as_mut().enable();
                let begun = {
                    let table = seats.table.lock();
                    mine.iter().all(|room| table.has_begun(room))
                };
                if begun {
                    break;
                }
                looked_up.await;
            }
        }
    }

    /// Whether anybody on this node hears the room.
    pub(crate) fn is_heard(&self, room: &RoomId) -> bool {
        self.seats(self.0.slots.of_room(room)).is_some_and(|seats| seats.table.lock().is_heard(room))
    }

    /// Sends a frame that is not logged to all who hear these rooms on this node; it is the first that overload drops.
    pub fn tell(&self, rooms: Vec<RoomId>, frame: &Bytes) {
        let mut by_shard = vec![Vec::new(); self.0.shards.len()];
        for room in rooms {
            let shard = usize::from(self.0.slots.of_room(&room).0);
            if let Some(rooms) = by_shard.get_mut(shard) {
                rooms.push(room);
            }
        }
        for (seats, rooms) in self.0.shards.iter().zip(by_shard) {
            if !rooms.is_empty() {
                seats.gate.cast(AudienceMessage::Tell { rooms, frame: frame.clone() });
            }
        }
    }

    /// Makes a shard's audience fail as a bug would.
    #[cfg(test)]
    pub(crate) fn fail(&self, shard: ShardId) {
        self.seats(shard).unwrap().gate.cast(AudienceMessage::Fail);
    }

    /// One shard's.
    pub(crate) fn seats(&self, shard: ShardId) -> Option<&Arc<Seats>> {
        self.0.shards.get(usize::from(shard.0))
    }
}

impl Interest for Audiences {
    fn gained(&self, hub: HubId, room: RoomId) {
        self.listen(hub, room);
    }

    fn lost(&self, hub: HubId, room: RoomId) {
        self.unlisten(hub, room);
    }

    fn begun(&self, rooms: Vec<RoomId>) -> BoxFuture<'static, ()> {
        let audiences = self.clone();
        async move { audiences.begun(&rooms).await }.boxed()
    }

    fn reached(&self) -> Positions {
        let mut reached = Positions::start(self.0.slots.shards());
        for (shard, seats) in self.0.slots.all().zip(&self.0.shards) {
            reached.advance(shard, seats.reached.load(Ordering::Acquire));
        }
        reached
    }
}
