//! The people of a deleted room: they learn of it, some at a time.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Life, MemberRow, MemberState, RoomRow, table};

use super::tell_user;
use crate::machine::rows::{member_key, room_key};
use crate::machine::shard::{Stop, Turn};

/// Takes these people's rows away and tells their shards. Does nothing for a room that is not deleted.
pub(in crate::machine) fn sweep_members(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    users: &[UserId],
) -> Result<(), Stop> {
    let head: Option<RoomRow> = turn.rows.load(table::ROOM, &room_key(room))?;
    let Some(mut head) = head.filter(|head| head.life == Life::Deleted) else { return Ok(()) };
    for user in users {
        let key = member_key(room, user);
        let Some(row) = turn.rows.load::<MemberRow>(table::MEMBER, &key)? else { continue };
        let count = match row.state {
            MemberState::Joined => &mut head.joined,
            MemberState::Invited => &mut head.invited,
        };
        *count = count.saturating_sub(1);
        turn.rows.remove(table::MEMBER, key);
        // The room's last event is what they learn: news of their shards that is older is dropped there.
        tell_user(turn, room, user, None, head.last_seq)?;
    }
    turn.rows.save(table::ROOM, room_key(room), &head)?;
    Ok(())
}
