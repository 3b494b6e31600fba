//! Reads of one shard: its own rows where this node holds a replica, else by asking a node that does.
//!
//! Reading order: `local.rs` (the rows here), `query.rs` (a read as a value that can travel), this file
//! (the typed reads), `rooms.rs`, `people.rs` and `safety.rs` (more of them).

#[cfg(test)]
mod golden_tests;
mod local;
mod people;
mod query;
mod rooms;
mod safety;
mod talk;
mod talked;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use madang_storage::id::{RoomId, SessionId, UserId};
use madang_storage::row::{MemberRow, PairRow, PresenceRow, RoomRow, SessionRow, UserRoomRow, UserRow};
use serde::{Deserialize, Serialize};

use crate::error::ClusterError;
use crate::event::RoomEvent;

pub(crate) use local::LocalReader;
pub use people::Name;
pub use rooms::Listed;
pub use safety::{AuditPlace, QueuePlace};

pub(crate) use query::{Found, Query};

/// Which part of a room's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Page {
    /// The newest events.
    #[serde(rename = "1")]
    Newest,
    /// The newest before this seq.
    #[serde(rename = "2")]
    Before(u64),
    /// The oldest after this seq.
    #[serde(rename = "3")]
    After(u64),
    /// Some on both sides of this seq.
    #[serde(rename = "4")]
    Around(u64),
}

/// Events of one room, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Arc<RoomEvent>>,
    /// Whether there is more in the direction asked for; for [`Page::Around`], towards older.
    pub more: bool,
}

/// How far a shard's feed has come, and where the logs of some of its rooms end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tails {
    /// Position of the newest item of the shard's feed: the rest is at least as new.
    pub pos: u64,
    /// The rooms, in the order asked for.
    pub rooms: Vec<Tail>,
}

/// Where a room's log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    /// Which room.
    pub room: RoomId,
    /// Seq of its newest event; 0 for a room that does not exist.
    pub seq: u64,
    /// The newest event's position in the shard's feed.
    pub pos: u64,
}

/// Whether a read shows all that was acknowledged before it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It does.
    Current,
    /// The shard's leader could not be asked: what is shown is true, but may be old.
    Stale,
}

/// Asks a node that holds a replica.
pub(crate) trait Elsewhere: Send + Sync {
    /// Has the query answered there.
    fn ask(&self, query: Query) -> BoxFuture<'static, Result<Found, ClusterError>>;
}

/// Reads one shard. What it shows is never older than what was true when it was made, unless it says so.
#[derive(Clone)]
pub struct Reader {
    source: Source,
    freshness: Freshness,
}

#[derive(Clone)]
enum Source {
    Here(LocalReader),
    There(Arc<dyn Elsewhere>),
}

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
    pub(crate) fn here(local: LocalReader, freshness: Freshness) -> Self {
        Self { source: Source::Here(local), freshness }
    }

    pub(crate) fn there(elsewhere: Arc<dyn Elsewhere>) -> Self {
        Self { source: Source::There(elsewhere), freshness: Freshness::Current }
    }

    /// Whether it may show something old.
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// A room's head.
    pub async fn room(&self, room: &RoomId) -> Result<Option<RoomRow>, ClusterError> {
        ask!(self, Query::Room(*room) => Room)
    }

    /// The newest seq of each of these rooms; 0 for one that does not exist.
    pub async fn heads(&self, rooms: Vec<RoomId>) -> Result<Vec<(RoomId, u64)>, ClusterError> {
        ask!(self, Query::Heads(rooms) => Heads)
    }

    /// The newest seq of each of these rooms, in their order, without waiting for anybody; `None` where this node
    /// has no replica. 0 for a room that does not exist.
    pub fn heads_here(&self, rooms: &[RoomId]) -> Option<Result<Vec<u64>, ClusterError>> {
        match &self.source {
            Source::Here(local) => Some(local.heads(rooms).map(|heads| {
                let seq = |(_, seq)| seq;
                heads.into_iter().map(seq).collect()
            })),
            Source::There(_) => None,
        }
    }

    /// How far the shard's feed has come, and where these rooms' logs end.
    pub async fn tails(&self, rooms: Vec<RoomId>) -> Result<Tails, ClusterError> {
        ask!(self, Query::Tails(rooms) => Tails)
    }

    /// A user's place in a room.
    pub async fn member(&self, room: &RoomId, user: &UserId) -> Result<Option<MemberRow>, ClusterError> {
        ask!(self, Query::Member(*room, user.clone()) => Member)
    }

    /// A page of a room's log, bounded by events and by bytes of stored rows (one event always fits).
    pub async fn events(
        &self,
        room: &RoomId,
        page: Page,
        limit: usize,
        bytes_max: usize,
    ) -> Result<EventPage, ClusterError> {
        ask!(self, Query::Events { room: *room, page, limit, bytes_max } => Events)
    }

    /// One event.
    pub async fn event(&self, room: &RoomId, seq: u64) -> Result<Option<Arc<RoomEvent>>, ClusterError> {
        ask!(self, Query::Event { room: *room, seq } => Event)
    }

    /// An account.
    pub async fn user(&self, user: &UserId) -> Result<Option<UserRow>, ClusterError> {
        ask!(self, Query::User(user.clone()) => User)
    }

    /// One of a user's sessions.
    pub async fn session(
        &self,
        user: &UserId,
        session: &SessionId,
    ) -> Result<Option<SessionRow>, ClusterError> {
        ask!(self, Query::Session(user.clone(), *session) => Session)
    }

    /// Who of the two people of a direct room blocks the other; `None`: neither ever did.
    pub async fn pair(&self, room: &RoomId) -> Result<Option<PairRow>, ClusterError> {
        ask!(self, Query::Pair(*room) => Pair)
    }

    /// What a user shows of being there; `None`: as everybody does at first.
    pub async fn presence(&self, user: &UserId) -> Result<Option<PresenceRow>, ClusterError> {
        ask!(self, Query::Presence(user.clone()) => Presence)
    }

    /// All rooms of a user, also those left (tombstones).
    pub async fn user_rooms(&self, user: &UserId) -> Result<Vec<(RoomId, UserRoomRow)>, ClusterError> {
        ask!(self, Query::UserRooms(user.clone()) => UserRooms)
    }

    /// How far back the tombstones in a user's list of rooms reach: all those behind this position of the
    /// shard's feed are there. Asked after the list: what is taken away in between is not missed.
    pub async fn gone_before(&self, user: &UserId) -> Result<u64, ClusterError> {
        ask!(self, Query::GoneBefore(user.clone()) => GoneBefore)
    }

    /// One room in a user's list.
    pub async fn user_room(&self, user: &UserId, room: &RoomId) -> Result<Option<UserRoomRow>, ClusterError> {
        ask!(self, Query::UserRoom(user.clone(), *room) => UserRoom)
    }

    async fn ask(&self, query: Query) -> Result<Found, ClusterError> {
        let found = match &self.source {
            Source::Here(local) => query.answer(local).await,
            Source::There(elsewhere) => elsewhere.ask(query).await,
        }?;
        // What is old is still true, but that something is missing may be no longer.
        if self.freshness == Freshness::Stale && found.is_nothing() {
            return Err(stale());
        }
        Ok(found)
    }
}

/// This node cannot tell.
pub(crate) fn stale() -> ClusterError {
    ClusterError::Unavailable {
        why: "the shard's leader cannot be asked, and this node may be behind".to_owned(),
    }
}
