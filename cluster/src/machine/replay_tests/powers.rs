//! That nobody does what their role does not allow: every event that is logged is held against the room and
//! the member as they were before.

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{
    Content, EventBody, EventRow, Everybody, MemberRow, MemberState, Right, Role, RoomRow, table,
};

use crate::event::RoomEvent;
use crate::machine::rows::{MemoryBase, Rows, event_key, member_key, room_key};

/// A room as it was before a command.
pub(super) struct Before<'a> {
    base: &'a MemoryBase,
    room: RoomId,
    head: Option<RoomRow>,
}

impl<'a> Before<'a> {
    pub(super) fn new(base: &'a MemoryBase, room: RoomId) -> Self {
        let head = Rows::new(base).load(table::ROOM, &room_key(&room)).unwrap();
        Self { base, room, head }
    }

    fn member(&self, user: &UserId) -> Option<MemberRow> {
        Rows::new(self.base).load(table::MEMBER, &member_key(&self.room, user)).unwrap()
    }

    fn sender(&self, seq: u64) -> UserId {
        let row: Option<EventRow> =
            Rows::new(self.base).load(table::ROOM_LOG, &event_key(&self.room, seq)).unwrap();
        row.unwrap().user
    }

    /// Panics if the event is more than its user might do.
    pub(super) fn check(&self, event: &RoomEvent) {
        let user = &event.row.user;
        let Some(head) = &self.head else {
            return; // The room begins.
        };
        let inside = self.member(user).filter(|row| row.state == MemberState::Joined);
        let role = inside.as_ref().map(|row| row.role);
        let has = |right: Right| role.is_some_and(|role| role >= head.rights.least(right));
        let keeps_order = role.is_some_and(|role| role >= Role::Moderator);
        let allowed = match &event.row.body {
            EventBody::Joined | EventBody::Left | EventBody::Created { .. } => true,
            EventBody::Message { extra, .. } => {
                let extra = extra.clone().unwrap_or_default();
                has(Right::Send)
                    && (extra.content != Content::System || keeps_order)
                    && (extra.mentions.everybody == Everybody::No || has(Right::MentionRoom))
            }
            EventBody::Edited { target, now, .. } => {
                let calls = now.as_ref().is_some_and(|now| now.mentions.everybody == Everybody::Yes);
                has(Right::Send) && self.sender(*target) == *user && (!calls || has(Right::MentionRoom))
            }
            EventBody::Deleted { target } => {
                role.is_some() && (self.sender(*target) == *user || has(Right::DeleteOthers))
            }
            EventBody::Pinned { .. } => has(Right::Pin),
            EventBody::Reacted { .. } => role.is_some(),
            EventBody::Invited { .. } => has(Right::Invite),
            EventBody::Kicked { target }
            | EventBody::Banned { target, .. }
            | EventBody::Muted { target, .. } => {
                keeps_order && self.member(target).is_none_or(|other| role > Some(other.role))
            }
            EventBody::Unbanned { .. } => keeps_order,
            EventBody::Role { role: given, .. } => {
                role.is_some_and(|role| role >= Role::Admin && (role == Role::Owner || *given < role))
            }
            EventBody::Changed(_) => has(Right::Describe) || role.is_some_and(|role| role >= Role::Admin),
            EventBody::Archived | EventBody::Unarchived => role.is_some_and(|role| role >= Role::Admin),
            EventBody::RoomDeleted => role == Some(Role::Owner),
            EventBody::Tombstone { .. } => false,
        };
        assert!(allowed, "{user} with {role:?} did {event:?} in {head:?}");
    }
}
