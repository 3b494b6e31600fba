//! A user's list of rooms: what rooms' shards tell about it.

use madang_storage::StorageError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Effect, MemberState, Switch, Until, UserRoomRow, table};

use super::{gone, people};
use crate::command::Refusal;
use crate::event::ShardEvent;
use crate::machine::rows::user_room_key;
use crate::machine::shard::{Stop, Turn};

/// A user's place in a room, as the room decided it.
pub(in crate::machine) struct NewPlace<'a> {
    /// Which room.
    pub(in crate::machine) room: &'a RoomId,
    /// Joined, invited, or no longer there.
    pub(in crate::machine) state: Option<MemberState>,
    /// Seq of the event that made it so.
    pub(in crate::machine) room_seq: u64,
    /// Who asked the user in.
    pub(in crate::machine) by: Option<&'a UserId>,
    /// When.
    pub(in crate::machine) at_ms: u64,
}

/// Takes it over, unless it is older than what is known. An invitation from somebody whom the user blocks is
/// declined here, where the block is: it may have been on its way when the block was made.
pub(in crate::machine) fn take(
    turn: &mut Turn<'_, '_>,
    user: &UserId,
    place: &NewPlace<'_>,
) -> Result<(), StorageError> {
    let NewPlace { room, room_seq, by, at_ms, .. } = *place;
    let key = user_room_key(user, room);
    let known: Option<UserRoomRow> = turn.rows.load(table::USER_ROOM, &key)?;
    if known.as_ref().is_some_and(|known| known.room_seq >= room_seq) {
        return Ok(());
    }
    let mut state = place.state;
    if let (Some(MemberState::Invited), Some(by)) = (state, by)
        && people::blocks(turn, user, by)?
    {
        state = None;
        turn.effect(Effect::Declined { room: *room, user: user.clone(), room_seq })?;
    }
    let pos = turn.next_pos();
    let by = by.filter(|_| state == Some(MemberState::Invited)).cloned();
    // What the user has set lasts as long as the room is in the list.
    let set = known.filter(|_| state.is_some()).map(|known| (known.quiet, known.pinned_ms));
    let (quiet, pinned_ms) = set.unwrap_or_default();
    turn.rows.save(
        table::USER_ROOM,
        key,
        &UserRoomRow { state, room_seq, pos, by, at_ms, quiet, pinned_ms },
    )?;
    if state.is_none() {
        gone::remember(turn, user, room, pos)?;
    }
    turn.tell(ShardEvent::UserRoom { user: user.clone(), room: *room, state, pos });
    Ok(())
}

/// Sets a room of the list up for its user alone. Repeats change nothing.
pub(super) fn set(
    turn: &mut Turn<'_, '_>,
    user: &UserId,
    room: &RoomId,
    (quiet, pinned): (Option<Until>, Option<Switch>),
) -> Result<(), Stop> {
    let key = user_room_key(user, room);
    let known: Option<UserRoomRow> = turn.rows.load(table::USER_ROOM, &key)?;
    let mut row = known.filter(|row| row.state == Some(MemberState::Joined)).ok_or(Refusal::NoRoom)?;
    let before = (row.quiet, row.pinned_ms);
    row.quiet = quiet.unwrap_or(row.quiet);
    row.pinned_ms = match pinned {
        None => row.pinned_ms,
        Some(Switch::Off) => 0,
        // A pin that is there keeps its place.
        Some(Switch::On) if row.pinned_ms > 0 => row.pinned_ms,
        Some(Switch::On) => turn.at_ms.max(1),
    };
    if before == (row.quiet, row.pinned_ms) {
        return Ok(());
    }
    turn.rows.save(table::USER_ROOM, key, &row)?;
    let (user, room, quiet, pinned_ms) = (user.clone(), *room, row.quiet, row.pinned_ms);
    turn.tell(ShardEvent::MyRoom { user, room, quiet, pinned_ms });
    Ok(())
}
