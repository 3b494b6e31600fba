//! Whom messages call: unread calls are kept with each member (and once for all, where everybody is called),
//! so that counting them reads two rows.

use madang_storage::id::UserId;
use madang_storage::row::{Effect, Everybody, MemberState, Mentions, Right, Switch};

use super::rights::Deed;
use super::{Place, save_member};
use crate::command::Refusal;
use crate::machine::shard::{Stop, Turn};

/// How many unread calls are kept for a member.
pub const UNREAD_MENTIONS_MAX: usize = 100;
/// How many calls of everybody a room keeps.
pub const CALLS_MAX: usize = 20;

/// Refuses who may not call these.
pub(super) fn check(place: &Place<'_>, mentions: &Mentions) -> Result<(), Refusal> {
    match mentions.everybody {
        Everybody::Yes => place.may(Deed::Use(Right::MentionRoom)),
        Everybody::No => Ok(()),
    }
}

/// A message that called `before` calls `after` from the event `place` logs next on. Nobody calls themselves,
/// and whoever is not inside is not called.
pub(super) fn change(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    seq: u64,
    (before, after): (&Mentions, &Mentions),
) -> Result<(), Stop> {
    let room_seq = place.head.last_seq + 1;
    for user in after.users.iter().filter(|user| !before.users.contains(user)) {
        begin(turn, place, seq, user, room_seq)?;
    }
    for user in before.users.iter().filter(|user| !after.users.contains(user)) {
        end(turn, place, seq, user, room_seq)?;
    }
    match (before.everybody, after.everybody) {
        (Everybody::No, Everybody::Yes) => keep_newest(&mut place.head.calls, seq, CALLS_MAX),
        (Everybody::Yes, Everybody::No) => place.head.calls.retain(|call| *call != seq),
        _ => {}
    }
    Ok(())
}

fn begin(
    turn: &mut Turn<'_, '_>,
    place: &Place<'_>,
    seq: u64,
    user: &UserId,
    room_seq: u64,
) -> Result<(), Stop> {
    if user == place.user {
        return Ok(());
    }
    let inside = place.other(turn, user)?.filter(|row| row.state == MemberState::Joined);
    let Some(mut row) = inside else { return Ok(()) };
    if seq > row.read_seq {
        keep_newest(&mut row.mentions, seq, UNREAD_MENTIONS_MAX);
        save_member(turn, place.room, user, &row)?;
    }
    tell(turn, place, seq, user, Switch::On, room_seq)
}

fn end(
    turn: &mut Turn<'_, '_>,
    place: &Place<'_>,
    seq: u64,
    user: &UserId,
    room_seq: u64,
) -> Result<(), Stop> {
    if user == place.user {
        return Ok(());
    }
    // Whoever is outside was never told, or reads that the message is not theirs: nobody fills a stranger's list.
    let inside = place.other(turn, user)?.filter(|row| row.state == MemberState::Joined);
    let Some(mut row) = inside else { return Ok(()) };
    if row.mentions.contains(&seq) {
        row.mentions.retain(|call| *call != seq);
        save_member(turn, place.room, user, &row)?;
    }
    tell(turn, place, seq, user, Switch::Off, room_seq)
}

/// Tells the user's own shard.
fn tell(
    turn: &mut Turn<'_, '_>,
    place: &Place<'_>,
    seq: u64,
    user: &UserId,
    state: Switch,
    room_seq: u64,
) -> Result<(), Stop> {
    Ok(turn.effect(Effect::Mention { user: user.clone(), room: *place.room, seq, state, room_seq })?)
}

/// Puts `seq` in its place and lets the oldest go.
fn keep_newest(calls: &mut Vec<u64>, seq: u64, max: usize) {
    if let Err(index) = calls.binary_search(&seq) {
        calls.insert(index, seq);
    }
    let excess = calls.len().saturating_sub(max);
    calls.drain(..excess);
}
