//! What can be asked of a room.

use madang_storage::id::{Cid, UserId};
use madang_storage::row::{Role, RoomKind};
use serde::{Deserialize, Serialize};

/// What can be asked of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomOp {
    /// Begin the room.
    #[serde(rename = "1")]
    Create {
        /// Direct, group or open.
        kind: RoomKind,
        /// Title, may be empty.
        title: String,
        /// Topic, may be empty.
        topic: String,
        /// Whom to invite; for a direct room exactly the other one.
        members: Vec<UserId>,
    },
    /// Say something.
    #[serde(rename = "2")]
    Send {
        /// The client's name for this send.
        cid: Cid,
        /// The text.
        text: String,
        /// The send that must be in the log before this one.
        after: Option<Cid>,
    },
    /// Enter.
    #[serde(rename = "3")]
    Join,
    /// Leave, or decline.
    #[serde(rename = "4")]
    Leave,
    /// Ask somebody in.
    #[serde(rename = "5")]
    Invite(UserId),
    /// Put somebody out.
    #[serde(rename = "6")]
    Kick(UserId),
    /// Give somebody a role.
    #[serde(rename = "7")]
    SetRole(UserId, Role),
    /// Change title or topic.
    #[serde(rename = "8")]
    Change {
        /// New title, if any.
        title: Option<String>,
        /// New topic, if any.
        topic: Option<String>,
    },
    /// Everything up to this seq is read.
    #[serde(rename = "9")]
    MarkRead(u64),
}
