//! Who agreed, and where is it? Raft groups, the machines they replicate, the placement of rooms and
//! users on them, and the feed of what became true.
//!
//! The crate owns consensus (openraft, in `raft/` alone) and the pure machines that decide about rooms,
//! accounts and the cluster. It knows no sockets and no actors: what is above asks [`Cluster`] and
//! listens to its feeds.
//!
//! Promises: an answer means durable on a majority; one order per room; a command that was answered once
//! is answered the same again; equal commands give equal rows on every replica.
//!
//! Never here: passwords in clear, client JSON, rate limits, who is online.
//!
//! Reading order: [`command`], [`event`], [`machine`], [`placement`], [`ring`], `batcher`, `raft`, `outbox`,
//! `checkpoint`, [`Cluster`], [`Reader`].

mod batcher;
mod checkpoint;
mod cluster;
pub mod command;
mod error;
pub mod event;
mod identity;
pub mod link;
pub mod machine;
mod metrics;
mod options;
mod outbox;
pub mod placement;
mod raft;
mod reader;
pub mod ring;

pub use batcher::Answer;
pub use cluster::Cluster;
pub use error::ClusterError;
pub use identity::Beginning;
pub use metrics::ClusterMetrics;
pub use options::{ClusterOptions, RaftOptions};
pub use raft::{Alone, PeerTransport, RaftCall, TransportAnswer, TransportError};
pub use reader::{EventPage, Page, Reader};
