//! What can be asked of a room by those who keep it.

use madang_storage::id::{LinkId, LinkSecret, UserId};
use madang_storage::row::{RoomChange, Until};
use serde::{Deserialize, Serialize};

/// What can be asked of a room by those who keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminOp {
    /// Change what the room is called, or what holds in it.
    #[serde(rename = "1")]
    Change {
        /// What.
        change: Box<RoomChange>,
        /// The new title, if there is one, as the directory sorts it: made once, by the node that takes the
        /// command, since tables of letters differ between versions.
        sort_title: String,
    },
    /// Keep somebody out.
    #[serde(rename = "2")]
    Ban {
        /// Whom.
        target: UserId,
        /// Until when.
        until: Until,
        /// Why, for people; may be empty.
        reason: String,
    },
    /// Let somebody in again.
    #[serde(rename = "3")]
    Unban(UserId),
    /// Forbid somebody to speak; [`Until::OVER`] allows it again.
    #[serde(rename = "4")]
    Mute {
        /// Whom.
        target: UserId,
        /// Until when.
        until: Until,
    },
    /// Make a link into the room.
    #[serde(rename = "5")]
    MakeLink {
        /// 128 random bits, made by the node that takes the command.
        secret: LinkSecret,
        /// Until when it opens the door.
        until: Until,
        /// How many people it lets in; `None`: any number.
        uses_max: Option<u32>,
    },
    /// Take a link away.
    #[serde(rename = "6")]
    RevokeLink(LinkId),
    /// Make the room read only.
    #[serde(rename = "7")]
    Archive,
    /// Take it out of the archive.
    #[serde(rename = "8")]
    Unarchive,
    /// Delete it.
    #[serde(rename = "9")]
    Delete,
}

impl AdminOp {
    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Change { change, sort_title } => change.weight() + sort_title.len(),
            Self::Ban { reason, .. } => reason.len() + 32,
            _ => 32,
        }
    }
}
