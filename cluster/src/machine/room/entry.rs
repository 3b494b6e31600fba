//! Coming and going.

use madang_storage::id::UserId;
use madang_storage::row::{EventBody, MemberRow, MemberState, Right, Role, RoomKind, Until, table};

use super::rights::Deed;
use super::{Place, check_places, order, save_member, tell_invited, tell_user};
use crate::command::Refusal;
use crate::machine::rows::member_key;
use crate::machine::shard::{Stop, Turn};

/// Enters an open room, or accepts an invitation. Repeats change nothing.
pub(super) fn join(turn: &mut Turn<'_, '_>, place: &mut Place<'_>) -> Result<(), Stop> {
    if place.is_inside() {
        return Ok(());
    }
    if place.me.is_none() && place.head.kind != RoomKind::Open {
        // A room that may not be seen must not be told from one that does not exist.
        return Err(Refusal::NoRoom.into());
    }
    place.not_banned()?;
    enter(turn, place)
}

/// Lets the user in, by whatever way. Refused where nobody enters, or nobody more.
pub(super) fn enter(turn: &mut Turn<'_, '_>, place: &mut Place<'_>) -> Result<(), Stop> {
    place.live()?;
    let invited = place.me.take();
    if invited.is_some() {
        place.head.invited = place.head.invited.saturating_sub(1);
    } else {
        check_places(&place.head, 1)?;
    }
    if place.ban.is_some() {
        // It is over: else nobody would be here.
        order::forget_ban(turn, place, place.user);
    }
    // Whoever enters an empty room owns it: a room with people in it always has an owner.
    let first = if place.head.joined == 0 { Role::Owner } else { Role::Member };
    place.head.joined += 1;
    let seq = turn.log(place.room, &mut place.head, place.user, EventBody::Joined)?;
    // A newcomer starts level: what was said before does not count as unread.
    let mut row = MemberRow::new(MemberState::Joined, first, seq, place.head.messages);
    match invited {
        Some(invited) => (row.muted, row.last_send_ms) = (invited.muted, invited.last_send_ms),
        None => order::take_up_left(turn, place.room, place.user, &mut row)?,
    }
    if first == Role::Owner {
        // Nobody could take it back.
        row.muted = Until::OVER;
    }
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

/// Declines an invitation; whoever is inside stays.
pub(super) fn decline(turn: &mut Turn<'_, '_>, place: &mut Place<'_>) -> Result<(), Stop> {
    let invited = place.me.clone().filter(|me| me.state == MemberState::Invited);
    let me = invited.ok_or(Refusal::NotMember)?;
    remove(turn, place, &me, &place.user.clone(), EventBody::Left)
}

/// Asks somebody in. Repeats change nothing.
pub(super) fn invite(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, target: &UserId) -> Result<(), Stop> {
    place.not_direct()?;
    place.may(Deed::Use(Right::Invite))?;
    if place.other(turn, target)?.is_some() {
        return Ok(());
    }
    let ban = order::ban_of(turn, place.room, target)?;
    place.check_ban(ban.as_ref())?;
    check_places(&place.head, 1)?;
    if ban.is_some() {
        order::forget_ban(turn, place, target);
    }
    place.head.invited += 1;
    let body = EventBody::Invited { target: target.clone() };
    let seq = turn.log(place.room, &mut place.head, place.user, body)?;
    let mut row = MemberRow::new(MemberState::Invited, Role::Member, seq, place.head.messages);
    // From here on a mute is seen, and lifted, with the invitation.
    order::take_up_left(turn, place.room, target, &mut row)?;
    save_member(turn, place.room, target, &row)?;
    tell_invited(turn, place.room, target, place.user, seq)?;
    Ok(())
}

/// Takes a member's row away and says why.
pub(super) fn remove(
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
    order::keep_left(turn, place, target, row)?;
    tell_user(turn, place.room, target, None, seq)?;
    Ok(())
}
