//! Consensus: the only place that knows openraft. One group is one [`group::Group`]; what goes in are
//! batches of commands, what comes out are outcomes, and rows in the state store.
//!
//! Reading order: `types.rs`, `runtime.rs` (where its tasks run), `entry.rs` (an entry's bytes), `state.rs` (a group's rows), `log.rs` (openraft's log on our log store),
//! `machine.rs` (openraft's state machine around the pure ones), `applied.rs` (how far it has come), `export.rs`
//! (snapshots' labels), `copy.rs` (their rows on the way), `network.rs` (the way to other nodes), `group.rs`
//! (all of it as one thing), `standing.rs` (what it says about itself), `change.rs` (who takes part).

mod applied;
mod change;
mod copy;
#[cfg(test)]
mod copy_tests;
mod entry;
mod export;
mod group;
#[cfg(test)]
mod hand_over_tests;
mod known;
mod log;
mod machine;
mod network;
mod runtime;
mod standing;
mod state;
mod tail;
mod types;

pub(crate) use applied::Applying;
pub(crate) use change::Change;
pub(crate) use group::{Group, GroupParts};
pub(crate) use network::{Answer as TransportAnswer, PeerTransport, RaftCall, TransportError};
pub(crate) use standing::Progress;
pub(crate) use state::GroupState;
