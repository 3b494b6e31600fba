//! The door to the audiences of all shards.

use std::collections::{BTreeMap, HashMap};
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

    /// A hub hears these rooms from now on: every event that is applied after this call reaches it, in order.
    /// What was applied before is in the log. Returns at once: of the rooms that nobody heard yet it looks up one
    /// row each, all of a shard together; where this node has no replica it leaves that to the audience.
    pub fn listen(&self, hub: HubId, rooms: &[RoomId]) {
        for (shard, rooms) in self.by_shard(rooms) {
            let Some(seats) = self.seats(shard) else { continue };
            let unheard: Vec<RoomId> = {
                let table = seats.table.lock();
                rooms.iter().filter(|room| !table.is_heard(room)).copied().collect()
            };
            // Read before, since what is applied between the two must count as new, and without the lock.
            // A table that changed in between ignores it or starts a little earlier.
            let heads = self.heads(shard, &unheard);
            let unknown: Vec<RoomId> = {
                let mut table = seats.table.lock();
                let is_unknown = |room: &RoomId| table.gained(hub, *room, heads.get(room).copied());
                let unknown = rooms.into_iter().filter(is_unknown).collect();
                // Said before the lock is given back: nobody who saw no listeners says otherwise afterwards.
                self.0.truth.want_feed(shard);
                unknown
            };
            if !unknown.is_empty() {
                // An audience that is being restarted looks at all rooms anyway.
                seats.gate.cast(AudienceMessage::Look(unknown));
            }
        }
    }

    /// The newest seqs of these rooms, if this node has them.
    fn heads(&self, shard: ShardId, rooms: &[RoomId]) -> HashMap<RoomId, u64> {
        if rooms.is_empty() {
            return HashMap::new();
        }
        let heads = self.0.truth.reader_now(shard).map(|now| now.heads_here(rooms));
        match heads {
            Ok(Some(Ok(heads))) => rooms.iter().copied().zip(heads).collect(),
            // For those of another node nobody waits here.
            Ok(None) => HashMap::new(),
            Ok(Some(Err(error))) | Err(error) => {
                tracing::warn!(%shard, %error, "cannot read where rooms are");
                HashMap::new()
            }
        }
    }

    /// These rooms, shard by shard. Somebody may be in thousands: each is placed once.
    fn by_shard(&self, rooms: &[RoomId]) -> BTreeMap<ShardId, Vec<RoomId>> {
        let mut by_shard: BTreeMap<ShardId, Vec<RoomId>> = BTreeMap::new();
        for room in rooms {
            by_shard.entry(self.0.slots.of_room(room)).or_default().push(*room);
        }
        by_shard
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
        for (shard, mine) in self.by_shard(rooms) {
            let Some(seats) = self.seats(shard) else { continue };
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
        for (shard, rooms) in self.by_shard(&rooms) {
            if let Some(seats) = self.seats(shard) {
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
    fn gained(&self, hub: HubId, rooms: &[RoomId]) {
        self.listen(hub, rooms);
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
