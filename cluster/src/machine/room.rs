//! What a room decides: who may do what, what comes next in its log, and whether a send is a repeat.

mod call;
mod change;
mod edit;
mod entry;
#[cfg(test)]
mod keep_tests;
#[cfg(test)]
mod large_tests;
mod life;
pub mod link;
mod message;
#[cfg(test)]
mod message_tests;
#[cfg(test)]
mod mute_tests;
mod order;
mod pin;
mod place;
mod react;
mod receipt;
#[cfg(test)]
mod receipt_tests;
pub mod rights;
#[cfg(test)]
mod rights_tests;
mod role;
mod sweep;
mod talk;
#[cfg(test)]
mod tests;
mod thread;
#[cfg(test)]
mod yard;

use madang_storage::StorageError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{Effect, MemberRow, MemberState, Reading, RoomKind, RoomRow, table};

use super::rows::member_key;
use super::shard::{Stop, Turn};
use crate::command::{AdminOp, Refusal, Reply, RoomOp, TalkOp};

/// How many people a room can have places for at most, whatever its owner asks for.
pub const PLACES_CEILING: u64 = 10_000_000;

pub use call::{CALLS_MAX, UNREAD_MENTIONS_MAX};
pub use edit::EDITS_MAX;
pub(super) use life::bury;
pub use order::BANS_MAX;
pub use pin::PINS_MAX;
use place::Place;
pub use react::REACTION_KINDS_MAX;
pub use receipt::{RECEIPTS_MEMBERS_MAX, tells as tells_receipts};
pub(super) use sweep::sweep_members;

/// Decides one command. `None` stands for "done".
pub(super) fn decide(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    op: &RoomOp,
) -> Result<Option<Reply>, Stop> {
    if let RoomOp::Create { kind, title, topic, members, sort_title } = op {
        return change::create(turn, room, user, *kind, (title, topic, sort_title), members).map(|()| None);
    }
    let mut place = Place::load(turn, room, user)?;
    let comes_in = matches!(op, RoomOp::Join | RoomOp::JoinByLink(_));
    // Nobody comes into a direct room, and whoever knows its two people knows its id: others learn nothing.
    if !comes_in || place.head.kind == RoomKind::Direct {
        place.visible()?;
    }
    if op.writes() && !is_remembered(op) {
        place.not_blocked(turn)?;
    }
    match op {
        RoomOp::Create { .. } => Ok(()),
        RoomOp::Send { cid, text, after, extra } => {
            let said = talk::Said { cid, text, after: after.as_ref(), extra: extra.as_deref() };
            return talk::send(turn, place, &said).map(Some);
        }
        RoomOp::Talk(op) => return talk_about(turn, place, op).map(Some),
        RoomOp::MarkRead(seq) => return receipt::read(turn, &place, *seq, Reading::Shown).map(Some),
        RoomOp::MarkReadPrivately(seq) => {
            return receipt::read(turn, &place, *seq, Reading::Private).map(Some);
        }
        RoomOp::MarkReceived(seq) => return receipt::receive(turn, &place, *seq).map(Some),
        RoomOp::Join => entry::join(turn, &mut place),
        RoomOp::Leave => entry::leave(turn, &mut place),
        RoomOp::Decline => entry::decline(turn, &mut place),
        RoomOp::Invite(target) => entry::invite(turn, &mut place, target),
        RoomOp::Kick(target) => order::kick(turn, &mut place, target),
        RoomOp::SetRole(target, role) => role::set_role(turn, &mut place, target, *role),
        RoomOp::JoinByLink(secret) => link::join(turn, &mut place, secret),
        RoomOp::Admin(op) => keep(turn, &mut place, op),
    }?;
    Ok(None)
}

/// Whether it is remembered by its sender's name for it. Such a command looks there before it asks who blocks
/// whom: a retry of what was acknowledged gets its answer, whatever came between.
fn is_remembered(op: &RoomOp) -> bool {
    matches!(op, RoomOp::Send { .. } | RoomOp::Talk(TalkOp::Edit { .. }))
}

/// Decides what is asked by those who keep the room.
fn keep(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, op: &AdminOp) -> Result<(), Stop> {
    match op {
        AdminOp::Change { change, sort_title } => change::change(turn, place, change, sort_title),
        AdminOp::Ban { target, until, reason } => order::ban(turn, place, target, (*until, reason)),
        AdminOp::Unban(target) => order::unban(turn, place, target),
        AdminOp::Mute { target, until } => order::mute(turn, place, target, *until),
        AdminOp::MakeLink { secret, until, uses_max } => {
            link::make(turn, place, *secret, (*until, *uses_max))
        }
        AdminOp::RevokeLink(id) => link::revoke(turn, place, *id),
        AdminOp::Archive => life::archive(turn, place),
        AdminOp::Unarchive => life::unarchive(turn, place),
        AdminOp::Delete => life::delete(turn, place),
    }
}

/// Decides about a message that was said.
fn talk_about(turn: &mut Turn<'_, '_>, place: Place<'_>, op: &TalkOp) -> Result<Reply, Stop> {
    match op {
        TalkOp::Edit { target, cid, to } => edit::edit(turn, place, *target, cid.as_ref(), to),
        TalkOp::Delete { target } => edit::delete(turn, place, *target),
        TalkOp::React { target, emoji, to } => react::react(turn, place, *target, emoji, *to),
        TalkOp::Pin { target, to } => pin::pin(turn, place, *target, *to),
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
    let at_ms = turn.at_ms;
    turn.effect(Effect::UserRoom { user: user.clone(), room: *room, state, room_seq, by: None, at_ms })
}

/// Tells the user's own shard who asked the user in.
fn tell_invited(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    by: &UserId,
    room_seq: u64,
) -> Result<(), StorageError> {
    let (state, by, at_ms) = (Some(MemberState::Invited), Some(by.clone()), turn.at_ms);
    turn.effect(Effect::UserRoom { user: user.clone(), room: *room, state, room_seq, by, at_ms })
}

/// The user takes no invitations from whoever sent this one. A later one, and one that was accepted
/// meanwhile, are another matter.
pub(super) fn declined(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    room_seq: u64,
) -> Result<(), Stop> {
    let Ok(mut place) = Place::load(turn, room, user) else { return Ok(()) };
    match &place.me {
        Some(me) if me.state == MemberState::Invited && me.read_seq == room_seq => {
            entry::decline(turn, &mut place)
        }
        _ => Ok(()),
    }
}

/// Refuses when `more` people do not fit.
fn check_places(head: &RoomRow, more: u64) -> Result<(), Refusal> {
    let max = head.places_max;
    if head.joined + head.invited + more > max { Err(Refusal::RoomFull { max }) } else { Ok(()) }
}
