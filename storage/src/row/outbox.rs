//! Effects on other shards: stored with the decision, sent by the leader until acknowledged.

use serde::{Deserialize, Serialize};

use super::{MemberState, Row};
use crate::id::{RoomId, UserId};

/// One effect that waits for its target shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// What to tell, and whom.
    pub effect: Effect,
}

impl Row for OutboxRow {
    const NAME: &'static str = "outbox row";
}

/// What one shard tells another. The serde name is the number on disk and on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Room's shard → user's shard: the user's place in the room changed.
    #[serde(rename = "1")]
    UserRoom {
        /// Whose list.
        user: UserId,
        /// Which room.
        room: RoomId,
        /// The new state; `None`: no longer there.
        state: Option<MemberState>,
        /// Seq of the event that made it so.
        room_seq: u64,
    },
}
