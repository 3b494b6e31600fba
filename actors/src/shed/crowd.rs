//! All rooms of this node that are busy enough to be watched. Pure.

use std::collections::HashMap;

use madang_cluster::machine::meta::ShedLimits;
use madang_storage::id::RoomId;

use super::ladder::Ladder;
use super::level::{Level, Taken};

/// How many rooms are watched. One more is not shed until another is quiet; so many busy rooms are each small.
const ROOMS_MAX: usize = 16_384;
/// Over how many looks a load is averaged.
const LOOKS: usize = 5;
/// A window that is shorter counts as this long: what has just begun is no rate yet.
const WINDOW_MS_MIN: u64 = 500;
/// Clients that page after a head spread over this time, at least and at most.
const SPREAD_MS: (u64, u64) = (1_000, 30_000);

/// What a room was delivered on this node since the last look, or would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Demand {
    /// Logged events times listeners.
    pub(crate) deliveries: u64,
    /// How many sessions listen.
    pub(crate) listeners: u64,
}

/// What is new about one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) room: RoomId,
    pub(super) level: Level,
    pub(super) taken: Taken,
    /// Over how long clients spread that page after a head.
    pub(super) spread_ms: u64,
}

/// A room that is watched, as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) room: RoomId,
    pub(super) level: Level,
    /// Deliveries a second.
    pub(super) load: u64,
}

/// The rooms that are watched.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    rooms: HashMap<RoomId, Room>,
    looked_ms: Option<u64>,
}

#[derive(Debug, Default)]
struct Room {
    looks: [Look; LOOKS],
    ladder: Ladder,
    taken: Taken,
    listeners: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Look {
    deliveries: u64,
    took_ms: u64,
}

impl Crowd {
    /// Looks at what was delivered since the last look; answers what is new, and how it is.
    pub(super) fn look(
        &mut self,
        demands: HashMap<RoomId, Demand>,
        limits: &ShedLimits,
        now_ms: u64,
    ) -> (Vec<Change>, Vec<Watched>) {
        let took_ms = now_ms.saturating_sub(self.looked_ms.replace(now_ms).unwrap_or(now_ms));
        // Nobody looks while nothing is busy; what was counted is of the last moment all the same.
        let took_ms = took_ms.min(WINDOW_MS_MIN);
        for room in demands.keys() {
            if self.rooms.len() < ROOMS_MAX {
                self.rooms.entry(*room).or_default();
            }
        }
        let (mut changes, mut watched) = (Vec::new(), Vec::new());
        self.rooms.retain(|id, room| {
            let demand = demands.get(id).copied().unwrap_or_default();
            let load = room.load(demand, took_ms);
            room.ladder.look(load, limits, now_ms);
            let (level, taken) = (room.ladder.level(), Taken::at(room.ladder.level(), limits));
            if taken != room.taken {
                room.taken = taken;
                changes.push(Change { room: *id, level, taken, spread_ms: room.spread_ms(limits) });
            }
            let stays = load > 0 || level.is_some();
            if stays {
                watched.push(Watched { room: *id, level, load });
            }
            stays
        });
        // One order on every machine, for tests and for logs.
        changes.sort_unstable_by_key(|change| change.room);
        (changes, watched)
    }
}

impl Room {
    /// Deliveries a second over the last looks.
    fn load(&mut self, demand: Demand, took_ms: u64) -> u64 {
        self.looks.rotate_right(1);
        if let Some(newest) = self.looks.first_mut() {
            *newest = Look { deliveries: demand.deliveries, took_ms };
        }
        if demand.listeners > 0 {
            self.listeners = demand.listeners;
        }
        let deliveries: u64 = self.looks.iter().map(|look| look.deliveries).sum();
        let window_ms: u64 = self.looks.iter().map(|look| look.took_ms).sum();
        deliveries.saturating_mul(1_000) / window_ms.max(WINDOW_MS_MIN)
    }

    fn spread_ms(&self, limits: &ShedLimits) -> u64 {
        let (least, most) = SPREAD_MS;
        let whole = self.listeners.saturating_mul(1_000) / u64::from(limits.pages_per_s.max(1));
        whole.clamp(least, most)
    }
}
