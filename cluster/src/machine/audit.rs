//! The audit log: what somebody did by their power over others, written in the same command as the act.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Act, EventBody, RoomAct, Until};

/// The act behind a logged event of a room, if it is one. Whatever is logged comes through here, so no act in
/// a room is left out.
pub(super) fn of_event(room: &RoomId, user: &UserId, body: &EventBody) -> Option<Act> {
    let (target, act) = match body {
        EventBody::Kicked { target } => (Some(target), RoomAct::Kicked),
        EventBody::Role { target, role } => (Some(target), RoomAct::Role(*role)),
        EventBody::Banned { target, reason, .. } => {
            (Some(target), RoomAct::Banned { reason: reason.clone() })
        }
        EventBody::Unbanned { target } => (Some(target), RoomAct::Unbanned),
        EventBody::Muted { target, until: Until::OVER } => (Some(target), RoomAct::Unmuted),
        EventBody::Muted { target, .. } => (Some(target), RoomAct::Muted),
        EventBody::Archived => (None, RoomAct::Archived),
        EventBody::Unarchived => (None, RoomAct::Unarchived),
        EventBody::RoomDeleted => (None, RoomAct::Deleted),
        _ => return None,
    };
    let over_another = target.is_none_or(|target| target != user);
    over_another.then(|| in_room(room, target, act))
}

/// Something that was done in a room.
pub(super) fn in_room(room: &RoomId, user: Option<&UserId>, act: RoomAct) -> Act {
    Act::Room { room: *room, user: user.cloned(), act }
}
