//! The asking user's place in a room: what every command begins with.

use madang_storage::StorageError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{BanRow, Life, MemberRow, MemberState, RoomKind, RoomRow, table};

use super::order;
use crate::command::Refusal;
use crate::machine::pair;
use crate::machine::rows::{member_key, room_key};
use crate::machine::shard::{Stop, Turn};

/// The asking user's place in an existing room.
pub(super) struct Place<'a> {
    pub(super) room: &'a RoomId,
    pub(super) user: &'a UserId,
    pub(super) head: RoomRow,
    pub(super) me: Option<MemberRow>,
    /// What keeps the user out, or once did; looked up for those who are not in.
    pub(super) ban: Option<BanRow>,
    /// The room's clock: never behind its log, whichever node's clock the command brings.
    pub(super) now_ms: u64,
}

impl<'a> Place<'a> {
    /// Looks the rows up. Errors: `NoRoom`, also when it was deleted.
    pub(super) fn load(turn: &Turn<'_, '_>, room: &'a RoomId, user: &'a UserId) -> Result<Self, Stop> {
        let head: Option<RoomRow> = turn.rows.load(table::ROOM, &room_key(room))?;
        let head = head.filter(|head| head.life != Life::Deleted).ok_or(Refusal::NoRoom)?;
        let me: Option<MemberRow> = turn.rows.load(table::MEMBER, &member_key(room, user))?;
        let ban = if me.is_none() { order::ban_of(turn, room, user)? } else { None };
        let now_ms = turn.at_ms.max(head.last_event_ms);
        Ok(Self { room, user, head, me, ban, now_ms })
    }

    /// Refuses who may not see the room: as if it did not exist.
    pub(super) fn visible(&self) -> Result<(), Refusal> {
        let found = self.head.kind == RoomKind::Open && self.not_banned().is_ok();
        if self.me.is_some() || found { Ok(()) } else { Err(Refusal::NoRoom) }
    }

    /// Refuses in a direct room where either of the two blocks the other.
    pub(super) fn not_blocked(&self, turn: &Turn<'_, '_>) -> Result<(), Stop> {
        if self.head.kind == RoomKind::Direct {
            pair::check(turn, self.room)??;
        }
        Ok(())
    }

    /// Refuses whom a ban keeps out.
    pub(super) fn not_banned(&self) -> Result<(), Refusal> {
        self.check_ban(self.ban.as_ref())
    }

    /// Refuses if this ban holds now.
    pub(super) fn check_ban(&self, ban: Option<&BanRow>) -> Result<(), Refusal> {
        match ban.filter(|ban| ban.until.holds(self.now_ms)) {
            Some(ban) => Err(Refusal::Banned { retry_after_ms: ban.until.left_ms(self.now_ms) }),
            None => Ok(()),
        }
    }

    /// Whether the user has joined.
    pub(super) fn is_inside(&self) -> bool {
        self.joined().is_ok()
    }

    /// The user's row, if inside.
    pub(super) fn joined(&self) -> Result<&MemberRow, Refusal> {
        self.me.as_ref().filter(|me| me.state == MemberState::Joined).ok_or(Refusal::NotMember)
    }

    /// Somebody else's row.
    pub(super) fn other(
        &self,
        turn: &Turn<'_, '_>,
        user: &UserId,
    ) -> Result<Option<MemberRow>, StorageError> {
        turn.rows.load(table::MEMBER, &member_key(self.room, user))
    }
}
