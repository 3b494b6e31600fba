//! Beginning a room, describing it, giving roles.

use std::collections::BTreeSet;

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{EventBody, MemberRow, MemberState, Role, RoomKind, RoomRow, table};

use super::{Place, check_places, save_member, tell_user};
use crate::command::Refusal;
use crate::machine::rows::room_key;
use crate::machine::shard::{Stop, Turn};

/// Begins a room. A direct room that exists already is fine for its two people.
pub(super) fn create(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    kind: RoomKind,
    (title, topic): (&String, &String),
    members: &[UserId],
) -> Result<(), Stop> {
    let pair = direct_pair(kind, user, members)?;
    if let Some(existing) = turn.rows.load::<RoomRow>(table::ROOM, &room_key(room))? {
        return if pair.is_some() && existing.pair == pair {
            Ok(())
        } else {
            Err(Refusal::RoomExists.into())
        };
    }
    let mut head = RoomRow::new(kind, title.clone(), topic.clone(), turn.at_ms);
    head.pair = pair;
    head.joined = 1;
    let guests: BTreeSet<&UserId> = members.iter().filter(|member| *member != user).collect();
    check_places(&head, u64::try_from(guests.len()).unwrap_or(u64::MAX))?;
    if kind == RoomKind::Direct {
        head.joined = 2;
    }
    let seq = turn.log(room, &mut head, user, EventBody::Created { kind, title: title.clone() })?;
    let role = if kind == RoomKind::Direct { Role::Member } else { Role::Owner };
    let inside = |role| MemberRow::new(MemberState::Joined, role, seq, 0);
    save_member(turn, room, user, &inside(role))?;
    tell_user(turn, room, user, Some(MemberState::Joined), seq)?;
    for guest in guests {
        if kind == RoomKind::Direct {
            save_member(turn, room, guest, &inside(Role::Member))?;
            tell_user(turn, room, guest, Some(MemberState::Joined), seq)?;
            continue;
        }
        head.invited += 1;
        let seq = turn.log(room, &mut head, user, EventBody::Invited { target: guest.clone() })?;
        let row = MemberRow::new(MemberState::Invited, Role::Member, seq, 0);
        save_member(turn, room, guest, &row)?;
        tell_user(turn, room, guest, Some(MemberState::Invited), seq)?;
    }
    if kind == RoomKind::Open {
        turn.rows.mark(table::OPEN_ROOM, room_key(room));
    }
    Ok(())
}

/// Gives a role to a member who is inside. Handing over ownership makes the old owner an admin.
pub(super) fn set_role(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    target: &UserId,
    role: Role,
) -> Result<(), Stop> {
    place.not_direct()?;
    place.at_least(Role::Owner)?;
    let row = place.other(turn, target)?.filter(|row| row.state == MemberState::Joined);
    let row = row.ok_or(Refusal::NotMember)?;
    if row.role == role {
        return Ok(());
    }
    if target == place.user {
        // There is always exactly one owner: handing over is the only way to stop being it.
        return Err(Refusal::Forbidden.into());
    }
    give(turn, place, target, row, role)?;
    if role == Role::Owner {
        let (me, myself) = (place.joined()?.clone(), place.user.clone());
        give(turn, place, &myself, me, Role::Admin)?;
    }
    Ok(())
}

/// Changes title or topic.
pub(super) fn describe(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    title: Option<&String>,
    topic: Option<&String>,
) -> Result<(), Stop> {
    place.not_direct()?;
    place.at_least(Role::Admin)?;
    let title = title.filter(|title| **title != place.head.title);
    let topic = topic.filter(|topic| **topic != place.head.topic);
    if title.is_none() && topic.is_none() {
        return Ok(());
    }
    if let Some(title) = title {
        place.head.title.clone_from(title);
    }
    if let Some(topic) = topic {
        place.head.topic.clone_from(topic);
    }
    let body = EventBody::Changed { title: title.cloned(), topic: topic.cloned() };
    turn.log(place.room, &mut place.head, place.user, body)?;
    Ok(())
}

fn give(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    target: &UserId,
    row: MemberRow,
    role: Role,
) -> Result<(), Stop> {
    save_member(turn, place.room, target, &MemberRow { role, ..row })?;
    let body = EventBody::Role { target: target.clone(), role };
    turn.log(place.room, &mut place.head, place.user, body)?;
    Ok(())
}

/// The two people of a direct room, in order; `None` for other kinds.
fn direct_pair(
    kind: RoomKind,
    user: &UserId,
    members: &[UserId],
) -> Result<Option<(UserId, UserId)>, Refusal> {
    match (kind, members) {
        (RoomKind::Direct, [other]) if other != user => {
            let (a, b) = if user < other { (user, other) } else { (other, user) };
            Ok(Some((a.clone(), b.clone())))
        }
        (RoomKind::Direct, _) => Err(Refusal::DirectRoom),
        _ => Ok(None),
    }
}
