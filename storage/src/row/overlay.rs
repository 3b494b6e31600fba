//! What became of a message after it was said: rows beside the log, one for each message that has any of it.

use serde::{Deserialize, Serialize};

use super::{Content, Row};
use crate::id::{Cid, Emoji, RoomId, UserId};

/// What hangs on a message. One row a message, read with the page that shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlayRow {
    /// That it was edited.
    pub edited: Option<EditMark>,
    /// How many people reacted, by emoji, in the order in which each first appeared.
    pub reactions: Vec<ReactionCount>,
    /// Its thread, if it has one.
    pub thread: Option<ThreadMark>,
    /// Whether it is pinned, and since when (milliseconds since the epoch).
    pub pinned_ms: Option<u64>,
}

impl OverlayRow {
    /// Whether it says nothing, and need not be stored.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Row for OverlayRow {
    const NAME: &'static str = "overlay row";
}

/// That a message was edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditMark {
    /// Seq of the newest edit.
    pub seq: u64,
    /// When it was, milliseconds since the epoch.
    pub at_ms: u64,
    /// How many edits there were: so many older versions are kept.
    pub count: u64,
}

/// How many people reacted with one emoji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionCount {
    /// With which.
    pub emoji: Emoji,
    /// How many.
    pub count: u64,
}

/// A thread as its root shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadMark {
    /// How many replies there were, those deleted since included.
    pub replies: u64,
    /// Seq of the newest.
    pub last_seq: u64,
}

/// A message as it was before an edit. The key holds room, seq and the edit's number, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// When this version was written, milliseconds since the epoch.
    pub at_ms: u64,
    /// Its text.
    pub text: String,
    /// What it was beside its text.
    pub content: Content,
    /// The sender's name for the edit that replaced it, if there is one.
    pub edited_by: Option<Cid>,
}

impl Row for VersionRow {
    const NAME: &'static str = "version row";
}

/// That somebody reacted to a message. The key holds room, seq, emoji and user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionRow {
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
}

impl Row for ReactionRow {
    const NAME: &'static str = "reaction row";
}

/// All reactions of one user to one message. The key holds room, user and seq.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyReactionsRow {
    /// In the order in which they were given.
    pub emojis: Vec<Emoji>,
}

impl Row for MyReactionsRow {
    const NAME: &'static str = "own reactions row";
}

/// The pinned messages of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinsRow {
    /// In the order in which they were pinned.
    pub pins: Vec<Pin>,
}

impl Row for PinsRow {
    const NAME: &'static str = "pins row";
}

/// One pinned message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Which.
    pub seq: u64,
    /// By whom.
    pub user: UserId,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
}

/// That a message called a user, as the user's shard knows it. The key holds user and the mention's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionRow {
    /// In which room.
    pub room: RoomId,
    /// Which message.
    pub seq: u64,
    /// Whether it still does: a message may be deleted, or edited.
    pub state: super::Switch,
    /// Seq of the event that made it so: news that is not newer is dropped.
    pub room_seq: u64,
}

impl Row for MentionRow {
    const NAME: &'static str = "mention row";
}

/// A number in a row of its own: how many mentions a user was ever told of, or which of them a message is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionNumberRow {
    /// From 1.
    pub number: u64,
}

impl Row for MentionNumberRow {
    const NAME: &'static str = "mention number row";
}
