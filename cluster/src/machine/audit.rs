//! The audit log: what somebody did by their power over others, written in the same command as the act.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Act, EventBody};

/// The act behind a logged event of a room, if it is one. Whatever is logged goes through here, so no act in
/// a room is left out.
pub(super) fn of_event(room: &RoomId, user: &UserId, body: &EventBody) -> Option<Act> {
    let room = *room;
    match body {
        EventBody::Kicked { target } if target != user => Some(Act::Kicked { room, user: target.clone() }),
        EventBody::Role { target, role } => Some(Act::Role { room, user: target.clone(), role: *role }),
        _ => None,
    }
}
