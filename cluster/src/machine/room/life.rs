//! The end of a room: into the archive and back, or gone for good.

use madang_storage::StorageError;
use madang_storage::id::RoomId;
use madang_storage::row::{EventBody, Life, RoomKind, RoomRow, SweepRow, table};

use super::Place;
use super::rights::Deed;
use crate::event::ShardEvent;
use crate::machine::rows::{directory_key, room_key};
use crate::machine::shard::{Stop, Turn};

/// Makes the room read only. A repeat changes nothing.
pub(super) fn archive(turn: &mut Turn<'_, '_>, place: &mut Place<'_>) -> Result<(), Stop> {
    turn_to(turn, place, Life::Archived, EventBody::Archived)
}

/// Takes the room out of the archive. A repeat changes nothing.
pub(super) fn unarchive(turn: &mut Turn<'_, '_>, place: &mut Place<'_>) -> Result<(), Stop> {
    turn_to(turn, place, Life::Live, EventBody::Unarchived)
}

/// Deletes the room: from here on nobody finds it any more. Its people and its log are many; the janitor
/// takes them away, some at a time.
pub(super) fn delete(turn: &mut Turn<'_, '_>, place: &mut Place<'_>) -> Result<(), Stop> {
    place.not_direct()?;
    place.may(Deed::Delete)?;
    unlist(turn, place);
    place.head.life = Life::Deleted;
    turn.log(place.room, &mut place.head, place.user, EventBody::RoomDeleted)?;
    turn.rows.save(table::SWEEP, room_key(place.room), &SweepRow { since_ms: place.now_ms })?;
    turn.tell(ShardEvent::Sweep);
    Ok(())
}

fn turn_to(turn: &mut Turn<'_, '_>, place: &mut Place<'_>, life: Life, body: EventBody) -> Result<(), Stop> {
    place.not_direct()?;
    place.may(Deed::Archive)?;
    if place.head.life == life {
        return Ok(());
    }
    place.head.life = life;
    match life {
        Life::Live => list(turn, place),
        Life::Archived | Life::Deleted => unlist(turn, place),
    }
    turn.log(place.room, &mut place.head, place.user, body)?;
    Ok(())
}

/// Puts an open room into the directory.
pub(super) fn list(turn: &mut Turn<'_, '_>, place: &Place<'_>) {
    if let Some(key) = listed_at(place) {
        turn.rows.mark(table::DIRECTORY, key);
    }
}

/// Takes it out again.
pub(super) fn unlist(turn: &mut Turn<'_, '_>, place: &Place<'_>) {
    if let Some(key) = listed_at(place) {
        turn.rows.remove(table::DIRECTORY, key);
    }
}

fn listed_at(place: &Place<'_>) -> Option<Vec<u8>> {
    (place.head.kind == RoomKind::Open).then(|| directory_key(&place.head.sort_title, place.room))
}

/// Leaves of a deleted room what stays: that its id is taken. Answers whether it is done; not as long as it
/// has people.
pub(in crate::machine) fn bury(turn: &mut Turn<'_, '_>, room: &RoomId) -> Result<bool, StorageError> {
    let key = room_key(room);
    let Some(head) = turn.rows.load::<RoomRow>(table::ROOM, &key)? else { return Ok(true) };
    if head.life != Life::Deleted || head.joined + head.invited > 0 {
        return Ok(false);
    }
    let stone = RoomRow {
        life: Life::Deleted,
        last_seq: head.last_seq,
        last_event_ms: head.last_event_ms,
        ..RoomRow::new(head.kind, String::new(), String::new(), head.created_ms)
    };
    turn.rows.save(table::ROOM, key, &stone)?;
    Ok(true)
}
