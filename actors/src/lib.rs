//! Who is here, and who must hear? Rooms' owners, audiences, presence, fan-out hubs, accounts: everything
//! between the sockets of a node and the replicated machines of the cluster.
//!
//! The crate admits, throttles, caches and passes on. All of its state is soft: an actor that is lost is
//! started again and heals from the cluster's log; what was acknowledged is never lost with it.
//!
//! On every node the same actors run. Commands are decided by the owners on the node that leads the room's
//! shard, and routers elsewhere forward to it; reads, audiences and presence are served where they are
//! asked, from what replication brings and from what nodes tell each other.
//!
//! Never here: sockets and JSON, which belong to the node, and what is true about rooms and accounts,
//! which the cluster's machines decide. Actors send each other no message that waits for its answer.
//!
//! Reading order: [`rooms`] (the way down: router `shard`, owner `room`), [`audience`] (the way up, with
//! [`hub`], [`outbound`] and [`position`]), [`presence`], [`hot`] (which rooms are), [`shed`] (what is taken from those that cost too
//! much), [`typing`], `node` (who starts whom again), [`actors`] (all together), and
//! on top [`auth`] and [`service`].

pub mod actors;
mod answer;
pub mod audience;
pub mod auth;
pub mod devices;
pub mod encoder;
pub mod error;
mod gate;
pub mod hot;
pub mod hub;
mod metrics;
mod node;
pub mod options;
pub mod outbound;
pub mod position;
pub mod presence;
mod pump;
mod room;
pub mod rooms;
pub mod service;
mod shard;
pub mod shed;
pub mod truth;
pub mod typing;
mod wire;

pub use actors::{Actors, Parts, StartError};
pub use encoder::FrameEncoder;
pub use metrics::{ActorMeter, ActorMetrics};

#[cfg(test)]
mod cluster_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod routing_tests;
#[cfg(test)]
mod supervision_tests;
#[cfg(test)]
mod yard;
