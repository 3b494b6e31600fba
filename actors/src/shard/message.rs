//! What a shard's router hears.

use madang_storage::id::RoomId;

use crate::pump::Fed;
use crate::room::RoomMessage;

/// What a shard's router hears.
pub(crate) enum ShardMessage {
    /// From [`Rooms`](crate::rooms::Rooms): for a room's owner, which is started if need be.
    Route {
        /// Which room.
        room: RoomId,
        /// For its owner.
        message: RoomMessage,
    },
    /// From the feed: for the owners that are awake. What is skipped they notice by the hole in `seq`.
    Fed(Fed),
    /// From a timer: time to look who has been idle.
    Sweep,
    /// Fails, as a bug would.
    #[cfg(test)]
    Fail,
}

/// Local only: it never travels to another node.
impl ractor::Message for ShardMessage {}
