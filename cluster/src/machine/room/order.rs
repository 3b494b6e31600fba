//! Keeping order: putting people out, banning and muting them.

use madang_storage::StorageError;
use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{BanRow, EventBody, LeftRow, MemberRow, RoomRow, Until, table};

use super::rights::{Deed, STAFF};
use super::{Place, entry, save_member};
use crate::command::Refusal;
use crate::machine::rows::{member_key, room_key};
use crate::machine::shard::{Stop, Turn};

/// How many bans a room keeps.
pub const BANS_MAX: u64 = 10_000;

/// Puts somebody out who has a lesser role.
pub(super) fn kick(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, target: &UserId) -> Result<(), Stop> {
    place.not_direct()?;
    place.may(Deed::KeepOrder)?;
    let row = place.other(turn, target)?.ok_or(Refusal::NotMember)?;
    place.outranks(&row)?;
    entry::remove(turn, place, &row, target, EventBody::Kicked { target: target.clone() })
}

/// Keeps somebody out, and puts them out if they are in. Again with other words: these hold from now on.
pub(super) fn ban(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    target: &UserId,
    (until, reason): (Until, &str),
) -> Result<(), Stop> {
    place.not_direct()?;
    place.may(Deed::KeepOrder)?;
    let row = place.other(turn, target)?;
    if let Some(row) = &row {
        place.outranks(row)?;
    }
    if target == place.user {
        return Err(Refusal::Forbidden.into());
    }
    let known = ban_of(turn, place.room, target)?;
    match known {
        Some(known) if known.until == until && known.reason == reason => return Ok(()),
        Some(_) => {}
        None if place.head.bans >= BANS_MAX => {
            return Err(Refusal::TooMany { what: "bans".to_owned(), max: BANS_MAX }.into());
        }
        None => place.head.bans += 1,
    }
    let ban = BanRow { by: place.user.clone(), at_ms: place.now_ms, until, reason: reason.to_owned() };
    turn.rows.save(table::BAN, member_key(place.room, target), &ban)?;
    let body = EventBody::Banned { target: target.clone(), until, reason: reason.to_owned() };
    match row {
        Some(row) => entry::remove(turn, place, &row, target, body),
        None => {
            turn.log(place.room, &mut place.head, place.user, body)?;
            Ok(())
        }
    }
}

/// Lets somebody in again. Nothing to lift is fine.
pub(super) fn unban(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, target: &UserId) -> Result<(), Stop> {
    place.may(Deed::KeepOrder)?;
    let Some(known) = ban_of(turn, place.room, target)? else { return Ok(()) };
    forget_ban(turn, place, target);
    if known.until.holds(place.now_ms) {
        let body = EventBody::Unbanned { target: target.clone() };
        turn.log(place.room, &mut place.head, place.user, body)?;
    } else {
        turn.rows.save(table::ROOM, room_key(place.room), &place.head)?;
    }
    Ok(())
}

/// Takes a ban away without a word; whoever calls saves the head.
pub(super) fn forget_ban(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, target: &UserId) {
    turn.rows.remove(table::BAN, member_key(place.room, target));
    place.head.bans = place.head.bans.saturating_sub(1);
}

/// Forbids somebody of a lesser role to speak; [`Until::OVER`] allows it again.
pub(super) fn mute(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    target: &UserId,
    until: Until,
) -> Result<(), Stop> {
    place.not_direct()?;
    place.may(Deed::KeepOrder)?;
    let mut row = place.other(turn, target)?.ok_or(Refusal::NotMember)?;
    place.outranks(&row)?;
    let was_muted = row.muted.holds(place.now_ms);
    if row.muted == until || !was_muted && !until.holds(place.now_ms) {
        return Ok(());
    }
    row.muted = until;
    save_member(turn, place.room, target, &row)?;
    turn.log(place.room, &mut place.head, place.user, EventBody::Muted { target: target.clone(), until })?;
    Ok(())
}

/// A ban as it is written down, whether it still holds or not.
pub(super) fn ban_of(
    turn: &Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
) -> Result<Option<BanRow>, StorageError> {
    turn.rows.load(table::BAN, &member_key(room, user))
}

/// Writes down what somebody who goes takes up again on coming back.
pub(super) fn keep_left(
    turn: &mut Turn<'_, '_>,
    place: &Place<'_>,
    user: &UserId,
    row: &MemberRow,
) -> Result<(), StorageError> {
    if row.muted.holds(place.now_ms) || waits(&place.head, row, place.now_ms) {
        let left = LeftRow { muted: row.muted, last_send_ms: row.last_send_ms };
        turn.rows.save(table::LEFT, member_key(place.room, user), &left)?;
    }
    Ok(())
}

/// Gives back what was written down when somebody left.
pub(super) fn take_up_left(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    row: &mut MemberRow,
) -> Result<(), StorageError> {
    let key = member_key(room, user);
    if let Some(left) = turn.rows.load::<LeftRow>(table::LEFT, &key)? {
        row.muted = left.muted;
        row.last_send_ms = left.last_send_ms;
        turn.rows.remove(table::LEFT, key);
    }
    Ok(())
}

/// Whether slow mode still makes the member wait.
fn waits(head: &RoomRow, row: &MemberRow, now_ms: u64) -> bool {
    row.role < STAFF && row.last_send_ms.saturating_add(u64::from(head.slow_mode_s) * 1000) > now_ms
}
