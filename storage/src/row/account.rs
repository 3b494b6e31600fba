//! Users, their sessions and their list of rooms.

use serde::{Deserialize, Serialize};

use super::{MemberState, Row, Until};
use crate::id::{RoomId, SessionId, UserId};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// What people see.
    pub display_name: String,
    /// Argon2id hash in PHC string form; never leaves the node's memory.
    pub password_hash: String,
    /// Milliseconds since the epoch.
    pub created_ms: u64,
    /// The user's sessions, oldest first; bounded by the cluster's session limit.
    pub sessions: Vec<SessionId>,
}

impl Row for UserRow {
    const NAME: &'static str = "user row";
}

/// A device that is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// SHA-256 of the token's secret half; the token itself is never stored.
    #[serde(with = "hash_bytes")]
    pub token_hash: [u8; 32],
    /// The device's name for people, may be empty.
    pub device: String,
    /// Milliseconds since the epoch.
    pub created_ms: u64,
    /// When it was last seen, about, milliseconds since the epoch; 0: not since it logged in.
    #[serde(default)]
    pub seen_ms: u64,
}

impl Row for SessionRow {
    const NAME: &'static str = "session row";
}

/// That a user is in a room, as the user's own shard knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRoomRow {
    /// Joined or invited; `None` is the tombstone of a room the user left.
    pub state: Option<MemberState>,
    /// Seq of the room's event that made it so: news that is not newer is dropped.
    pub room_seq: u64,
    /// Position of this change in the user shard's feed.
    pub pos: u64,
    /// Who asked the user in, while invited.
    #[serde(default)]
    pub by: Option<UserId>,
    /// When the room decided it, milliseconds since the epoch.
    #[serde(default)]
    pub at_ms: u64,
    /// Until when the user wants to hear nothing of it.
    #[serde(default)]
    pub quiet: Until,
    /// When the user pinned it, milliseconds since the epoch; 0: it is not pinned.
    #[serde(default)]
    pub pinned_ms: u64,
}

impl Row for UserRoomRow {
    const NAME: &'static str = "user room row";
}

/// That a user has gone from a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneRow {
    /// Which room.
    pub room: RoomId,
    /// Where its tombstone stands in the user shard's feed.
    pub pos: u64,
}

impl Row for GoneRow {
    const NAME: &'static str = "gone row";
}

/// How far back the rooms are remembered that a user has gone from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GonesRow {
    /// How many there ever were.
    pub number: u64,
    /// All tombstones behind this position of the user shard's feed are there; 0 if none was ever taken away.
    pub forgotten_pos: u64,
}

impl Row for GonesRow {
    const NAME: &'static str = "gones row";
}

/// 32 bytes as one binary value.
mod hash_bytes {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(hash: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(hash)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = [u8; 32];

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("32 bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        from.deserialize_bytes(Visitor)
    }
}
