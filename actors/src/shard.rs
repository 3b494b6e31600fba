//! The router of one shard: where its commands are decided, which room has an owner here, who is started,
//! and who goes to sleep.
//!
//! Commands are decided by the owners on the node that leads the shard; the other routers forward to that
//! one. Owners elsewhere only keep the newest events for those who read there.
//!
//! No command is lost between two owners of a room: one that goes to sleep first handles all it has
//! (`drain`), what comes meanwhile waits, and its successor starts only when it has gone.
//!
//! Reading order: `message`, `course` (where commands go), `machine` (which rooms have an owner), `wire`,
//! `forward` (the way to other nodes), `peers` (the way from them), `actor`.

mod message;
pub(crate) use message::ShardMessage;

mod course;
mod machine;

mod wire;

mod forward;

mod peers;
pub(crate) use peers::RoomsForPeers;

mod actor;
pub(crate) use actor::{Shard, ShardArguments};

#[cfg(test)]
mod course_tests;
#[cfg(test)]
mod machine_tests;
