//! Links: whoever knows the secret may come in, as long as the link's maker may ask people in.

use madang_storage::StorageError;
use madang_storage::id::{LinkId, LinkSecret, RoomId};
use madang_storage::row::{Link, LinksRow, MemberRow, Right, RoomAct, RoomRow, SweepRow, Until, table};
use sha2::{Digest, Sha256};

use super::rights::{Deed, allows};
use super::{Place, entry};
use crate::command::Refusal;
use crate::event::ShardEvent;
use crate::machine::audit;
use crate::machine::rows::{link_prefix, link_use_key, member_key, room_key};
use crate::machine::shard::{Stop, Turn};

/// How many links a room has at one time.
pub const LINKS_MAX: u64 = 50;

/// What a link with this secret is called: a one-way function of it.
pub fn link_id(secret: &LinkSecret) -> LinkId {
    let digest = Sha256::digest(secret.0);
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    LinkId(id)
}

/// Whether the link lets somebody new in: its time, its number, and what its maker may do by now.
pub fn opens(head: &RoomRow, link: &Link, maker: Option<&MemberRow>, now_ms: u64) -> bool {
    let deed = Deed::Use(Right::Invite);
    link.is_open(now_ms) && maker.is_some_and(|maker| allows(head, maker, deed))
}

/// Makes a link. A repeat (the same secret) changes nothing. Links that are over or used up make room. So do,
/// where there is no room else, those whose makers may not ask people in at this time.
pub(super) fn make(
    turn: &mut Turn<'_, '_>,
    place: &Place<'_>,
    secret: LinkSecret,
    (until, uses_max): (Until, Option<u32>),
) -> Result<(), Stop> {
    place.not_direct()?;
    place.may(Deed::Use(Right::Invite))?;
    let id = link_id(&secret);
    let mut row = load(turn, place.room)?;
    if row.links.iter().any(|link| link.id == id) {
        return Ok(());
    }
    let (mut kept, mut gone): (Vec<Link>, Vec<Link>) =
        row.links.into_iter().partition(|link| link.is_open(place.now_ms));
    if kept.len() as u64 >= LINKS_MAX {
        gone.extend(take_asleep(turn, place, &mut kept)?);
    }
    if kept.len() as u64 >= LINKS_MAX {
        return Err(Refusal::TooMany { what: "links".to_owned(), max: LINKS_MAX }.into());
    }
    for link in gone {
        sweep_uses(turn, place, link.id)?;
    }
    row.links = kept;
    let (by, made_ms) = (place.user.clone(), place.now_ms);
    row.links.push(Link { id, secret, by, made_ms, until, uses_max, uses: 0 });
    turn.rows.save(table::LINKS, room_key(place.room), &row)?;
    Ok(())
}

/// Takes out the links that let nobody in as long as their makers may not ask people in.
fn take_asleep(
    turn: &Turn<'_, '_>,
    place: &Place<'_>,
    links: &mut Vec<Link>,
) -> Result<Vec<Link>, StorageError> {
    let (mut awake, mut asleep) = (Vec::new(), Vec::new());
    for link in links.drain(..) {
        let maker = place.other(turn, &link.by)?;
        if opens(&place.head, &link, maker.as_ref(), place.now_ms) {
            awake.push(link);
        } else {
            asleep.push(link);
        }
    }
    *links = awake;
    Ok(asleep)
}

/// Takes a link away: one's own, or anybody's for those who keep the links. Nothing to take away is fine.
pub(super) fn revoke(turn: &mut Turn<'_, '_>, place: &Place<'_>, id: LinkId) -> Result<(), Stop> {
    let me = place.joined()?;
    let mut row = load(turn, place.room)?;
    let keeps = allows(&place.head, me, Deed::KeepLinks);
    let Some(at) = row.links.iter().position(|link| link.id == id && (keeps || link.by == *place.user))
    else {
        return Ok(());
    };
    let link = row.links.remove(at);
    if link.by != *place.user {
        turn.audit(place.user, audit::in_room(place.room, Some(&link.by), RoomAct::LinkRevoked))?;
    }
    turn.rows.save(table::LINKS, room_key(place.room), &row)?;
    sweep_uses(turn, place, id)?;
    Ok(())
}

/// Enters by a link. Each person counts once, however often they leave and come back, and retries.
pub(super) fn join(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, secret: &LinkSecret) -> Result<(), Stop> {
    if place.is_inside() {
        return Ok(());
    }
    place.not_banned()?;
    let id = link_id(secret);
    let mut row = load(turn, place.room)?;
    let link = row.links.iter_mut().find(|link| link.id == id).ok_or(Refusal::LinkExpired)?;
    let used_key = link_use_key(place.room, &id, place.user);
    let used = turn.rows.has(table::LINK_USE, &used_key)?;
    let maker: Option<MemberRow> = turn.rows.load(table::MEMBER, &member_key(place.room, &link.by))?;
    // Whoever is counted already takes no place of somebody else: only the number is forgiven.
    let asked = if used { Link { uses_max: None, ..link.clone() } } else { link.clone() };
    if !opens(&place.head, &asked, maker.as_ref(), place.now_ms) {
        return Err(Refusal::LinkExpired.into());
    }
    if !used {
        link.uses += 1;
    }
    entry::enter(turn, place)?;
    if !used {
        turn.rows.mark(table::LINK_USE, used_key);
        turn.rows.save(table::LINKS, room_key(place.room), &row)?;
    }
    Ok(())
}

fn load(turn: &Turn<'_, '_>, room: &RoomId) -> Result<LinksRow, StorageError> {
    Ok(turn.rows.load(table::LINKS, &room_key(room))?.unwrap_or_default())
}

/// Who came in by a link that is gone is of no interest any more.
fn sweep_uses(turn: &mut Turn<'_, '_>, place: &Place<'_>, id: LinkId) -> Result<(), StorageError> {
    let row = SweepRow { since_ms: place.now_ms };
    turn.rows.save(table::SWEEP, link_prefix(place.room, &id), &row)?;
    turn.tell(ShardEvent::Sweep);
    Ok(())
}
