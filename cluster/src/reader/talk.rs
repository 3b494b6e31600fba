//! Reads of what hangs on messages. A page of a log is read with one walk over the log and one over what
//! hangs on it, both bounded by the page.

use std::sync::Arc;

use madang_storage::id::{Emoji, RoomId, UserId};
use madang_storage::row::{
    EventRow, MentionRow, MyReactionsRow, OverlayRow, PinsRow, ReactionRow, Row, VersionRow, table,
};
use madang_storage::{Direction, KeyRange};

use super::local::{LocalReader, odd_key, text_id};
use super::{EventPage, Page};
use crate::error::ClusterError;
use crate::event::RoomEvent;
use crate::machine::rows::{
    event_key, my_reactions_key, overlay_key, reactions_prefix, room_key, thread_key, thread_prefix,
    user_prefix, versions_prefix,
};

/// Who reacted to a message with what, and when.
pub(crate) type Reaction = (Emoji, UserId, u64);

impl LocalReader {
    /// Puts what hangs on messages to the events of a page, which have no holes and are in order.
    pub(super) fn hang(&self, room: &RoomId, events: &mut [RoomEvent]) -> Result<(), ClusterError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let (first, last) = (first.seq, last.seq);
        let range = KeyRange {
            from: self.key(table::OVERLAY, &overlay_key(room, first)),
            to: self.key(table::OVERLAY, &overlay_key(room, last.saturating_add(1))),
        };
        let limit = events.len();
        let rows = self.walk(&range, Direction::Ascending, limit, |key, bytes| {
            let seq = key.last_chunk().map(|seq| u64::from_be_bytes(*seq)).ok_or_else(|| odd_key(key))?;
            Ok((seq, OverlayRow::decode(bytes)?))
        })?;
        for (seq, overlay) in rows {
            let index = usize::try_from(seq - first).unwrap_or(usize::MAX);
            if let Some(event) = events.get_mut(index).filter(|event| event.seq == seq) {
                event.overlay = Some(Box::new(overlay));
            }
        }
        Ok(())
    }

    /// One event, with what hangs on it.
    pub(crate) fn event(&self, room: &RoomId, seq: u64) -> Result<Option<Arc<RoomEvent>>, ClusterError> {
        let Some(row) = self.load::<EventRow>(table::ROOM_LOG, &event_key(room, seq))? else {
            return Ok(None);
        };
        let overlay = if row.body.is_message() {
            self.load::<OverlayRow>(table::OVERLAY, &overlay_key(room, seq))?
        } else {
            None
        };
        let event = RoomEvent { overlay: overlay.map(Box::new), ..RoomEvent::new(*room, seq, row) };
        Ok(Some(Arc::new(event)))
    }

    /// Those of these events that there are, in their order, until they have so many bytes (one always fits).
    pub(crate) fn events_at(
        &self,
        room: &RoomId,
        seqs: &[u64],
        bytes_max: usize,
    ) -> Result<Vec<Arc<RoomEvent>>, ClusterError> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        for seq in seqs {
            let Some(event) = self.event(room, *seq)? else { continue };
            bytes += event.weight();
            if bytes > bytes_max && !events.is_empty() {
                break;
            }
            events.push(event);
        }
        Ok(events)
    }

    /// A page of a thread: its replies, oldest first, as pages of the log.
    pub(crate) fn thread(
        &self,
        room: &RoomId,
        root: u64,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Result<EventPage, ClusterError> {
        let mut range = KeyRange::prefix(&self.key(table::THREAD, &thread_prefix(room, root)));
        let direction = match page {
            Page::After(seq) => {
                range.from = self.key(table::THREAD, &thread_key(room, root, seq.saturating_add(1)));
                Direction::Ascending
            }
            Page::Before(seq) => {
                range.to = self.key(table::THREAD, &thread_key(room, root, seq));
                Direction::Descending
            }
            Page::Newest | Page::Around(_) => Direction::Descending,
        };
        // One more than asked for tells whether there are more.
        let seqs = self.walk(&range, direction, limit.saturating_add(1), |key, _| {
            key.last_chunk().map(|seq| u64::from_be_bytes(*seq)).ok_or_else(|| odd_key(key))
        })?;
        let wanted = seqs.get(..limit.min(seqs.len())).unwrap_or_default();
        let mut events = self.events_at(room, wanted, bytes_max)?;
        let more = seqs.len() > events.len();
        if direction == Direction::Descending {
            events.reverse();
        }
        Ok(EventPage { events, more })
    }

    /// Who reacted to a message, by emoji, then user: those behind `after`; with `emoji` alone, if it is named.
    pub(crate) fn reactions(
        &self,
        room: &RoomId,
        seq: u64,
        emoji: Option<&Emoji>,
        after: Option<&(Emoji, UserId)>,
        limit: usize,
    ) -> Result<Vec<Reaction>, ClusterError> {
        let whole = self.key(table::REACTION, &reactions_prefix(room, seq));
        let of_emoji = |emoji: &Emoji| [whole.as_slice(), emoji.as_str().as_bytes(), &[0]].concat();
        let mut range = KeyRange::prefix(&emoji.map_or_else(|| whole.clone(), of_emoji));
        if let Some((emoji, user)) = after {
            // The smallest key behind one is that key and a zero.
            range.from = [of_emoji(emoji).as_slice(), user.as_str().as_bytes(), &[0]].concat();
        }
        self.walk(&range, Direction::Ascending, limit, |key, bytes| {
            let rest = key.get(whole.len()..).unwrap_or_default();
            let mut parts = rest.splitn(2, |byte| *byte == 0);
            let (emoji, user) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let at_ms = ReactionRow::decode(bytes)?.at_ms;
            Ok((text_id(emoji, Emoji::parse)?, text_id(user, UserId::parse)?, at_ms))
        })
    }

    /// A user's own reactions to these messages.
    pub(crate) fn my_reactions(
        &self,
        room: &RoomId,
        user: &UserId,
        seqs: &[u64],
    ) -> Result<Vec<(u64, Vec<Emoji>)>, ClusterError> {
        let mut found = Vec::new();
        for seq in seqs {
            let key = my_reactions_key(room, user, *seq);
            if let Some(row) = self.load::<MyReactionsRow>(table::MY_REACTIONS, &key)? {
                found.push((*seq, row.emojis));
            }
        }
        Ok(found)
    }

    /// The pinned messages of a room.
    pub(crate) fn pins(&self, room: &RoomId) -> Result<PinsRow, ClusterError> {
        Ok(self.load(table::PINS, &room_key(room))?.unwrap_or_default())
    }

    /// A message as it was before each of its edits, oldest first.
    pub(crate) fn versions(&self, room: &RoomId, seq: u64) -> Result<Vec<VersionRow>, ClusterError> {
        let range = KeyRange::prefix(&self.key(table::VERSION, &versions_prefix(room, seq)));
        self.walk(&range, Direction::Ascending, usize::MAX, |_, bytes| VersionRow::decode(bytes))
    }

    /// What called a user, newest first: what is older than `before`, by number.
    pub(crate) fn mentions(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, MentionRow)>, ClusterError> {
        let prefix = self.key(table::MENTION, &user_prefix(user));
        let mut range = KeyRange::prefix(&prefix);
        if let Some(before) = before {
            range.to = [prefix.as_slice(), &before.to_be_bytes()].concat();
        }
        self.walk(&range, Direction::Descending, limit, |key, bytes| {
            let number = key.last_chunk().map(|number| u64::from_be_bytes(*number));
            Ok((number.ok_or_else(|| odd_key(key))?, MentionRow::decode(bytes)?))
        })
    }

    fn key(&self, table: u8, key: &[u8]) -> Vec<u8> {
        self.state().key(table, key)
    }
}
