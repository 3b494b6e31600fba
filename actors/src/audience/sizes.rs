//! Rooms whose number of members changed, gathered for a while: in a room that many enter it is told once a second,
//! whatever comes and goes.

use std::collections::HashSet;
use std::time::Duration;

use madang_storage::id::RoomId;
use madang_storage::row::EventBody;

use super::receipts::Gathered;

/// For how long they are gathered.
pub(super) const GATHER_FOR: Duration = Duration::from_secs(1);
/// Rooms that wait at most; the size of further ones is told with their next change.
const WAITING_MAX: usize = 16_384;

/// Rooms whose size is to be told.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    rooms: HashSet<RoomId>,
    /// Whether those taken last are still being read: further ones wait for that.
    reading: bool,
}

impl Sizes {
    /// A room's size changed.
    pub(super) fn add(&mut self, room: RoomId) -> Gathered {
        let first = self.rooms.is_empty() && !self.reading;
        if self.rooms.len() < WAITING_MAX {
            self.rooms.insert(room);
        }
        if first { Gathered::First } else { Gathered::More }
    }

    /// All that were gathered, to be read now.
    pub(super) fn take(&mut self) -> Vec<RoomId> {
        self.reading = true;
        let mut rooms: Vec<_> = std::mem::take(&mut self.rooms).into_iter().collect();
        rooms.sort_unstable();
        rooms
    }

    /// Those taken last were read. `First`: others came meanwhile, and are to be told after a while.
    pub(super) fn read(&mut self) -> Gathered {
        self.reading = false;
        if self.rooms.is_empty() { Gathered::More } else { Gathered::First }
    }
}

/// Whether an event may change how many have joined.
pub(super) fn changes_size(body: &EventBody) -> bool {
    matches!(body, EventBody::Joined | EventBody::Left | EventBody::Kicked { .. } | EventBody::Banned { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_told_once_for_all_who_came() {
        let mut sizes = Sizes::default();
        let (one, two) = (RoomId([1; 16]), RoomId([2; 16]));
        assert_eq!(sizes.add(two), Gathered::First);
        assert_eq!([sizes.add(one), sizes.add(two)], [Gathered::More; 2]);
        assert_eq!(sizes.take(), [one, two]);
        assert_eq!(sizes.add(one), Gathered::More, "one reading after the other");
        assert_eq!(sizes.read(), Gathered::First);
        assert_eq!(sizes.take(), [one]);
        assert_eq!(sizes.read(), Gathered::More);
        assert_eq!(sizes.add(two), Gathered::First);
    }

    #[test]
    fn no_more_rooms_wait_than_may() {
        let mut sizes = Sizes::default();
        for number in 0..WAITING_MAX + 10 {
            sizes.add(RoomId((number as u128).to_be_bytes()));
        }
        assert_eq!(sizes.take().len(), WAITING_MAX);
    }
}
