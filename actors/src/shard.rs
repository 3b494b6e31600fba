//! The router of one shard: which room has an owner, who is started, and who goes to sleep.
//!
//! No command is lost between two owners of a room: one that goes to sleep first handles all it has
//! (`drain`), what comes meanwhile waits, and its successor starts only when it has gone.

mod message;
pub(crate) use message::ShardMessage;

mod machine;

mod actor;
pub(crate) use actor::{Shard, ShardArguments};

#[cfg(test)]
mod machine_tests;
