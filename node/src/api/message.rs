//! Messages, history and read markers: what is asked and answered.

use std::sync::Arc;

use madang_storage::id::{Cid, Emoji, RoomId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::field::{Check, PageLimit};
use super::keep::Changed;
use super::message_parts::{Content, Mentions, Message};
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
    /// What is said, 1 to `limits.text_bytes_max` bytes; may be empty beside media or opaque content.
    pub text: String,
    /// The cid of the send before this one, which must be in the log already.
    #[schema(value_type = Option<String>)]
    pub after: Option<Cid>,
    /// What it is, if not text alone.
    pub content: Option<Content>,
    /// The message that it answers.
    pub reply: Option<u64>,
    /// The message on whose thread it hangs.
    pub thread: Option<u64>,
    /// Whom it calls.
    pub mentions: Option<Mentions>,
}

impl Check for Send {
    fn check(&self) -> Result<(), String> {
        self.mentions.as_ref().map_or(Ok(()), Mentions::check)?;
        self.content.as_ref().map_or(Ok(()), Content::check)?;
        if self.text.is_empty() && !self.content.as_ref().is_some_and(Content::stands_alone) {
            return Err("field `text`: a message has at least one byte".into());
        }
        Ok(())
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

/// An event on a page.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Entry {
    /// As this reader sees it.
    Own(Box<Event>),
    /// As all see it, written before.
    Shared(Arc<RawValue>),
}

impl PartialEq for Entry {
    /// By what the reader sees.
    fn eq(&self, other: &Self) -> bool {
        let text = |entry: &Self| serde_json::to_string(entry).ok();
        text(self) == text(other)
    }
}

/// A page of a room's log, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Page {
    /// The events.
    #[schema(value_type = Vec<Event>)]
    pub events: Vec<Entry>,
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
    /// Those of them that call the user, by name or with everybody.
    pub mentions: u64,
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
    Message(Box<Message>),
    /// The user changed a message.
    Edited {
        /// Which.
        target: u64,
        /// The sender's name for the edit, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        cid: Option<Cid>,
        /// What it says from now on; absent if it was edited again or deleted since.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Of an opaque message: its new data.
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        /// Whom it calls from now on.
        #[serde(skip_serializing_if = "Option::is_none")]
        mentions: Option<Mentions>,
    },
    /// The user deleted a message.
    Deleted {
        /// Which.
        target: u64,
    },
    /// The user reacted to a message, or took that back.
    Reacted {
        /// To which.
        target: u64,
        /// With what.
        #[schema(value_type = String)]
        emoji: Emoji,
        /// Given or taken back.
        on: bool,
        /// How many people have reacted with it after that.
        count: u64,
    },
    /// The user pinned a message, or took it off.
    Pinned {
        /// Which.
        target: u64,
        /// Pinned or taken off.
        on: bool,
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
    /// The user changed what the room is called, or what holds in it; only what changed is named.
    Changed(Changed),
    /// The user banned somebody.
    Banned {
        /// Whom.
        #[schema(value_type = String)]
        target: UserId,
        /// Until when; 9007199254740991 for good.
        until_ms: u64,
        /// Why, for people; may be empty.
        reason: String,
    },
    /// The user lifted a ban.
    Unbanned {
        /// Whose.
        #[schema(value_type = String)]
        target: UserId,
    },
    /// The user muted somebody.
    Muted {
        /// Whom.
        #[schema(value_type = String)]
        target: UserId,
        /// Until when; 9007199254740991 for good.
        until_ms: u64,
    },
    /// The user lets somebody speak again.
    Unmuted {
        /// Whom.
        #[schema(value_type = String)]
        target: UserId,
    },
    /// The user made the room read only.
    Archived {},
    /// The user took the room out of the archive.
    Unarchived {},
    /// The user deleted the room: its last event.
    RoomDeleted {},
}

impl Check for MarkRead {}
