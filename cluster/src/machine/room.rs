//! What a room decides: who may do what, what comes next in its log, and whether a send is a repeat.

mod change;
mod entry;
mod talk;
#[cfg(test)]
mod tests;

use madang_storage::StorageError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Effect, MemberRow, MemberState, Role, RoomKind, RoomRow, table};

use super::rows::{member_key, room_key};
use super::shard::{Stop, Turn};
use crate::command::{Refusal, Reply, RoomOp};

/// How many people a group has places for, invitations included.
pub const GROUP_PLACES_MAX: u64 = 100;
/// How many people an open room has places for.
pub const OPEN_PLACES_MAX: u64 = 100_000;

/// Decides one command. `None` stands for "done".
pub(super) fn decide(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    op: &RoomOp,
) -> Result<Option<Reply>, Stop> {
    if let RoomOp::Create { kind, title, topic, members } = op {
        return change::create(turn, room, user, *kind, (title, topic), members).map(|()| None);
    }
    let mut place = Place::load(turn, room, user)?;
    match op {
        RoomOp::Create { .. } => Ok(()),
        RoomOp::Send { cid, text, after } => {
            return talk::send(turn, place, cid, text, after.as_ref()).map(Some);
        }
        RoomOp::MarkRead(seq) => return talk::mark_read(turn, place, *seq).map(Some),
        RoomOp::Join => entry::join(turn, &mut place),
        RoomOp::Leave => entry::leave(turn, &mut place),
        RoomOp::Invite(target) => entry::invite(turn, &mut place, target),
        RoomOp::Kick(target) => entry::kick(turn, &mut place, target),
        RoomOp::SetRole(target, role) => change::set_role(turn, &mut place, target, *role),
        RoomOp::Change { title, topic } => change::describe(turn, &mut place, title.as_ref(), topic.as_ref()),
    }?;
    Ok(None)
}

/// The asking user's place in an existing room.
pub(super) struct Place<'a> {
    room: &'a RoomId,
    user: &'a UserId,
    head: RoomRow,
    me: Option<MemberRow>,
}

impl<'a> Place<'a> {
    fn load(turn: &Turn<'_, '_>, room: &'a RoomId, user: &'a UserId) -> Result<Self, Stop> {
        let head: RoomRow = turn.rows.load(table::ROOM, &room_key(room))?.ok_or(Refusal::NoRoom)?;
        let me: Option<MemberRow> = turn.rows.load(table::MEMBER, &member_key(room, user))?;
        // A room that may not be seen must not be told from one that does not exist.
        if me.is_none() && head.kind != RoomKind::Open {
            return Err(Refusal::NoRoom.into());
        }
        Ok(Self { room, user, head, me })
    }

    /// The user's row, if inside.
    fn joined(&self) -> Result<&MemberRow, Refusal> {
        self.me.as_ref().filter(|me| me.state == MemberState::Joined).ok_or(Refusal::NotMember)
    }

    /// Refuses who has a lesser role.
    fn at_least(&self, role: Role) -> Result<(), Refusal> {
        if self.joined()?.role >= role { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// Refuses in direct rooms, whose people never change.
    fn not_direct(&self) -> Result<(), Refusal> {
        if self.head.kind == RoomKind::Direct { Err(Refusal::DirectRoom) } else { Ok(()) }
    }

    /// Somebody else's row.
    fn other(&self, turn: &Turn<'_, '_>, user: &UserId) -> Result<Option<MemberRow>, StorageError> {
        turn.rows.load(table::MEMBER, &member_key(self.room, user))
    }
}

/// Writes a member's row.
fn save_member(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    row: &MemberRow,
) -> Result<(), StorageError> {
    turn.rows.save(table::MEMBER, member_key(room, user), row)
}

/// Tells the user's own shard.
fn tell_user(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    state: Option<MemberState>,
    room_seq: u64,
) -> Result<(), StorageError> {
    turn.effect(Effect::UserRoom { user: user.clone(), room: *room, state, room_seq })
}

/// How many people fit.
fn places_max(kind: RoomKind) -> u64 {
    match kind {
        RoomKind::Direct => 2,
        RoomKind::Group => GROUP_PLACES_MAX,
        RoomKind::Open => OPEN_PLACES_MAX,
    }
}

/// Refuses when `more` people do not fit.
fn check_places(head: &RoomRow, more: u64) -> Result<(), Refusal> {
    let max = places_max(head.kind);
    if head.joined + head.invited + more > max { Err(Refusal::RoomFull { max }) } else { Ok(()) }
}
