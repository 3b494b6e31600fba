//! What a room owner hears.

use std::sync::Arc;

use madang_cluster::command::{Outcome, RoomOp};
use madang_cluster::event::RoomEvent;
use madang_cluster::{ClusterError, EventPage, Page};
use madang_storage::id::{SessionId, UserId};
use tokio::sync::OwnedSemaphorePermit;

use super::flights::{PageKey, Shared};
use crate::answer::Answer;
use crate::truth::History;
use crate::typing::Typing;

/// What a room owner hears.
pub(crate) enum RoomMessage {
    /// From a service, through the shard's router: has the room decide. Answered by the cluster, or at
    /// once if it is not admitted.
    Submit(Submit),
    /// From a service, through the shard's router: somebody types. Answered once it is passed on or refused.
    Typing(TypingNote),
    /// From a service, through the router: a page of the log.
    Read(Read),
    /// From the router: the room's log grew. A repeat does nothing; after a hole the tail begins anew.
    Logged(Arc<RoomEvent>),
    /// From the owner's own read: the newest events.
    Loaded(Result<EventPage, ClusterError>),
    /// From the owner's own read: a page that others may wait for. One that nobody waits for does nothing.
    Landed(PageKey, Shared),
    /// From the owner's timer: time to look how warm the room is.
    Look,
    /// Fails, as a bug would.
    #[cfg(test)]
    Fail,
}

/// Local only: it never travels to another node.
impl ractor::Message for RoomMessage {}

/// A command for the room's machine.
pub(crate) struct Submit {
    /// Who asks.
    pub(crate) user: UserId,
    /// What.
    pub(crate) op: RoomOp,
    /// Where to.
    pub(crate) answer: Answer<Outcome>,
    /// One of the shard's places, given back with the answer.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// That somebody types, or has stopped to.
pub(crate) struct TypingNote {
    /// Who.
    pub(crate) user: UserId,
    /// On which device.
    pub(crate) session: SessionId,
    /// Whether.
    pub(crate) typing: Typing,
    /// Where to.
    pub(crate) answer: Answer<Outcome>,
    /// One of the shard's places for this, given back with the answer.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// A question for a page of the log.
pub(crate) struct Read {
    /// Which page.
    pub(crate) wanted: Wanted,
    /// Who asks.
    pub(crate) reader: Reader,
}

/// Who waits for a page of the log.
pub(crate) struct Reader {
    /// Reads what is not in memory: it shows all that the page must hold.
    pub(crate) from: Arc<dyn History>,
    /// Where to.
    pub(crate) answer: Answer<EventPage>,
    /// One of the shard's places for readers, given back with the answer.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// Which page of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Where.
    pub(crate) page: Page,
    /// How many events, the most.
    pub(crate) limit: usize,
    /// How many bytes, the most; one event always fits.
    pub(crate) bytes_max: usize,
    /// The log had this seq when the question was asked: an answer from memory must know it.
    pub(crate) at_least: u64,
}
