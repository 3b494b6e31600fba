//! Limits and times of the cluster layer. The node's configuration fills them in.

use crate::breach::Breach;
use crate::link::LinkOptions;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// How many shards a cluster is formed with. Later it is what was chosen then.
    pub shards: u16,
    /// Commands that may wait in front of one shard; more are refused as overloaded.
    pub queue_commands_max: usize,
    /// Commands in one raft entry.
    pub batch_commands_max: usize,
    /// Bytes of commands in one raft entry; at least one command always fits.
    pub batch_bytes_max: usize,
    /// Raft entries of one shard that may wait for agreement at once.
    pub entries_in_flight_max: usize,
    /// How long a command may wait for its answer, milliseconds.
    pub command_timeout_ms: u64,
    /// How long a read may wait to become current before it is served as stale, milliseconds.
    pub read_wait_ms: u64,
    /// The state is flushed and the log purged after this time at the latest, milliseconds …
    pub checkpoint_interval_ms: u64,
    /// … or after this many bytes of log.
    pub checkpoint_log_bytes: u64,
    /// Raft's own.
    pub raft: RaftOptions,
    /// The other nodes.
    pub peers: PeerOptions,
    /// Which promise is broken, for the test that must notice it.
    pub breach: Breach,
}

/// How this node finds the others, and what it tells them of itself.
#[derive(Debug, Clone)]
pub struct PeerOptions {
    /// The port for other nodes.
    pub link: LinkOptions,
    /// `host:port` of nodes that may be part of the cluster, or that will form it together.
    pub seeds: Vec<String>,
    /// A node without seeds may form a cluster of its own, also when it listens beyond loopback.
    pub single: bool,
    /// How many nodes should hold each shard of a cluster that this node forms.
    pub replication: u8,
    /// `host:port` where clients reach this node; empty: not known yet.
    pub http: String,
    /// Failure zone.
    pub zone: String,
    /// How much of the cluster this node should hold, 100 is normal.
    pub weight: u16,
}

impl Default for PeerOptions {
    fn default() -> Self {
        Self {
            link: LinkOptions::default(),
            seeds: Vec::new(),
            single: false,
            replication: 3,
            http: String::new(),
            zone: String::new(),
            weight: 100,
        }
    }
}

/// What every raft group is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaftOptions {
    /// How often a leader says that it lives, milliseconds.
    pub heartbeat_ms: u64,
    /// An election begins after at least this long without a leader, milliseconds …
    pub election_min_ms: u64,
    /// … and at most this long.
    pub election_max_ms: u64,
    /// How long a snapshot may take, milliseconds.
    pub snapshot_timeout_ms: u64,
    /// Entries kept behind a snapshot, for followers that are a little late.
    pub log_entries_kept: u64,
    /// Entries purged at once at least.
    pub purge_entries_min: u64,
    /// Batches of events that a listener may be late; beyond that it heals from the log.
    pub feed_batches_max: usize,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            shards: 16,
            queue_commands_max: 16_384,
            batch_commands_max: 512,
            batch_bytes_max: 256 * 1024,
            entries_in_flight_max: 2,
            command_timeout_ms: 3_000,
            read_wait_ms: 1_500,
            checkpoint_interval_ms: 60_000,
            checkpoint_log_bytes: 64 << 20,
            raft: RaftOptions::default(),
            peers: PeerOptions::default(),
            breach: Breach::None,
        }
    }
}

impl Default for RaftOptions {
    fn default() -> Self {
        Self {
            heartbeat_ms: 200,
            election_min_ms: 500,
            election_max_ms: 900,
            snapshot_timeout_ms: 60_000,
            log_entries_kept: 500,
            purge_entries_min: 1_000,
            feed_batches_max: 1_024,
        }
    }
}
