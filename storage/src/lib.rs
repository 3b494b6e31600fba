//! What is written down: the raft log of every group of a node, and the state of its shards.
//!
//! The crate owns the two RocksDB instances of a node, the writer thread with its one sync for everybody, the
//! shape of keys and records, and the ids and rows that go into them. It knows no raft, no actor and no
//! network: entries and votes are opaque bytes here, and nothing in it decides what is true.
//!
//! | instance | holds | written by | durable |
//! |---|---|---|---|
//! | [`LogStore`] | raft entries, votes, purge marks, the node's identity | the writer thread | before the callback is called |
//! | [`StateStore`] | rows of all shards | `apply`, one atomic batch an entry | when flushed; the log replays the rest |
//!
//! Promises:
//! - what was acknowledged survives a power cut ([`log`](LogStore));
//! - the first failed write or sync fences the store for good: reads go on, nothing is acknowledged any more;
//! - a damaged file is refused at opening by name; only an end that was never acknowledged is cut off.
//!
//! One gap is known and not closed here: a length field damaged within the last 32 KiB of the newest write-ahead
//! log looks to RocksDB like a cut-off end. With three replicas the group's majority still holds those entries.
//!
//! Never here: clocks, retries of a sync, half-applied batches, types of RocksDB in a public signature.
//!
//! Reading order: `error`, `record`, `fence`, `rocks`, then `log`, `state`, `id`, `row`.

mod error;
mod fence;
mod memory;
mod record;
mod rocks;

mod log;
mod state;

pub mod id;
pub mod row;

pub use error::StorageError;
pub use log::{Done, GroupId, LogBounds, LogEntry, LogMetrics, LogOptions, LogStore, Sync, SyncTimes};
pub use memory::{MemoryLimits, SharedMemory};
pub use record::{RECORD_HEADER_BYTES, RECORD_VERSION, decode as decode_record, encode as encode_record};
pub use state::{
    Direction, KeyBuilder, KeyRange, KeyReader, PageLimit, RoomPage, ScanEnd, ScanLimit, StateBatch,
    StateOptions, StateStore, StateView, Visitor, prefix_end, room_log_key,
};
