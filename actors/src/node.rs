//! The root of this node's actors: starts a router and an audience for each shard, and starts them again
//! when they fail, after a wait that grows with each failure.

mod message;
pub(crate) use message::NodeMessage;

mod machine;

mod actor;
pub(crate) use actor::{Node, NodeArguments};

#[cfg(test)]
mod machine_tests;
