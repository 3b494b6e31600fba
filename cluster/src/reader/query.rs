//! A read of one shard as a value: carried out on this node's rows, or sent to a node that has them.
//! These types go between nodes: a variant's number (its serde name) stays for good.

use std::sync::Arc;

use madang_storage::id::{Emoji, RoomId, SessionId, UserId};
use madang_storage::row::{
    MemberRow, MentionRow, PairRow, PinsRow, PresenceRow, RoomRow, SessionRow, UserRoomRow, UserRow,
    VersionRow,
};
use serde::{Deserialize, Serialize};

use super::people::{PeopleFound, PeopleQuery};
use super::rooms::{RoomsFound, RoomsQuery};
use super::safety::{SafetyFound, SafetyQuery};
use super::talk::Reaction;
use super::{EventPage, LocalReader, Page, Tails};
use crate::error::ClusterError;
use crate::event::RoomEvent;

/// So many rows are read where the question comes in: handing it over and back would cost as much, and much more when
/// a node's clients all come back at once.
const FEW_ROWS: usize = 32;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Query {
    #[serde(rename = "1")]
    Room(RoomId),
    #[serde(rename = "2")]
    Heads(Vec<RoomId>),
    #[serde(rename = "3")]
    Member(RoomId, UserId),
    #[serde(rename = "5")]
    Events { room: RoomId, page: Page, limit: usize, bytes_max: usize },
    #[serde(rename = "6")]
    Event { room: RoomId, seq: u64 },
    #[serde(rename = "8")]
    User(UserId),
    #[serde(rename = "9")]
    Session(UserId, SessionId),
    #[serde(rename = "10")]
    UserRooms(UserId),
    #[serde(rename = "11")]
    UserRoom(UserId, RoomId),
    #[serde(rename = "12")]
    Tails(Vec<RoomId>),
    #[serde(rename = "13")]
    GoneBefore(UserId),
    #[serde(rename = "40")]
    Rooms(RoomsQuery),
    #[serde(rename = "20")]
    EventsAt { room: RoomId, seqs: Vec<u64>, bytes_max: usize },
    #[serde(rename = "21")]
    Thread { room: RoomId, root: u64, page: Page, limit: usize, bytes_max: usize },
    #[serde(rename = "22")]
    Reactions { room: RoomId, seq: u64, emoji: Option<Emoji>, after: Option<(Emoji, UserId)>, limit: usize },
    #[serde(rename = "23")]
    MyReactions { room: RoomId, user: UserId, seqs: Vec<u64> },
    #[serde(rename = "24")]
    Pins(RoomId),
    #[serde(rename = "25")]
    Versions { room: RoomId, seq: u64 },
    #[serde(rename = "26")]
    Mentions { user: UserId, before: Option<u64>, limit: usize },
    #[serde(rename = "90")]
    Presence(UserId),
    #[serde(rename = "91")]
    Pair(RoomId),
    #[serde(rename = "60")]
    People(PeopleQuery),
    #[serde(rename = "61")]
    Safety(SafetyQuery),
}

/// What was read: the variant of the query's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Found {
    #[serde(rename = "1")]
    Room(Option<RoomRow>),
    #[serde(rename = "2")]
    Heads(Vec<(RoomId, u64)>),
    #[serde(rename = "3")]
    Member(Option<MemberRow>),
    #[serde(rename = "5")]
    Events(EventPage),
    #[serde(rename = "6")]
    Event(Option<Arc<RoomEvent>>),
    #[serde(rename = "8")]
    User(Option<UserRow>),
    #[serde(rename = "9")]
    Session(Option<SessionRow>),
    #[serde(rename = "10")]
    UserRooms(Vec<(RoomId, UserRoomRow)>),
    #[serde(rename = "11")]
    UserRoom(Option<UserRoomRow>),
    #[serde(rename = "12")]
    Tails(Tails),
    #[serde(rename = "13")]
    GoneBefore(u64),
    #[serde(rename = "40")]
    Rooms(RoomsFound),
    #[serde(rename = "20")]
    EventsAt(Vec<Arc<RoomEvent>>),
    #[serde(rename = "22")]
    Reactions(Vec<Reaction>),
    #[serde(rename = "23")]
    MyReactions(Vec<(u64, Vec<Emoji>)>),
    #[serde(rename = "24")]
    Pins(PinsRow),
    #[serde(rename = "25")]
    Versions(Vec<VersionRow>),
    #[serde(rename = "26")]
    Mentions(Vec<(u64, MentionRow)>),
    #[serde(rename = "90")]
    Presence(Option<PresenceRow>),
    #[serde(rename = "91")]
    Pair(Option<PairRow>),
    #[serde(rename = "60")]
    People(PeopleFound),
    #[serde(rename = "61")]
    Safety(SafetyFound),
}

impl Query {
    /// Carries it out on the rows of this node. What reads many rows runs where it keeps nobody waiting.
    pub(crate) async fn answer(self, local: &LocalReader) -> Result<Found, ClusterError> {
        if !self.reads_many_rows() {
            return self.read(local);
        }
        if let Self::UserRooms(user) = &self {
            let rooms = local.first_user_rooms(user, FEW_ROWS + 1)?;
            if rooms.len() <= FEW_ROWS {
                return Ok(Found::UserRooms(rooms));
            }
        }
        let local = local.clone();
        match tokio::task::spawn_blocking(move || self.read(&local)).await {
            Ok(found) => found,
            Err(error) => Err(ClusterError::Unavailable { why: format!("a read failed: {error}") }),
        }
    }

    fn reads_many_rows(&self) -> bool {
        match self {
            Self::Room(_)
            | Self::Member(..)
            | Self::Event { .. }
            | Self::Pins(_)
            | Self::User(_)
            | Self::Session(..)
            | Self::Presence(_)
            | Self::Pair(_)
            | Self::GoneBefore(_)
            | Self::UserRoom(..) => false,
            Self::Heads(rooms) => rooms.len() > FEW_ROWS,
            Self::Tails(rooms) => 2 * rooms.len() > FEW_ROWS,
            Self::Rooms(query) => query.reads_many_rows(),
            Self::People(query) => query.reads_many_rows(),
            Self::Safety(query) => query.reads_many_rows(),
            Self::EventsAt { .. }
            | Self::Thread { .. }
            | Self::Reactions { .. }
            | Self::MyReactions { .. }
            | Self::Versions { .. }
            | Self::Mentions { .. } => true,
            Self::Events { .. } | Self::UserRooms(_) => true,
        }
    }

    fn read(&self, local: &LocalReader) -> Result<Found, ClusterError> {
        Ok(match self {
            Self::Room(room) => Found::Room(local.room(room)?),
            Self::Heads(rooms) => Found::Heads(local.heads(rooms)?),
            Self::Member(room, user) => Found::Member(local.member(room, user)?),
            Self::Events { room, page, limit, bytes_max } => {
                Found::Events(local.events(room, *page, *limit, *bytes_max)?)
            }
            Self::Event { room, seq } => Found::Event(local.event(room, *seq)?),
            Self::User(user) => Found::User(local.user(user)?),
            Self::Session(user, session) => Found::Session(local.session(user, session)?),
            Self::UserRooms(user) => Found::UserRooms(local.user_rooms(user)?),
            Self::UserRoom(user, room) => Found::UserRoom(local.user_room(user, room)?),
            Self::GoneBefore(user) => Found::GoneBefore(local.gone_before(user)?),
            Self::Tails(rooms) => Found::Tails(local.tails(rooms)?),
            Self::Rooms(query) => Found::Rooms(query.read(local)?),
            Self::People(query) => Found::People(query.read(local)?),
            Self::Safety(query) => Found::Safety(query.read(local)?),
            Self::EventsAt { room, seqs, bytes_max } => {
                Found::EventsAt(local.events_at(room, seqs, *bytes_max)?)
            }
            Self::Thread { room, root, page, limit, bytes_max } => {
                Found::Events(local.thread(room, *root, *page, *limit, *bytes_max)?)
            }
            Self::Reactions { room, seq, emoji, after, limit } => {
                Found::Reactions(local.reactions(room, *seq, emoji.as_ref(), after.as_ref(), *limit)?)
            }
            Self::MyReactions { room, user, seqs } => {
                Found::MyReactions(local.my_reactions(room, user, seqs)?)
            }
            Self::Pins(room) => Found::Pins(local.pins(room)?),
            Self::Versions { room, seq } => Found::Versions(local.versions(room, *seq)?),
            Self::Mentions { user, before, limit } => Found::Mentions(local.mentions(user, *before, *limit)?),
            Self::Presence(user) => Found::Presence(local.presence(user)?),
            Self::Pair(room) => Found::Pair(local.pair(room)?),
        })
    }
}

impl Found {
    /// Whether it says that something does not exist.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(
            self,
            Self::Room(None)
                | Self::Member(None)
                | Self::User(None)
                | Self::Session(None)
                | Self::Event(None)
        )
    }

    /// An answer to another question than was asked.
    pub(super) fn misfit(&self) -> ClusterError {
        ClusterError::Unavailable { why: format!("a replica answered another question: {self:?}") }
    }
}
