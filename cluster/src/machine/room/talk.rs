//! Sending and reading.

use madang_storage::id::Cid;
use madang_storage::row::{EventBody, EventRow, MemberRow, SentRow, table};
use sha2::{Digest, Sha256};

use super::{Place, save_member};
use crate::breach::Breach;
use crate::command::{Refusal, Repeat, Reply};
use crate::event::ShardEvent;
use crate::machine::rows::{event_key, sent_key};
use crate::machine::shard::{Stop, Turn};

/// A send happens once: the memory of it is written with the message and lives as long.
pub(super) fn send(
    turn: &mut Turn<'_, '_>,
    mut place: Place<'_>,
    cid: &Cid,
    text: &str,
    after: Option<&Cid>,
) -> Result<Reply, Stop> {
    let mut me: MemberRow = place.joined()?.clone();
    let key = sent_key(place.room, place.user, cid);
    let text_hash = text_hash(text);
    if let Some(sent) = turn.rows.load::<SentRow>(table::SENT, &key)?
        && turn.rows.breach() != Breach::WithoutDedup
    {
        if sent.text_hash != text_hash {
            return Err(Refusal::CidConflict.into());
        }
        return Ok(Reply::Sent { seq: sent.seq, at_ms: sent.at_ms, dup: Repeat::Again });
    }
    if let Some(after) = after {
        let before = sent_key(place.room, place.user, after);
        if turn.rows.load::<SentRow>(table::SENT, &before)?.is_none() {
            return Err(Refusal::OutOfOrder.into());
        }
    }
    let body = EventBody::Message { cid: cid.clone(), text: text.to_owned() };
    let seq = turn.log(place.room, &mut place.head, place.user, body)?;
    let at_ms = place.head.last_event_ms;
    turn.rows.save(table::SENT, key, &SentRow { seq, at_ms, text_hash })?;
    // Who speaks has read what came before: so one's own messages never count as unread.
    me.read_seq = seq;
    me.read_messages = place.head.messages;
    save_member(turn, place.room, place.user, &me)?;
    Ok(Reply::Sent { seq, at_ms, dup: Repeat::First })
}

/// Moves the read marker, never backwards.
pub(super) fn mark_read(turn: &mut Turn<'_, '_>, place: Place<'_>, seq: u64) -> Result<Reply, Stop> {
    let mut me: MemberRow = place.joined()?.clone();
    let seq = seq.min(place.head.last_seq);
    if seq > me.read_seq {
        let event: Option<EventRow> = turn.rows.load(table::ROOM_LOG, &event_key(place.room, seq))?;
        me.read_seq = seq;
        me.read_messages = event.map_or(me.read_messages, |event| event.messages);
        save_member(turn, place.room, place.user, &me)?;
        let (user, room) = (place.user.clone(), *place.room);
        let unread = place.head.messages.saturating_sub(me.read_messages);
        turn.tell(ShardEvent::Read { user, room, read_seq: seq, unread });
    }
    let unread = place.head.messages.saturating_sub(me.read_messages);
    Ok(Reply::Read { read_seq: me.read_seq, unread })
}

/// First 8 bytes of the text's SHA-256: enough to tell a retry from a mistake.
fn text_hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
}
