//! Coming and going.

use madang_storage::id::UserId;
use madang_storage::row::{EventBody, MemberRow, MemberState, Role, RoomKind, table};

use super::{Place, check_places, save_member, tell_user};
use crate::command::Refusal;
use crate::machine::rows::member_key;
use crate::machine::shard::{Stop, Turn};

/// Enters an open room, or accepts an invitation. Repeats change nothing.
pub(super) fn join(turn: &mut Turn<'_, '_>, place: &mut Place<'_>) -> Result<(), Stop> {
    let invited = match &place.me {
        Some(me) if me.state == MemberState::Joined => return Ok(()),
        Some(_) => true,
        None if place.head.kind == RoomKind::Open => false,
        None => return Err(Refusal::InviteOnly.into()),
    };
    if invited {
        place.head.invited = place.head.invited.saturating_sub(1);
    } else {
        check_places(&place.head, 1)?;
    }
    // Whoever enters an empty room owns it: a room with people in it always has an owner.
    let first = if place.head.joined == 0 { Role::Owner } else { Role::Member };
    place.head.joined += 1;
    let seq = turn.log(place.room, &mut place.head, place.user, EventBody::Joined)?;
    // A newcomer starts level: what was said before does not count as unread.
    let row = MemberRow::new(MemberState::Joined, first, seq, place.head.messages);
    save_member(turn, place.room, place.user, &row)?;
    tell_user(turn, place.room, place.user, Some(MemberState::Joined), seq)?;
    Ok(())
}

/// Leaves, or declines an invitation.
pub(super) fn leave(turn: &mut Turn<'_, '_>, place: &mut Place<'_>) -> Result<(), Stop> {
    place.not_direct()?;
    let me = place.me.clone().ok_or(Refusal::NotMember)?;
    if me.role == Role::Owner && place.head.joined > 1 {
        return Err(Refusal::OwnerLeaves.into());
    }
    remove(turn, place, &me, &place.user.clone(), EventBody::Left)
}

/// Asks somebody in. Repeats change nothing.
pub(super) fn invite(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, target: &UserId) -> Result<(), Stop> {
    place.not_direct()?;
    let needed = if place.head.kind == RoomKind::Open { Role::Admin } else { Role::Member };
    place.at_least(needed)?;
    if place.other(turn, target)?.is_some() {
        return Ok(());
    }
    check_places(&place.head, 1)?;
    place.head.invited += 1;
    let body = EventBody::Invited { target: target.clone() };
    let seq = turn.log(place.room, &mut place.head, place.user, body)?;
    let row = MemberRow::new(MemberState::Invited, Role::Member, seq, place.head.messages);
    save_member(turn, place.room, target, &row)?;
    tell_user(turn, place.room, target, Some(MemberState::Invited), seq)?;
    Ok(())
}

/// Puts somebody out who has a lesser role.
pub(super) fn kick(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, target: &UserId) -> Result<(), Stop> {
    place.not_direct()?;
    place.at_least(Role::Admin)?;
    let row = place.other(turn, target)?.ok_or(Refusal::NotMember)?;
    if place.joined()?.role <= row.role {
        return Err(Refusal::Forbidden.into());
    }
    remove(turn, place, &row, target, EventBody::Kicked { target: target.clone() })
}

/// Takes a member's row away and says why.
fn remove(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    row: &MemberRow,
    target: &UserId,
    body: EventBody,
) -> Result<(), Stop> {
    let count = match row.state {
        MemberState::Joined => &mut place.head.joined,
        MemberState::Invited => &mut place.head.invited,
    };
    *count = count.saturating_sub(1);
    let seq = turn.log(place.room, &mut place.head, place.user, body)?;
    turn.rows.remove(table::MEMBER, member_key(place.room, target));
    tell_user(turn, place.room, target, None, seq)?;
    Ok(())
}
