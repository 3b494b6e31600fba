//! What the server says unasked: `{"event":{…}}`.

use madang_storage::id::{RoomId, UserId};
use serde::Serialize;

use super::message::Event;
use super::people::ContactState;
use super::presence::{MyPresence, Presence};
use super::room::Room;

/// An object without `id`, with the push's name as its only key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "made, written out and dropped; never kept")]
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
        /// Those of them that call the user.
        mentions: u64,
    },
    /// The user set a room up for themself on another device.
    MyRoom {
        /// The room.
        room: RoomId,
        /// Until when to hear nothing of it; 0: not so.
        quiet_until_ms: u64,
        /// Whether it stands before the others in the list.
        pinned: bool,
    },
    /// A member of a room has read or received more, as far as the others may know.
    Receipt {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// Everything up to here is read.
        read_seq: u64,
        /// Everything up to here has reached a device.
        received_seq: u64,
    },
    /// Somebody is something else to the user than before.
    Contact {
        /// Who.
        user: UserId,
        /// What they are to each other now.
        state: ContactState,
        /// Since when.
        at_ms: u64,
    },
    /// The user blocked somebody on another device, or took it back.
    Block {
        /// Whom.
        user: UserId,
        /// Whether it holds.
        blocked: bool,
    },
    /// Something changed in what others see of a user: a member of one of the rooms, or a contact.
    Presence(Presence),
    /// The user changed what others see, on some device.
    MyPresence(MyPresence),
    /// Somebody types in a room, or has stopped to. It ends by itself after a while.
    Typing {
        /// Where.
        room: RoomId,
        /// Who.
        user: UserId,
        /// Whether.
        on: bool,
    },
    /// A room costs the node so much that its listeners get less for a while; or they get all again.
    Shed {
        /// Where.
        room: RoomId,
        /// The last step that was taken; `none`: all is pushed.
        level: &'static str,
        /// What is not pushed as it would be otherwise, the first to go first.
        shed: Vec<&'static str>,
        /// Over how long clients spread what they read instead.
        spread_ms: u64,
    },
    /// A room's log goes through here. What of it was not pushed is to be read.
    Head {
        /// Where.
        room: RoomId,
        /// Seq of the newest event.
        last_seq: u64,
    },
    /// How many have joined a room, a moment after people came or went.
    Size {
        /// Where.
        room: RoomId,
        /// How many there are.
        members: u64,
    },
    /// Everything so far is behind this place: where the next connection goes on, if this one breaks.
    Cursor(String),
    /// The node is about to stop.
    Drain {
        /// When to connect again at the earliest.
        reconnect_after_ms: u64,
        /// Where, the best first; empty: here.
        nodes: Vec<String>,
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
