//! Messages, history and read markers: what is asked and answered.

use madang_storage::id::{Cid, RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::{Check, PageLimit};
use super::room::{Role, RoomKind};

/// Sends a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Where to.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The client's own name for this send, unique per user and room.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub cid: Cid,
    /// What is said, 1 to `limits.text_bytes_max` bytes.
    #[schema(min_length = 1)]
    pub text: String,
    /// The cid of the send before this one, which must be in the log already.
    #[schema(value_type = Option<String>)]
    pub after: Option<Cid>,
}

impl Check for Send {
    fn check(&self) -> Result<(), String> {
        if self.text.is_empty() {
            Err("field `text`: a message has at least one byte".into())
        } else {
            Ok(())
        }
    }
}

/// The message is on stable storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sent {
    /// Its position in the room's log.
    pub seq: u64,
    /// When it was logged.
    pub at_ms: u64,
    /// Whether an earlier send with this cid was answered again.
    pub dup: bool,
}

/// Asks for a page of a room's log; the newest without a position.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Events before this seq.
    pub before: Option<u64>,
    /// Events after this seq.
    pub after: Option<u64>,
    /// Events on both sides of this seq.
    pub around: Option<u64>,
    /// Events in the page, 1 to 200; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<PageLimit<200>>,
}

impl Check for History {
    fn check(&self) -> Result<(), String> {
        match [self.before, self.after, self.around].iter().flatten().count() {
            0 | 1 => Ok(()),
            _ => Err("fields `before`, `after`, `around`: only one of them at a time".into()),
        }
    }
}

/// A page of a room's log, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Page {
    /// The events.
    pub events: Vec<Event>,
    /// Whether there are more in the direction asked for (for `around`: older ones).
    pub more: bool,
    /// Present and true while this node cannot ask the leaders: what is shown is true, but may be old.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub stale: bool,
}

/// Says how far one has read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Everything up to here is read.
    pub seq: u64,
}

/// How far one has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadMark {
    /// Everything up to here is read.
    pub read_seq: u64,
    /// Other people's messages after that.
    pub unread: u64,
}

/// One entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Event {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Its position: 1, 2, 3 … without holes.
    pub seq: u64,
    /// When it was logged.
    pub at_ms: u64,
    /// Who did it.
    #[schema(value_type = String)]
    pub user: UserId,
    /// What was done.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// Something was said.
    Message {
        /// The sender's name for it.
        #[schema(value_type = String)]
        cid: Cid,
        /// What was said.
        text: String,
    },
    /// The room was created.
    Created {
        /// Its kind.
        room_kind: RoomKind,
        /// Its title.
        title: String,
    },
    /// The user joined.
    Joined {},
    /// The user left or declined.
    Left {},
    /// The user invited somebody.
    Invited {
        /// Whom.
        #[schema(value_type = String)]
        target: UserId,
    },
    /// The user kicked somebody.
    Kicked {
        /// Whom.
        #[schema(value_type = String)]
        target: UserId,
    },
    /// The user gave somebody a role.
    Role {
        /// Whom.
        #[schema(value_type = String)]
        target: UserId,
        /// Which.
        role: Role,
    },
    /// The user changed title or topic.
    Changed {
        /// The new title, if it changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The new topic, if it changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
    },
}

impl Check for MarkRead {}
