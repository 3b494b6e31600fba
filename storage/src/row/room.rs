//! Rooms, their members and the memory of sends.

use serde::{Deserialize, Serialize};

use super::Row;
use crate::id::UserId;

/// A room's head: all that a room list needs, in one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRow {
    /// Direct, group or open.
    pub kind: RoomKind,
    /// Title, may be empty.
    pub title: String,
    /// Topic, may be empty.
    pub topic: String,
    /// Milliseconds since the epoch.
    pub created_ms: u64,
    /// Seq of the newest event; 0 only before the first.
    pub last_seq: u64,
    /// Seq of the newest message, 0 if none.
    pub last_message_seq: u64,
    /// When the newest event was, milliseconds since the epoch.
    pub last_event_ms: u64,
    /// How many messages the log holds.
    pub messages: u64,
    /// How many members have joined.
    pub joined: u64,
    /// How many are invited and have not answered.
    pub invited: u64,
    /// The two people of a direct room, in order.
    pub pair: Option<(UserId, UserId)>,
}

impl RoomRow {
    /// The head of a room that begins: nothing logged, nobody inside.
    pub fn new(kind: RoomKind, title: String, topic: String, created_ms: u64) -> Self {
        Self {
            kind,
            title,
            topic,
            created_ms,
            last_seq: 0,
            last_message_seq: 0,
            last_event_ms: 0,
            messages: 0,
            joined: 0,
            invited: 0,
            pair: None,
        }
    }
}

impl Row for RoomRow {
    const NAME: &'static str = "room row";
}

/// One user's place in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Joined or invited; somebody outside has no row.
    pub state: MemberState,
    /// What the user may do.
    pub role: Role,
    /// Everything up to this seq is read.
    pub read_seq: u64,
    /// How many messages the room had at `read_seq`.
    pub read_messages: u64,
}

impl MemberRow {
    /// A place that somebody has just got, with what is read up to there.
    pub fn new(state: MemberState, role: Role, read_seq: u64, read_messages: u64) -> Self {
        Self { state, role, read_seq, read_messages }
    }
}

impl Row for MemberRow {
    const NAME: &'static str = "member row";
}

/// That a send happened: lives as long as its message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRow {
    /// Where the message stands.
    pub seq: u64,
    /// When, milliseconds since the epoch.
    pub at_ms: u64,
    /// First 8 bytes of the SHA-256 of the text, to tell a retry from another text.
    pub text_hash: u64,
}

impl Row for SentRow {
    const NAME: &'static str = "sent row";
}

/// The kinds of rooms. The serde name is the number on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RoomKind {
    /// Exactly two people; one per pair.
    #[serde(rename = "1")]
    Direct,
    /// Entered by invitation.
    #[serde(rename = "2")]
    Group,
    /// Found in the directory, entered by anybody.
    #[serde(rename = "3")]
    Open,
}

/// Whether a member is inside already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MemberState {
    /// Inside.
    #[serde(rename = "1")]
    Joined,
    /// Asked in, not answered yet.
    #[serde(rename = "2")]
    Invited,
}

/// What a member may do; a greater role may do all that a lesser may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Talks.
    #[serde(rename = "1")]
    Member,
    /// Also keeps order.
    #[serde(rename = "2")]
    Admin,
    /// Also gives roles; there is exactly one.
    #[serde(rename = "3")]
    Owner,
}
