//! The durable raft log of every group of a node, in one RocksDB instance with one writer thread.
//!
//! Callers append from many raft groups at once; the writer takes everything that waits, writes it as one
//! batch, syncs once and calls everybody back. Votes, truncations and purges go through the same queue, so
//! what one group does reaches the disk in the order it was asked.
//!
//! Invariants: a callback hears `Ok` only after its bytes are on stable storage; a read sees what was
//! accepted, durable or not; after the first failed write or sync nothing is ever acknowledged again.
//!
//! Not here: what the bytes mean. Entries, votes and purge marks are opaque.
//!
//! Reading order: `entry`, `options`, `operation`, `group` (what is true now), `ledger` (all groups and the
//! queue), `journal` (RocksDB), `load`, `writer`, `store`.

mod entry;
mod options;

mod key;
mod operation;

mod group;
mod ledger;

mod journal;
mod load;
mod metrics;
mod store;
mod writer;

#[cfg(test)]
mod corruption_tests;
#[cfg(test)]
mod fence_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod test_log;

pub use entry::{GroupId, LogBounds, LogEntry};
pub use metrics::{LogMetrics, SyncTimes};
pub use operation::Done;
pub use options::{LogOptions, Sync};
pub use store::LogStore;
