//! The warmest rooms of this node. Bounded: a room that comes when all places are taken gets one only from a
//! room that is cooler.

use std::collections::HashMap;
use std::sync::Arc;

use madang_storage::id::RoomId;
use parking_lot::Mutex;

use crate::room::{Heat, Reading};

/// How many rooms have a place.
const ROOMS_MAX: usize = 256;

/// The warmest rooms of this node. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board(Arc<Mutex<HashMap<RoomId, Reading>>>);

/// What a board says in a few numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BoardSummary {
    /// Rooms that are hot.
    pub hot: usize,
    /// The most that is asked of any room, each of the three by itself.
    pub most: Heat,
}

impl Board {
    /// What a room's thermometer shows. Every second, from the owners of warm rooms.
    pub(crate) fn tell(&self, room: RoomId, reading: Reading) {
        let mut rooms = self.0.lock();
        if rooms.len() >= ROOMS_MAX && !rooms.contains_key(&room) {
            let coolest = rooms.iter().map(|(room, reading)| (rank(reading), *room)).min();
            match coolest {
                Some((least, coolest)) if least < rank(&reading) => rooms.remove(&coolest),
                _ => return,
            };
        }
        rooms.insert(room, reading);
    }

    /// The room is not warm any more, or its owner has gone.
    pub(crate) fn forget(&self, room: &RoomId) {
        self.0.lock().remove(room);
    }

    /// All that have a place, in no order.
    pub(crate) fn all(&self) -> Vec<(RoomId, Reading)> {
        self.0.lock().iter().map(|(room, reading)| (*room, *reading)).collect()
    }

    /// How many are hot, and how hot.
    pub(crate) fn summary(&self) -> BoardSummary {
        self.0.lock().values().fold(BoardSummary::default(), |sum, reading| BoardSummary {
            hot: sum.hot + usize::from(reading.hot_for_ms.is_some()),
            most: sum.most.zip(reading.heat, u32::max),
        })
    }
}

/// The hot ones before all others, then by how much is asked.
fn rank(reading: &Reading) -> (bool, u64) {
    (reading.hot_for_ms.is_some(), reading.heat.total_per_s())
}
