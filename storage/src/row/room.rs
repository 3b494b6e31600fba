//! Rooms, their members and the memory of sends.

use serde::{Deserialize, Serialize};

use super::{Features, Life, Rights, Row, Until};
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
    /// Seqs of the newest messages that call everybody, oldest first; bounded.
    #[serde(default)]
    pub calls: Vec<u64>,
    /// Live, archived or deleted.
    #[serde(default)]
    pub life: Life,
    /// Where its picture is, empty for none.
    #[serde(default)]
    pub picture: String,
    /// What is switched off.
    #[serde(default)]
    pub features: Features,
    /// Who may do what.
    #[serde(default)]
    pub rights: Rights,
    /// Seconds between two messages of one member, 0 for no slow mode.
    #[serde(default)]
    pub slow_mode_s: u32,
    /// How many people there are places for.
    #[serde(default)]
    pub places_max: u64,
    /// How many bans are written down.
    #[serde(default)]
    pub bans: u64,
    /// The title as the directory sorts it; made by the node that took the command, empty if not listed.
    #[serde(default)]
    pub sort_title: String,
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
            calls: Vec::new(),
            life: Life::Live,
            picture: String::new(),
            features: Features::default(),
            rights: Rights::of(kind),
            slow_mode_s: 0,
            places_max: kind.places(),
            bans: 0,
            sort_title: String::new(),
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
    /// Seqs of the newest messages that call this member and are not read, oldest first; bounded.
    #[serde(default)]
    pub mentions: Vec<u64>,
    /// Everything up to this seq has reached a device of the member.
    #[serde(default)]
    pub received_seq: u64,
    /// What the others may see of `read_seq`: it stays behind while the member reads in private.
    #[serde(default)]
    pub shown_seq: u64,
    /// Until when the member may not speak.
    #[serde(default)]
    pub muted: Until,
    /// When the member last spoke, milliseconds since the epoch; kept for slow mode.
    #[serde(default)]
    pub last_send_ms: u64,
}

impl MemberRow {
    /// A place that somebody has just got, with what is read up to there.
    pub fn new(state: MemberState, role: Role, read_seq: u64, read_messages: u64) -> Self {
        let (received_seq, shown_seq) = (read_seq, read_seq);
        Self {
            state,
            role,
            read_seq,
            read_messages,
            mentions: Vec::new(),
            received_seq,
            shown_seq,
            muted: Until::OVER,
            last_send_ms: 0,
        }
    }
}

impl MemberRow {
    /// How many messages that are not read call the member, by name or with everybody else.
    pub fn unread_mentions(&self, room: &RoomRow) -> u64 {
        let unread = |seq: &&u64| **seq > self.read_seq;
        let by_name = self.mentions.iter().filter(unread).count();
        let all = room.calls.iter().filter(unread).filter(|seq| !self.mentions.contains(seq)).count();
        (by_name + all) as u64
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
    /// First 8 bytes of the SHA-256 of what was sent, to tell a retry from another text; `None` once that was
    /// deleted: it tells nothing of it any more.
    pub hash: Option<u64>,
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

impl RoomKind {
    /// How many people a new room has places for, invitations included.
    pub const fn places(self) -> u64 {
        match self {
            Self::Direct => 2,
            Self::Group => 100,
            Self::Open => 100_000,
        }
    }
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

/// What a member may do; a greater role may do all that a lesser may. The order is the rank, not the number
/// on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Talks.
    #[serde(rename = "1")]
    Member,
    /// Also keeps order among members.
    #[serde(rename = "4")]
    Moderator,
    /// Also changes the room and gives lesser roles.
    #[serde(rename = "2")]
    Admin,
    /// Also deletes it or hands it over; there is exactly one.
    #[serde(rename = "3")]
    Owner,
}
