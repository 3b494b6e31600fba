//! Rooms that a user has left, declined or lost: of each a tombstone stays in the list of rooms, which tells
//! devices that come back and drops news that was overtaken. Strangers can make more of them without end, so
//! only the newest stay; what is remembered of the others is how far back they reach.

use madang_storage::StorageError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{GoneRow, GonesRow, UserRoomRow, table};

use crate::machine::rows::{gone_key, user_key, user_room_key};
use crate::machine::shard::Turn;

/// How many tombstones are kept; each further one drives out the oldest. News that is overtaken by as many
/// removals of the same user is no longer known as such.
pub(super) const GONE_MAX: u64 = 500;

/// The tombstone of `room` was written at `pos` of the feed.
pub(super) fn remember(
    turn: &mut Turn<'_, '_>,
    user: &UserId,
    room: &RoomId,
    pos: u64,
) -> Result<(), StorageError> {
    let mut gones: GonesRow = turn.rows.load(table::GONES, &user_key(user))?.unwrap_or_default();
    gones.number += 1;
    turn.rows.save(table::GONE, gone_key(user, gones.number), &GoneRow { room: *room, pos })?;
    if let Some(oldest) = gones.number.checked_sub(GONE_MAX)
        && let Some(pos) = forget(turn, user, oldest)?
    {
        gones.forgotten_pos = pos;
    }
    turn.rows.save(table::GONES, user_key(user), &gones)
}

/// Takes an old tombstone away, unless the room has come back since. Answers where it stood in the feed.
fn forget(turn: &mut Turn<'_, '_>, user: &UserId, number: u64) -> Result<Option<u64>, StorageError> {
    let key = gone_key(user, number);
    let Some(gone) = turn.rows.load::<GoneRow>(table::GONE, &key)? else { return Ok(None) };
    turn.rows.remove(table::GONE, key);
    let key = user_room_key(user, &gone.room);
    let known: Option<UserRoomRow> = turn.rows.load(table::USER_ROOM, &key)?;
    if known.is_none_or(|known| known.pos != gone.pos) {
        return Ok(None);
    }
    turn.rows.remove(table::USER_ROOM, key);
    Ok(Some(gone.pos))
}

#[cfg(test)]
mod tests {
    use madang_storage::row::{Effect, MemberState, Row};

    use super::*;
    use crate::command::{Command, Op};
    use crate::machine::rows::{MemoryBase, Rows};
    use crate::machine::shard::{Counters, apply};

    #[derive(Default)]
    struct List {
        base: MemoryBase,
        counters: Counters,
    }

    impl List {
        fn tell(&mut self, room: u64, state: Option<MemberState>, room_seq: u64) {
            let effect =
                Effect::UserRoom { user: jun(), room: id(room), state, room_seq, by: None, at_ms: 1 };
            let mut rows = Rows::new(&self.base);
            let command = Command { at_ms: 1, op: Op::Effect(effect) };
            apply(&mut rows, &mut self.counters, &mut Vec::new(), &command).unwrap().unwrap();
            let writes = rows.into_writes();
            self.base.write(writes);
        }

        fn rooms(&self, state: Option<MemberState>) -> Vec<UserRoomRow> {
            let rows = self.base.0.iter().filter(|((table, _), _)| *table == table::USER_ROOM);
            let rows = rows.map(|(_, row)| UserRoomRow::decode(row).unwrap());
            rows.filter(|row| row.state == state).collect()
        }

        fn gones(&self) -> GonesRow {
            Rows::new(&self.base).load(table::GONES, &user_key(&jun())).unwrap().unwrap_or_default()
        }
    }

    fn jun() -> UserId {
        UserId::parse("jun").unwrap()
    }

    fn id(room: u64) -> RoomId {
        RoomId(u128::from(room).to_be_bytes())
    }

    #[test]
    fn only_the_newest_tombstones_stay_and_it_is_known_how_far_they_reach() {
        let mut list = List::default();
        // This one is left and entered again.
        list.tell(7, None, 1);
        list.tell(7, Some(MemberState::Joined), 2);
        for room in 1_000..1_000 + GONE_MAX - 1 {
            list.tell(room, None, 5);
        }
        assert_eq!((list.rooms(None).len() as u64, list.gones().forgotten_pos), (GONE_MAX - 1, 0));
        let before = list.base.clone();
        list.tell(1_000, Some(MemberState::Invited), 4);
        assert_eq!(list.base, before, "what was overtaken is dropped");
        for room in 2_000..3_000 {
            list.tell(room, None, 5);
        }
        assert_eq!(list.rooms(None).len() as u64, GONE_MAX);
        assert_eq!(list.rooms(Some(MemberState::Joined)).len(), 1, "whoever came back stays");
        let oldest = list.rooms(None).iter().map(|row| row.pos).min().unwrap();
        assert_eq!(list.gones().forgotten_pos, oldest - 1, "all from there on are still told");
        let of_table = |wanted| list.base.0.keys().filter(|(table, _)| *table == wanted).count() as u64;
        assert_eq!(of_table(table::GONE), GONE_MAX);
    }

    #[test]
    fn a_room_that_is_left_once_more_counts_from_then() {
        let mut list = List::default();
        list.tell(7, None, 1);
        list.tell(7, Some(MemberState::Joined), 2);
        for room in 1_000..1_000 + GONE_MAX / 2 {
            list.tell(room, None, 5);
        }
        list.tell(7, None, 3);
        for room in 2_000..2_000 + GONE_MAX - 1 {
            list.tell(room, None, 5);
        }
        let key = user_room_key(&jun(), &id(7));
        let kept = |list: &List| list.base.0.contains_key(&(table::USER_ROOM, key.clone()));
        assert!(kept(&list));
        list.tell(3_000, None, 5);
        assert!(!kept(&list));
    }
}
