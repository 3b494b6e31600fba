//! Effects on other shards: stored with the decision, sent by the leader until acknowledged.

use serde::{Deserialize, Serialize};

use super::people::{Blocked, Side};
use super::{MemberState, Row, SuspendedRow, Switch};
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
        /// Who asked the user in, if that is the news.
        #[serde(default)]
        by: Option<UserId>,
        /// When it was decided, milliseconds since the epoch.
        #[serde(default)]
        at_ms: u64,
    },
    /// User's shard → other user's shard: what the user says about being a contact.
    #[serde(rename = "60")]
    Contact {
        /// Who says it.
        from: UserId,
        /// About whom.
        to: UserId,
        /// What: only news of a newer version counts.
        side: Side,
    },
    /// User's shard → shard of the direct room with another: whether the user blocks the other.
    #[serde(rename = "61")]
    PairBlock {
        /// The room of the two, whether there is one or not.
        room: RoomId,
        /// Who blocks, or does not.
        by: UserId,
        /// Whom.
        other: UserId,
        /// Whether it holds.
        blocked: Blocked,
        /// Grows with every change.
        version: u64,
    },
    /// User's shard → room's shard: the user takes no invitations from whoever sent this one.
    #[serde(rename = "62")]
    Declined {
        /// Which room.
        room: RoomId,
        /// Who was invited.
        user: UserId,
        /// Seq of the invitation: a later one is another matter.
        room_seq: u64,
    },
    /// Desk → user's shard: whether the user may use the cluster.
    #[serde(rename = "63")]
    Suspended {
        /// Who.
        user: UserId,
        /// What holds now: only news of a newer version counts.
        now: SuspendedRow,
    },
    /// Room's shard → user's shard: a message calls the user, or does so no longer.
    #[serde(rename = "20")]
    Mention {
        /// Whom.
        user: UserId,
        /// In which room.
        room: RoomId,
        /// Which message.
        seq: u64,
        /// Calls, or no longer.
        state: Switch,
        /// Seq of the event that made it so.
        room_seq: u64,
    },
}

/// Which shard an effect is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home<'a> {
    /// The one with this room.
    Room(&'a RoomId),
    /// The one with this user.
    User(&'a UserId),
}

impl Effect {
    /// Where it is to be carried out.
    pub fn home(&self) -> Home<'_> {
        match self {
            Self::UserRoom { user, .. } | Self::Mention { user, .. } | Self::Suspended { user, .. } => {
                Home::User(user)
            }
            Self::Contact { to, .. } => Home::User(to),
            Self::PairBlock { room, .. } | Self::Declined { room, .. } => Home::Room(room),
        }
    }
}
