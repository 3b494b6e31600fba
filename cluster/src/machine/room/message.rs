//! A message that is in the log, and what hangs on it.

use madang_storage::StorageError;
use madang_storage::id::{Cid, RoomId, UserId};
use madang_storage::row::{EventBody, EventRow, Extra, OverlayRow, table};

use super::Place;
use crate::command::{Refusal, Repeat, Reply};
use crate::event::Change;
use crate::machine::rows::{event_key, overlay_key};
use crate::machine::shard::{Stop, Turn};

/// A message that was not deleted, taken apart.
pub(super) struct Message {
    pub(super) seq: u64,
    pub(super) at_ms: u64,
    pub(super) user: UserId,
    pub(super) cid: Cid,
    pub(super) text: String,
    pub(super) extra: Extra,
    /// Its row as it is in the log.
    row: EventRow,
}

/// What stands where a message is asked for.
pub(super) enum Found {
    Message(Box<Message>),
    /// It was deleted.
    Tombstone {
        thread: Option<u64>,
    },
}

/// The message at `seq`. Refused where there is none.
pub(super) fn find(turn: &Turn<'_, '_>, room: &RoomId, seq: u64) -> Result<Found, Stop> {
    let row: EventRow = turn.rows.load(table::ROOM_LOG, &event_key(room, seq))?.ok_or(Refusal::NoMessage)?;
    match row.body.clone() {
        EventBody::Message { cid, text, extra } => {
            let (at_ms, user, extra) =
                (row.at_ms, row.user.clone(), extra.map_or_else(Extra::default, |e| *e));
            Ok(Found::Message(Box::new(Message { seq, at_ms, user, cid, text, extra, row })))
        }
        EventBody::Tombstone { thread, .. } => Ok(Found::Tombstone { thread }),
        _ => Err(Refusal::NoMessage.into()),
    }
}

/// The message at `seq`. Refused also if it was deleted.
pub(super) fn find_alive(turn: &Turn<'_, '_>, room: &RoomId, seq: u64) -> Result<Box<Message>, Stop> {
    match find(turn, room, seq)? {
        Found::Message(message) => Ok(message),
        Found::Tombstone { .. } => Err(Refusal::MessageGone.into()),
    }
}

impl Message {
    /// Writes another body over the message's row. Its place, time, sender and counts stay.
    pub(super) fn rewrite(
        self,
        turn: &mut Turn<'_, '_>,
        room: &RoomId,
        body: EventBody,
    ) -> Result<(), StorageError> {
        turn.rows.save(table::ROOM_LOG, event_key(room, self.seq), &EventRow { body, ..self.row })
    }
}

/// What hangs on a message.
pub(super) fn overlay(turn: &Turn<'_, '_>, room: &RoomId, seq: u64) -> Result<OverlayRow, StorageError> {
    Ok(turn.rows.load(table::OVERLAY, &overlay_key(room, seq))?.unwrap_or_default())
}

/// Writes what hangs on a message, and says what listeners need to know of it. `body` is the message's new
/// one, if it was rewritten.
pub(super) fn save_overlay(
    turn: &mut Turn<'_, '_>,
    room: &RoomId,
    seq: u64,
    overlay: OverlayRow,
    body: Option<EventBody>,
) -> Result<Change, StorageError> {
    let key = overlay_key(room, seq);
    if overlay.is_empty() {
        turn.rows.remove(table::OVERLAY, key);
        return Ok(Change { seq, body, overlay: None });
    }
    turn.rows.save(table::OVERLAY, key, &overlay)?;
    Ok(Change { seq, body, overlay: Some(Box::new(overlay)) })
}

/// The answer to a command that was carried out with the event just logged.
pub(super) fn logged(place: &Place<'_>) -> Reply {
    reply(place, Repeat::First)
}

/// The answer to a command that asked for what is so already: it was so at the newest event.
pub(super) fn already(place: &Place<'_>) -> Reply {
    reply(place, Repeat::Again)
}

fn reply(place: &Place<'_>, dup: Repeat) -> Reply {
    Reply::Sent { seq: place.head.last_seq, at_ms: place.head.last_event_ms, dup }
}
