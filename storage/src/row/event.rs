//! One entry of a room's log.

use serde::{Deserialize, Serialize};

use super::{Role, RoomKind, Row};
use crate::id::{Cid, UserId};

/// What happened in a room at one `seq` (the key holds room and seq).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// When the node that took the command saw it, milliseconds since the epoch.
    pub at_ms: u64,
    /// Who did it.
    pub user: UserId,
    /// Position in the shard's feed: dense over all rooms of the shard, counts from 1.
    pub pos: u64,
    /// How many messages the room has up to and including this event.
    pub messages: u64,
    /// What happened.
    pub body: EventBody,
}

impl Row for EventRow {
    const NAME: &'static str = "event row";
}

/// The kinds of events. The serde name is the number on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventBody {
    /// A person said something.
    #[serde(rename = "1")]
    Message {
        /// The sender's name for this send.
        cid: Cid,
        /// What was said.
        text: String,
    },
    /// The room began.
    #[serde(rename = "2")]
    Created {
        /// Its kind.
        kind: RoomKind,
        /// Its title at the time.
        title: String,
    },
    /// The user entered.
    #[serde(rename = "3")]
    Joined,
    /// The user left, or declined an invitation.
    #[serde(rename = "4")]
    Left,
    /// The user asked `target` in.
    #[serde(rename = "5")]
    Invited {
        /// Who is invited.
        target: UserId,
    },
    /// The user put `target` out.
    #[serde(rename = "6")]
    Kicked {
        /// Who was put out.
        target: UserId,
    },
    /// The user gave `target` a role.
    #[serde(rename = "7")]
    Role {
        /// Whose role.
        target: UserId,
        /// The new role.
        role: Role,
    },
    /// Title or topic changed; `None` stayed as it was.
    #[serde(rename = "8")]
    Changed {
        /// New title.
        title: Option<String>,
        /// New topic.
        topic: Option<String>,
    },
}

impl EventBody {
    /// Whether it counts as unread.
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Message { .. })
    }
}
