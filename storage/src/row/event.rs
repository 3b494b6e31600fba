//! One entry of a room's log.

use serde::{Deserialize, Serialize};

use super::{Extra, Mentions, Role, RoomChange, RoomKind, Row, Switch, Until};
use crate::id::{Cid, Emoji, UserId};

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
        /// What was said, as it is after all edits.
        text: String,
        /// What it carries beside its text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extra: Option<Box<Extra>>,
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
    /// What the room is called, or what holds in it, changed.
    #[serde(rename = "8")]
    Changed(Box<RoomChange>),
    /// The user banned `target`, who is out if they were in.
    #[serde(rename = "40")]
    Banned {
        /// Who may not enter.
        target: UserId,
        /// Until when.
        until: Until,
        /// Why, for people; may be empty.
        reason: String,
    },
    /// The user lifted the ban of `target`.
    #[serde(rename = "41")]
    Unbanned {
        /// Who may enter again.
        target: UserId,
    },
    /// The user muted `target`, or lets them speak again.
    #[serde(rename = "42")]
    Muted {
        /// Who may not speak.
        target: UserId,
        /// Until when; [`Until::OVER`]: may speak again.
        until: Until,
    },
    /// The user made the room read only.
    #[serde(rename = "43")]
    Archived,
    /// The user took the room out of the archive.
    #[serde(rename = "44")]
    Unarchived,
    /// The user deleted the room: its last event.
    #[serde(rename = "45")]
    RoomDeleted,
    /// A message that was deleted: this is all that is left of it.
    #[serde(rename = "20")]
    Tombstone {
        /// The sender's name for the send.
        cid: Cid,
        /// The thread it was in, by its root.
        thread: Option<u64>,
        /// Who deleted it.
        by: UserId,
        /// When, milliseconds since the epoch.
        deleted_ms: u64,
    },
    /// The user changed a message.
    #[serde(rename = "21")]
    Edited {
        /// Which.
        target: u64,
        /// The sender's name for this edit, if there is one.
        cid: Option<Cid>,
        /// What it says from now on; `None`: it was edited again or deleted since.
        now: Option<Box<EditedTo>>,
    },
    /// The user deleted a message.
    #[serde(rename = "22")]
    Deleted {
        /// Which.
        target: u64,
    },
    /// The user reacted to a message, or took a reaction back.
    #[serde(rename = "23")]
    Reacted {
        /// To which.
        target: u64,
        /// With what.
        emoji: Emoji,
        /// Given or taken back.
        to: Switch,
        /// How many people have reacted with it after that.
        count: u64,
    },
    /// The user pinned a message, or took it off.
    #[serde(rename = "24")]
    Pinned {
        /// Which.
        target: u64,
        /// Pinned or taken off.
        to: Switch,
    },
}

/// What a message says after an edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedTo {
    /// Its text.
    pub text: String,
    /// Of an opaque message: what the clients made, base64.
    pub data: Option<String>,
    /// Whom it calls.
    pub mentions: Mentions,
}

impl EventBody {
    /// Whether it counts as unread.
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Message { .. } | Self::Tombstone { .. })
    }

    /// About how many bytes it takes beside what every event has.
    pub fn weight(&self) -> usize {
        match self {
            Self::Message { text, extra, .. } => {
                text.len() + extra.as_ref().map_or(0, |extra| extra.weight())
            }
            Self::Created { title, .. } => title.len(),
            Self::Changed(change) => change.weight(),
            Self::Banned { reason, .. } => reason.len(),
            Self::Edited { now: Some(now), .. } => {
                now.text.len() + now.data.as_ref().map_or(0, String::len) + now.mentions.users.len() * 16
            }
            _ => 0,
        }
    }
}
