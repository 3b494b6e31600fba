//! What can be asked of a room.

use madang_storage::id::{Cid, LinkSecret, UserId};
use madang_storage::row::{Extra, Role, RoomKind};
use serde::{Deserialize, Serialize};

use super::{AdminOp, TalkOp};

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
        /// The title as the directory sorts it, made by the node that takes the command.
        #[serde(default)]
        sort_title: String,
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
        /// What it carries beside its text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extra: Option<Box<Extra>>,
    },
    /// Something about a message that was said.
    #[serde(rename = "20")]
    Talk(TalkOp),
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
    /// Everything up to this seq is read.
    #[serde(rename = "9")]
    MarkRead(u64),
    /// Keep the room: see [`AdminOp`].
    #[serde(rename = "40")]
    Admin(AdminOp),
    /// Enter by a link.
    #[serde(rename = "41")]
    JoinByLink(LinkSecret),
    /// Everything up to this seq is read, which is nobody else's business.
    #[serde(rename = "60")]
    MarkReadPrivately(u64),
    /// Everything up to this seq has reached a device.
    #[serde(rename = "61")]
    MarkReceived(u64),
    /// Say no to an invitation; whoever is inside stays.
    #[serde(rename = "62")]
    Decline,
}

impl RoomOp {
    /// Whether others hear of it: in a direct room somebody may not want to.
    pub fn writes(&self) -> bool {
        !matches!(
            self,
            Self::MarkRead(_)
                | Self::MarkReadPrivately(_)
                | Self::MarkReceived(_)
                | Self::Talk(TalkOp::Delete { .. })
        )
    }
}
