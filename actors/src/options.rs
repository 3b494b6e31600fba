//! The limits of the actors of one node.

/// The limits of the actors of one node.
#[derive(Debug, Clone)]
pub struct ActorOptions {
    /// Room owners in memory at the same time, over all shards; at the limit the longest idle hibernate.
    pub rooms_active_max: usize,
    /// An owner that nobody used for this long hibernates.
    pub room_idle_ms: u64,
    /// Commands of one room that wait for the cluster's answer.
    pub room_commands_max: usize,
    /// Messages that wait while an owner goes to sleep and its successor starts.
    pub room_queue_max: usize,
    /// Readers that wait for one room's tail to be loaded.
    pub room_readers_max: usize,
    /// How fast one user may send to one room; `None`: as fast as the rest bears.
    pub send_rate: Option<SendRate>,
    /// How fast all users together may send to one room; `None`: as fast as it goes.
    pub room_rate: Option<SendRate>,
    /// The newest events of an active room that are kept in memory.
    pub tail_events_max: usize,
    /// The same of a room that is hot; at least as many.
    pub busy_tail_events_max: usize,
    /// What these may take for all rooms of the node together.
    pub tails_bytes_max: usize,
    /// Commands of one shard's rooms that wait for an answer.
    pub shard_commands_max: usize,
    /// The same for commands that other nodes forward to this one.
    pub shard_forwarded_max: usize,
    /// Commands of one shard that wait for somebody to lead it; more are refused as overloaded.
    pub leader_queue_max: usize,
    /// How long they wait.
    pub leader_wait_ms: u64,
    /// Reads of one shard's rooms that wait for an answer.
    pub shard_reads_max: usize,
    /// How long a command may wait for the cluster's answer, and a reader for a page.
    pub answer_timeout_ms: u64,
    /// Batches of a shard's feed on their way to one actor.
    pub feed_batches_ahead_max: usize,
    /// Changes of people's room lists that wait to be passed on, for each shard.
    pub user_news_max: usize,
    /// The first wait before an actor that failed is started again; doubles with each failure.
    pub restart_wait_ms_min: u64,
    /// The longest such wait.
    pub restart_wait_ms_max: u64,
    /// Presence.
    pub presence: PresenceOptions,
    /// Typing.
    pub typing: TypingOptions,
    /// Whether rooms that cost too much get less.
    pub shedding: Switch,
}

/// Whether something is there at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// It is.
    On,
    /// It is not, and costs nothing.
    Off,
}

/// How fast one user may send to one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendRate {
    /// On average.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// Typing's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypingOptions {
    /// Larger rooms are not told who types.
    pub room_members_max: u64,
    /// How often one user may say so in one room.
    pub user_rate: SendRate,
    /// How often a room is told, whoever types; the rest is dropped.
    pub room_rate: SendRate,
}

/// Presence's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceOptions {
    /// Whether there is presence at all.
    pub switch: Switch,
    /// A device on which nothing was done for so long counts as one that nobody looks at.
    pub idle_after_ms: u64,
    /// A user counts as online for this long after the last session has gone, and a node's users after the
    /// node could be reached last.
    pub grace_ms: u64,
    /// Larger rooms are not told who comes and goes.
    pub room_members_max: u64,
    /// How many of a user's rooms are told, the most.
    pub rooms_max: usize,
}

impl Default for ActorOptions {
    fn default() -> Self {
        Self {
            rooms_active_max: 10_000,
            room_idle_ms: 300_000,
            room_commands_max: 4_096,
            room_queue_max: 1_024,
            room_readers_max: 1_024,
            send_rate: Some(SendRate { per_second: 50, burst: 500 }),
            room_rate: None,
            tail_events_max: 200,
            busy_tail_events_max: 4_000,
            tails_bytes_max: 64 << 20,
            shard_commands_max: 8_192,
            shard_forwarded_max: 8_192,
            leader_queue_max: 4_096,
            leader_wait_ms: 2_000,
            shard_reads_max: 1_024,
            answer_timeout_ms: 3_000,
            feed_batches_ahead_max: 32,
            user_news_max: 4_096,
            restart_wait_ms_min: 10,
            restart_wait_ms_max: 2_000,
            presence: PresenceOptions::default(),
            typing: TypingOptions::default(),
            shedding: Switch::On,
        }
    }
}

impl Default for TypingOptions {
    fn default() -> Self {
        Self {
            room_members_max: 100,
            user_rate: SendRate { per_second: 1, burst: 5 },
            room_rate: SendRate { per_second: 20, burst: 40 },
        }
    }
}

impl Default for PresenceOptions {
    fn default() -> Self {
        Self {
            switch: Switch::On,
            idle_after_ms: 600_000,
            grace_ms: 5_000,
            room_members_max: 200,
            rooms_max: 500,
        }
    }
}
