//! What a shard's leader asks of itself to take away what belongs to nothing any more.

use bytes::Bytes;
use madang_storage::id::{RoomId, UserId};
use serde::{Deserialize, Serialize};

/// One bounded step. Repeats change nothing, so that a new leader goes on wherever the one before stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SweepOp {
    /// These people are no longer in a deleted room; their own shards are told.
    #[serde(rename = "1")]
    Members {
        /// Which room.
        room: RoomId,
        /// Who; at most [`Self::MEMBERS_MAX`].
        users: Vec<UserId>,
    },
    /// These rows go.
    #[serde(rename = "2")]
    Rows {
        /// What is being swept: the key of its row in the table of sweeps.
        under: Bytes,
        /// From which table.
        table: u8,
        /// The rest of their keys; at most [`Self::ROWS_MAX`].
        keys: Vec<Bytes>,
    },
    /// Nothing is left under it.
    #[serde(rename = "3")]
    Done {
        /// What was being swept.
        under: Bytes,
    },
}

impl SweepOp {
    /// People in one step: each is an effect on another shard.
    pub const MEMBERS_MAX: usize = 200;
    /// Rows in one step.
    pub const ROWS_MAX: usize = 500;

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Members { users, .. } => users.len() * 34,
            Self::Rows { keys, .. } => keys.iter().map(|key| key.len() + 2).sum(),
            Self::Done { under } => under.len(),
        }
    }
}
