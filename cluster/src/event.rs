//! What became true: the feed's items, on every replica, in the order of the log.

use std::sync::Arc;

use madang_storage::id::{RoomId, SessionId, ShardId, UserId};
use madang_storage::row::{EventRow, MemberState, PresenceRow};
use serde::{Deserialize, Serialize};

/// Everything that one write to the state made true, in order.
#[derive(Debug, Clone)]
pub struct FeedBatch {
    /// Which shard.
    pub shard: ShardId,
    /// The events.
    pub events: Arc<Vec<ShardEvent>>,
}

/// Something that became true in a shard. Goes between nodes: a variant's number (its serde name) stays for
/// good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShardEvent {
    #[serde(rename = "1")]
    /// A room's log grew. Order: by `seq` within the room, without holes.
    Room(Arc<RoomEvent>),
    #[serde(rename = "2")]
    /// A user's place in a room changed, as the user's shard knows it.
    UserRoom {
        /// Whose list.
        user: UserId,
        /// Which room.
        room: RoomId,
        /// The new state; `None`: no longer there.
        state: Option<MemberState>,
        /// Position in the shard's feed.
        pos: u64,
    },
    #[serde(rename = "3")]
    /// A user read on, on some device.
    Read {
        /// Who.
        user: UserId,
        /// Which room.
        room: RoomId,
        /// Everything up to this seq is read.
        read_seq: u64,
        /// How many messages are not.
        unread: u64,
    },
    #[serde(rename = "4")]
    /// A session was ended.
    SessionEnded {
        /// Whose.
        user: UserId,
        /// Which.
        session: SessionId,
    },
    #[serde(rename = "5")]
    /// Effects wait in the outbox.
    Outbox,
    #[serde(rename = "6")]
    /// Something became true that this feed does not tell: whoever listens looks the state up.
    Skipped,
    #[serde(rename = "90")]
    /// A user changed what others see of being there.
    Presence {
        /// Who.
        user: UserId,
        /// What holds now.
        row: PresenceRow,
    },
}

/// One entry of a room's log, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEvent {
    /// Which room.
    pub room: RoomId,
    /// Where in its log, from 1.
    pub seq: u64,
    /// What.
    pub row: EventRow,
}
