//! What is taken from which room on this node: the table in which everybody looks who delivers something.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use madang_storage::id::RoomId;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::crowd::Demand;
use super::level::{Class, Level, Taken};

/// What is taken from which room. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Levels(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// How many rooms something is taken from: mostly none, and then nobody looks further.
    shed: AtomicUsize,
    rooms: RwLock<HashMap<RoomId, Entry>>,
    demands: Mutex<HashMap<RoomId, Demand>>,
    watched: Mutex<HashMap<RoomId, Shed>>,
    counted: Notify,
    /// Whether anybody looks at what is counted.
    looked_at: AtomicBool,
}

#[derive(Debug, Clone)]
struct Entry {
    taken: Taken,
    /// What those are told who come.
    frame: Bytes,
}

/// How a room is on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shed {
    /// How far up the ladder it is.
    pub level: Level,
    /// Deliveries a second, if nothing were shed.
    pub deliveries_per_s: u64,
}

impl Levels {
    /// Whether this is taken from a room.
    pub(crate) fn sheds(&self, room: &RoomId, class: Class) -> bool {
        self.taken(room).has(class)
    }

    /// All that is taken from a room.
    pub(crate) fn taken(&self, room: &RoomId) -> Taken {
        if self.0.shed.load(Ordering::Acquire) == 0 {
            return Taken::default();
        }
        self.0.rooms.read().get(room).map_or_else(Taken::default, |entry| entry.taken)
    }

    /// What those are told who come into a room; `None`: nothing is taken from it.
    pub(crate) fn frame(&self, room: &RoomId) -> Option<Bytes> {
        if self.0.shed.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.0.rooms.read().get(room).map(|entry| entry.frame.clone())
    }

    /// From a hub: what its sessions were delivered lately, or would have been.
    pub(crate) fn count(&self, demands: impl Iterator<Item = (RoomId, Demand)>) {
        if !self.0.looked_at.load(Ordering::Acquire) {
            return;
        }
        let mut all = self.0.demands.lock();
        for (room, Demand { deliveries, listeners }) in demands {
            let sum = all.entry(room).or_default();
            sum.deliveries = sum.deliveries.saturating_add(deliveries);
            sum.listeners = sum.listeners.saturating_add(listeners);
        }
        self.0.counted.notify_one();
    }

    /// From now on somebody takes what is counted.
    pub(super) fn look(&self) {
        self.0.looked_at.store(true, Ordering::Release);
    }

    /// Nobody looks any more, and nothing is taken from any room.
    pub(super) fn forgo(&self) {
        self.0.looked_at.store(false, Ordering::Release);
        self.0.demands.lock().clear();
        self.0.watched.lock().clear();
        self.0.rooms.write().clear();
        self.0.shed.store(0, Ordering::Release);
    }

    /// Waits until something was counted.
    pub(super) async fn counted(&self) {
        self.0.counted.notified().await;
    }

    /// Whether no room is watched.
    pub(super) fn is_quiet(&self) -> bool {
        self.0.watched.lock().is_empty()
    }

    /// How each room is that is watched.
    pub(crate) fn all(&self) -> Vec<(RoomId, Shed)> {
        self.0.watched.lock().iter().map(|(room, shed)| (*room, *shed)).collect()
    }

    /// How many rooms are at each step now, the first step first.
    pub(crate) fn summary(&self) -> [usize; Class::ALL.len()] {
        let watched = self.0.watched.lock();
        Class::ALL.map(|class| watched.values().filter(|shed| shed.level == Some(class)).count())
    }

    /// Takes what was counted since the last time.
    pub(super) fn take_demands(&self) -> HashMap<RoomId, Demand> {
        std::mem::take(&mut self.0.demands.lock())
    }

    /// What is taken from a room from now on, and what those are told who come.
    pub(super) fn set(&self, room: RoomId, taken: Taken, frame: Bytes) {
        let mut rooms = self.0.rooms.write();
        if taken == Taken::default() {
            rooms.remove(&room);
        } else {
            rooms.insert(room, Entry { taken, frame });
        }
        self.0.shed.store(rooms.len(), Ordering::Release);
    }

    /// How the rooms are that are watched.
    pub(super) fn watch(&self, watched: impl Iterator<Item = (RoomId, Shed)>) {
        *self.0.watched.lock() = watched.collect();
    }
}
