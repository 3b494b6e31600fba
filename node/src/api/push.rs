//! What the server says unasked: `{"event":{…}}`.

use madang_storage::id::{RoomId, UserId};
use serde::Serialize;

use super::message::Event;
use super::room::Room;

/// An object without `id`, with the push's name as its only key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Push {
    /// Something was logged in a room the user has joined; per room in order of `seq`, without holes.
    Event(Event),
    /// The user was invited, or joined on another device.
    RoomAdded(Room),
    /// The user left, declined or was kicked.
    RoomRemoved {
        /// The room.
        room: RoomId,
    },
    /// The user read on another device.
    Read {
        /// The room.
        room: RoomId,
        /// Everything up to here is read.
        read_seq: u64,
        /// Other people's messages after that.
        unread: u64,
    },
    /// A member of one of the user's rooms came or went.
    Presence {
        /// Who.
        user: UserId,
        /// Came, or went.
        online: bool,
    },
    /// Everything so far is behind this place: where the next connection goes on, if this one breaks.
    Cursor(String),
    /// The node is about to stop.
    Drain {
        /// When to come back at the earliest.
        reconnect_after_ms: u64,
    },
}

impl Push {
    /// The JSON text, without a newline at its end.
    ///
    /// # Errors
    /// Never for these types; `serde_json` cannot know that.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}
