//! Beginning a room, and changing what it is called and what holds in it.

use std::collections::BTreeSet;

use madang_storage::id::{RoomId, UserId};
use madang_storage::row::{
    EventBody, Life, MemberRow, MemberState, Right, Role, RoomChange, RoomKind, RoomRow, table,
};

use super::rights::Deed;
use super::{PLACES_CEILING, Place, check_places, life, save_member, tell_invited, tell_user};
use crate::command::Refusal;
use crate::machine::pair;
use crate::machine::rows::{directory_key, room_key};
use crate::machine::shard::{Stop, Turn};

/// Begins a room. A direct room that exists already is fine for its two people.
pub(super) fn create(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    user: &UserId,
    kind: RoomKind,
    (title, topic, sort_title): (&String, &String, &String),
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
    if pair.is_some() {
        pair::check(turn, room)??;
    }
    let mut head = RoomRow::new(kind, title.clone(), topic.clone(), turn.at_ms);
    head.pair = pair;
    if kind == RoomKind::Open {
        head.sort_title.clone_from(sort_title);
    }
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
        tell_invited(turn, room, guest, user, seq)?;
    }
    if kind == RoomKind::Open {
        turn.rows.mark(table::DIRECTORY, directory_key(sort_title, room));
    }
    Ok(())
}

/// Changes what the room is called, or what holds in it. What is so already is left out.
pub(super) fn change(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    asked: &RoomChange,
    sort_title: &str,
) -> Result<(), Stop> {
    place.not_direct()?;
    may_change(place, asked)?;
    let change = what_is_new(&place.head, asked);
    if change == RoomChange::default() {
        return Ok(());
    }
    if let Some(title) = &change.title {
        life::unlist(turn, place);
        place.head.title.clone_from(title);
        sort_title.clone_into(&mut place.head.sort_title);
        if place.head.life == Life::Live {
            life::list(turn, place);
        }
    }
    take_over(&mut place.head, &change);
    turn.log(place.room, &mut place.head, place.user, EventBody::Changed(Box::new(change)))?;
    Ok(())
}

/// Nobody opens or shuts for others what is above their own role.
fn may_change(place: &Place<'_>, asked: &RoomChange) -> Result<(), Refusal> {
    let RoomChange { title, topic, picture, features, rights, slow_mode_s, places_max } = asked;
    if title.is_some() || topic.is_some() || picture.is_some() {
        place.may(Deed::Use(Right::Describe))?;
    }
    if !features.is_empty() || !rights.is_empty() || slow_mode_s.is_some() || places_max.is_some() {
        place.may(Deed::Configure)?;
    }
    let mine = place.joined()?.role;
    let above = |(right, least): &(Right, Role)| place.head.rights.least(*right).max(*least) > mine;
    if rights.iter().any(above) { Err(Refusal::Forbidden) } else { Ok(()) }
}

fn what_is_new(head: &RoomRow, asked: &RoomChange) -> RoomChange {
    let text = |new: &Option<String>, old: &String| new.clone().filter(|new| new != old);
    let places_max = asked.places_max.map(|places| places.clamp(1, PLACES_CEILING));
    let (mut features, mut rights) = (head.features, head.rights);
    RoomChange {
        title: text(&asked.title, &head.title),
        topic: text(&asked.topic, &head.topic),
        picture: text(&asked.picture, &head.picture),
        // One after the other, so that what is named twice ends as it was named last.
        features: asked
            .features
            .iter()
            .copied()
            .filter(|(feature, to)| {
                let before = features;
                features.set(*feature, *to);
                features != before
            })
            .collect(),
        rights: asked
            .rights
            .iter()
            .copied()
            .filter(|(right, least)| {
                let before = rights;
                rights.set(*right, *least);
                rights != before
            })
            .collect(),
        slow_mode_s: asked.slow_mode_s.filter(|seconds| *seconds != head.slow_mode_s),
        places_max: places_max.filter(|places| *places != head.places_max),
    }
}

fn take_over(head: &mut RoomRow, change: &RoomChange) {
    let RoomChange { title: _, topic, picture, features, rights, slow_mode_s, places_max } = change;
    if let Some(topic) = topic {
        head.topic.clone_from(topic);
    }
    if let Some(picture) = picture {
        head.picture.clone_from(picture);
    }
    features.iter().for_each(|(feature, to)| head.features.set(*feature, *to));
    rights.iter().for_each(|(right, least)| head.rights.set(*right, *least));
    head.slow_mode_s = slow_mode_s.unwrap_or(head.slow_mode_s);
    head.places_max = places_max.unwrap_or(head.places_max);
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
