//! What an audience hears.

use bytes::Bytes;
use madang_cluster::{ClusterError, EventPage, Tails};
use madang_storage::id::RoomId;

use super::reach::LookId;
use crate::pump::Fed;

/// What an audience hears.
pub(crate) enum AudienceMessage {
    /// From the feed: something became true, or events were skipped.
    Fed(Fed),
    /// From the audiences' door: the first listeners of rooms could not be told their newest seqs.
    Look(Vec<RoomId>),
    /// From the audience's own read: where rooms' logs end.
    Tails {
        /// Which look at all rooms this is a part of, if any.
        look: Option<LookId>,
        /// What was read.
        tails: Tails,
    },
    /// From the audience's own read: these rooms could not be looked up.
    TailsFailed {
        /// Which look at all rooms this is a part of, if any.
        look: Option<LookId>,
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
    /// From a timer: the ends of these rooms' logs were not read yet.
    RetryTails {
        /// Which look at all rooms this is a part of, if any.
        look: Option<LookId>,
        /// Which rooms.
        rooms: Vec<RoomId>,
        /// How long to leave them alone if that fails again.
        wait_ms: u64,
    },
    /// From a timer, once a second: tell the hubs how far the feed has come.
    TellReach,
    /// From itself, a moment after the first receipt of a batch: those who listen are told. Twice does no harm.
    TellReceipts,
    /// From itself, a while after the first room of a batch changed its size. Twice does no harm.
    TellSizes,
    /// From its own read: how many have joined these rooms.
    Sizes(Vec<(RoomId, u64)>),
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
