//! What an audience hears.

use bytes::Bytes;
use madang_cluster::{ClusterError, EventPage};
use madang_storage::id::RoomId;

use crate::pump::Fed;

/// What an audience hears.
pub(crate) enum AudienceMessage {
    /// From the feed: something became true, or events were skipped.
    Fed(Fed),
    /// From the audiences' door: a room's first listener could not be told its newest seq.
    Look(RoomId),
    /// From the audience's own read: rooms and their newest seq.
    Heads(Vec<(RoomId, u64)>),
    /// From the audience's own read: these rooms could not be looked up.
    HeadsFailed {
        /// Which rooms.
        rooms: Vec<RoomId>,
        /// Why.
        error: ClusterError,
        /// How long to leave them alone.
        wait_ms: u64,
    },
    /// From the audience's own read: what follows in a room's log. One that comes late is dropped.
    Page {
        /// Which room.
        room: RoomId,
        /// What follows.
        page: Result<EventPage, ClusterError>,
    },
    /// From a timer: read on in this room.
    Retry(RoomId),
    /// From a timer: these rooms' heads were not read yet.
    RetryHeads {
        /// Which rooms.
        rooms: Vec<RoomId>,
        /// How long to leave them alone if that fails again.
        wait_ms: u64,
    },
    /// From presence: a frame for all who hear these rooms. It is not logged: a hub that has its fill
    /// goes without.
    Tell {
        /// Which rooms, all of this shard.
        rooms: Vec<RoomId>,
        /// What.
        frame: Bytes,
    },
    /// Fails, as a bug would.
    #[cfg(test)]
    Fail,
}

/// Local only: it never travels to another node.
impl ractor::Message for AudienceMessage {}
