//! What members have read and received, gathered for a moment: whoever reads on quickly is told of once. The
//! first to be given up when there is too much: the next receipt of the same member says it again.

use std::collections::HashMap;
use std::time::Duration;

use madang_storage::id::{RoomId, UserId};

/// For how long receipts are gathered.
pub(super) const GATHER_FOR: Duration = Duration::from_millis(200);
/// Members whose receipts wait at most; those of further ones are not told.
const WAITING_MAX: usize = 16_384;

/// How far a member has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) read_seq: u64,
    pub(super) received_seq: u64,
}

/// Whether somebody must come back for what was gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gathered {
    /// After [`GATHER_FOR`].
    First,
    /// Somebody will.
    More,
}

/// The newest receipt of each member, of those that are not told yet.
#[derive(Debug, Default)]
pub(super) struct Receipts(HashMap<(RoomId, UserId), Mark>);

impl Receipts {
    /// A member has come this far.
    pub(super) fn add(&mut self, room: RoomId, user: &UserId, mark: Mark) -> Gathered {
        let gathered = if self.0.is_empty() { Gathered::First } else { Gathered::More };
        if self.0.len() < WAITING_MAX || self.0.contains_key(&(room, user.clone())) {
            self.0.insert((room, user.clone()), mark);
        }
        gathered
    }

    /// All that was gathered.
    pub(super) fn take(&mut self) -> impl Iterator<Item = ((RoomId, UserId), Mark)> + use<> {
        std::mem::take(&mut self.0).into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(read_seq: u64) -> Mark {
        Mark { read_seq, received_seq: read_seq }
    }

    #[test]
    fn only_the_newest_receipt_of_a_member_is_told() {
        let (mut receipts, room) = (Receipts::default(), RoomId([1; 16]));
        let minji = UserId::parse("minji").unwrap();
        assert_eq!(receipts.add(room, &minji, mark(1)), Gathered::First);
        assert_eq!(receipts.add(room, &minji, mark(2)), Gathered::More);
        assert_eq!(receipts.take().collect::<Vec<_>>(), [((room, minji.clone()), mark(2))]);
        assert_eq!(receipts.add(room, &minji, mark(3)), Gathered::First);
    }

    #[test]
    fn more_members_than_there_may_be_are_not_told() {
        let (mut receipts, room) = (Receipts::default(), RoomId([1; 16]));
        for number in 0..WAITING_MAX + 10 {
            receipts.add(room, &UserId::parse(&format!("u{number}")).unwrap(), mark(1));
        }
        receipts.add(room, &UserId::parse("u0").unwrap(), mark(9));
        let told: HashMap<_, _> = receipts.take().collect();
        assert_eq!(told.len(), WAITING_MAX);
        assert_eq!(told[&(room, UserId::parse("u0").unwrap())], mark(9));
    }
}
