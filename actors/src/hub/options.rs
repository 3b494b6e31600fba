//! The limits of a hub.

/// A hub's limits.
#[derive(Debug, Clone, Copy)]
pub struct HubOptions {
    /// A session from which nothing came for this long gets `{}`.
    pub ping_ms: u32,
    /// A session from which nothing came for this long is closed.
    pub idle_ms: u32,
    /// Bytes of frames on their way to one hub; at the limit senders wait or are refused.
    pub backlog_bytes_max: usize,
    /// Who came and went is told together, this long after the first of it.
    pub notice_after_ms: u32,
    /// So many writes a second does one room get for its events on one thread: what more would need comes together,
    /// and later. 0: as many as it takes.
    pub room_writes_per_s: u32,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            ping_ms: 25_000,
            idle_ms: 62_500,
            backlog_bytes_max: 16 << 20,
            notice_after_ms: 1_000,
            room_writes_per_s: 20_000,
        }
    }
}
