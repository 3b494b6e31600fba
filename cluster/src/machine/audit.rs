//! The audit log: what somebody did by their power over others, written in the same command as the act.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Act, EventBody, RoomAct, RoomChange, Until};

/// The act behind what a room logs at `seq`, if it is one. Whatever is logged comes through here; the two acts
/// of which the log does not say all, taking away somebody's message or link, are written where they are decided.
pub(super) fn of_event(room: &RoomId, seq: u64, user: &UserId, body: &EventBody) -> Option<Act> {
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
        EventBody::Changed(change) if configures(change) => (None, RoomAct::Configured { seq }),
        _ => return None,
    };
    let over_another = target.is_none_or(|target| target != user);
    over_another.then(|| in_room(room, target, act))
}

/// Whether it changes what others may do; how the room is described is no power over anybody.
fn configures(change: &RoomChange) -> bool {
    let RoomChange { title: _, topic: _, picture: _, features, rights, slow_mode_s, places_max } = change;
    !features.is_empty() || !rights.is_empty() || slow_mode_s.is_some() || places_max.is_some()
}

/// Something that was done in a room.
pub(super) fn in_room(room: &RoomId, user: Option<&UserId>, act: RoomAct) -> Act {
    Act::Room { room: *room, user: user.cloned(), act }
}
