//! Keys of what hangs on messages. User ids and emojis have no byte 0, so parts cannot run into each other.

use madang_storage::id::{Emoji, RoomId, UserId};

use super::{event_key, user_prefix};

/// Key of what became of a message.
pub fn overlay_key(room: &RoomId, seq: u64) -> Vec<u8> {
    event_key(room, seq)
}

/// What all keys of a message's older versions begin with.
pub fn versions_prefix(room: &RoomId, seq: u64) -> Vec<u8> {
    event_key(room, seq)
}

/// Key of a message as it was before its edit of this number, from 1.
pub fn version_key(room: &RoomId, seq: u64, number: u64) -> Vec<u8> {
    [event_key(room, seq).as_slice(), &number.to_be_bytes()].concat()
}

/// What all keys of those who reacted to a message begin with.
pub fn reactions_prefix(room: &RoomId, seq: u64) -> Vec<u8> {
    event_key(room, seq)
}

/// Key of one user's one reaction to a message.
pub fn reaction_key(room: &RoomId, seq: u64, emoji: &Emoji, user: &UserId) -> Vec<u8> {
    [event_key(room, seq).as_slice(), emoji.as_str().as_bytes(), &[0], user.as_str().as_bytes()].concat()
}

/// Key of all reactions of one user to a message.
pub fn my_reactions_key(room: &RoomId, user: &UserId, seq: u64) -> Vec<u8> {
    [&room.0, user.as_str().as_bytes(), &[0], &seq.to_be_bytes()].concat()
}

/// What all keys of a thread's replies begin with.
pub fn thread_prefix(room: &RoomId, root: u64) -> Vec<u8> {
    event_key(room, root)
}

/// Key of one reply in a thread.
pub fn thread_key(room: &RoomId, root: u64, seq: u64) -> Vec<u8> {
    [event_key(room, root).as_slice(), &seq.to_be_bytes()].concat()
}

/// Key of one mention in a user's list.
pub fn mention_key(user: &UserId, number: u64) -> Vec<u8> {
    [user_prefix(user).as_slice(), &number.to_be_bytes()].concat()
}

/// Key of where in a user's list a message stands.
pub fn mention_at_key(user: &UserId, room: &RoomId, seq: u64) -> Vec<u8> {
    [user_prefix(user).as_slice(), &room.0, &seq.to_be_bytes()].concat()
}
