//! The direct room of two people: what it is called, and who of them blocks the other.

use madang_storage::StorageError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Blocked, PairRow, table};
use sha2::{Digest, Sha256};

use super::rows::room_key;
use super::shard::Turn;
use crate::command::Refusal;

/// The room of a pair has the same id whoever asks: the first half of a hash over both names. User ids
/// have no byte 0, so two pairs cannot run into each other.
pub fn direct_room(a: &UserId, b: &UserId) -> RoomId {
    let (less, greater) = if a < b { (a, b) } else { (b, a) };
    let mut hash = Sha256::new();
    hash.update("direct");
    hash.update(less.as_str());
    hash.update([0]);
    hash.update(greater.as_str());
    let digest: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    RoomId(id)
}

/// One of the two blocks the other, or does so no longer. What is not newer than what is known is a repeat.
pub(super) fn take(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    (by, other): (&UserId, &UserId),
    (blocked, version): (Blocked, u64),
) -> Result<(), StorageError> {
    let mut row: PairRow = turn.rows.load(table::PAIR, &room_key(room))?.unwrap_or_default();
    let side = if by < other { &mut row.lesser } else { &mut row.greater };
    if side.1 >= version {
        return Ok(());
    }
    *side = (blocked, version);
    turn.rows.save(table::PAIR, room_key(room), &row)
}

/// Refuses if either of the two blocks the other. Which of them is not said.
pub(super) fn check(turn: &Turn<'_, '_>, room: &RoomId) -> Result<Result<(), Refusal>, StorageError> {
    let row: Option<PairRow> = turn.rows.load(table::PAIR, &room_key(room))?;
    let blocked = row.is_some_and(|row| [row.lesser.0, row.greater.0].contains(&Blocked::Yes));
    Ok(if blocked { Err(Refusal::Private) } else { Ok(()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_one_direct_room_whoever_asks() {
        let user = |name| UserId::parse(name).unwrap();
        let room = direct_room(&user("minji"), &user("jun"));
        assert_eq!(room, direct_room(&user("jun"), &user("minji")));
        assert_ne!(room, direct_room(&user("jun"), &user("minji2")));
    }

    #[test]
    fn the_id_of_a_direct_room_never_changes() {
        let user = |name| UserId::parse(name).unwrap();
        assert_eq!(direct_room(&user("minji"), &user("jun")).to_string(), "4PCYKZ5ZKFV478MC13ZHE9RXR2");
    }
}
