//! Limits and times of the cluster layer. The node's configuration fills them in.

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// How long start-up may wait for every shard to lead and replay, milliseconds.
    pub start_timeout_ms: u64,
    /// The state is flushed and the log purged after this time at the latest, milliseconds …
    pub checkpoint_interval_ms: u64,
    /// … or after this many bytes of log.
    pub checkpoint_log_bytes: u64,
    /// Raft's own.
    pub raft: RaftOptions,
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
            command_timeout_ms: 10_000,
            start_timeout_ms: 120_000,
            checkpoint_interval_ms: 60_000,
            checkpoint_log_bytes: 64 << 20,
            raft: RaftOptions::default(),
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
