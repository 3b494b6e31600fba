//! Consensus: the only place that knows openraft. One group is one [`group::Group`]; what goes in are
//! batches of commands, what comes out are outcomes, and rows in the state store.
//!
//! Reading order: `types.rs`, `entry.rs` (an entry's bytes), `state.rs` (a group's rows), `log.rs` (openraft's log on our log store),
//! `machine.rs` (openraft's state machine around the pure ones), `export.rs` (snapshots), `network.rs`
//! (the way to other nodes), `group.rs` (all of it as one thing).

mod entry;
mod export;
mod group;
mod log;
mod machine;
mod network;
mod state;
mod types;

pub(crate) use group::{Group, GroupParts, Progress};
pub use network::{Alone, Answer as TransportAnswer, PeerTransport, RaftCall, TransportError};
pub(crate) use state::GroupState;
