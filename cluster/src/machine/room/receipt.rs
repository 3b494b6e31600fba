//! How far members have read and received: up to a seq, never backwards, never logged.

use madang_storage::StorageError;
use madang_storage::row::{EventRow, Feature, MemberRow, Reading, RoomRow, table};

use super::{Place, save_member};
use crate::command::Reply;
use crate::event::ShardEvent;
use crate::machine::rows::event_key;
use crate::machine::shard::{Stop, Turn};

/// In rooms of more members than this nobody hears how far the others are: it would be all that is said.
pub const RECEIPTS_MEMBERS_MAX: u64 = 200;

/// Whether the members of a room are told of each other's markers.
pub fn tells(head: &RoomRow) -> bool {
    head.joined <= RECEIPTS_MEMBERS_MAX && head.features.has(Feature::Receipts)
}

/// Moves the read marker. What was read was received too, unless nobody is to know that it was read.
pub(super) fn read(
    turn: &mut Turn<'_, '_>,
    place: &Place<'_>,
    seq: u64,
    reading: Reading,
) -> Result<Reply, Stop> {
    let mut me: MemberRow = place.joined()?.clone();
    let before = me.clone();
    let seq = seq.min(place.head.last_seq);
    if seq > me.read_seq {
        let event: Option<EventRow> = turn.rows.load(table::ROOM_LOG, &event_key(place.room, seq))?;
        me.read_seq = seq;
        me.read_messages = event.map_or(me.read_messages, |event| event.messages);
        me.mentions.retain(|mention| *mention > seq);
    }
    if reading == Reading::Shown {
        me.shown_seq = me.shown_seq.max(seq);
        me.received_seq = me.received_seq.max(seq);
    }
    save(turn, place, &before, &me)?;
    let unread = place.head.messages.saturating_sub(me.read_messages);
    let mentions = me.unread_mentions(&place.head);
    if me.read_seq > before.read_seq {
        let (user, room) = (place.user.clone(), *place.room);
        turn.tell(ShardEvent::Read { user, room, read_seq: me.read_seq, unread, mentions });
    }
    Ok(Reply::Read { read_seq: me.read_seq, unread, mentions })
}

/// Moves the marker of what has reached a device.
pub(super) fn receive(turn: &mut Turn<'_, '_>, place: &Place<'_>, seq: u64) -> Result<Reply, Stop> {
    let before: MemberRow = place.joined()?.clone();
    let received_seq = before.received_seq.max(seq.min(place.head.last_seq));
    save(turn, place, &before, &MemberRow { received_seq, ..before.clone() })?;
    Ok(Reply::Received { received_seq })
}

/// Writes the markers if they moved, and tells the other members what they may know.
fn save(
    turn: &mut Turn<'_, '_>,
    place: &Place<'_>,
    before: &MemberRow,
    me: &MemberRow,
) -> Result<(), StorageError> {
    if me == before {
        return Ok(());
    }
    save_member(turn, place.room, place.user, me)?;
    let (read_seq, received_seq) = (me.shown_seq, me.received_seq);
    let moved = (read_seq, received_seq) != (before.shown_seq, before.received_seq);
    if moved && tells(&place.head) {
        let (user, room) = (place.user.clone(), *place.room);
        turn.tell(ShardEvent::Receipt { user, room, read_seq, received_seq });
    }
    Ok(())
}
