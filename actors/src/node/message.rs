//! What the root hears.

use madang_storage::id::ShardId;

/// What the root hears, beside the end of its children.
#[derive(Debug)]
pub(crate) enum NodeMessage {
    /// From a timer: start this child again.
    Start(Child),
}

/// Local only: it never travels to another node.
impl ractor::Message for NodeMessage {}

/// An actor that the root starts and supervises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Child {
    /// The router of a shard.
    Shard(ShardId),
    /// The audience of a shard.
    Audience(ShardId),
}
