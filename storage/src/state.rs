//! The state of every shard of a node, in one RocksDB instance without a write-ahead log.
//!
//! `apply` writes what an entry changes, and the position it has applied, as one atomic [`StateBatch`]. After a
//! crash the instance holds some prefix of those batches, and the raft log replays the rest; so the log may be
//! purged only behind a position read with [`StateStore::get_durable`].
//!
//! Invariants: one column family, so that a flush can't make half a batch durable; one writer a shard, so that
//! batches of a shard are written in order.
//!
//! Not here: what rows mean (see `row`), retention, merging.
//!
//! Reading order: `options`, `key`, `batch`, `scan`, `store`, `room_log`.

mod options;

mod key;

mod batch;
mod scan;

mod store;

mod room_log;

#[cfg(test)]
mod room_log_tests;
#[cfg(test)]
mod store_tests;

pub use batch::StateBatch;
pub use key::{KeyBuilder, KeyReader, prefix_end};
pub use options::StateOptions;
pub use room_log::{PageLimit, RoomPage, room_log_key};
pub use scan::{Direction, KeyRange, ScanEnd, ScanLimit, Visitor};
pub use store::{StateStore, StateView};
