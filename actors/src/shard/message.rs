//! What a shard's router hears.

use madang_cluster::Leader;
use madang_storage::id::RoomId;

use super::course::Pass;
use crate::pump::Fed;
use crate::room::{RoomMessage, Submit, TypingNote};

/// What a shard's router hears.
pub(crate) enum ShardMessage {
    /// From [`Rooms`](crate::rooms::Rooms): a command of somebody on this node. Goes to whoever leads the
    /// shard; waits a while for somebody to. Answered in any case.
    Submit {
        /// For which room.
        room: RoomId,
        /// The command.
        submit: Submit,
    },
    /// From another node's router: a command to be decided here. Answered with `NotLeader` if this node does
    /// not lead; never passed on again.
    Decide {
        /// For which room.
        room: RoomId,
        /// The command.
        submit: Submit,
    },
    /// From [`Rooms`](crate::rooms::Rooms): somebody on this node types. Goes to whoever leads the shard, at
    /// once or not at all. Answered in any case.
    Typing {
        /// In which room.
        room: RoomId,
        /// Who, and whether.
        note: TypingNote,
    },
    /// From another node's router: somebody there types. Answered with `NotLeader` if this node does not lead.
    TypingThere {
        /// In which room.
        room: RoomId,
        /// Who, and whether.
        note: TypingNote,
    },
    /// From the task that waits for forwarded commands: this one was answered.
    Answered(Pass),
    /// From the same: this one came back, and nothing was done.
    Refused {
        /// What it travelled with.
        pass: Pass,
        /// Where it was.
        node: u64,
        /// The command.
        submit: Submit,
    },
    /// From the cluster: who leads the shard now. Only the newest counts.
    Leads(Leader),
    /// From a timer: look at the commands that wait.
    Wake,
    /// From [`Rooms`](crate::rooms::Rooms): for a room's owner here, which is started if need be.
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
