//! The typed reads of what hangs on messages.

use std::sync::Arc;

use madang_storage::id::{Emoji, RoomId, UserId};
use madang_storage::row::{MentionRow, PinsRow, VersionRow};

use super::{EventPage, Found, Page, Query, Reader};
use crate::error::ClusterError;
use crate::event::RoomEvent;

/// Takes the answer that belongs to the question.
macro_rules! ask {
    ($reader:expr, $query:expr => $found:ident) => {
        match $reader.ask($query).await? {
            Found::$found(value) => Ok(value),
            other => Err(other.misfit()),
        }
    };
}

impl Reader {
    /// Those of these events of a room that there are, in their order, until they have so many bytes (one
    /// always fits).
    pub async fn events_at(
        &self,
        room: &RoomId,
        seqs: Vec<u64>,
        bytes_max: usize,
    ) -> Result<Vec<Arc<RoomEvent>>, ClusterError> {
        ask!(self, Query::EventsAt { room: *room, seqs, bytes_max } => EventsAt)
    }

    /// A page of the replies of a thread, bounded as a page of the log.
    pub async fn thread(
        &self,
        room: &RoomId,
        root: u64,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Result<EventPage, ClusterError> {
        ask!(self, Query::Thread { room: *room, root, page, limit, bytes_max } => Events)
    }

    /// Who reacted to a message, with what and when (milliseconds since the epoch), by emoji, then user: those
    /// behind `after`; with `emoji` alone, if it is named.
    pub async fn reactions(
        &self,
        room: &RoomId,
        seq: u64,
        emoji: Option<Emoji>,
        after: Option<(Emoji, UserId)>,
        limit: usize,
    ) -> Result<Vec<(Emoji, UserId, u64)>, ClusterError> {
        ask!(self, Query::Reactions { room: *room, seq, emoji, after, limit } => Reactions)
    }

    /// A user's own reactions to those of these messages that have any.
    pub async fn my_reactions(
        &self,
        room: &RoomId,
        user: &UserId,
        seqs: Vec<u64>,
    ) -> Result<Vec<(u64, Vec<Emoji>)>, ClusterError> {
        ask!(self, Query::MyReactions { room: *room, user: user.clone(), seqs } => MyReactions)
    }

    /// The pinned messages of a room.
    pub async fn pins(&self, room: &RoomId) -> Result<PinsRow, ClusterError> {
        ask!(self, Query::Pins(*room) => Pins)
    }

    /// A message as it was before each of its edits, oldest first.
    pub async fn versions(&self, room: &RoomId, seq: u64) -> Result<Vec<VersionRow>, ClusterError> {
        ask!(self, Query::Versions { room: *room, seq } => Versions)
    }

    /// What called a user, by number, newest first: what is older than `before`. Also what no longer does.
    pub async fn mentions(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, MentionRow)>, ClusterError> {
        ask!(self, Query::Mentions { user: user.clone(), before, limit } => Mentions)
    }
}
