//! Messages that were said: what is asked about them, and answered.

use madang_storage::id::{Cid, Emoji, RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::{Check, PageLimit};
use super::message::Event;
use super::message_parts::{Content, Mentions, check_base64};

/// Says again in a room what was said in another, or in the same.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    /// Where to.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The client's own name for this send, as for `send`.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub cid: Cid,
    /// Where it was said.
    #[schema(value_type = String)]
    pub from_room: RoomId,
    /// Its place there.
    pub from_seq: u64,
    /// The cid of the send before this one, as for `send`.
    #[schema(value_type = Option<String>)]
    pub after: Option<Cid>,
}

/// Says one's own message differently.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The message.
    pub seq: u64,
    /// What it says from now on.
    pub text: String,
    /// The client's own name for this edit: a retry of it never overwrites a newer one.
    #[schema(value_type = Option<String>)]
    pub cid: Option<Cid>,
    /// Whom it calls from now on; nobody if absent.
    pub mentions: Option<Mentions>,
    /// Of an opaque message: its new data, base64.
    pub data: Option<String>,
}

impl Check for Edit {
    fn check(&self) -> Result<(), String> {
        self.mentions.as_ref().map_or(Ok(()), Mentions::check)?;
        self.data.as_ref().map_or(Ok(()), |data| check_base64("data", data))
    }
}

/// Names a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AtMessage {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The message.
    pub seq: u64,
}

/// A message before its edits, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Edits {
    /// Each version that was replaced.
    pub versions: Vec<Version>,
}

/// A message as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Version {
    /// When it was said so.
    pub at_ms: u64,
    /// What it said.
    pub text: String,
    /// What it was, if not text alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// Reacts to a message, or takes that back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct React {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The message.
    pub seq: u64,
    /// 1 to 32 bytes without spaces.
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    pub emoji: Emoji,
    /// False takes it back; true if absent.
    pub on: Option<bool>,
}

/// Asks who reacted to a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionsPage {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The message.
    pub seq: u64,
    /// With this emoji only.
    #[schema(value_type = Option<String>)]
    pub emoji: Option<Emoji>,
    /// Reactions in the page, 1 to 200; 100 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<PageLimit<200>>,
    /// The `next` of the page before.
    pub next: Option<String>,
}

/// Who reacted to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reactions {
    /// By emoji, then user.
    pub reactions: Vec<Reaction>,
    /// Where the next page starts, if there is one.
    #[schema(required)]
    pub next: Option<String>,
}

/// One person's reaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reaction {
    /// With what.
    #[schema(value_type = String)]
    pub emoji: Emoji,
    /// Who.
    #[schema(value_type = String)]
    pub user: UserId,
    /// When.
    pub at_ms: u64,
}

/// Pins a message, or takes it off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The message.
    pub seq: u64,
    /// False takes it off; true if absent.
    pub on: Option<bool>,
}

/// Asks for the pinned messages of a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinsPage {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// Messages in the page, 1 to 50; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 50)]
    pub limit: Option<PageLimit<50>>,
    /// The `next` of the page before.
    pub next: Option<String>,
}

/// Pinned messages, the newest pin first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Pins {
    /// The pins.
    pub pins: Vec<PinnedMessage>,
    /// Where the next page starts, if there is one.
    #[schema(required)]
    pub next: Option<String>,
}

/// One pinned message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PinnedMessage {
    /// The message.
    pub event: Event,
    /// Who pinned it.
    #[schema(value_type = String)]
    pub user: UserId,
    /// When.
    pub at_ms: u64,
}

/// Asks for a page of a thread; the newest replies without a position.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadPage {
    /// The room.
    #[schema(value_type = String)]
    pub room: RoomId,
    /// The message that the thread hangs on.
    pub seq: u64,
    /// Replies before this seq.
    pub before: Option<u64>,
    /// Replies after this seq.
    pub after: Option<u64>,
    /// Replies in the page, 1 to 200; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<PageLimit<200>>,
}

impl Check for ThreadPage {
    fn check(&self) -> Result<(), String> {
        match (self.before, self.after) {
            (Some(_), Some(_)) => Err("fields `before`, `after`: only one of them at a time".into()),
            _ => Ok(()),
        }
    }
}

/// Asks for the messages that call one by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MentionsPage {
    /// Messages in the page, 1 to 100; 50 if absent.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Option<PageLimit<100>>,
    /// The `next` of the page before.
    pub next: Option<String>,
}

/// Messages that call one by name, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MentionList {
    /// The messages.
    pub mentions: Vec<Event>,
    /// Where the next page starts, if there is one.
    #[schema(required)]
    pub next: Option<String>,
    /// Present and true while this node cannot ask the leaders: what is shown is true, but may be old.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub stale: bool,
}

impl Check for Forward {}
impl Check for AtMessage {}
impl Check for React {}
impl Check for ReactionsPage {}
impl Check for Pin {}
impl Check for PinsPage {}
impl Check for MentionsPage {}
