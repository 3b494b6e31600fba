//! Who agreed, and where is it? Raft groups, the machines they replicate, the placement of rooms and
//! users on them, and the feed of what became true.
//!
//! The crate owns consensus (openraft, in `raft/` alone), the links between nodes (ractor_cluster, in
//! `link/carrier` alone) and the pure machines that decide about rooms, accounts and the cluster. It knows no
//! clients: what is above asks [`Cluster`] and listens to its feeds.
//!
//! Promises: an answer means durable on a majority; one order per room; a command that was answered once
//! is answered the same again; equal commands give equal rows on every replica.
//!
//! Never here: passwords in clear, client JSON, rate limits, who is online.
//!
//! Reading order: [`command`], [`event`], [`machine`], [`placement`], `batcher`, `raft`, `hosted` (a group as
//! this node sees it), `outbox`, `janitor`, `checkpoint`; then the ring: [`link`], `peer`, `start`, `follow`,
//! `neighbours`, `acquaintance`, [`ring`], `controller`, `route`, `fresh`, `away`, `watch`; then [`Cluster`], [`Reader`].

mod acquaintance;
mod away;
mod batcher;
mod breach;
mod checkpoint;
mod cluster;
pub mod command;
mod controller;
mod drain;
mod errand;
mod error;
pub mod event;
mod follow;
mod fresh;
mod hosted;
mod identity;
mod janitor;
pub mod link;
mod load;
pub mod machine;
mod metrics;
mod neighbours;
mod operator;
mod options;
mod outbox;
mod overview;
mod peer;
pub mod pem;
pub mod placement;
mod questions;
mod raft;
mod reader;
pub mod replica;
pub mod ring;
mod route;
mod service;
mod start;
mod watch;

pub use batcher::Answer;
pub use breach::Breach;
pub use cluster::Cluster;
pub use error::ClusterError;
pub use identity::Beginning;
pub use load::Load;
pub use metrics::ClusterMetrics;
pub use operator::Operator;
pub use options::{ClusterOptions, PeerOptions, RaftOptions};
pub use overview::{GroupView, NodeView, Overview};
pub use reader::{AuditPlace, Name, QueuePlace};
pub use reader::{EventPage, Freshness, Listed, Page, Reader, Tail, Tails};
pub use service::{Leader, PeerService, Service};
