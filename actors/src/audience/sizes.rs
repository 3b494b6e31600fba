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
pub(super) struct Sizes(HashSet<RoomId>);

impl Sizes {
    /// A room's size changed.
    pub(super) fn add(&mut self, room: RoomId) -> Gathered {
        let gathered = if self.0.is_empty() { Gathered::First } else { Gathered::More };
        if self.0.len() < WAITING_MAX {
            self.0.insert(room);
        }
        gathered
    }

    /// All that were gathered.
    pub(super) fn take(&mut self) -> Vec<RoomId> {
        let mut rooms: Vec<_> = std::mem::take(&mut self.0).into_iter().collect();
        rooms.sort_unstable();
        rooms
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
        assert_eq!(sizes.add(one), Gathered::First);
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
