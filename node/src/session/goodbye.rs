//! What a session is told when it is sent away: when to come back, and where.

use std::time::Duration;

use bytes::Bytes;
use madang_storage::id::ShardId;

use super::encoder::encode;
use crate::api::Push;
use crate::edge::{Elsewhere, Goodbye, Label};
use crate::nodes::Directory;

/// Writes the `drain` push.
pub struct DrainPush {
    directory: Directory,
}

impl DrainPush {
    /// With the nodes of that directory.
    pub fn new(directory: Directory) -> Self {
        Self { directory }
    }

    /// Whether there are any nodes to name.
    pub fn elsewhere(&self) -> Elsewhere {
        if self.directory.elsewhere(None).is_empty() { Elsewhere::Nowhere } else { Elsewhere::Known }
    }
}

impl Goodbye for DrainPush {
    fn frame(&self, label: Option<Label>, reconnect_after: Duration) -> Bytes {
        let shard = label.and_then(|Label(shard)| u16::try_from(shard).ok()).map(ShardId);
        let reconnect_after_ms = u64::try_from(reconnect_after.as_millis()).unwrap_or(u64::MAX);
        encode(&Push::Drain { reconnect_after_ms, nodes: self.directory.elsewhere(shard) })
    }
}

/// A connection's label: the shard that is its user's home.
pub(super) fn label(home: ShardId) -> Label {
    Label(u32::from(home.0))
}
