//! What one operation reads from.

use madang_cluster::{Cluster, Freshness, Reader};
use madang_storage::id::{RoomId, ShardId, UserId};
use tokio::sync::OnceCell;

use super::ServiceError;

/// The readers of one operation: one for each shard that it touches, made when it is first needed, since
/// making one may ask the shard's leader. It shows all that was acknowledged before then; whoever wants to
/// see what the operation itself has changed takes new readers after that.
pub(super) struct Readers {
    cluster: Cluster,
    shards: Vec<OnceCell<Reader>>,
}

impl Readers {
    pub(super) fn new(cluster: &Cluster) -> Self {
        let shards = cluster.slots().all().map(|_| OnceCell::new()).collect();
        Self { cluster: cluster.clone(), shards }
    }

    /// Rows of the shard that keeps `room`.
    pub(super) async fn of_room(&self, room: &RoomId) -> Result<&Reader, ServiceError> {
        self.of(self.cluster.slots().of_room(room)).await
    }

    /// The shard that keeps `room`.
    pub(super) fn shard_of(&self, room: &RoomId) -> ShardId {
        self.cluster.slots().of_room(room)
    }

    /// Rows of the shard that keeps `user`.
    pub(super) async fn of_user(&self, user: &UserId) -> Result<&Reader, ServiceError> {
        self.of(self.cluster.slots().of_user(user)).await
    }

    /// Whether all that was read shows what was acknowledged before.
    pub(super) fn freshness(&self) -> Freshness {
        let stale =
            |cell: &OnceCell<Reader>| cell.get().is_some_and(|reader| reader.freshness() == Freshness::Stale);
        if self.shards.iter().any(stale) { Freshness::Stale } else { Freshness::Current }
    }

    /// Rows of a shard.
    pub(super) async fn of(&self, shard: ShardId) -> Result<&Reader, ServiceError> {
        let cell = self.shards.get(usize::from(shard.0));
        let cell = cell.ok_or_else(|| ServiceError::Internal(format!("there is no shard {shard}")))?;
        Ok(cell.get_or_try_init(|| self.cluster.reader(shard)).await?)
    }
}
