//! Sending.

use madang_storage::id::Cid;
use madang_storage::row::{Content, EventBody, Extra, MemberRow, Mentions, SentRow, table};
use sha2::{Digest, Sha256};

use super::rights::Deed;
use super::{Place, call, message, save_member, thread};
use crate::breach::Breach;
use crate::command::{Refusal, Repeat, Reply};
use crate::event::Change;
use crate::machine::rows::sent_key;
use crate::machine::shard::{Stop, Turn};

/// What is said.
pub(super) struct Said<'a> {
    /// The client's name for this send.
    pub(super) cid: &'a Cid,
    /// The text, empty if the content is all.
    pub(super) text: &'a str,
    /// What it carries beside its text.
    pub(super) extra: Option<&'a Extra>,
    /// The send that must be in the log before this one.
    pub(super) after: Option<&'a Cid>,
}

/// A send happens once: the memory of it is written with the message and lives as long.
pub(super) fn send(turn: &mut Turn<'_, '_>, mut place: Place<'_>, said: &Said<'_>) -> Result<Reply, Stop> {
    place.joined()?;
    let key = sent_key(place.room, place.user, said.cid);
    let hash = said.hash()?;
    if let Some(sent) = turn.rows.load::<SentRow>(table::SENT, &key)?
        && turn.rows.breach() != Breach::WithoutDedup
    {
        if sent.hash.is_some_and(|known| known != hash) {
            return Err(Refusal::CidConflict.into());
        }
        return Ok(Reply::Sent { seq: sent.seq, at_ms: sent.at_ms, dup: Repeat::Again });
    }
    place.not_blocked(turn)?;
    if let Some(after) = said.after {
        let before = sent_key(place.room, place.user, after);
        if turn.rows.load::<SentRow>(table::SENT, &before)?.is_none() {
            return Err(Refusal::OutOfOrder.into());
        }
    }
    place.may_speak()?;
    let (extra, changes) = match said.extra {
        Some(extra) => place_in_room(turn, &mut place, extra)?,
        None => (None, Vec::new()),
    };
    let body = EventBody::Message { cid: said.cid.clone(), text: said.text.to_owned(), extra };
    let seq = turn.log_changing(place.room, &mut place.head, place.user, body, changes)?;
    let at_ms = place.head.last_event_ms;
    turn.rows.save(table::SENT, key, &SentRow { seq, at_ms, hash: Some(hash) })?;
    // Who speaks has read what came before: so one's own messages never count as unread.
    let mut me: MemberRow = place.joined()?.clone();
    me.last_send_ms = at_ms;
    me.read_seq = seq;
    me.read_messages = place.head.messages;
    me.mentions.clear();
    save_member(turn, place.room, place.user, &me)?;
    Ok(Reply::Sent { seq, at_ms, dup: Repeat::First })
}

/// Checks what a message carries, and writes what it does to others: its thread, and whom it calls. Answers
/// what is stored with it.
fn place_in_room(
    turn: &mut Turn<'_, '_>,
    place: &mut Place<'_>,
    extra: &Extra,
) -> Result<(Option<Box<Extra>>, Vec<Change>), Stop> {
    if extra.content == Content::System {
        place.may(Deed::KeepOrder)?;
    }
    call::check(place, &extra.mentions)?;
    if let Some(reply) = extra.reply {
        message::find(turn, place.room, reply)?;
    }
    let thread = match extra.thread {
        Some(thread) => Some(thread::root(turn, place, thread.root)?),
        None => None,
    };
    // From here on it happens.
    let seq = place.head.last_seq + 1;
    call::change(turn, place, seq, (&Mentions::default(), &extra.mentions))?;
    let mut stored = extra.clone();
    let mut changes = Vec::new();
    if let Some(thread) = thread {
        let (in_thread, change) = thread.grow(turn, place.room, seq)?;
        stored.thread = Some(in_thread);
        changes.push(change);
    }
    Ok((stored.boxed(), changes))
}

impl Said<'_> {
    /// Tells a retry from another send. What is forwarded is named by its place: it may be edited meanwhile.
    fn hash(&self) -> Result<u64, Refusal> {
        let mut hash = Sha256::new();
        match self.extra {
            None => hash.update(self.text.as_bytes()),
            Some(Extra { forward: Some(forward), .. }) => {
                hash.update(b"forward");
                hash.update(forward.room.0);
                hash.update(forward.seq.to_be_bytes());
            }
            Some(extra) => {
                hash.update(self.text.as_bytes());
                // No text has byte 255.
                hash.update([u8::MAX]);
                hash.update(rmp_serde::to_vec(extra).map_err(|_| Refusal::OtherContent)?);
            }
        }
        Ok(hash_of(hash))
    }
}

/// First 8 bytes of the digest: enough to tell a retry from a mistake.
pub(super) fn hash_of(hash: Sha256) -> u64 {
    hash.finalize().iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
}
